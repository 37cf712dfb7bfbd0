"""Weights as safetensors, with the config and a model card, ready for the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml
from mmengine.config import Config
from torch import Tensor

from mmlongtail.analysis.run_folder import Run, read_run_folder
from mmlongtail.files import written_whole

from ..trained import model_config
from .facts import Facts

WEIGHTS, CONFIG, CARD = 'model.safetensors', 'config.py', 'README.md'
EXTRA = 'pip install "mmlongtail[hub]", or safetensors'
LOADING = """\
```python
import mmlongtail
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from safetensors.torch import load_file

cfg = Config.fromfile('config.py')
with DefaultScope.overwrite_default_scope('mmpretrain'):
    model = MODELS.build(cfg.model)
model.load_state_dict(load_file('model.safetensors'))
model.eval()
```
"""


def write_folder(
    folder: Path, cfg: Config, weights: Mapping[str, Tensor], facts: Facts, checkpoint: Path
) -> None:
    """Write weights, config and card into a folder.

    Args:
        folder: Where; it exists.
        cfg: Config of the model, as it is built again.
        weights: All that this model's ``load_state_dict`` takes.
        facts: How it is used.
        checkpoint: What is exported, whose folder tells of the training.

    Raises:
        ValueError: If safetensors is missing.
    """
    try:
        from safetensors.torch import save
    except ModuleNotFoundError as error:
        raise ValueError(f'{error.name} is missing: {EXTRA}') from error
    own = {name: value.detach().clone().contiguous() for name, value in weights.items()}
    content = save(own, metadata=facts.as_text() | {'format': 'pt'})
    loadable = Config(dict(default_scope='mmpretrain', model=model_config(cfg)))
    for name, data in (
        (WEIGHTS, content),
        (CONFIG, loadable.pretty_text.encode()),
        (CARD, model_card(folder.name, cfg, facts, run_of(checkpoint)).encode()),
    ):
        with written_whole(folder / name) as file:
            file.write(data)


def run_of(checkpoint: Path) -> Run | None:
    """The training whose last checkpoint this is; None where its folder does not tell."""
    try:
        run = read_run_folder(checkpoint.parent)
    except (OSError, ValueError, KeyError):
        return None
    return run if run.checkpoint.resolve() == checkpoint.resolve() else None


def model_card(name: str, cfg: Config, facts: Facts, run: Run | None) -> str:
    """The card in Markdown, with what the hub reads of it on top."""
    kind = 'several labels per image' if facts.multi_label else 'one label per image'
    front = yaml.safe_dump(
        dict(
            library_name='mmpretrain',
            pipeline_tag='image-classification',
            tags=[
                'long-tailed-recognition',
                'mmlongtail',
                'multi-label' if facts.multi_label else 'single-label',
            ],
        ),
        sort_keys=False,
    )
    backbone, head = cfg.model.backbone.type, cfg.model.head.type
    return '\n'.join(
        [
            f'---\n{front}---\n',
            f'# {name}\n',
            f'A classifier of {len(facts.classes)} classes, {kind}: {backbone} with {head}, trained with mmlongtail.\n',
            '## Results\n',
            results(run),
            '\n## How to load it\n',
            LOADING,
            images(facts),
            '## Classes\n',
            class_rows(facts, run),
            *training(run),
        ]
    )


def results(run: Run | None) -> str:
    """Mean score of all classes and of each group."""
    if run is None or not run.means:
        return 'They are not recorded beside the checkpoint.'
    sizes = {group: len(members) for group, members in run.report.members.items()}
    rows = [[group, sizes.get(group, '–'), f'{mean:.2f}'] for group, mean in run.means.items()]
    return markdown(['group', 'classes', f'{run.report.mean_score} (%)'], rows)


def images(facts: Facts) -> str:
    """How images are prepared."""
    height, width = facts.size
    return (
        f'Images are {facts.color_order}, {height} pixels high and {width} wide; of their pixels, 0 to 255, the mean '
        f'{list(facts.mean)} is subtracted and the rest divided by {list(facts.std)}, channel by channel. The test '
        f'pipeline of the training was:\n\n```json\n{json.dumps(json.loads(facts.pipeline), indent=1)}\n```\n'
    )


def class_rows(facts: Facts, run: Run | None) -> str:
    """Number, group and threshold of each class."""
    header: list[str] = ['index', 'class']
    columns: list[Iterable] = [range(len(facts.classes)), facts.classes]
    if any(facts.groups):
        header, columns = [*header, 'group'], [*columns, facts.groups]
    if run is not None and run.report.class_counts is not None:
        header, columns = [*header, 'training images'], [*columns, run.report.class_counts]
    if facts.thresholds is not None:
        header, columns = [*header, 'threshold'], [*columns, [f'{t:.3f}' for t in facts.thresholds]]
    return markdown(header, list(zip(*columns)))


def training(run: Run | None) -> list[str]:
    """Seed, commit and versions."""
    return (
        [] if run is None else ['\n## Training\n', markdown(['what', 'value'], list(run.facts.items())), '']
    )


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(f'| {" | ".join(str(cell).replace("|", "/") for cell in line)} |' for line in lines)
