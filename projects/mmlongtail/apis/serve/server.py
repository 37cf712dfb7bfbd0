"""The server of the page: its files, what the models are, and an image's labels."""

from __future__ import annotations

import json
import socket
import sys
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

from mmlongtail.apis.picture_input import PictureError
from mmlongtail.visualization.report.style import STYLE

from .page_models import PageModels
from .refusals import Refusal, body_length, check_format, check_host, check_origin

JSON = 'application/json'
KINDS = dict(html='text/html; charset=utf-8', css='text/css', js='text/javascript', svg='image/svg+xml')
PAGES = {'/': 'page.html', '/page.css': 'page.css', '/page.js': 'page.js', '/icon.svg': 'icon.svg'}
HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    'Connection': 'close',
}
CHUNK = 1 << 16
DISCARDED = 1_000_000_000  # bytes at most of a body that is refused
Answer = tuple[str, bytes]  # kind and content


class PageServer(ThreadingHTTPServer):
    """Listens for the page; a thread answers each request and ends with the program.

    The address is taken at once, and answers come from :meth:`serve` on.

    Args:
        host: Address to listen at.
        port: Its port, 0 for any that is free.
        is_local: Whether only this machine reaches the address.
        max_bytes: Bytes that an image's file may have.

    Raises:
        OSError: If the address cannot be had.
    """

    models: PageModels

    def __init__(self, host: str, port: int, is_local: bool, max_bytes: int) -> None:
        self.host, self.is_local, self.max_bytes = host, is_local, max_bytes
        self.address_family = socket.AF_INET6 if ':' in host else socket.AF_INET
        try:
            super().__init__((host, port), PageHandler)
        except OSError as error:
            raise OSError(f'--host {host} --port {port}: {error.strerror or error}') from error

    def serve(self, models: PageModels) -> None:
        """Answer by these models until the server is shut down or interrupted; the image in work is finished."""
        self.models = models
        try:
            self.serve_forever()
        finally:
            models.finish()

    @property
    def url(self) -> str:
        """Where the page is."""
        host = f'[{self.host}]' if ':' in self.host else self.host
        return f'http://{host}:{self.server_address[1]}/'

    def handle_error(self, request, client_address) -> None:
        """Say what went wrong, unless the browser has only gone away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class PageHandler(BaseHTTPRequestHandler):
    """Answers one request and closes the connection."""

    server: PageServer
    protocol_version = 'HTTP/1.1'
    timeout = 30  # seconds of silence
    unread = 0  # bytes of the body

    def do_GET(self) -> None:
        """The page's files; ``/models``: what is known of the models."""
        self._answer(self._page)

    def do_POST(self) -> None:
        """``/predict``: the labels of the image whose file is the body."""
        self._answer(self._labels)

    def _page(self) -> Answer:
        path = self.path.partition('?')[0]
        if path == '/models':
            return self._json(models=self.server.models.describe(), max_bytes=self.server.max_bytes)
        if path not in PAGES:
            raise Refusal(HTTPStatus.NOT_FOUND, f'there is no {path!r}: / is expected')
        name = PAGES[path]
        content = (files(__package__) / name).read_text(encoding='utf-8')
        return KINDS[name.rpartition('.')[2]], ((STYLE if name == 'page.css' else '') + content).encode()

    def _labels(self) -> Answer:
        check_origin(self.headers)
        if self.path != '/predict':
            raise Refusal(HTTPStatus.NOT_FOUND, f'there is no {self.path!r}: /predict is expected')
        length = body_length(self.headers, self.server.max_bytes)
        content = self.rfile.read(length)
        self.unread = 0
        if len(content) < length:
            raise Refusal(HTTPStatus.BAD_REQUEST, f'{len(content)} bytes came, {length} are expected')
        check_format(content)
        try:
            return self._json(models=self.server.models.predict(content))
        except PictureError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error

    @staticmethod
    def _json(**content) -> Answer:
        return JSON, json.dumps(content).encode()

    def _answer(self, find: Callable[[], Answer]) -> None:
        told = self.headers.get('Content-Length', '')
        self.unread = int(told) if told.isascii() and told.isdigit() and len(told) < 18 else 0
        try:
            check_host(self.headers, self.server.host, self.server.is_local)
            status, answer = HTTPStatus.OK, find()
        except Refusal as refusal:
            status, answer = refusal.status, self._json(error=str(refusal))
        except OSError:  # the browser has gone away
            raise
        except Exception as error:
            traceback.print_exc()
            status, answer = HTTPStatus.INTERNAL_SERVER_ERROR, self._json(error=f'the model fails: {error}')
        self._reply(status, *answer)
        self._discard()

    def _reply(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, 'Content-Type': kind, 'Content-Length': len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    def _discard(self) -> None:
        """Read the rest of a refused body, up to a limit: a browser with more to send would miss the answer."""
        rest = min(self.unread, DISCARDED)
        while rest > 0 and (chunk := self.rfile.read(min(CHUNK, rest))):
            rest -= len(chunk)

    def send_error(self, code, message=None, explain=None) -> None:
        """What the base class refuses, such as other methods, in the same form."""
        self.close_connection = True
        self._reply(code, *self._json(error=message or HTTPStatus(code).phrase))

    def version_string(self) -> str:
        """Whose server it is, without versions."""
        return 'mmlongtail'

    def log_message(self, *args) -> None:
        """Nothing: a line for every file would hide the address."""
