import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

CONFIGS = Path(__file__).resolve().parents[4] / 'configs/baselines/multilabel'
HOST = dict(type='CrossEntropyLoss', use_sigmoid=True)
BCE = dict(type='MultiLabelFocalLoss', focal_gamma=0, balance=1)  # the host's rounds to float32
WEIGHTED = dict(type='FrequencyWeightedBCELoss', class_counts=[7, 3, 0], num_images=10)
COMPENSATED = dict(type='CompensatedBCELoss', num_classes=3, class_counts=[7, 3, 0], num_images=10)
STREAMS = ['rebalanced', 'uniform', 'uniform', 'rebalanced', 'uniform']  # mixed, the last without a partner
PAIRS = [(1, 0), (2, 3)]  # row of the uniform image, row of the re-balanced one
TARGETS = torch.tensor([[1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1]]).double()
LOGITS = torch.linspace(-3, 3, 30, dtype=torch.float64).sin().mul(4).view(2, 5, 3)


def bce(z, y, k):
    return math.log(1 + math.exp(-z if y else z))


def weighted(z, y, k):
    share = [0.7, 0.3, 0.0][k]
    return bce(z, y, k) * (math.exp(1 - share) if y else math.exp(share))


def naive(alpha, element, pairs=PAIRS):
    """The loss in plain Python, mean over the pairs and classes."""
    total = 0.0
    for u, r in pairs:
        for k in range(3):
            z = alpha * LOGITS[0, u, k].item() + (1 - alpha) * LOGITS[1, r, k].item()
            total += alpha * element(z, TARGETS[u, k], k) + (1 - alpha) * element(z, TARGETS[r, k], k)
    return total / len(pairs) / 3


def build(epochs_done=1, max_epochs=2, classification=BCE, **kwargs):
    loss = MODELS.build(dict(type='CumulativeLoss', classification=classification, **kwargs))
    loss.set_progress(epochs_done, max_epochs)
    return loss


@pytest.mark.parametrize(
    ('epochs_done', 'max_epochs', 'alpha'),
    [(0, 8, 1), (1, 8, 0.984375), (4, 8, 0.75), (7, 8, 0.234375), (8, 8, 0), (0, 1, 1), (90, 180, 0.75)],
)
def test_alpha_worked_by_hand(epochs_done, max_epochs, alpha):
    logged = build(epochs_done, max_epochs)(LOGITS, TARGETS, STREAMS)['alpha']
    assert logged.item() == pytest.approx(alpha, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ('config', 'element', 'accuracy'),
    [(HOST, bce, 1e-6), (BCE, bce, 1e-12), (WEIGHTED, weighted, 1e-12)],
    ids=['host', 'ours', 'weighted'],
)
@pytest.mark.parametrize('epochs_done', [0, 1, 2, 3])
def test_equals_plain_python(config, element, accuracy, epochs_done):
    results = build(epochs_done, 3, config)(LOGITS, TARGETS, STREAMS)
    expected = naive(1 - epochs_done**2 / 9, element)
    assert set(results) == {'loss', 'alpha'}
    assert results['loss'].item() == pytest.approx(expected, rel=accuracy)


def test_equals_the_papers_one_layer_on_scaled_features():
    """Features times alpha and 1 - alpha, concatenated, through one linear layer without bias."""
    generator = torch.Generator().manual_seed(0)
    feats = torch.randn(2, 4, 5, generator=generator, dtype=torch.float64)
    layers = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    targets = torch.randint(2, (4, 3), generator=generator).double()
    logits = torch.einsum('nbc,nkc->nbk', feats, layers)
    value = build(1, 2)(logits, targets, ['uniform', 'uniform', 'rebalanced', 'rebalanced'])['loss']
    both = torch.cat([0.75 * feats[0, :2], 0.25 * feats[1, 2:]], dim=1) @ torch.cat([*layers], dim=1).T
    first, second = (F.binary_cross_entropy_with_logits(both, y) for y in (targets[:2], targets[2:]))
    assert value.item() == pytest.approx((0.75 * first + 0.25 * second).item(), rel=1e-12)


def test_one_label_per_image():
    """Labels as shares of the classes through the host's cross-entropy, against one label after the other."""
    labels = [0, 2, 1, 1, 0]
    loss = build(1, 2, dict(type='CrossEntropyLoss', use_soft=True))
    value = loss(LOGITS, F.one_hot(torch.tensor(labels)).double(), STREAMS)['loss']
    total = 0.0
    for u, r in PAIRS:
        mixed = [0.75 * a + 0.25 * b for a, b in zip(LOGITS[0, u].tolist(), LOGITS[1, r].tolist())]
        top = math.log(sum(map(math.exp, mixed)))
        total += 0.75 * (top - mixed[labels[u]]) + 0.25 * (top - mixed[labels[r]])
    assert value.item() == pytest.approx(total / len(PAIRS), rel=1e-6)


@pytest.mark.parametrize(
    ('epochs_done', 'learns'), [(0, [True, False]), (1, [True, True]), (2, [False, True])]
)
def test_gradient_reaches_the_right_branch_and_only_paired_rows(epochs_done, learns):
    logits = LOGITS.clone().requires_grad_()
    build(epochs_done)(logits, TARGETS, STREAMS)['loss'].backward()
    expected = torch.zeros(2, 5, dtype=torch.bool)
    for u, r in PAIRS:
        expected[0, u], expected[1, r] = learns
    assert ((logits.grad != 0).all(dim=2) == expected).all()
    assert ((logits.grad != 0).any(dim=2) == expected).all()


def test_gradient():
    loss, logits = build(classification=COMPENSATED).double(), LOGITS.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: loss(z, TARGETS, STREAMS)['loss'], logits)


def test_one_pair_of_a_short_batch():
    value = build(1, 2)(LOGITS[:, :3], TARGETS[:3], STREAMS[:3])['loss']
    assert value.item() == pytest.approx(naive(0.75, bce, PAIRS[:1]), rel=1e-12)


@pytest.mark.parametrize('stream', ['uniform', 'rebalanced'])
def test_short_batch_of_one_stream_keeps_every_parameter_in_the_graph(stream):
    loss = build(classification=COMPENSATED)
    logits = torch.full((2, 1, 3), 1e4, requires_grad=True)
    results = loss(logits, torch.ones(1, 3), [stream])
    results['loss'].backward()
    assert results['loss'].item() == 0 and (logits.grad == 0).all()
    assert all((parameter.grad == 0).all() for parameter in loss.parameters())


@pytest.mark.parametrize(('dtype', 'size'), [(torch.float32, 1e4), (torch.float16, 80), (torch.bfloat16, 80)])
def test_large_logits_stay_finite(dtype, size):
    logits = (LOGITS.sign() * size).to(dtype).requires_grad_()
    value = build()(logits, TARGETS, STREAMS)['loss']
    value.backward()
    assert value.dtype == torch.float32 and value.isfinite() and logits.grad.isfinite().all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_mixed_in_full(dtype):
    logits = LOGITS.to(dtype)
    half, exact = (build(1, 3)(z, TARGETS, STREAMS)['loss'].item() for z in (logits, logits.double()))
    assert half == pytest.approx(exact, rel=1e-6)


def test_only_the_loss_is_added_up():
    results = build(classification=COMPENSATED)(LOGITS.float(), TARGETS, STREAMS)
    assert [name for name in results if 'loss' in name] == ['loss']  # the host sums every key with 'loss'
    assert results['sigma_pos'].item() == 1 and all(value.dim() == 0 for value in results.values())


def test_without_the_hook_it_says_so():
    loss = MODELS.build(dict(type='CumulativeLoss', classification=BCE))
    with pytest.raises(RuntimeError, match='TrainingProgressHook in default_hooks'):
        loss(LOGITS, TARGETS, STREAMS)


@pytest.mark.parametrize('streams', ['uniform', ['uniform'], ['a', 'a'], ['a', 'b', 'c']])
def test_bad_streams(streams):
    with pytest.raises(ValueError, match='streams is .*expected (a list of 2|the names of two different)'):
        build(streams=streams)


@pytest.mark.parametrize(('epochs_done', 'max_epochs'), [(-1, 2), (3, 2), (0, 0)])
def test_bad_progress(epochs_done, max_epochs):
    with pytest.raises(
        ValueError, match=f'epochs_done is {epochs_done} and max_epochs {max_epochs}, expected'
    ):
        build(epochs_done, max_epochs)


@pytest.mark.parametrize(
    ('branches', 'batch', 'words'),
    [
        (3, STREAMS, 'logits of 3 branches, expected two'),
        (2, ['uniform'] * 4 + [None], 'DrawDataset.*StreamSampler'),
        (2, ['uniform'] * 4 + ['reversed'], r"streams \['reversed'\].*'uniform', 'rebalanced'"),
    ],
)
def test_bad_batches(branches, batch, words):
    with pytest.raises(ValueError, match=words):
        build()(LOGITS[:1].expand(branches, -1, -1), TARGETS, batch)


@pytest.mark.parametrize('name', ['voc_lt_bbn', 'coco_lt_bbn'])
def test_config_trains_and_tests(name, tmp_path):
    """Two epochs of a tiny network on ten pictures: alpha is 1, then 3/4."""
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    cfg.model.backbone = dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4)
    num_classes, cfg.model.head.in_channels = cfg.model.head.num_classes, 32
    noise = np.random.default_rng(0).integers(0, 256, (10, 36, 36, 3), dtype=np.uint8)
    for i, picture in enumerate(noise):
        cv2.imwrite(str(tmp_path / f'{i}.png'), picture)
    lines = [','.join([f'{i}.png', *map(str, range(i, num_classes, 10))]) for i in range(10)]
    (tmp_path / 'list.csv').write_text('\n'.join(lines) + '\n')
    for loader, holder in (
        (cfg.train_dataloader, cfg.train_dataloader.dataset),
        (cfg.test_dataloader, cfg.test_dataloader),
    ):
        loader.update(num_workers=0, persistent_workers=False, batch_size=8)
        holder.dataset = dict(
            type='ListFileDataset',
            data_root=str(tmp_path),
            ann_file='list.csv',
            classes=[str(k) for k in range(num_classes)],
            pipeline=[dict(t, scale=(32, 32)) if t.type == 'Resize' else t for t in holder.dataset.pipeline],
        )
    cfg.train_dataloader.sampler.epoch_length = 12
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.default_hooks.start_check.allow_short = True
    cfg.work_dir, cfg.train_cfg.max_epochs, cfg.default_hooks.logger.interval = str(tmp_path / 'run'), 2, 1
    cfg.default_hooks.start_check.allow_short = True
    cfg.visualizer.vis_backends = cfg.vis_backends = [dict(type='LocalVisBackend')]

    runner = Runner.from_cfg(cfg)
    before = [fc.weight.detach().clone() for fc in runner.model.head.fcs]
    runner.train()
    alphas, _ = runner.message_hub.get_scalar('train/alpha').data
    assert list(alphas) == pytest.approx([1] * 3 + [0.75] * 3)
    assert all((fc.weight != old).any() for fc, old in zip(runner.model.head.fcs, before))
    assert runner.model.head.average == 'logit'
    assert 0 < runner.test()['long-tail/mAP'] <= 100
