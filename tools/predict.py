"""Predict what the images in a folder show: ``python tools/predict.py CHECKPOINT FOLDER --out FILE``."""

import sys

from mmlongtail.apis.predict import main

if __name__ == '__main__':
    sys.exit(main())
