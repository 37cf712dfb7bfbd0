"""Write one page of HTML about one or several trainings; it needs no other file and no network.

    mmlongtail report work_dirs/mine
    mmlongtail report work_dirs/mine work_dirs/other --baseline work_dirs/erm --out report.html

RUN is the work dir of a training. Calibration, errors and confusion need the scores of its validation data, which the
checkpoint computes; --no-predict leaves them out. What is left out is named with the reason.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS

from mmlongtail.analysis.mistakes import Scored
from mmlongtail.analysis.run_folder import Run, read_runs
from mmlongtail.analysis.run_record import only_config
from mmlongtail.evaluation.functional import average_precision, class_means
from mmlongtail.files import written_whole
from mmlongtail.visualization.report import learned_sections, scored_sections, sections
from mmlongtail.visualization.report.markup import Section, page

from .command_line import check_writable
from .inferencer import LongTailInferencer
from .scored_data import score_data, thumbnail
from .tool_errors import OF_INPUT, exit_status, in_words

NEED_SCORES = {
    'Calibration of each group': scored_sections.calibration,
    'Most confident errors': scored_sections.errors,
    'Confusion': scored_sections.confusion,
}


def make_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('runs', nargs='+', metavar='RUN', help='work dir of a training')
    parser.add_argument('--baseline', metavar='RUN', help='work dir of the training to compare with')
    parser.add_argument('--out', type=Path, default=Path('report.html'), help='the page (%(default)s)')
    parser.add_argument('--no-predict', action='store_true', help='no scores: leave out what needs them')
    parser.add_argument(
        '--trust-config',
        action='store_true',
        help='run the config file in each work dir: it imports modules of yours',
    )
    parser.add_argument('--batch-size', type=int, default=32, help='images at once (%(default)s)')
    parser.add_argument(
        '--workers', type=int, default=min(8, os.cpu_count() or 1), help='reading processes (%(default)s)'
    )
    parser.add_argument('--device', help='where the model runs, such as cuda:1 or cpu')
    return parser


def report(args: argparse.Namespace) -> None:
    """Read the runs, score their data, write the page.

    Raises:
        FileNotFoundError: If a run is missing.
        ValueError: If one is no training, or they are of different classes.
    """
    check_writable(args.out)
    *runs, last = read_runs([*args.runs, *([args.baseline] if args.baseline else [])])
    baseline = last if args.baseline else None
    runs = runs if args.baseline else [*runs, last]
    evidence, problems = {}, []
    for i, run in enumerate(() if args.no_predict else runs):
        try:
            runs[i], evidence[run.name] = score_run(run, args)
        except OF_INPUT as error:
            problems.append(f'{run.name}: {in_words(error)}')
    if baseline and not baseline.source and not args.no_predict:
        try:
            baseline, _ = score_run(baseline, args)
        except OF_INPUT as error:
            problems.append(f'{baseline.name}: {in_words(error)}')
    why = '; '.join(problems) or '--no-predict was given'
    parts = all_sections(runs, baseline, evidence, why)
    names = ', '.join(run.name for run in runs)
    with written_whole(args.out) as file:
        file.write(page(f'Report: {names}', parts).encode())
    for part in parts:
        if part.missing:
            print(f'left out: {part.title}: {part.missing}')
    print(f'the report is in {args.out}')


def score_run(run: Run, args: argparse.Namespace) -> tuple[Run, scored_sections.Evidence]:
    """The run with the scores of its classes, and the evidence for the sections that need them.

    Raises:
        OSError: If its data are missing.
        ValueError: If the model cannot be built or has no data.
    """
    config = only_config(run.folder) if args.trust_config else None
    inferencer = LongTailInferencer(str(run.checkpoint), config, args.device)
    cfg = inferencer.trained.cfg
    loader = cfg.get('val_dataloader') or cfg.get('test_dataloader')
    if not loader:
        raise ValueError('its config has no val_dataloader and no test_dataloader')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(loader.dataset)
    scored = score_data(inferencer, dataset, args.batch_size, args.workers)
    swapped = getattr(inferencer.trained.model.data_preprocessor, 'to_rgb', False)
    jpeg = partial(thumbnail, dataset, is_bgr=bool(swapped))
    if not run.source:
        run = run.with_scores(per_class(scored), f'the scores of {len(scored.scores)} images, computed now')
    return run, (run, scored, jpeg)


def per_class(scored: Scored) -> np.ndarray:
    """AP or accuracy of each class in percent, (K,)."""
    if scored.multi_label:
        return 100 * average_precision(scored.scores, scored.targets)
    true = scored.targets.argmax(axis=1)
    return 100 * class_means(scored.scores.argmax(axis=1) == true, true, scored.scores.shape[1])


def all_sections(runs: Sequence[Run], baseline: Run | None, evidence: dict, why: str) -> list[Section]:
    """The page's sections, in order."""
    both = [*([baseline] if baseline else []), *runs]
    of_scores = [
        make(evidence) if evidence else Section(title, missing=why) for title, make in NEED_SCORES.items()
    ]
    if 0 < len(evidence) < len(runs):
        of_scores.append(Section('Scores of some runs', missing=why))
    return [
        sections.results(runs, baseline),
        sections.settings(both),
        sections.curves(both),
        sections.classes(runs, baseline),
        *of_scores,
        learned_sections.compensation(runs),
        learned_sections.cooccurrence(runs[0]),
        learned_sections.probabilities(both),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; ``argv`` defaults to the command line's arguments."""
    args = make_parser().parse_args(argv)
    return exit_status(lambda: report(args))
