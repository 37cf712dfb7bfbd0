"""What a finished work dir says of its run: the row of a results CSV."""

from __future__ import annotations

import json
from pathlib import Path

from mmengine.config import Config

from mmlongtail.datasets.wrappers import innermost, unwrap
from mmlongtail.safe_loading import load_local_checkpoint

METRIC_OF = dict(total='mAP', head='mAP_head', medium='mAP_medium', tail='mAP_tail')
SINGLE_LABEL_METRIC_OF = dict(top1='top1', many='top1_many', medium='top1_medium', few='top1_few')


def read_run(
    work_dir: str | Path, test_json: str | Path | None = None, prefix: str | None = None
) -> dict[str, str]:
    """All that a results row needs but ``method``, ``commit`` and ``machine``.

    Args:
        work_dir: Of a finished training with a checkpoint, a dumped config and ``scalars.json``.
        test_json: Scores that ``tools/test.py`` wrote (with test-time augmentation, for example), to be taken
            instead of the training's last evaluation.
        prefix: Of the metrics to take where a run has several, such as 'single' of ``PerExpertMetric``.

    Raises:
        FileNotFoundError: If one of these files is missing.
        ValueError: If the training did not reach its end, its end was not evaluated, or by neither mAP nor top-1.
    """
    work_dir = Path(work_dir)
    config = only_config(work_dir)
    cfg = Config.fromfile(config, import_custom_modules=False)  # the modules may be elsewhere
    checkpoint = last_checkpoint(work_dir)
    meta = load_local_checkpoint(checkpoint, map_location='cpu', mmap=True)['meta']
    unit = 'epoch' if 'max_epochs' in cfg.train_cfg else 'iter'
    end = cfg.train_cfg[f'max_{unit}s']
    if meta[unit] < end:
        raise ValueError(f'{work_dir} is not finished: {checkpoint.name} is of {unit} {meta[unit]} of {end}')
    scores = json.loads(Path(test_json).read_text()) if test_json else last_evaluation(work_dir)
    if not test_json and scores['step'] not in (meta['epoch'], meta['iter']):
        raise ValueError(
            f'{work_dir}: last evaluation at {unit} {scores["step"]}, but trained to {meta[unit]}'
        )
    return dict(
        config=config.name,
        seed=str(meta['seed']),
        dataset=dataset_name(cfg),
        network=network_name(cfg),
        image_size=image_size(cfg),
        iterations=str(meta['iter']),
        **_scores(scores, test_json or work_dir, prefix),
    )


def last_checkpoint(work_dir: Path) -> Path:
    """The checkpoint saved last, also in a work dir that was moved."""
    return work_dir / Path((work_dir / 'last_checkpoint').read_text().strip()).name


def last_evaluation(work_dir: Path) -> dict[str, float]:
    """The last line with a total mAP or top-1 in the latest ``scalars.json``; a resumed run has several such files."""
    for path in sorted(work_dir.glob('*/vis_data/scalars.json'), reverse=True):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        evaluations = [line for line in lines if _metrics_in(line)]
        if evaluations:
            return evaluations[-1]
    raise FileNotFoundError(f'no evaluation in {work_dir}/*/vis_data/scalars.json')


def dataset_name(cfg: Config) -> str:
    """Type of the train data set inside its wrappers, with the imbalance that the config gives it."""
    levels = list(unwrap(cfg.train_dataloader.dataset))
    name = levels[-1]['type']
    for level in levels:
        if 'imbalance_factor' in level:
            name += f'-IF{level["imbalance_factor"]:g}'
            name += '-step' * (level.get('imbalance_type') == 'step')
    return name


def network_name(cfg: Config) -> str:
    """Type of the backbone, with its depth or architecture; ``cached`` where its trunk's features were."""
    backbone = cfg.model.backbone
    size = backbone.get('depth', backbone.get('arch'))
    name = f'{backbone.type}-{size}' if isinstance(size, int | str) else backbone.type
    return name + ', cached' * bool((cfg.get('default_hooks') or {}).get('frozen_trunk'))


def image_size(cfg: Config) -> str:
    """Side of the test images in pixels, by the pipeline's last resize or crop; empty if there is none."""
    pipeline = innermost(cfg.test_dataloader.dataset).get('pipeline', [])
    sizes = [step.get('crop_size', step.get('scale')) for step in pipeline]
    sizes = [size if isinstance(size, int) else size[0] for size in sizes if size]
    return str(sizes[-1]) if sizes else ''


def only_config(work_dir: Path) -> Path:
    """The config that a training dumped.

    Raises:
        FileNotFoundError: If there is none, or several.
    """
    configs = sorted(work_dir.glob('*.py'))
    if len(configs) != 1:
        raise FileNotFoundError(
            f'{work_dir} must hold one dumped config, got {[path.name for path in configs]}'
        )
    return configs[0]


def _metrics_in(scores: dict[str, float]) -> dict[str, str]:
    """Which metric each column takes, by the kind of run that these scores are of; empty for no evaluation."""
    if _find(scores, METRIC_OF['total']):
        return METRIC_OF
    return SINGLE_LABEL_METRIC_OF if _find(scores, SINGLE_LABEL_METRIC_OF['top1']) else {}


def _scores(scores: dict[str, float], source: str | Path, prefix: str | None) -> dict[str, str]:
    if prefix:
        scores = {key: value for key, value in scores.items() if key.startswith(f'{prefix}/')}
        source = f'{source}, under {prefix}/,'
    names = _metrics_in(scores)
    if not names:
        raise ValueError(f'{source} must have a mAP or top1, got only {sorted(scores)}')
    return {column: _find(scores, metric) for column, metric in names.items()}


def _find(scores: dict[str, float], metric: str) -> str:
    """A metric's value under the first prefix that has it; empty where there is none."""
    values = [value for key, value in scores.items() if key.rsplit('/', 1)[-1] == metric]
    return f'{values[0]:.2f}' if values else ''
