"""Frozen teachers: what is read, what stays, what the student learns from."""

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

COUNTS = [9, 4, 1]
PLAIN = dict(
    type='ImageClassifier',
    backbone=dict(type='CifarResNet', depth=20, base_channels=2),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=3,
        in_channels=8,
        loss=dict(type='BalancedSoftmaxLoss', class_counts=COUNTS),
    ),
)


@pytest.fixture
def files(tmp_path):
    """Two teachers' checkpoints, one of them with its state dict alone, and the teachers."""
    paths, teachers = [], [MODELS.build(PLAIN) for _ in range(2)]
    for i, teacher in enumerate(teachers):
        teacher.init_weights()
        paths.append(str(tmp_path / f'{i}.pth'))
        torch.save(teacher.state_dict() if i else dict(state_dict=teacher.state_dict()), paths[i])
    return paths, teachers


def build(checkpoints, teacher=PLAIN, **more):
    distillation = dict(type='DistillationLoss', class_counts=COUNTS, loss_weight=0.5)
    config = dict(PLAIN, type='DistilledClassifier', teacher=teacher, checkpoints=checkpoints)
    return MODELS.build(dict(config, distillation=distillation, **more))


def batch():
    generator = torch.Generator().manual_seed(0)
    samples = [DataSample().set_gt_label(label) for label in (0, 1, 2, 0)]
    return torch.randn(4, 3, 16, 16, generator=generator), samples


def test_the_losses_are_the_students_and_the_divergence(files):
    paths, teachers = files
    model, (images, samples) = build(paths), batch()
    model.init_weights()
    model.train()
    plain = MODELS.build(PLAIN)
    plain.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith('teachers.')})
    losses = model(images, samples, mode='loss')
    expected = plain.train()(images, samples, mode='loss')
    torch.testing.assert_close(losses['loss'], expected['loss'])
    with torch.no_grad():
        mean = sum(teacher.eval().head(teacher.extract_feat(images)) for teacher in teachers) / 2
        own = plain.head(plain.train().extract_feat(images))
    log_n = torch.tensor(COUNTS).log()
    p, q = (mean + log_n).softmax(1), (own + log_n).softmax(1)
    expected = 0.5 * (p * (p / q).log()).sum(dim=1).mean()
    assert losses['loss_distill'].item() == pytest.approx(expected.item(), rel=1e-4)


def test_teachers_stay_as_they_are(files):
    paths, teachers = files
    model, (images, samples) = build(paths), batch()
    model.init_weights()
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for _ in range(2):
        optimizer.zero_grad()
        sum(model(images, samples, mode='loss').values()).backward()
        optimizer.step()
    assert model.backbone.training and not any(module.training for module in model.teachers.modules())
    after = model.state_dict()
    for i, teacher in enumerate(teachers):
        for name, value in teacher.state_dict().items():
            assert torch.equal(after[f'teachers.{i}.{name}'], value), name
    assert not torch.equal(after['head.fc.weight'], before['head.fc.weight'])


def test_a_checkpoint_needs_the_teachers_files_no_more(files, tmp_path):
    model = build(files[0])
    model.init_weights()
    resumed = build([str(tmp_path / 'gone0.pth'), str(tmp_path / 'gone1.pth')])
    resumed.load_state_dict(model.state_dict(), strict=True)
    images = batch()[0]
    assert torch.equal(resumed.teacher_logits(images), model.teacher_logits(images))


@pytest.mark.parametrize('checkpoints', [[], 'one.pth'])
def test_checkpoints_are_a_list(checkpoints):
    with pytest.raises(ValueError, match='checkpoints is .*expected a list of 1 or more'):
        build(checkpoints)


def test_a_checkpoint_that_does_not_fit_is_named(files):
    wide = dict(PLAIN, backbone=dict(PLAIN['backbone'], base_channels=4))
    with pytest.raises(ValueError, match='0.pth does not fit the config of the teacher'):
        build(files[0], teacher=wide).init_weights()
