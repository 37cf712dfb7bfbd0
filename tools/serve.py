"""Show labels of images on a web page: ``python tools/serve.py CHECKPOINT [OTHER_CHECKPOINT]``."""

import sys

from mmlongtail.apis.serve import main

if __name__ == '__main__':
    sys.exit(main())
