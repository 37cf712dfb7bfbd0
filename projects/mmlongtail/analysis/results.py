"""Measured results: from a CSV with a row per run to Markdown tables of methods and of their order."""

from __future__ import annotations

import csv
import re
import shlex
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .orders import order_table

SCORES = ('total', 'head', 'medium', 'tail')
SINGLE_LABEL_SCORES = ('top1', 'many', 'medium', 'few')
# of each kind of run
MEASURES: dict[tuple[str, ...], str] = {SCORES: 'mAP', SINGLE_LABEL_SCORES: 'Top-1 accuracy'}
RUN_COLUMNS = (
    'config',
    'method',
    'seed',
    'commit',
    'machine',
    'dataset',
    'network',
    'image_size',
    'iterations',
)
COLUMNS = (*RUN_COLUMNS, *SCORES)
PAPER_COLUMNS = ('method', 'dataset', *SCORES)
SETTING = ('network', 'image_size', 'iterations')  # runs that differ in these are not the same experiment
MARKERS = re.compile(
    r'<!-- (results|order):(\S+)((?: \w+=(?:"[^"]*"|[^\s"]+))*) -->\n(.*?)<!-- /\1 -->', re.DOTALL
)

Row = Mapping[str, str]


def scores_of(columns: Iterable[str]) -> tuple[str, ...]:
    """The scores that rows with these columns have: a multi-label run's or a single-label run's.

    Raises:
        ValueError: If they have neither.
    """
    columns = tuple(columns)
    for scores in MEASURES:
        if set(scores) <= set(columns):
            return scores
    expected = ' or '.join(','.join(scores) for scores in MEASURES)
    raise ValueError(f'a result has the columns {expected}, got {",".join(columns)}')


def read_rows(
    path: str | Path, columns: Sequence[str] = COLUMNS, kinds: Iterable[Sequence[str]] = MEASURES
) -> list[dict[str, str]]:
    """Rows of a CSV with these columns, whose scores may be those of any of these kinds of run.

    Raises:
        ValueError: If the header differs, or a row is too short or long.
    """
    with open(path, newline='') as file:
        reader = csv.DictReader(file, strict=True)
        others = [column for column in columns if column not in SCORES]
        layouts = [[*others, *scores] for scores in kinds]
        if reader.fieldnames not in layouts:
            expected = ' or '.join(map(','.join, layouts))
            raise ValueError(f'{path} must have the columns {expected}, got {reader.fieldnames}')
        rows = list(reader)
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise ValueError(
                f'{path}, row {number}: expected {len(columns)} values, got {list(row.values())}'
            )
    return rows


def append_row(path: str | Path, row: Row) -> None:
    """Add one run to a results CSV, made with its header where there is none.

    Raises:
        ValueError: If the same run is there already, a column is missing or the CSV is of another kind of run.
    """
    path, scores = Path(path), scores_of(row)
    columns = (*RUN_COLUMNS, *scores)
    if set(row) != set(columns):
        raise ValueError(f'a result has the columns {",".join(columns)}, got {",".join(row)}')
    identity = ('config', 'method', 'seed', 'dataset', *SETTING)
    for old in read_rows(path, kinds=[scores]) if path.exists() else []:
        if all(old[column] == str(row[column]) for column in identity):
            known = ', '.join(f'{column} {row[column]}' for column in identity)
            raise ValueError(f'{path} has this run already ({known}): remove its row to replace it')
    is_new = not path.exists()
    with open(path, 'a', newline='') as file:
        writer = csv.DictWriter(file, columns, lineterminator='\n')
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def select(rows: Sequence[Row], **wanted: str) -> list[Row]:
    """Rows whose columns have these values."""
    unknown = sorted({column for row in rows for column in wanted if column not in row})
    if unknown:
        raise ValueError(f'results have no column {", ".join(unknown)}, only {", ".join(rows[0])}')
    return [row for row in rows if all(row[column] == value for column, value in wanted.items())]


def by_method(rows: Sequence[Row], setting: Sequence[str] = SETTING) -> dict[str, list[Row]]:
    """The runs of each method, in the order of first appearance; all have the same values of the setting's columns.

    Raises:
        ValueError: If the rows mix settings, or a method has a seed twice: no mean over these means anything.
    """
    for column in setting:
        values = sorted({row[column] for row in rows})
        if len(values) > 1:
            raise ValueError(
                f'a table mixes {column} {" and ".join(values)}: choose one with {column}=... in its marker'
            )
    methods: dict[str, list[Row]] = {}
    for row in rows:
        methods.setdefault(row['method'], []).append(row)
    for method, runs in methods.items():
        seeds = [run['seed'] for run in runs]
        if len(set(seeds)) < len(seeds):
            raise ValueError(f'method {method!r} has several results for one seed: seeds {", ".join(seeds)}')
    return methods


def mean_and_std(values: Sequence[str]) -> str:
    """Mean ± standard deviation of a sample, the mean alone of one value, a dash where a value is missing."""
    if not all(values):
        return '–'
    numbers = [float(value) for value in values]
    deviation = f' ± {statistics.stdev(numbers):.2f}' if len(numbers) > 1 else ''
    return f'{statistics.fmean(numbers):.2f}{deviation}'


def markdown_table(rows: Sequence[Row], paper: Sequence[Row] = ()) -> str:
    """One line per method: number of seeds, mean ± std of each score; published numbers in their own column.

    Args:
        rows: Runs of one data set and setting.
        paper: Published results of one data set, matched by ``method``; the column says where it is another one. It
            shows the scores that any of them has.

    Raises:
        ValueError: As :func:`by_method`; or if rows of several kinds of run are mixed.
    """
    methods = by_method(rows)
    scores, *more = {scores_of(row) for row in (*rows, *paper)}
    if more:
        raise ValueError('a table mixes results of single-label and multi-label runs')
    printed = [score for score in scores if any(row[score] for row in paper)]
    reported = {row['method']: ' / '.join(row[score] or '–' for score in printed) for row in paper if printed}
    other = {row['dataset'] for row in paper} - {rows[0]['dataset']}
    where = f'paper, on {", ".join(other)}, another data set: ' if other else 'paper: '
    header = ['method', 'seeds', *scores] + [where + ' / '.join(printed)] * bool(reported)
    lines = [header, ['---'] + ['---:'] * (len(header) - 1)]
    for method, runs in methods.items():
        cells = [mean_and_std([run[score] for run in runs]) for score in scores]
        lines.append([method, str(len(runs)), *cells] + [reported.get(method, '–')] * bool(reported))
    return ''.join(f'| {" | ".join(line)} |\n' for line in lines) + f'\n{_caption(rows)}\n'


def _caption(rows: Sequence[Row]) -> str:
    """What all runs of a table have in common, and where they ran."""
    machines = sorted({row['machine'] for row in rows})
    row = rows[0]
    size = [f'{row["image_size"]} px'] if row['image_size'] else []
    setting = ', '.join([row['dataset'], row['network'], *size, f'{row["iterations"]} iterations'])
    measure = f'{MEASURES[scores_of(row)]} in percent, mean ± standard deviation over seeds'
    return f'{measure}; {setting}; on {", ".join(machines)}.'


def fill_markers(text: str, rows: Sequence[Row], paper: Sequence[Row] = ()) -> str:
    """Put the tables between their markers, ``<!-- results:DATASET -->`` and ``<!-- /results -->``.

    ``<!-- results:DATASET column=value other="two words" -->`` takes only the runs with these values; ``paper=OTHER``
    among them takes the published numbers of that data set instead of DATASET's, min_seeds=3 only the methods
    with that many. ``<!-- order:DATASET steps="A < B < C" -->`` to ``<!-- /order -->`` compares methods step by step
    (:func:`.orders.order_table`), by the first score.

    Raises:
        ValueError: If there is no marker, or no run for one.
    """
    if not MARKERS.search(text):
        raise ValueError('there is no table to fill: expected <!-- results:DATASET --> and <!-- /results -->')

    def fill(match: re.Match) -> str:
        kind, dataset, options = match.group(1, 2, 3)
        filters = dict(word.split('=', 1) for word in shlex.split(options))
        source, min_seeds = filters.pop('paper', dataset), int(filters.pop('min_seeds', 1))
        order = filters.pop('steps', '')
        chosen = select(rows, dataset=dataset, **filters)
        seeds = Counter(row['method'] for row in chosen)
        chosen = [row for row in chosen if seeds[row['method']] >= min_seeds]
        if not chosen:
            raise ValueError(f'no result for the table "{kind}:{dataset}{options}"')
        if kind == 'order':
            methods = by_method(chosen, ('network', 'image_size'))  # a second stage has its own schedule
            table = order_table(methods, order, scores_of(chosen[0])[0])
        else:
            table = markdown_table(chosen, [row for row in paper if row['dataset'] == source])
        return f'<!-- {kind}:{dataset}{options} -->\n{table}<!-- /{kind} -->'

    return MARKERS.sub(fill, text)
