"""One picture file: whether a pipeline can use it, and if not, why."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

MAX_PIXELS = 100_000_000  # 10,000 x 10,000: 300 MB once decoded
REDUCED_FROM = 64  # px of the shorter side of a JPEG


def picture_fault(path: str, max_pixels: int | None = MAX_PIXELS) -> str | None:
    """Say why a picture cannot be used, None where it can.

    Decoded is by OpenCV, as in the pipelines; JPEG at an eighth of the size, for which all of the file is read too.

    Args:
        path: The file.
        max_pixels: Pictures that have more by their header are not decoded; None decodes any.
    """
    header = _header(path)
    too_large = _too_large(header, max_pixels)
    if too_large:
        return too_large
    reduced = header.kind == 'JPEG' and min(header.width, header.height) >= REDUCED_FROM
    try:
        content = np.fromfile(path, np.uint8)
        decoded = cv2.imdecode(content, cv2.IMREAD_REDUCED_COLOR_8 if reduced else cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        decoded = None
    return None if decoded is not None else 'does not decode as a picture'


def size_fault(path: str, max_pixels: int | None = MAX_PIXELS) -> str | None:
    """Say that a picture has more than ``max_pixels`` by its header, without decoding it; None where it has not."""
    return None if max_pixels is None else _too_large(_header(path), max_pixels)


@dataclass(frozen=True)
class _Header:
    """What a picture's first bytes say: nothing where Pillow does not know the format."""

    kind: str = ''
    width: int = 0
    height: int = 0
    refused: str = ''


def _header(path: str) -> _Header:
    try:
        with Image.open(path) as picture:
            return _Header(picture.format or '', *picture.size)
    except Image.DecompressionBombError as error:  # of more pixels than Pillow opens at all
        return _Header(refused=str(error))
    except Exception:  # a damaged header raises anything; the decoder has the last word
        return _Header()


def _too_large(header: _Header, max_pixels: int | None) -> str | None:
    if max_pixels is None or (not header.refused and header.width * header.height <= max_pixels):
        return None
    size = header.refused or f'{header.width} x {header.height}'
    return f'is too large ({size}): at most max_pixels={max_pixels} are expected'
