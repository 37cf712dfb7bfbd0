"""Cosines against loops, whose scale the loss and the prediction see, and mixed batches of the host."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models import ImageClassifier
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

COUNTS = [90, 40, 3]
GCL = dict(type='GCLLoss', scale=20.0, class_counts=COUNTS)
CE = dict(type='CrossEntropyLoss')


def build(loss=GCL, **kwargs):
    return MODELS.build(dict(type='CosineHead', num_classes=3, in_channels=4, loss=loss, **kwargs))


def naive(feat, weight):
    """cos(theta), pair by pair in float64."""
    rows = [
        [math.fsum(a * b for a, b in zip(f, w)) / (math.hypot(*f) * math.hypot(*w)) for w in weight.tolist()]
        for f in feat.tolist()
    ]
    return torch.tensor(rows, dtype=torch.float64)


def features(images=5, size=1.0):
    return torch.randn(images, 4, generator=torch.Generator().manual_seed(0)) * size


def samples(*labels):
    return [DataSample().set_gt_label(label) for label in labels]


@pytest.mark.parametrize('size', [1e-3, 1, 1e4])
def test_logits_are_scaled_cosines(size):
    head, feat = build(), features(size=size)
    with torch.no_grad():
        head.fc.weight.mul_(torch.tensor([[0.01], [1], [100]]))
    expected = naive(feat, head.fc.weight)
    earlier = torch.zeros(5, 9)  # of stages that are not looked at
    assert torch.allclose(head.cosines((earlier, feat)).double(), expected, atol=1e-6)
    assert torch.allclose(head((earlier, feat)).double(), 20 * expected, atol=2e-5)


def test_weights_start_at_length_one_and_have_no_bias():
    head = build()
    head.init_weights()
    assert [name for name, _ in head.named_parameters()] == ['fc.weight']
    assert head.fc.weight.norm(dim=1).tolist() == pytest.approx([1, 1, 1])
    other = build(init_cfg=dict(type='Constant', layer='Linear', val=2.0))
    other.init_weights()
    assert (other.fc.weight == 2).all()


def test_a_bias_is_added_to_the_scaled_cosines():
    head, feat = build(CE, scale=16.0, bias=True), features()
    head.init_weights()
    assert head.bias.tolist() == [0, 0, 0] and head.bias.requires_grad
    with torch.no_grad():
        head.bias.copy_(torch.tensor([1.0, -2, 3]))
    expected = 16 * naive(feat, head.fc.weight) + torch.tensor([1.0, -2, 3])
    assert torch.allclose(head((feat,)).double(), expected, atol=2e-5)
    assert torch.allclose(head.cosines((feat,)).double(), naive(feat, head.fc.weight), atol=1e-6)
    scores = torch.stack([sample.pred_score for sample in head.predict((feat,))])
    assert torch.allclose(scores.double(), expected.softmax(1), atol=1e-5)
    labels = torch.tensor([0, 1, 2, 0, 1])
    loss = head.loss((feat,), samples(*labels.tolist()))['loss']
    assert loss.item() == pytest.approx(F.cross_entropy(expected, labels).item(), rel=1e-5)


def test_the_loss_that_scales_gets_cosines_the_others_scaled_ones():
    feats, labels = (features(),), torch.tensor([0, 1, 2, 0, 1])
    head, plain = build().eval(), build(CE, scale=20.0)
    plain.load_state_dict(head.state_dict())
    expected = F.cross_entropy(20 * naive(feats[0], head.fc.weight), labels).item()
    for built in (head, plain):  # GCL without its noise is cross-entropy
        value = built.loss(feats, samples(*labels.tolist()))['loss']
        assert value.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ('loss', 'scale'), [(GCL, None), (dict(type='LDAMLoss', scale=20.0), None), (CE, 20.0)]
)
def test_prediction_is_the_softmax_of_scaled_cosines(loss, scale):
    head, feat = build(loss, scale=scale), features()
    given = samples(0, 0, 0, 0, 0)
    result = head.predict((feat,), given)
    expected = (20 * naive(feat, head.fc.weight)).softmax(1)
    assert result[1] is given[1]
    for sample, score in zip(result, expected):
        assert sample.pred_score.tolist() == pytest.approx(score.tolist(), rel=1e-4, abs=1e-7)
        assert sample.pred_label.tolist() == [score.argmax().item()]


def test_accuracy_of_training():
    result = build(cal_acc=True).loss((features(),), samples(0, 1, 2, 0, 1))
    assert set(result) == {'loss', 'accuracy_top-1'}


@pytest.mark.parametrize(
    'loss', [GCL, dict(GCL, margin=0.1, focal_gamma=1), dict(type='LDAMLoss', class_counts=COUNTS)]
)
def test_mixup_of_the_host_mixes_the_losses(loss):
    """Through the host's preprocessor and Mixup: lam L(a) + (1 - lam) L(b) of the same features."""
    preprocessor = MODELS.build(
        dict(
            type='ClsDataPreprocessor',
            num_classes=3,
            to_onehot=True,
            batch_augments=dict(augments=dict(type='Mixup', alpha=1.0)),
        )
    )
    images = [torch.full((3, 2, 2), float(i)) for i in range(3)]  # the mean of a mixture names its parts
    data = dict(inputs=images, data_samples=samples(0, 1, 2))
    state = np.random.get_state(), torch.get_rng_state()
    try:
        np.random.seed(0)
        torch.manual_seed(1)
        shares = torch.stack([s.gt_score for s in preprocessor(data, training=True)['data_samples']])
    finally:
        np.random.set_state(state[0])
        torch.set_rng_state(state[1])
    assert torch.allclose(shares.sum(1), torch.ones(3)) and ((shares > 0) & (shares < 1)).any()
    head, feats = build(loss).eval(), (features(3),)
    value = head.loss(feats, [DataSample().set_gt_score(s) for s in shares])['loss'].item()
    expected = 0.0
    for i, row in enumerate(shares.tolist()):
        for label, share in enumerate(row):
            expected += share * head.loss((feats[0][i : i + 1],), samples(label))['loss'].item() / 3
    assert value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('half', [torch.float16, torch.bfloat16])
def test_cosines_are_exact_under_autocast(half):
    head, feat = build(), features().to(half)
    with torch.autocast('cpu', dtype=half):
        logits = head((feat,))
        head.loss((feat,), samples(0, 1, 2, 0, 1))['loss'].backward()
    assert logits.dtype == torch.float32 and head.fc.weight.grad.isfinite().all()
    assert torch.allclose(logits.double(), 20 * naive(feat, head.fc.weight), atol=2e-5)


def test_a_feature_of_zeros_has_cosine_zero_and_a_finite_gradient():
    head, feat = build(CE, scale=30.0), torch.zeros(2, 4, requires_grad=True)
    logits = head((feat,))
    F.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert (logits == 0).all() and feat.grad.isfinite().all() and head.fc.weight.grad.isfinite().all()


def test_statistics_of_the_run_reach_the_loss():
    head = build(dict(type='GCLLoss'))
    for module in head.modules():
        if hasattr(module, 'set_class_statistics'):
            module.set_class_statistics(SimpleNamespace(class_counts=np.array(COUNTS), num_images=133))
    assert head.loss((features(),), samples(0, 1, 2, 0, 1))['loss'].isfinite()


def test_trains_in_a_classifier():
    model = ImageClassifier(
        backbone=dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(type='CosineHead', num_classes=3, in_channels=32, loss=GCL),
    )
    model.init_weights()
    loss = model(torch.randn(3, 3, 32, 32), samples(0, 1, 2), mode='loss')['loss']
    loss.backward()
    assert model.head.fc.weight.grad.abs().sum() > 0
    predicted = model.eval()(torch.randn(2, 3, 32, 32), mode='predict')
    assert predicted[0].pred_score.sum().item() == pytest.approx(1)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(loss=CE), 'scale is None.*CrossEntropyLoss'),
        (dict(scale=16.0), 'scale is 16.0, expected None: GCLLoss.*20.0'),
        (dict(loss=CE, scale=0), 'scale is 0, expected a finite number > 0'),
        (dict(bias=True), 'bias is True, expected False: GCLLoss scales cosines itself'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        build(**arguments)
