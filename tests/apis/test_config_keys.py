"""Misspelled keys are found, helpers and defaults of the host are not taken for them."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmlongtail.apis.config_keys import check_file, check_options

ROOT = Path(__file__).resolve().parents[2] / 'configs'
TEXT = """
train_cfg = dict(max_epochs=2)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
custom_hooks = [dict(type='EMAHook')]
mine = 3
"""


@pytest.fixture
def config(tmp_path):
    def read(text: str = TEXT) -> Config:
        path = tmp_path / 'config.py'
        path.write_text(text)
        return Config.fromfile(path)

    return read


@pytest.mark.parametrize(
    ('line', 'meant'),
    [
        ('param_schedulers = []', 'param_scheduler'),
        ('val_evaluater = dict()', 'val_evaluator'),
        ('custom_hook = []', 'custom_hooks'),
    ],
)
def test_a_misspelled_key_of_a_file(config, line, meant):
    text = TEXT.replace('custom_hooks', 'my_hooks')
    with pytest.raises(ValueError, match=f"nothing reads '{line.split()[0]}': is '{meant}' meant"):
        check_file(config(text + line))


@pytest.mark.parametrize(
    'more',
    [
        'test_pipeline = []',  # as in dumped configs, where nothing uses it any more
        'param_schedulers = [dict(type="LinearLR")]\nparam_scheduler = param_schedulers',
        'something_else = 1',
        'auto_scale_lr = dict(base_batch_size=8)\ntta_model = dict()\nload_from = None',
    ],
)
def test_helpers_pass(config, more):
    check_file(config(TEXT + more))


@pytest.mark.parametrize('path', ['collab/voc_lt.py', 'ncl/imagenet_lt_r50.py', 'gcl/cifar10_lt_if100.py'])
def test_own_configs_pass(path):
    check_file(Config.fromfile(ROOT / path))


@pytest.mark.parametrize(
    ('option', 'meant'),
    [('trian_cfg.max_epochs', 'train_cfg'), ('optim_wraper.optimizer.lr', 'optim_wrapper'), ('mien', 'mine')],
)
def test_an_unknown_option_names_the_nearest(config, option, meant):
    with pytest.raises(ValueError, match=f"nothing reads '{option.split('.')[0]}': is '{meant}' meant"):
        check_options(config(), [option])


def test_an_unknown_option_like_no_other(config):
    with pytest.raises(ValueError, match="nothing reads 'zzz'$"):
        check_options(config(), ['zzz=1'.partition('=')[0]])


@pytest.mark.parametrize(
    'option', ['mine', 'randomness.seed', 'train_cfg.val_interval', 'custom_hooks.0.momentum']
)
def test_new_leaves_and_known_keys_pass(config, option):
    assert check_options(config(), [option]) == []


def test_a_similar_leaf_is_warned_of(config):
    options = ['train_cfg.max_epoch', 'custom_hooks.0.typ']
    warnings = check_options(config(), options)
    assert warnings == [
        "--cfg-options train_cfg.max_epoch is new in the config: is 'max_epochs' meant?",
        "--cfg-options custom_hooks.0.typ is new in the config: is 'type' meant?",
    ]
