"""The contrastive term against a loop over numbers, hand-worked updates, two processes and a stopped run."""

import math
from copy import deepcopy

import pytest
import torch
import torch.distributed as dist
from mmengine.runner import load_checkpoint, save_checkpoint
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn

from mmlongtail.models.selfsup import MomentumContrast

CLASSES, COUNTS = 4, [9, 5, 2, 1]
POOL = dict(type='GlobalAveragePooling')
BN = dict(type='ResNet', depth=18, stem_channels=4, base_channels=4)
GN = dict(BN, norm_cfg=dict(type='GN', num_groups=2))  # an image's features are its own
VIEWS = dict(type='BatchAugmentPreprocessor', num_views=2)
LOSS = dict(
    type='NestedCollaborativeLoss',
    classification=dict(type='BalancedSoftmaxLoss', class_counts=COUNTS),
    inter=dict(type='PeerDistillationLoss', class_counts=COUNTS),
)
TERM = dict(type='MomentumContrast', in_channels=32, queue_len=6, feat_dim=8)
MIXED = dict(
    type='ParallelBackbones',
    networks=[
        dict(backbone=GN, neck=POOL),
        dict(backbone=dict(GN, base_channels=8, stem_channels=8), neck=POOL),
    ],
)
# name: backbone, neck, modules of an expert, channels
CASES = {
    'whole networks': (GN, POOL, None, [32, 32]),
    'shared trunk': (GN, POOL, ['backbone.layer4'], [32, 32]),
    'learned neck': (GN, dict(type='LinearNeck', in_channels=32, out_channels=6, gap_dim=2), None, [6, 6]),
    'two kinds': (MIXED, None, None, [32, 64]),
    'one expert': (GN, POOL, None, [32]),
}


def build(backbone=BN, neck=POOL, modules=None, channels=(32, 32), term=TERM, preprocessor=VIEWS, seed=0):
    """A contrastive classifier of experts; without ``term`` a plain one of the same weights."""
    torch.manual_seed(seed)
    experts = [dict(type='LinearClsHead', num_classes=CLASSES, in_channels=width) for width in channels]
    n = len(channels)
    head = dict(type='MultiExpertHead', expert=experts, loss=LOSS)
    parts = dict(
        backbone=backbone, neck=neck, head=head, branch_modules=modules, data_preprocessor=preprocessor
    )
    term = term and dict(term, in_channels=list(channels))
    model = MODELS.build(dict(type='MultiExpertClassifier', num_branches=n, contrast=term, **deepcopy(parts)))
    model.init_weights()
    return model.train()


def batch(num_images, views=2, seed=0):
    """Pictures of several views and their samples, view after view."""
    pictures = torch.randn(views * num_images, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    samples = [DataSample().set_gt_label(i % CLASSES) for _ in range(views) for i in range(num_images)]
    return pictures, samples


def same_views(num_images, seed=0):
    pictures, samples = batch(num_images, seed=seed)
    return pictures[:num_images].repeat(2, 1, 1, 1), samples


def loop(queries, keys, queue, temperature):
    """The loss by its formula, number by number, in float64: (E, T, B, D), (B, E, D), (N, E, D)."""
    total = 0.0
    for e in range(len(queries)):
        losses = []
        for t in range(len(queries[e])):
            for b, query in enumerate(queries[e][t]):
                right = math.exp(sum(x * y for x, y in zip(query, keys[b][e])) / temperature)
                wrong = sum(math.exp(sum(x * y for x, y in zip(query, n[e])) / temperature) for n in queue)
                losses.append(-math.log(right / (right + wrong)))
        total += sum(losses) / len(losses)
    return total


def normal(rows):
    return rows / rows.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize(('views', 'temperature', 'weight'), [(2, 0.2, 1.0), (2, 0.07, 0.5), (4, 1.0, 1.0)])
def test_loss_is_the_formula(views, temperature, weight):
    term, several = dict(TERM, temperature=temperature, loss_weight=weight), dict(VIEWS, num_views=views)
    model = build(term=term, preprocessor=several)
    pictures, samples = batch(3, views)
    queue, seen = model.contrast.queue.keys.double().tolist(), []
    model.head.register_forward_pre_hook(lambda head, args: seen.append(args[0][-1]))
    loss = model(pictures, samples, 'loss')['loss_contrast']
    feats = seen[0].flatten(1, 2)  # (E, T B, C)
    queries = torch.stack([p((f,))[0] for p, f in zip(model.contrast.projections, feats)]).double()
    keys = model.contrast.queue.keys[-3:].double().tolist()
    queries = normal(queries).unflatten(1, (views - 1, 3)).tolist()
    assert loss.item() == pytest.approx(weight * loop(queries, keys, queue, temperature), rel=1e-5)


@pytest.mark.parametrize('case', CASES)
def test_slow_copies_begin_as_their_experts(case):
    """Equal views make equal queries and keys, of every expert; so the first loss is that of similarity 1."""
    backbone, neck, modules, channels = CASES[case]
    model = build(backbone, neck, modules, channels)
    model.contrast.queue.keys.zero_()
    pictures, samples = same_views(3)
    loss = model(pictures, samples, 'loss')['loss_contrast']
    assert loss.item() == pytest.approx(-len(channels) * math.log(math.exp(5) / (math.exp(5) + 6)), rel=1e-4)
    keys = model.contrast.queue.keys[-3:]
    assert keys.shape == (3, len(channels), 8)
    assert len(channels) == 1 or not torch.allclose(keys[:, 0], keys[:, 1], atol=1e-2)


class Number(nn.Module):
    """One weight, and a buffer as batch norm has them."""

    def __init__(self, value):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(value))
        self.register_buffer('mean', torch.tensor(7.0))

    def forward(self, images):
        return (images.flatten(1)[:, :2] * self.weight,)


def test_momentum_update_by_hand():
    backbone = Number(1.0)
    term = MomentumContrast(backbone, None, 1, in_channels=2, queue_len=4, feat_dim=2, momentum=0.25)
    images, slow, followed = torch.randn(2, 1, 1, 2), term.slow.module, []
    projection = term.projections[0].mlp[2].bias
    for weight in (2.0, 3.0, -1.0):
        backbone.weight.data.fill_(weight)
        projection.data.fill_(weight)
        term([backbone(images)[0][None]], images, backbone, None)
        followed.append(slow.backbone.weight.item())
        assert torch.equal(slow.projections[0].mlp[2].bias, torch.full((2,), followed[-1]))
    assert followed == [2.0, 2.25, 1.4375]  # a copy; 0.75 * 2 + 0.25 * 3; 0.75 * 2.25 - 0.25 * 1
    term.eval()([backbone(images)[0][None]], images, backbone, None)
    assert slow.backbone.weight.item() == 1.4375  # not in a test


def test_keys_learn_nothing():
    model = build(term=dict(TERM, loss_weight=3.0))
    pictures, samples = batch(3)
    pictures.requires_grad_()
    model(pictures, samples, 'loss')['loss_contrast'].backward()
    assert pictures.grad[:3].abs().sum() > 0 == pictures.grad[3:].abs().sum()
    assert all(p.grad is None and not p.requires_grad for p in model.contrast.slow.parameters())
    stems = [branch.conv1.weight for branch in model.backbone.branches]
    learned = [*stems, *model.contrast.projections.parameters()]
    assert all(p.grad.abs().sum() > 0 for p in learned)
    assert not model.contrast.queue.keys.requires_grad


def test_classification_is_of_the_query_views_alone():
    for views in (2, 3):
        contrastive = build(preprocessor=dict(VIEWS, num_views=views))
        plain = build(term=None, preprocessor=dict(VIEWS, num_views=views - 1))
        plain.load_state_dict({k: v for k, v in contrastive.state_dict().items() if 'contrast' not in k})
        pictures, samples = batch(3, views)
        losses = contrastive(pictures, samples, 'loss')
        expected = plain(pictures[:-3], samples[:-3], 'loss')
        assert losses.keys() == {*expected, 'loss_contrast'}
        for name, value in expected.items():
            assert torch.allclose(losses[name], value), name
    assert torch.equal(contrastive.eval()(pictures), plain.eval()(pictures))


def test_the_views_are_the_preprocessors():
    model = build()
    pictures = torch.randint(0, 255, (3, 3, 32, 32), dtype=torch.uint8)
    samples = [DataSample().set_gt_label(i) for i in range(3)]
    data = model.data_preprocessor(dict(inputs=pictures, data_samples=samples), True)
    assert model(**data, mode='loss')['loss_contrast'].isfinite()


def steps(model, optimizer, seeds):
    for seed in seeds:
        optimizer.zero_grad()
        model.parse_losses(model(*batch(4, seed=seed), 'loss'))[0].backward()
        optimizer.step()


def test_a_resumed_run_goes_on_bit_for_bit(tmp_path):
    whole, resumed, file = build(), build(seed=1), str(tmp_path / 'iter_2.pth')
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for model in (whole, resumed)]
    steps(whole, optimizers[0], (0, 1))
    save_checkpoint(dict(state_dict=whole.state_dict()), file)
    steps(whole, optimizers[0], (2, 3))
    load_checkpoint(resumed, file, strict=True)
    steps(resumed, optimizers[1], (2, 3))
    states = whole.state_dict(), resumed.state_dict()
    assert {'contrast.queue.keys', 'contrast.slow.steps'} < states[0].keys()
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


@pytest.mark.parametrize('modules', [None, ['backbone.layer4']])
def test_a_checkpoint_without_the_term_loads(modules, tmp_path):
    file, plain = str(tmp_path / 'plain.pth'), build(GN, modules=modules, term=None, preprocessor=None)
    for parameter in plain.parameters():
        parameter.data += 0.1
    save_checkpoint(dict(state_dict=plain.state_dict()), file)
    model = build(GN, modules=modules, seed=1)
    load_checkpoint(model, file)
    model(*same_views(2), 'loss')
    slow = model.contrast.slow.module.backbone.state_dict()
    for name, value in plain.backbone.state_dict().items():
        assert torch.equal(slow[name], value), name
    back = build(GN, modules=modules, term=None, preprocessor=None)
    assert not back.load_state_dict(model.state_dict(), strict=False).missing_keys


@pytest.mark.parametrize('half', [torch.bfloat16, torch.float16])
def test_half_precision(half):
    model = build(term=dict(TERM, temperature=0.01))
    with torch.autocast('cpu', dtype=half):
        for seed in range(3):
            losses = model(*batch(4, seed=seed), 'loss')
    assert losses['loss_contrast'].dtype == model.contrast.queue.keys.dtype == torch.float32
    model.parse_losses(losses)[0].backward()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize('scale', [0.0, 1e4])
def test_extreme_features(scale):
    term = build().contrast
    features = [(scale * torch.randn(1, 2, 32)).requires_grad_() for _ in range(2)]
    loss = term(features, batch(1)[0], *slow_parts(term))['loss_contrast']
    loss.backward()
    assert loss.isfinite() and all(f.grad.isfinite().all() for f in features)


def slow_parts(term):
    return term.slow.module.backbone, term.slow.module.neck


def shuffled_term():
    """Sown alike on every rank; batch norm tells in which company an image was."""
    model = build()
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.bias)
    return model


def run_rank(rank):
    model = shuffled_term()
    torch.manual_seed(5 + rank)
    for seed in range(2):
        pictures, samples = batch(2, seed=10 * rank + seed)
        with torch.no_grad():
            model(pictures.to(memory_format=torch.channels_last), samples, 'loss')
    return model.contrast.queue.keys.numpy()


def test_two_ranks_share_one_queue_and_shuffle_for_batch_norm(two_ranks):
    queues = [torch.from_numpy(keys) for keys in two_ranks(run_rank)]
    assert torch.equal(*queues)
    model, expected = shuffled_term(), []
    torch.manual_seed(5)  # rank 0 says which image goes where
    with torch.no_grad():
        model(*batch(2), 'loss')  # the slow copy begins as the experts
        for seed in range(2):
            images = torch.cat([batch(2, seed=10 * rank + seed)[0][2:] for rank in (0, 1)])
            order, keys = torch.randperm(4), torch.empty(4, 2, 8)
            for company in order.chunk(2):
                keys[company] = model.contrast.slow(images[company])
            expected.append(keys)
            assert not torch.allclose(keys, model.contrast.slow(images), atol=1e-3)
    assert torch.allclose(queues[0], torch.cat(expected)[-6:], atol=1e-5)  # of eight


def test_ddp_needs_no_search_for_unused_parameters(tmp_path):
    store = dist.FileStore(str(tmp_path / 'store'), 1)
    dist.init_process_group('gloo', store=store, rank=0, world_size=1)
    try:
        model = build()
        wrapped = nn.parallel.DistributedDataParallel(model, broadcast_buffers=False)
        for seed in range(2):  # DDP raises at the step after an unused parameter
            model.parse_losses(wrapped(*batch(2, seed=seed), mode='loss'))[0].backward()
    finally:
        dist.destroy_process_group()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(term=dict(TERM, momentum=1.0)), 'momentum is 1.0'),
        (dict(term=dict(TERM, temperature=0)), 'temperature is 0'),
        (dict(term=dict(TERM, queue_len=0)), 'queue_len is 0'),
        (dict(preprocessor=dict(VIEWS, num_views=1)), 'num_views=1 with contrast'),
        (dict(preprocessor=None), 'num_views=1 with contrast'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        build(**arguments)


def test_channels_of_each_expert():
    with pytest.raises(ValueError, match=r'in_channels is \[2, 2\], expected a list of 3'):
        MomentumContrast(Number(1.0), None, 3, in_channels=[2, 2], queue_len=4)
