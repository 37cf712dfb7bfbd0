import importlib

import pytest
import torch
import torch.distributed as dist
from mmengine.runner import load_checkpoint, save_checkpoint
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmlongtail.structures import BatchLayout

CLASSES = 3
POOL = dict(type='GlobalAveragePooling')
WEIGHTED = dict(type='FrequencyWeightedBCELoss', class_counts=[5, 3, 1], num_images=6)
COMPENSATED = dict(WEIGHTED, type='CompensatedBCELoss', num_classes=CLASSES)
LOSS = dict(
    type='CollaborativeLoss',
    streams=[['uniform'], ['rebalanced']],
    classification=COMPENSATED,
    consistency=dict(type='LogitConsistencyLoss', loss_weight=0.1),
)
RESNET = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8)
SWIN = dict(
    type='SwinTransformer',
    img_size=32,
    patch_size=2,
    window_size=2,
    drop_path_rate=0.0,
    arch=dict(embed_dims=8, depths=[1, 1, 1, 2], num_heads=[1, 1, 2, 2]),
)
# name: backbone, modules of a branch, channels, pooled
BACKBONES = {
    'ResNet': (RESNET, ['backbone.layer4'], 64, True),
    'ResNet_CIFAR': (dict(RESNET, type='ResNet_CIFAR'), ['backbone.layer4'], 64, True),
    'ConvNeXt': (
        dict(type='ConvNeXt', arch=dict(depths=[1, 1, 1, 2], channels=[4, 8, 12, 16])),
        ['backbone.downsample_layers.3', 'backbone.stages.3', 'backbone.norm3'],
        16,
        False,
    ),
    'Swin': (SWIN, ['backbone.stages.3', 'backbone.norm3'], 64, True),
    'ViT': (
        dict(
            type='VisionTransformer',
            img_size=32,
            patch_size=8,
            arch=dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=32),
        ),
        ['backbone.layers.1', 'backbone.layers.2', 'backbone.ln1'],
        16,
        False,
    ),
    'MobileNetV1': (dict(type='MobileNetV1'), ['backbone.layer5'], 768, True),
    'whole network': (RESNET, ['backbone'], 64, True),
}


@pytest.fixture(params=BACKBONES)
def case(request):
    """Backbone config, modules of a branch, channels and neck config of each kind of backbone."""
    backbone, modules, channels, pooled = BACKBONES[request.param]
    if backbone['type'] == 'MobileNetV1':  # a user's own backbone, in a folder of its own
        folder = request.getfixturevalue('shared_data') / 'mobilenet'
        request.getfixturevalue('monkeypatch').syspath_prepend(str(folder))
        importlib.import_module('mobilenet_v1')
        backbone = dict(backbone, weights=str(folder / 'mobilenet_v1_075_224.npz'))
    return backbone, modules, channels, POOL if pooled else None


def branched(backbone=RESNET, modules=('backbone.layer4',), channels=64, neck=POOL, n=2, loss=LOSS, **kwargs):
    head = dict(type='MultiBranchHead', num_classes=CLASSES, in_channels=channels, loss=loss)
    model = dict(type='MultiBranchClassifier', num_branches=n, branch_modules=list(modules), head=head)
    return MODELS.build(dict(model, backbone=backbone, neck=neck, **kwargs))


def plain(backbone=RESNET, channels=64, neck=POOL):
    head = dict(type='MultiLabelLinearClsHead', num_classes=CLASSES, in_channels=channels)
    return MODELS.build(dict(type='ImageClassifier', backbone=backbone, neck=neck, head=head))


def name_in_branch(key, modules, i):
    """Name that the i-th branch's copy of a plain network's entry has in the branched model."""
    key = key.replace('head.fc.', f'head.fcs.{i}.')
    name = next((m for m in modules if key.startswith(f'{m}.')), None)
    return key if name is None else key.replace(name, f'{name}.branches.{i}', 1)


def samples(*streams):
    return [DataSample(metainfo=dict(stream=s)).set_gt_label([i % CLASSES]) for i, s in enumerate(streams)]


def scramble(model):
    """Values for which every weight matters and no two copies are equal."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data += torch.randn(parameter.shape, generator=generator) * 0.05


def test_logits_and_gradients_equal_separate_networks(case):
    """In training mode, so with batch norm's own statistics; the trunk's gradient is the sum of both."""
    backbone, modules, channels, neck = case
    model, images = branched(*case), torch.randn(2, 3, 32, 32)
    scramble(model)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    logits = model.train()(images)
    logits.square().sum().backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    expected = {}
    for i in range(2):
        network = plain(backbone, channels, neck).train()
        network.load_state_dict({k: state[name_in_branch(k, modules, i)] for k in network.state_dict()})
        single = network(images)
        single.square().sum().backward()
        assert torch.allclose(logits[i, 0], single, rtol=1e-4, atol=1e-5)
        for key, parameter in network.named_parameters():
            if parameter.grad is not None:
                name = name_in_branch(key, modules, i)
                expected[name] = expected.get(name, 0) + parameter.grad
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        assert (gradient - expected[name]).norm() <= 1e-3 * expected[name].norm() + 1e-4, name


def test_plain_checkpoint_file_fills_every_copy(case, tmp_path):
    backbone, modules, channels, neck = case
    network, file = plain(backbone, channels, neck), str(tmp_path / 'plain.pth')
    scramble(network)
    save_checkpoint(dict(state_dict=network.state_dict()), file)
    backbone = {k: v for k, v in backbone.items() if k != 'weights'}
    loaded = branched(backbone, modules, channels, neck)
    loaded.init_weights()
    load_checkpoint(loaded, file)  # load_from of a run
    pretrained = dict(backbone, init_cfg=dict(type='Pretrained', checkpoint=file, prefix='backbone.'))
    initialized = branched(pretrained, modules, channels, neck)
    initialized.init_weights()
    for model in (loaded, initialized):
        state = model.state_dict()
        for key, value in network.backbone.state_dict().items():
            for i in range(2):
                assert torch.equal(state[name_in_branch(f'backbone.{key}', modules, i)], value), key


def test_copies_start_equal_and_classifiers_different(case):
    model = branched(*case)
    model.init_weights()
    for name in case[1]:
        first, second = model.get_submodule(name).branches
        assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters()))
        assert all(a is not b for a, b in zip(first.parameters(), second.parameters()))
    assert not torch.equal(model.head.fcs[0].weight, model.head.fcs[1].weight)


def test_a_users_backbone_loads_its_own_file(shared_data, monkeypatch):
    import numpy as np

    monkeypatch.syspath_prepend(str(shared_data / 'mobilenet'))
    importlib.import_module('mobilenet_v1')
    file = shared_data / 'mobilenet' / 'mobilenet_v1_075_224.npz'
    model = branched(dict(type='MobileNetV1', weights=str(file)), ['backbone.layer5'], 768)
    model.init_weights()
    with np.load(file) as arrays:
        for key in (key for key in arrays.files if key.startswith('layer5.')):
            for copy in model.backbone.layer5.branches:
                loaded = copy.state_dict()[key.removeprefix('layer5.')]
                assert np.array_equal(loaded.numpy(), arrays[key]), key


def test_trained_branches_survive_as_initial_weights(tmp_path):
    trained, file = branched(), str(tmp_path / 'trained.pth')
    scramble(trained)
    save_checkpoint(dict(state_dict=trained.state_dict()), file)
    model = branched(init_cfg=dict(type='Pretrained', checkpoint=file))
    model.init_weights()
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), trained.state_dict().values()))


@pytest.mark.parametrize('part', ['backbone', 'classifier'])
def test_swin_of_another_window_is_resized_in_every_copy(part, tmp_path, monkeypatch):
    """Swin's own load hook resizes entries by name, so the branches' names must be there before it runs."""

    def resize(source, size, table, heads):  # the host's needs a SciPy below 1.14
        square = table.T.view(1, heads, source, source)
        return torch.nn.functional.interpolate(square, (size, size)).view(heads, -1).T

    module = 'mmpretrain.models.backbones.swin_transformer.resize_relative_position_bias_table'
    monkeypatch.setattr(module, resize)
    network, file = plain(dict(SWIN, window_size=4)), str(tmp_path / 'swin.pth')
    scramble(network)
    save_checkpoint(dict(state_dict=network.state_dict()), file)
    pretrained = dict(type='Pretrained', checkpoint=file, prefix='backbone.')
    model = branched(dict(SWIN, init_cfg=pretrained if part == 'backbone' else None), BACKBONES['Swin'][1])
    model.init_weights()
    if part == 'classifier':
        load_checkpoint(model, file)
    key = 'blocks.1.attn.w_msa.relative_position_bias_table'
    expected = resize(7, 3, network.backbone.stages[3].state_dict()[key], 2)
    for copy in model.backbone.stages[3].branches:
        assert torch.equal(copy.state_dict()[key], expected)


def test_one_trunk_pass_and_one_pass_per_branch():
    model, seen = branched(), {}
    for name in ('conv1', 'layer3', 'layer4.branches.0', 'layer4.branches.1'):
        model.backbone.get_submodule(name).register_forward_hook(
            lambda module, args, out, name=name: seen.setdefault(name, []).append(len(args[0]))
        )
    model(torch.randn(4, 3, 32, 32), samples('uniform', 'rebalanced', 'uniform', 'rebalanced'), 'loss')
    assert seen == {'conv1': [4], 'layer3': [4], 'layer4.branches.0': [4], 'layer4.branches.1': [4]}


def test_consistency_reaches_both_branches_and_the_trunk():
    model = branched(loss=dict(LOSS, classification=dict(COMPENSATED, loss_weight=0.0)))
    scramble(model)
    losses = model(torch.randn(2, 3, 32, 32), samples('uniform', 'uniform'), 'loss')
    losses['loss_con_uniform'].backward()
    first, second = model.backbone.layer4.branches
    for module in (first, second, model.backbone.conv1, *model.head.fcs):
        assert sum(p.grad.abs().sum() for p in module.parameters()) > 0


BRANCHES, UNION = (['uniform'], ['rebalanced']), (['uniform', 'rebalanced'],)
CON = LOSS['consistency']
ONE = dict(n=1, modules=[])
MIRRORED = dict(type='BatchAugmentPreprocessor', num_views=2, mirrored=True)
ABLATIONS = {  # of the paper: model, loss, keys beside loss_cls_branch0
    'no consistency': ({}, (BRANCHES, WEIGHTED, None), {'loss_cls_branch1'}),
    'consistency': (
        {},
        (BRANCHES, WEIGHTED, CON),
        {'loss_cls_branch1', 'loss_con_uniform', 'loss_con_rebalanced'},
    ),
    'probability': (
        {},
        (BRANCHES, WEIGHTED, dict(CON, space='probability')),
        {'loss_cls_branch1', 'loss_con_uniform', 'loss_con_rebalanced'},
    ),
    'compensation': ({}, (BRANCHES, COMPENSATED, None), {'loss_cls_branch1'}),
    'flips, uniform': (
        dict(ONE, data_preprocessor=MIRRORED),
        ((['uniform'], ['uniform']), WEIGHTED, CON),
        {'loss_cls_branch1', 'loss_con_uniform'},
    ),
    'union': (ONE, (UNION, WEIGHTED, None), set()),
    'uniform twice': (
        {},
        ((['first'], ['second']), WEIGHTED, CON),
        {'loss_cls_branch1', 'loss_con_first', 'loss_con_second'},
    ),
    'one branch alone': (ONE, ((['uniform'],), WEIGHTED, None), set()),
    'three branches': (
        dict(n=3),
        ((*BRANCHES, UNION[0]), WEIGHTED, CON),
        {'loss_cls_branch1', 'loss_cls_branch2', 'loss_con_uniform', 'loss_con_rebalanced'},
    ),
}


@pytest.mark.parametrize('row', ABLATIONS)
def test_every_ablation_is_a_config(row):
    kwargs, (streams, classification, consistency), keys = ABLATIONS[row]
    loss = dict(LOSS, streams=streams, classification=classification, consistency=consistency)
    model = branched(loss=loss, **kwargs)
    scramble(model)
    names = list(dict.fromkeys(name for branch in streams for name in branch))
    data = dict(inputs=torch.randn(4, 3, 32, 32), data_samples=samples(*(names * 4)[:4]))
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    assert {k for k in losses if 'loss' in k} == keys | {'loss_cls_branch0'}
    total = model.parse_losses(losses)[0]
    total.backward()
    assert total.isfinite() and all(losses[key] > 0 for key in keys)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert len(model.predict(torch.randn(4, 3, 32, 32))) == 4


def test_flipped_views_are_those_of_the_images():
    loss = dict(LOSS, streams=[['uniform']] * 2, classification=WEIGHTED)
    model = branched(n=1, modules=[], loss=loss, data_preprocessor=MIRRORED).eval()
    scramble(model)
    images, batch = torch.randn(2, 3, 32, 32), samples('uniform', 'uniform')
    views = torch.cat([model(images)[0], model(images.flip(-1))[0]])
    expected = model.head.loss_module(views, torch.eye(3)[:2], ['uniform'] * 2)
    data = model.data_preprocessor(dict(inputs=images, data_samples=batch), True)
    losses = model(**data, mode='loss')
    assert {k: v.item() for k, v in losses.items()} == pytest.approx(
        {k: v.item() for k, v in expected.items()}, rel=1e-4
    )
    assert losses['loss_con_uniform'] > 1e-8


def test_features_have_the_axes_of_the_batch():
    """Branch, view and image of each row, by the networks alone."""
    model, images = branched().eval(), torch.randn(6, 3, 32, 32)
    scramble(model)
    feats = model.extract_feat(images, layout=BatchLayout(2, 3, 2))[-1]
    assert feats.shape == (2, 3, 2, 64)
    for i in range(2):
        network = plain().eval()
        names = {k: name_in_branch(k, ['backbone.layer4'], i) for k in network.state_dict()}
        network.load_state_dict({k: model.state_dict()[name] for k, name in names.items()})
        for row, image in enumerate(images):
            single = network.extract_feat(image[None])[-1][0]
            torch.testing.assert_close(feats[i, row // 2, row % 2], single, rtol=1e-4, atol=1e-5)
    assert model(images).shape == (2, 1, 6, CLASSES)


def test_views_come_from_the_data_preprocessor():
    views = dict(type='BatchAugmentPreprocessor', num_views=3)
    model, seen = branched(data_preprocessor=views), []
    model.head.register_forward_hook(lambda head, args, out: seen.append(out))
    loss = model.head.loss_module
    loss.forward = lambda logits, targets, streams: dict(loss=logits.sum(), rows=len(targets))
    data = dict(inputs=torch.randn(4, 3, 32, 32), data_samples=samples(*['uniform'] * 4))
    assert model(**model.data_preprocessor(data, True), mode='loss')['rows'] == 4
    assert seen[0].shape == (2, 3, 4, CLASSES)
    with pytest.raises(ValueError, match='num_views=3: got a batch of 4'):
        model(torch.randn(4, 3, 32, 32), samples(*['uniform'] * 4), 'loss')


def test_checkpoints_have_the_names_that_they_had():
    names = set(branched().state_dict())
    parts = {f'fcs.{i}.{part}' for i in range(2) for part in ('weight', 'bias')}
    learned = ('mu_pos', 'mu_neg', 'sigma_pos', 'sigma_neg')
    parts |= {f'loss_module.classification.{i}.{part}' for i in range(2) for part in learned}
    assert {f'head.{part}' for part in parts} == {name for name in names if not name.startswith('backbone')}
    plains = {f'backbone.{name}' for name in plain().backbone.state_dict()}
    copies = {name_in_branch(name, ['backbone.layer4'], i) for name in plains for i in range(2)}
    assert copies == {name for name in names if name.startswith('backbone')}


def test_ddp_needs_no_search_for_unused_parameters(tmp_path):
    """Also after a short batch in which a stream is missing: DDP raises at the step after an unused one."""
    store = dist.FileStore(str(tmp_path / 'store'), 1)
    dist.init_process_group('gloo', store=store, rank=0, world_size=1)
    try:
        model = branched()
        wrapped = torch.nn.parallel.DistributedDataParallel(model, broadcast_buffers=False)
        for streams in (['uniform', 'rebalanced'], ['uniform', 'uniform'], ['uniform', 'rebalanced']):
            losses = wrapped(torch.randn(2, 3, 32, 32), samples(*streams), mode='loss')
            model.parse_losses(losses)[0].backward()
    finally:
        dist.destroy_process_group()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize('half', [torch.bfloat16, torch.float16])
def test_step_under_autocast(half):
    model = branched()
    with torch.autocast('cpu', dtype=half):
        losses = model(torch.randn(2, 3, 32, 32), samples('uniform', 'rebalanced'), 'loss')
    assert {value.dtype for value in losses.values()} == {torch.float32}
    model.parse_losses(losses)[0].backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_freezing_reaches_every_copy():
    model = branched(dict(RESNET, frozen_stages=4, norm_eval=True)).train()
    assert not any(parameter.requires_grad for parameter in model.backbone.parameters())
    assert not any(copy.training for copy in model.backbone.layer4.branches)


def test_layer_depth_is_the_plain_networks():
    model, network = branched(*BACKBONES['ViT'][:3], neck=None), plain(BACKBONES['ViT'][0], 16, None)
    for key in ('backbone.layers.{}2.ln1.weight', 'backbone.patch_embed.projection.weight'):
        assert model.get_layer_depth(key.format('')) == network.get_layer_depth(key.format(''))
    assert model.get_layer_depth('backbone.layers.2.branches.1.ln1.weight') == network.get_layer_depth(
        'backbone.layers.2.ln1.weight'
    )


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(modules=[]), r'num_branches=2 with branch_modules=\[\].*layer4'),
        (dict(modules=['backbone.layer5']), "'backbone.layer5'.*'backbone.layer4'"),
        (dict(n=0), 'num_branches is 0'),
        (
            dict(
                data_preprocessor=dict(MIRRORED, num_views=4),
                train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)),
            ),
            'num_views=4 with batch_augments',
        ),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        branched(**arguments)


def test_head_must_have_the_same_branches():
    head = dict(type='MultiBranchHead', num_branches=3, num_classes=3, in_channels=64, loss=LOSS)
    with pytest.raises(ValueError, match='head has num_branches=3, the classifier 2'):
        MODELS.build(
            dict(type='MultiBranchClassifier', backbone=RESNET, head=head, branch_modules=['backbone.layer4'])
        )


def test_features_that_bypass_the_branches():
    model = branched(dict(RESNET, out_indices=(2,)), channels=32)
    with pytest.raises(ValueError, match='2 rows, expected 4.*layer4'):
        model(torch.randn(2, 3, 32, 32))
