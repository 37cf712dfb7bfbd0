"""Tune a multi-label model's thresholds: ``python tools/tune.py CHECKPOINT [DATA]``."""

import sys

from mmlongtail.apis.tune import main

if __name__ == '__main__':
    sys.exit(main())
