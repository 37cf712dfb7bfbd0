"""Experts against plain networks of the same weights: logits, gradients, beginnings, checkpoints, accumulation."""

import pytest
import torch
import torch.distributed as dist
from mmengine.optim import OptimWrapper
from mmengine.runner import load_checkpoint, save_checkpoint
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

CLASSES, COUNTS = 4, [9, 5, 2, 1]
POOL = dict(type='GlobalAveragePooling')
RESNET = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8)
VIT = dict(
    type='VisionTransformer',
    img_size=32,
    patch_size=8,
    arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32),
)
KL = dict(type='PeerDistillationLoss', class_counts=COUNTS, loss_weight=0.6)
LOSS = dict(
    type='NestedCollaborativeLoss',
    classification=dict(type='BalancedSoftmaxLoss', class_counts=COUNTS),
    hard=dict(type='HardCategoryLoss', class_counts=COUNTS),
    inter=KL,
    intra=KL,
)
TWO = dict(type='BatchAugmentPreprocessor', num_views=2)
# name: backbone, neck, modules of an expert (None: the default), what they are, channels
CASES = {
    'whole networks': (RESNET, POOL, None, ['backbone'], 64),
    'CIFAR': (dict(type='CifarResNet', depth=20), POOL, None, ['backbone'], 64),
    'shared trunk': (RESNET, POOL, ['backbone.layer3', 'backbone.layer4'], None, 64),
    'learned neck': (
        RESNET,
        dict(type='LinearNeck', in_channels=64, out_channels=6, gap_dim=2),
        None,
        ['backbone', 'neck'],
        6,
    ),
    'ViT': (VIT, None, None, ['backbone'], 16),
}


@MODELS.register_module()
class PlainConvolution(torch.nn.Module):
    """A user's backbone that has no init_weights."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 5, 3)
        self.raw = torch.nn.Parameter(torch.randn(5, 1, 1))

    def forward(self, x):
        return (self.conv(x) + self.raw,)


def experts(backbone=RESNET, neck=POOL, modules=None, channels=64, n=2, loss=LOSS, head=None, **kwargs):
    expert = dict(type='LinearClsHead', num_classes=CLASSES, in_channels=channels)
    head = head or dict(type='MultiExpertHead', expert=expert, loss=loss)
    parts = dict(backbone=backbone, neck=neck, head=head, branch_modules=modules)
    return MODELS.build(dict(type='MultiExpertClassifier', num_branches=n, **parts, **kwargs))


def plain(backbone=RESNET, neck=POOL, channels=64):
    head = dict(type='LinearClsHead', num_classes=CLASSES, in_channels=channels)
    return MODELS.build(dict(type='ImageClassifier', backbone=backbone, neck=neck, head=head))


def of_expert(key, modules, i):
    """Name that expert i's copy of a plain network's entry has."""
    key = key.replace('head.', f'head.experts.{i}.')
    name = next((m for m in modules if key.startswith(f'{m}.')), None)
    return key if name is None else key.replace(name, f'{name}.branches.{i}', 1)


def batch(num_images, views=1):
    return [DataSample().set_gt_label(i % CLASSES) for _ in range(views) for i in range(num_images)]


def scramble(model):
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data += torch.randn(parameter.shape, generator=generator) * 0.05


@pytest.mark.parametrize('case', CASES)
def test_logits_and_gradients_equal_plain_networks(case):
    backbone, neck, given, modules, channels = CASES[case]
    modules = modules or given
    model, images = experts(backbone, neck, given, channels).train(), torch.randn(3, 3, 32, 32)
    scramble(model)
    assert model.branch_modules == modules
    state = {key: value.clone() for key, value in model.state_dict().items()}
    logits = model(images)
    logits.square().sum().backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    expected = {}
    for i in range(2):
        network = plain(backbone, neck, channels).train()
        network.load_state_dict({k: state[of_expert(k, modules, i)] for k in network.state_dict()})
        single = network(images)
        single.square().sum().backward()
        assert torch.allclose(logits[i, 0], single, rtol=1e-4, atol=1e-5)
        for key, parameter in network.named_parameters():
            if parameter.grad is not None:
                name = of_expert(key, modules, i)
                expected[name] = expected.get(name, 0) + parameter.grad
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        assert (gradient - expected[name]).norm() <= 1e-3 * expected[name].norm() + 1e-4, name
    assert not torch.allclose(logits[0], logits[1], atol=1e-3)


@pytest.mark.parametrize('case', [*CASES, 'no init_weights'])
def test_experts_start_as_differently_as_separate_networks(case):
    """Whatever differs between two networks built one by one differs between experts, and nothing else."""
    user = dict(type='PlainConvolution'), POOL, None, ['backbone'], 5
    backbone, neck, given, modules, channels = CASES.get(case, user)
    modules = modules or given
    networks, model = (
        [plain(backbone, neck, channels) for _ in range(2)],
        experts(backbone, neck, given, channels),
    )
    for network in (*networks, model):
        network.init_weights()
    state, differing = model.state_dict(), 0
    first, second = (network.state_dict() for network in networks)
    for key in first:
        names = [of_expert(key, modules, i) for i in range(2)]
        if names[0] != names[1]:
            assert torch.equal(*(state[name] for name in names)) == torch.equal(first[key], second[key]), key
            differing += not torch.equal(first[key], second[key])
    assert differing >= 2


def test_a_sown_generator_repeats_the_experts():
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        model = experts()
        model.init_weights()
        states.append(model.state_dict())
    assert all(torch.equal(*pair) for pair in zip(*(state.values() for state in states)))


@pytest.mark.parametrize('case', CASES)
def test_plain_checkpoint_fills_every_expert(case, tmp_path):
    backbone, neck, given, modules, channels = CASES[case]
    modules, file = modules or given, str(tmp_path / 'plain.pth')
    network = plain(backbone, neck, channels)
    scramble(network)
    save_checkpoint(dict(state_dict=network.state_dict()), file)
    loaded = experts(backbone, neck, given, channels)
    loaded.init_weights()
    load_checkpoint(loaded, file)  # load_from of a run
    pretrained = dict(backbone, init_cfg=dict(type='Pretrained', checkpoint=file, prefix='backbone.'))
    initialized = experts(pretrained, neck, given, channels)
    initialized.init_weights()
    for model in (loaded, initialized):
        state = model.state_dict()
        for key, value in network.backbone.state_dict().items():
            for i in range(2):
                assert torch.equal(state[of_expert(f'backbone.{key}', modules, i)], value), key


def test_a_backbone_given_as_a_module_is_copied():
    network = plain().backbone
    model = experts(network, modules=['backbone.layer4'])
    assert network.state_dict().keys() == plain().backbone.state_dict().keys()
    for copy in model.backbone.layer4.branches:
        for key, value in network.layer4.state_dict().items():
            assert torch.equal(copy.state_dict()[key], value)


def test_one_expert_is_the_plain_network():
    model, network, images = experts(n=1, data_preprocessor=TWO), plain(), torch.randn(2, 3, 32, 32)
    state = {key.replace('head.', 'head.experts.0.'): value for key, value in network.state_dict().items()}
    model.load_state_dict(state)
    assert model.branch_modules == []
    torch.testing.assert_close(model.eval()(images)[0, 0], network.eval()(images))
    ours, theirs = model.predict(images), network.predict(images)
    for one, other in zip(ours, theirs):
        torch.testing.assert_close(one.pred_score, other.pred_score)
    losses = model(images.repeat(2, 1, 1, 1), batch(2, views=2), 'loss')
    assert losses['loss_inter'] == 0 < losses['loss_cls']


def test_checkpoints_have_the_names_that_they_had():
    state = experts(modules=['backbone.layer4']).state_dict()
    own = [name for name in state if '.layer4.' in name and name.endswith('.0.conv1.weight')]
    assert own == [f'backbone.layer4.branches.{i}.0.conv1.weight' for i in range(2)]
    head = [f'head.experts.{i}.fc.{part}' for i in range(2) for part in ('weight', 'bias')]
    assert [name for name in state if name.startswith('head.')] == head


def test_features_of_an_image_stand_side_by_side():
    """Stage 'pre_logits', which figures and class means read."""
    model, images = experts().eval(), torch.randn(3, 3, 32, 32)
    feats = model.extract_feat(images)[-1]
    assert feats.shape == (2, 1, 3, 64)
    assert torch.equal(model.extract_feat(images, 'pre_logits'), torch.cat([*feats[:, 0]], dim=1))


def test_accumulated_half_batches_step_as_the_whole():
    """Group norm, whose statistics are an image's own; two views, so that every part of the loss is there."""
    torch.manual_seed(0)
    backbone = dict(RESNET, norm_cfg=dict(type='GN', num_groups=4))
    model, start = experts(backbone, data_preprocessor=TWO), None
    scramble(model)
    images, stepped = torch.randn(2, 4, 3, 32, 32), []  # (T, B, ...)
    start = {key: value.clone() for key, value in model.state_dict().items()}
    for parts in (1, 2):
        model.load_state_dict(start)
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        wrapper = OptimWrapper(optimizer, accumulative_counts=parts)
        wrapper.initialize_count_status(model, 0, parts)
        size = 4 // parts
        for part in range(parts):
            rows, samples = images[:, part * size :][:, :size].flatten(0, 1), batch(4, views=2)
            samples = [samples[4 * view + part * size + i] for view in range(2) for i in range(size)]
            with wrapper.optim_context(model):
                losses = model(rows, samples, 'loss')
            assert set(losses) == {'loss_cls', 'loss_hard', 'loss_inter', 'loss_intra'}
            assert all(value > 0 for value in losses.values())
            wrapper.update_params(model.parse_losses(losses)[0])
        stepped.append({key: value.detach().clone() for key, value in model.named_parameters()})
    for key, whole in stepped[0].items():
        moved = (whole - start[key]).norm()
        assert moved > 0 and (stepped[1][key] - whole).norm() <= 1e-4 * moved + 1e-6, key


def test_views_come_from_the_data_preprocessor():
    """The whole way of a training batch: every image three times, the labels once."""
    views = dict(type='BatchAugmentPreprocessor', num_views=3, augments=[dict(type='BatchRandomFlip')])
    model, seen = experts(data_preprocessor=views), []
    model.head.loss_module.register_forward_hook(lambda module, args, out: seen.append(args))
    images = torch.randint(0, 255, (2, 3, 32, 32), dtype=torch.uint8)
    data = model.data_preprocessor(dict(inputs=images, data_samples=batch(2)), True)
    assert model(**data, mode='loss')['loss_cls'].isfinite()
    logits, targets = seen[0]
    assert logits.shape == (2, 3, 2, CLASSES) and targets.tolist() == [0, 1]


def test_ddp_needs_no_search_for_unused_parameters(tmp_path):
    store = dist.FileStore(str(tmp_path / 'store'), 1)
    dist.init_process_group('gloo', store=store, rank=0, world_size=1)
    try:
        model = experts(data_preprocessor=TWO)
        wrapped = torch.nn.parallel.DistributedDataParallel(model, broadcast_buffers=False)
        for _ in range(2):  # DDP raises at the step after an unused parameter
            losses = wrapped(torch.randn(4, 3, 32, 32), batch(2, views=2), mode='loss')
            model.parse_losses(losses)[0].backward()
    finally:
        dist.destroy_process_group()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize('half', [torch.bfloat16, torch.float16])
def test_step_under_autocast(half):
    model = experts(data_preprocessor=TWO)
    with torch.autocast('cpu', dtype=half):
        losses = model(torch.randn(4, 3, 32, 32), batch(2, views=2), 'loss')
    assert {value.dtype for value in losses.values()} == {torch.float32}
    model.parse_losses(losses)[0].backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


MIXUP = dict(augments=dict(type='Mixup', alpha=1.0))
VIEWS = dict(type='BatchAugmentPreprocessor', num_views=2, to_onehot=True, num_classes=CLASSES)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(n=0, head=dict(type='LinearClsHead', num_classes=2, in_channels=64)), 'num_branches is 0'),
        (dict(modules=['backbone.layer5']), "'backbone.layer5'.*'backbone.layer4'"),
        (dict(modules=[]), r'num_branches=2 with branch_modules=\[\]'),
        (dict(data_preprocessor=dict(VIEWS, batch_augments=MIXUP)), 'num_views=2 with batch_augments'),
        (dict(data_preprocessor=VIEWS, train_cfg=MIXUP), 'num_views=2 with batch_augments'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        experts(**arguments)


def test_mixup_of_views_that_are_mixed_alike():
    crop = dict(type='BatchRandomCrop', padding=4)
    mixing = dict(VIEWS, num_views=3, share_mix=True, augments=[crop])
    model, seen = experts(data_preprocessor=mixing, train_cfg=MIXUP), []
    model.head.loss_module.register_forward_pre_hook(lambda _, args: seen.append(args))
    images = torch.randint(0, 255, (2, 3, 32, 32), dtype=torch.uint8)
    data = model.data_preprocessor(dict(inputs=images, data_samples=batch(2)), True)
    losses = model(**data, mode='loss')
    assert all(value.isfinite() and value > 0 for value in losses.values()) and len(losses) == 4
    ((logits, targets),) = seen
    assert logits.shape[:3] == (2, 3, 2) and targets.shape == (2, CLASSES)
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(2))


def test_mixup_of_single_views_is_fine():
    mixing = dict(VIEWS, num_views=1, batch_augments=MIXUP)
    model = experts(data_preprocessor=mixing, loss=dict(LOSS, hard=None, inter=None, intra=None))
    images = torch.randint(0, 255, (2, 3, 32, 32), dtype=torch.uint8)
    data = model.data_preprocessor(dict(inputs=images, data_samples=batch(2)), True)
    assert model(**data, mode='loss')['loss_cls'] > 0


def test_head_must_have_as_many_experts():
    expert = dict(type='LinearClsHead', num_classes=CLASSES, in_channels=64)
    head = dict(type='MultiExpertHead', num_branches=3, expert=expert, loss=LOSS)
    with pytest.raises(ValueError, match='head has num_branches=3, the classifier 2'):
        experts(head=head)
