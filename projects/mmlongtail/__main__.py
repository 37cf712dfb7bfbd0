"""``python -m mmlongtail`` is the command ``mmlongtail``."""

import sys

from mmlongtail.apis.cli import main

if __name__ == '__main__':
    sys.exit(main())
