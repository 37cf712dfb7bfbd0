"""Write a trained model for other programs: ``python tools/export.py CHECKPOINT --to onnx --out model.onnx``."""

import sys

from mmlongtail.apis.export import main

if __name__ == '__main__':
    sys.exit(main())
