"""Make a long-tailed part of a multi-label set: ``python tools/data/make_long_tail.py DATA --out FILE``."""

import sys

from mmlongtail.apis.split import main

if __name__ == '__main__':
    sys.exit(main())
