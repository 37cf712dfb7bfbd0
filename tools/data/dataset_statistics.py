"""Print a set's class counts, groups and co-occurrence: ``python tools/data/dataset_statistics.py DATA``."""

import sys

from mmlongtail.apis.stats import main

if __name__ == '__main__':
    sys.exit(main())
