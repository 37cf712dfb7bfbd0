"""What the server refuses, and why: requests of other sites, too many bytes, whatever is no image."""

from __future__ import annotations

import socket
from email.message import Message
from http import HTTPStatus
from io import BytesIO
from ipaddress import ip_address
from urllib.parse import urlsplit

from PIL import Image

BEGINNINGS = (b'\xff\xd8\xff', b'\x89PNG\r\n', b'BM', b'II*\0', b'MM\0*', b'P2', b'P3', b'P5', b'P6')
FORMATS = ('BMP', 'JPEG', 'PNG', 'PPM', 'TIFF', 'WEBP')  # Pillow's names; OpenCV decodes them all
LOCAL = ('localhost', '127.0.0.1', '::1')


class Refusal(Exception):
    """A request that is not answered as it asks.

    Args:
        status: Of the answer.
        message: What is wrong and what was expected.
    """

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def check_host(headers: Message, bound: str, is_local: bool) -> None:
    """Refuse a name of the server that it does not have: a site may let its own name lead here (DNS rebinding).

    Args:
        headers: Of the request.
        bound: Address that the server was told to listen at.
        is_local: Whether only this machine reaches it; otherwise every IP address and the machine's name will do.

    Raises:
        Refusal: If Host is missing, given twice or another.
    """
    given = headers.get_all('Host') or []
    name = host_name(given[0]) if len(given) == 1 else ''
    known = (*LOCAL, bound.lower(), *(() if is_local else (socket.gethostname().lower(),)))
    if name in known or (not is_local and is_address(name)):
        return
    raise Refusal(
        HTTPStatus.FORBIDDEN,
        f'Host is {", ".join(given)!r}, expected localhost or the address that was printed',
    )


def host_name(host: str) -> str:
    """The name in a Host header, without the port; nothing where there is none."""
    try:
        return urlsplit(f'//{host}').hostname or ''
    except ValueError:
        return ''


def is_address(name: str) -> bool:
    """Whether a name is an IP address."""
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def check_origin(headers: Message) -> None:
    """Refuse what another site's page sends; programs that are no browsers send no Origin.

    Raises:
        Refusal: If Origin is another than the page's own.
    """
    origin = headers.get('Origin')
    if origin is not None and origin.lower() != f'http://{headers["Host"]}'.lower():
        raise Refusal(HTTPStatus.FORBIDDEN, f'Origin is {origin!r}, expected the page itself')


def body_length(headers: Message, at_most: int) -> int:
    """Bytes of a request's body.

    Raises:
        Refusal: If they are not told, none or more than ``at_most``.
    """
    told = headers.get('Content-Length')
    if told is None or headers.get('Transfer-Encoding'):
        raise Refusal(HTTPStatus.LENGTH_REQUIRED, 'Content-Length is expected, and the file as the body')
    if not (told.isascii() and told.isdigit()) or len(told) > 18 or int(told) == 0:
        raise Refusal(
            HTTPStatus.BAD_REQUEST, f'Content-Length is {told[:20]!r}, expected the size of an image'
        )
    if int(told) > at_most:
        raise Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f'the file has {int(told) / 1e6:.4g} MB, at most {at_most / 1e6:g} MB are expected (--max-mb)',
        )
    return int(told)


def check_format(content: bytes) -> None:
    """Refuse what is of no format that is taken, by its first bytes, and headers without a size; nothing is decoded.

    Raises:
        Refusal: If it begins as none of them does, or Pillow cannot tell how many pixels it would have.
    """
    is_webp = content[:4] == b'RIFF' and content[8:12] == b'WEBP'
    if not is_webp and not content.startswith(BEGINNINGS):
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            'the file is no image of a known format: JPEG, PNG, WebP, BMP, TIFF or PPM is expected',
        )
    try:
        Image.open(BytesIO(content), formats=FORMATS).close()
    except Image.DecompressionBombError:  # whoever decodes it will say so
        pass
    except Exception as error:  # a damaged header raises anything
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            'the file is damaged: its header cannot be read, a whole image is expected',
        ) from error
