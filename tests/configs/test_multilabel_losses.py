"""Every multi-label baseline and every row of the PG paper's tables is a config that trains: here a tiny network."""

import json
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
FOLDERS = (CONFIGS / 'baselines/multilabel', CONFIGS / 'pg')
UNIFORM = ('erm', 'rw', 'focal', 'ldam', 'cb_focal', 'ml_gcn')  # of the baselines; all others are class-aware
OTHER_SETTING = ('bbn', 'ml_gcn')  # have rates or a network of their own


def rows(folder: Path, dataset: str) -> list[Path]:
    return sorted(folder.glob(f'{dataset}_lt*.py'))


def name(path: Path) -> str:
    return f'{path.parent.name}-{path.stem}'


@pytest.mark.parametrize('path', [p for folder in FOLDERS for p in rows(folder, 'voc')], ids=name)
def test_trains_and_tests(path, tiny):
    runner = Runner.from_cfg(tiny(path))
    runner.train()
    assert 0 < runner.test()['long-tail/mAP'] <= 100
    [scalars] = Path(runner.work_dir).glob('*/vis_data/scalars.json')
    losses = [json.loads(line)['loss'] for line in scalars.read_text().splitlines() if '"loss"' in line]
    assert losses and 0 < losses[-1] < 100


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda folder: folder.name)
def test_both_sets_have_the_same_rows(folder):
    suffixes = [{p.stem.removeprefix(f'{s}_lt') for p in rows(folder, s)} for s in ('voc', 'coco')]
    assert {s.replace('pos_divisor', 'second') for s in suffixes[0]} == {
        s.replace('pos_scale', 'second') for s in suffixes[1]
    }


@pytest.mark.parametrize('path', [p for f in FOLDERS for s in ('voc', 'coco') for p in rows(f, s)], ids=name)
def test_setting_is_db_losss(path):
    """The settings of the papers, read independently of the base files."""
    cfg = Config.fromfile(path)
    row = path.stem.split('_lt_')[-1]
    baseline = path.parent.name == 'multilabel'
    assert cfg.train_cfg.max_epochs == 8 and cfg.optim_wrapper.clip_grad.max_norm == 35
    assert cfg.model.backbone.norm_eval
    if not (baseline and row == 'bbn'):
        [stream] = cfg.train_dataloader.sampler.streams.values()
        assert stream.type == ('UniformSampler' if baseline and row in UNIFORM else 'ClassAwareSampler')
        assert cfg.train_dataloader.batch_size == 32 and cfg.model.backbone.frozen_stages == 1
        assert cfg.default_hooks.label_probability.type == 'LabelProbabilityHook'
    if not (baseline and row in OTHER_SETTING):
        rate = 0.02 if baseline else 8e-3 if path.stem.startswith('voc') else 1e-2
        assert cfg.optim_wrapper.optimizer.lr == rate
        assert cfg.model.neck.out_channels == 256 and cfg.model.neck.act_cfg.drop_prob == 0.5
        neck = MODELS.build(cfg.model.neck)
        neck.init_weights()  # Kaiming-normal, fan_out: a standard deviation of sqrt(2 / 256)
        assert neck.fc.weight.std().item() == pytest.approx(0.0884, rel=0.01) and not neck.fc.bias.any()


@pytest.mark.parametrize(('dataset', 'scale', 'mu'), [('voc', 5, 0.3), ('coco', 2, 0.2)])
def test_db_focal_has_the_papers_values(dataset, scale, mu):
    loss = Config.fromfile(FOLDERS[0] / f'{dataset}_lt_db_focal.py').model.head.loss
    assert (loss.neg_scale, loss.init_bias, loss.map_alpha, loss.map_beta, loss.map_mu) == (
        scale,
        0.05,
        0.1,
        10,
        mu,
    )
    assert (loss.focal_gamma, loss.balance) == (2, 2)


@pytest.mark.parametrize('dataset', ['voc', 'coco'])
def test_pg_rows_change_the_loss_alone(dataset):
    full = Config.fromfile(FOLDERS[1] / f'{dataset}_lt.py').to_dict()
    for path in rows(FOLDERS[1], dataset):
        row = Config.fromfile(path).to_dict()
        row['model']['head']['loss'] = full['model']['head']['loss']
        assert row == full, path.name


def test_pg_rows_are_the_tables():
    """Tables 3 to 5 on VOC-LT: raised lambda_1^- and lambda_2^+, which of them adapt, and the focal factor."""

    def row(suffix: str) -> tuple:
        loss = Config.fromfile(FOLDERS[1] / f'voc_lt{suffix}.py').model.head.loss
        raised = [f for f, base in (('neg_scale', 5), ('pos_divisor', 1)) if _tail(loss[f]) > base]
        return raised, list(loss.adaptive), loss.focal

    both = ['neg_scale', 'pos_divisor']
    assert row('_pr_neg_scale') == (['neg_scale'], [], None)
    assert row('_pr_pos_divisor') == (['pos_divisor'], [], None)
    assert row('_pr') == (both, [], None)
    assert row('_fixed_fixed') == (both, [], 'adaptive')
    assert row('') == (both, ['neg_scale'], 'adaptive')
    assert row('_fixed_adaptive') == (both, ['pos_divisor'], 'adaptive')
    assert row('_adaptive_adaptive') == (both, both, 'adaptive')
    assert row('_apr_focal') == (both, ['neg_scale'], 'fixed')
    for suffix, focal in (('_focal', 'fixed'), ('_apaf', 'adaptive')):
        loss = Config.fromfile(FOLDERS[1] / f'voc_lt{suffix}.py').model.head.loss
        assert (loss.neg_scale, loss.neg_divisor, loss.pos_divisor, loss.init_bias) == (1, 1, 1, 0)
        assert (list(loss.adaptive), loss.focal) == ([], focal)


def test_pg_readings():
    """What the paper leaves open: each reading is a row of its own."""

    def loss(suffix: str, dataset: str = 'voc') -> dict:
        return Config.fromfile(FOLDERS[1] / f'{dataset}_lt{suffix}.py').model.head.loss

    full = loss('').to_dict()
    a = dict(full, balance=2.0)
    b = dict(a, focal_on='scaled')
    assert loss('_balance') == a and loss('_balance_scaled') == b
    for dataset, mu in (('voc', 0.3), ('coco', 0.2)):
        weight = loss('_balance_scaled_reweight', dataset).reweight
        db = Config.fromfile(FOLDERS[0] / f'{dataset}_lt_db_focal.py').model.head.loss
        assert weight == dict(alpha=db.map_alpha, beta=db.map_beta, mu=mu) and db.map_mu == mu
    assert loss('_literal') == dict(full, adaptive=['neg_scale', 'pos_scale'], adaptive_rule='literal')


def _tail(factor) -> float:
    return factor['tail'] if isinstance(factor, dict) else factor
