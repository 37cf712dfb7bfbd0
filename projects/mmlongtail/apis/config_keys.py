"""Keys of a config that nobody reads: misspelled ones are found here."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from mmengine.config import Config
from mmengine.runner import Runner

# what is read beside the Runner's arguments
ALSO_READ = (
    'activation_checkpointing custom_imports compile efficient_conv_bn_eval env_cfg find_unused_parameters '
    'model_wrapper_cfg runner_type strategy sync_bn tta_model tta_pipeline'
).split()
HELPERS = {'dataset', 'data_root', 'dataset_type', 'num_classes', 'pipeline', 'vis_backends', 'view_pipeline'}
HELPERS |= {'train_pipeline', 'val_pipeline', 'test_pipeline'}


def known_keys() -> set[str]:
    """The top-level keys that have a meaning."""
    arguments = set(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'}
    return arguments | set(ALSO_READ)


def check_file(cfg: Config) -> None:
    """Refuse a top-level key that looks like a misspelled one.

    A key without a meaning is a helper where the file or one of its bases uses it; so is one unlike all others.

    Raises:
        ValueError: With the key that was meant.
    """
    known = known_keys()
    for key in set(cfg) - known - HELPERS:
        used = re.search(rf'\b{re.escape(key)}\b(?!\s*=(?!=))', cfg.text)
        meant = get_close_matches(key, known - set(cfg), n=1, cutoff=0.85)
        if meant and not used:
            raise ValueError(f'{cfg.filename}: nothing reads {key!r}: is {meant[0]!r} meant?')


def check_options(cfg: Config, options: Iterable[str]) -> list[str]:
    """Refuse top-level keys of ``--cfg-options`` that nobody reads.

    Args:
        cfg: The config without the options.
        options: Their keys, with dots.

    Returns:
        Warnings of inner keys that are new where a similar one is there.

    Raises:
        ValueError: For an unknown top-level key, with the nearest known one.
    """
    known, warnings = known_keys() | set(cfg), []
    for option in options:
        top, *inner = option.split('.')
        if top not in known:
            nearest = get_close_matches(top, known, n=1)
            hint = f': is {nearest[0]!r} meant?' if nearest else ''
            raise ValueError(f'--cfg-options {option}: nothing reads {top!r}{hint}')
        if similar := _similar(cfg.get(top), inner):
            warnings.append(f'--cfg-options {option} is new in the config: is {similar!r} meant?')
    return warnings


def _similar(node, path: list[str]) -> str | None:
    """The key that is most like the first one of a path that a nested config lacks."""
    for key in path:
        if isinstance(node, Mapping) and key not in node:
            return next(iter(get_close_matches(key, list(node), n=1, cutoff=0.8)), None)
        if isinstance(node, (list, tuple)) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, Mapping):
            node = node[key]
        else:
            return None
    return None
