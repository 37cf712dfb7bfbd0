"""A server of tiny models, and how to ask it."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mmlongtail.apis import LongTailInferencer
from mmlongtail.apis.serve.page_models import PageModels, ServedModel
from mmlongtail.apis.serve.server import PageServer

LIMIT = 200_000  # bytes


@pytest.fixture(scope='session')
def running() -> Callable:
    """A context in which models are served at a free port of this machine."""

    @contextmanager
    def serve(*models, is_local: bool = True) -> Iterator[PageServer]:
        with PageServer('127.0.0.1', 0, is_local, LIMIT) as server:
            thread = threading.Thread(target=server.serve, args=[PageModels(models)], daemon=True)
            thread.start()
            try:
                yield server
            finally:
                server.shutdown()
                thread.join()

    return serve


@pytest.fixture(scope='session')
def served() -> Callable:
    """The model of a checkpoint, as the page has it."""

    def load(path, name: str = 'mine', **options) -> ServedModel:
        return ServedModel(name, LongTailInferencer(path, device='cpu'), **options)

    return load


@pytest.fixture(scope='session')
def ask() -> Callable:
    """Status, headers and content of an answer, JSON read."""

    def request(server, method: str, path: str, body: bytes | None = None, **headers):
        connection = http.client.HTTPConnection(*server.server_address[:2], timeout=20)
        connection.request(method, path, body, {key.replace('_', '-'): v for key, v in headers.items()})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        is_json = response.headers['Content-Type'] == 'application/json'
        return response.status, response.headers, json.loads(content) if is_json else content

    return request
