"""A training set's class statistics to look at: a table, the counts by group, the co-occurrence."""

import numpy as np
from matplotlib.figure import Figure

from ..structures import MULTI_LABEL, ClassGroups, ClassStatistics
from .panels import NAMES_UP_TO

GROUP_COLOURS = ('#0072b2', '#e69f00', '#d55e00')  # apart for colour-blind readers too


def class_table(statistics: ClassStatistics, groups: ClassGroups = MULTI_LABEL, num_pairs: int = 10) -> str:
    """Return the counts per class, the groups and the most frequent pairs of classes, as text.

    Args:
        statistics: What is known of the set.
        groups: The groups of the classes.
        num_pairs: How many pairs are listed.
    """
    counts = statistics.class_counts
    group_of = groups.assign(counts)
    width = max(map(len, ('class', *statistics.classes)))
    order = np.argsort(-counts, kind='stable')
    rows = [f'{"class":{width}}  images  group']
    rows += [f'{statistics.classes[k]:{width}}  {counts[k]:6d}  {groups.names[group_of[k]]}' for k in order]
    rows.append(
        f'\n{statistics.num_images} images, {counts.sum() / max(statistics.num_images, 1):.2f} classes each'
    )
    for g, name in enumerate(groups.names):
        members = counts[group_of == g]
        span = f', {members.min()} to {members.max()} images' if len(members) else ''
        rows.append(f'{name}: {len(members)} classes{span}')
    if counts.min() > 0:
        rows.append(f'imbalance factor {counts.max() / counts.min():.1f}')
    else:
        rows.append(
            f'classes without an image: {", ".join(statistics.classes[k] for k in np.flatnonzero(counts == 0))}'
        )
    return '\n'.join([*rows, *_pairs(statistics, num_pairs)])


def _pairs(statistics: ClassStatistics, number: int) -> list[str]:
    together = statistics.cooccurrence
    if together is None:
        return []
    first, second = np.triu_indices(len(together), 1)
    order = np.argsort(-together[first, second], kind='stable')[:number]
    pairs = [(first[i], second[i]) for i in order if together[first[i], second[i]] > 0]
    names = statistics.classes
    return ['\nimages with both'] + [f'{together[i, j]:6d}  {names[i]} + {names[j]}' for i, j in pairs]


def draw_class_counts(statistics: ClassStatistics, groups: ClassGroups = MULTI_LABEL) -> Figure:
    """Draw a bar per class from the most to the least frequent, on a logarithmic axis, coloured by group."""
    counts = statistics.class_counts
    group_of = groups.assign(counts)
    order = np.argsort(-counts, kind='stable')
    figure = Figure(figsize=(_inches(len(counts)), 4), layout='constrained')
    axes = figure.subplots()
    for g, name in enumerate(groups.names):
        places = np.flatnonzero(group_of[order] == g)
        axes.bar(
            places, counts[order][places], color=GROUP_COLOURS[g], label=f'{name}, {len(places)} classes'
        )
    axes.set(yscale='log', ylabel='training images', xlabel='class', xlim=(-1, len(counts)))
    axes.set_ylim(bottom=0.5)
    for edge in groups.edges:
        axes.axhline(edge, color='grey', linewidth=0.6, linestyle='--')
    _name_classes(axes.set_xticks, statistics, order, rotation=90)
    axes.legend()
    return figure


def draw_cooccurrence(statistics: ClassStatistics) -> Figure:
    """Draw, for each class (row), the share of its images that also show another class (column).

    Raises:
        ValueError: If the statistics do not hold the co-occurrence.
    """
    if statistics.cooccurrence is None:
        raise ValueError('cooccurrence=None: statistics counted from a data set are expected')
    order = np.argsort(-statistics.class_counts, kind='stable')
    share = statistics.cooccurrence / np.maximum(statistics.class_counts, 1)[:, None]  # (K, K)
    np.fill_diagonal(share, np.nan)
    side = _inches(len(order))
    figure = Figure(figsize=(side + 1.5, side), layout='constrained')
    axes = figure.subplots()
    picture = axes.imshow(share[np.ix_(order, order)], vmin=0, vmax=1, cmap='viridis')
    figure.colorbar(picture, label="share of the row class's images")
    axes.set(xlabel='also shown', ylabel='class')
    _name_classes(axes.set_xticks, statistics, order, rotation=90)
    _name_classes(axes.set_yticks, statistics, order)
    return figure


def _inches(num_classes: int) -> float:
    return min(max(5.0, 0.22 * num_classes), 24.0)


def _name_classes(set_ticks, statistics: ClassStatistics, order: np.ndarray, **style) -> None:
    if len(order) <= NAMES_UP_TO:
        set_ticks(range(len(order)), [statistics.classes[k] for k in order], fontsize=7, **style)
