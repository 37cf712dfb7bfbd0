"""Write a page of HTML about trainings: ``python tools/report.py RUN [RUN ...] --baseline RUN --out report.html``."""

import sys

from mmlongtail.apis.report import main

if __name__ == '__main__':
    sys.exit(main())
