"""KL divergence from the teacher against a loop in float64."""

import math

import pytest
import torch
from mmpretrain.registry import MODELS

COUNTS = [500, 120, 60, 30, 5, 0]  # the last class counts as one with a single image


def batch(size=2.0):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 4, 6, generator=generator, dtype=torch.float64) * size


def build(**more):
    return MODELS.build(dict(type='DistillationLoss', class_counts=COUNTS, **more))


def naive(student, teacher, counts):
    total = 0.0
    for rows in zip(student.tolist(), teacher.tolist()):
        terms = [[max(n, 1) * math.exp(z) for n, z in zip(counts, row)] for row in rows]
        q, p = ([x / sum(row) for x in row] for row in terms)
        total += sum(a * math.log(a / b) for a, b in zip(p, q))
    return total / len(student)


@pytest.mark.parametrize('balanced', [True, False])
def test_equals_the_formula(balanced):
    student, teacher = batch()
    expected = naive(student, teacher, COUNTS if balanced else [1] * 6)
    loss = build(balanced=balanced, loss_weight=0.6)
    assert loss(student, teacher).item() == pytest.approx(0.6 * expected, rel=1e-10)
    assert loss(student.float(), teacher.float()).item() == pytest.approx(0.6 * expected, rel=1e-4)


def test_gradient_goes_into_the_student_alone():
    student, teacher = (z.requires_grad_() for z in batch().unbind())
    build()(student, teacher).backward()
    log_n = torch.tensor(COUNTS).clamp(min=1).double().log()
    expected = ((student + log_n).softmax(1) - (teacher + log_n).softmax(1)) / 4
    assert torch.allclose(student.grad, expected) and teacher.grad is None
    same = build()(student, student.detach())
    assert same.item() == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(('size', 'dtype'), [(1e4, torch.float32), (80, torch.float16), (80, torch.bfloat16)])
def test_finite_at_extreme_logits(size, dtype):
    student, teacher = (batch().sign() * size).to(dtype)
    student.requires_grad_()
    with torch.autocast('cpu', dtype=dtype, enabled=dtype != torch.float32):
        value = build()(student, teacher)
    value.backward()
    assert value.dtype == torch.float32 and value.isfinite() and student.grad.isfinite().all()


def test_shapes_and_counts():
    student, teacher = batch()
    with pytest.raises(ValueError, match=r'logits \(4, 6\) and teacher_logits \(4, 5\)'):
        build()(student, teacher[:, :5])
    with pytest.raises(RuntimeError, match='(?s)class_counts.*ClassStatisticsHook'):
        MODELS.build(dict(type='DistillationLoss'))(student, teacher)
