"""One image file: whether a pipeline can use it, and if not, why."""

import os
import struct
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image

MAX_PIXELS = 100_000_000  # 10,000 x 10,000: 300 MB once decoded
PNG = b'\x89PNG\r\n\x1a\n'
JPEG = b'\xff\xd8\xff'
FIRST_BYTES = 4096  # of a file, enough for the size of most JPEGs
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # kinds of a JPEG's segments that tell its size
SEGMENTS = {0xC4, 0xCC, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}  # and those before them that do not
REDUCED_FROM = 64  # px of the shorter side of a JPEG


def picture_fault(source: str | bytes, max_pixels: int | None = MAX_PIXELS) -> str | None:
    """Say why an image cannot be used, None where it can.

    Decoded is by OpenCV, as in the pipelines; JPEG at an eighth of the size, for which all of the file is read too.

    Args:
        source: Path of the file, or what is in it.
        max_pixels: Images that have more by their header are not decoded; None decodes any.
    """
    header = _header(source)
    fault = _too_large(header, max_pixels) or _overlong_chunk(source)
    if fault:
        return fault
    reduced = header.kind == 'JPEG' and min(header.width, header.height) >= REDUCED_FROM
    try:
        content = (
            np.frombuffer(source, np.uint8) if isinstance(source, bytes) else np.fromfile(source, np.uint8)
        )
        decoded = cv2.imdecode(content, cv2.IMREAD_REDUCED_COLOR_8 if reduced else cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        decoded = None
    return None if decoded is not None else 'does not decode as an image'


def memory_fault(source: str | bytes, max_pixels: int | None = MAX_PIXELS) -> str | None:
    """Say, without decoding an image, why that would take too much memory; None where it would not.

    Args:
        source: Path of the file, or what is in it.
        max_pixels: Images that have more by their header are refused; None lets any pass.
    """
    header = _header(source)
    return _too_large(header, max_pixels) or (None if header.kind == 'JPEG' else _overlong_chunk(source))


def picture_size(path: str) -> tuple[int, int]:
    """Width and height by an image's header, before any turn that its EXIF asks for; zeros where it is not known."""
    header = _header(path)
    return header.width, header.height


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Width and height by the first bytes of a JPEG, if these are one's and tell: a tenth of the time of Pillow."""
    place = 2 if content[:3] == JPEG else len(content)
    while place + 9 <= len(content) and content[place] == 0xFF:
        kind, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], 'big')
        if kind in FRAMES:
            height, width = struct.unpack_from('>HH', content, place + 5)
            return width, height
        if kind not in SEGMENTS:  # what this does not know, such as fill bytes, is Pillow's to read
            return None
        place += 2 + length
    return None


def _opened(source: str | bytes) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else open(source, 'rb')


def _overlong_chunk(source: str | bytes) -> str | None:
    """Find a chunk of a PNG that would be longer than the file: OpenCV takes as much memory, up to 4 GB, as it says."""
    try:
        with _opened(source) as file:
            if file.read(len(PNG)) != PNG:
                return None
            size = file.seek(0, os.SEEK_END)
            file.seek(len(PNG))
            while len(start := file.read(8)) == 8 and start[4:] != b'IEND':  # what follows is not read
                length = int.from_bytes(start[:4], 'big')
                if file.tell() + length > size:
                    return f'is damaged: it has a chunk of {length} bytes, longer than the file'
                file.seek(length + 4, os.SEEK_CUR)
    except OSError:  # whoever reads it will say so
        pass
    return None


@dataclass(frozen=True)
class _Header:
    """What an image's first bytes say: nothing where Pillow does not know the format."""

    kind: str = ''
    width: int = 0
    height: int = 0
    refused: str = ''


def _header(source: str | bytes) -> _Header:
    try:
        with _opened(source) as file:
            if size := jpeg_size(file.read(FIRST_BYTES)):
                return _Header('JPEG', *size)
            file.seek(0)
            picture = Image.open(file)
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
