"""Check that every config parses and builds its model: ``python tools/check_configs.py [CONFIG ...]``.

Weights are not initialized, so nothing is downloaded.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import mmlongtail  # noqa: F401  first: it mends the host packages

# isort: split
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'


def build(path: Path) -> None:
    """Build the model of one config, with the data preprocessor that the Runner would give it."""
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    model = cfg.model
    if cfg.get('data_preprocessor'):
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    MODELS.build(model)


def main(argv: Sequence[str] | None = None) -> None:
    """Check the configs named, or all that are no ``_base_``; exit with 1 if one is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('configs', nargs='*', type=Path, help='config files (default: all under configs/)')
    args = parser.parse_args(argv)
    configs = args.configs or sorted(p for p in CONFIGS.rglob('*.py') if '_base_' not in p.parts)
    broken = 0
    for path in configs:
        try:
            build(path)
        except Exception as error:  # any: the check goes on and names them all
            broken += 1
            print(f'{path}: {type(error).__name__}: {error}', file=sys.stderr)
    print(f'{len(configs)} configs, {broken} broken')
    sys.exit(bool(broken))


if __name__ == '__main__':
    main()
