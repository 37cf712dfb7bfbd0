"""A config of the paper's network gets a small one and small pictures."""

from pathlib import Path

from mmengine.config import Config

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'


def test_a_small_network_with_a_branch_for_each_stream(scripts):
    prime, cfg = scripts('voc_lt_prime'), Config.fromfile(CONFIGS / 'collab/voc_lt.py')
    network = prime.NETWORKS['EfficientNetLite-lite0']
    prime.use_network(cfg, network, frozen_stages=3, rate=0.1)
    backbone = cfg.model.backbone
    assert (backbone.type, backbone.frozen_stages, backbone.norm_eval) == ('EfficientNetLite', 3, True)
    assert cfg.model.branch_modules == network.last_stage
    assert cfg.model.head.in_channels == 1280 and cfg.data_preprocessor.mean == [127] * 3
    assert cfg.optim_wrapper.paramwise_cfg.custom_keys.backbone.lr_mult == 0.1


def test_small_pictures_also_inside_other_transforms(scripts):
    prime, cfg = scripts('voc_lt_prime'), Config.fromfile(CONFIGS / 'ncl/voc_lt_experts.py')
    prime.use_pictures(cfg, Path('devkit'), 64)
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        dataset = loader.dataset.get('dataset', loader.dataset)
        scales = [t.scale for t in prime.all_transforms(dataset.pipeline) if t.type == 'Resize']
        assert scales == [(64, 64)] and dataset.data_root == 'devkit'
