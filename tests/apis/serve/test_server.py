"""What the server answers: labels as ``mmlongtail predict`` writes them, and refusals that say what was expected."""

import io
import json
import socket
import struct
import threading
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image
from tiny_trained import LINEAR, MANY

from mmlongtail.apis import predict
from mmlongtail.apis.serve import server as module
from mmlongtail.datasets.picture_file import MAX_PIXELS

THRESHOLDS = [0.2, 0.6, 0.9]
NOISE = np.random.RandomState(1).randint(0, 256, (30, 50, 3)).astype(np.uint8)


def encoded(kind: str, pixels: np.ndarray | None = None, **options) -> bytes:
    """A picture in a format of Pillow, dark to the left and bright to the right if none is given."""
    if pixels is None:
        pixels = np.linspace(0, 255, 64).astype(np.uint8)[None, :, None] * np.ones((32, 1, 3), np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind, **options)
    return content.getvalue()


def turned(orientation: int) -> bytes:
    """A JPEG that is to be turned before it is shown."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded('JPEG', exif=exif)


@pytest.fixture(scope='module')
def tuned(write_checkpoint):
    return write_checkpoint(MANY, class_thresholds=dict(values=THRESHOLDS, goal='F1', expert=None))


@pytest.fixture(scope='module')
def server(running, served, tuned):
    with running(served(tuned)) as server:
        yield server


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    """Pictures of every format, one of them turned and one gray."""
    folder = tmp_path_factory.mktemp('formats')
    for kind in ('JPEG', 'PNG', 'WEBP', 'BMP', 'TIFF', 'PPM'):
        (folder / f'a.{kind.lower()}').write_bytes(encoded(kind))
    (folder / 'turned.jpg').write_bytes(turned(6))
    cv2.imwrite(str(folder / 'noise.png'), NOISE)
    cv2.imwrite(str(folder / 'gray.png'), NOISE[..., 0])
    return folder


@pytest.mark.parametrize('head', [LINEAR, MANY], ids=['one label', 'many'])
def test_labels_are_those_of_predict(head, write_checkpoint, tuned, running, served, ask, pictures, tmp_path):
    checkpoint, out = tuned if head is MANY else write_checkpoint(LINEAR), tmp_path / 'x.json'
    assert (
        predict.main([*map(str, [checkpoint, pictures, '--out', out, '--workers', 0, '--device', 'cpu'])])
        == 0
    )
    expected = json.loads(out.read_text())
    assert len(expected) == 9
    with running(served(checkpoint)) as server:
        for item in expected:
            content = (pictures / item['path']).read_bytes()
            status, _, answer = ask(server, 'POST', '/predict', content)
            [found] = answer['models']
            assert status == 200
            for key in ('name', 'group'):
                assert [row[key] for row in found['labels']] == item[f'{key}s']
            assert [row['score'] for row in found['labels']] == pytest.approx(item['scores'], abs=2e-5)
            limits = {row['name']: row['threshold'] for row in found['labels'] + found['others']}
            if head is MANY:
                assert limits == pytest.approx(dict(cat=0.2, dog=0.6, lynx=0.9))
            else:
                assert set(limits.values()) == {None} and found['others'] == []


def test_a_picture_is_turned_as_its_header_says(server, ask):
    """A JPEG with an orientation gives the scores of the pixels that it stands for, not of those in the file."""
    upright = np.rot90(cv2.imdecode(np.frombuffer(encoded('JPEG'), np.uint8), cv2.IMREAD_COLOR), -1)
    content = cv2.imencode('.png', np.ascontiguousarray(upright))[1].tobytes()
    tagged, same, plain = (
        {row['name']: row['score'] for row in model['labels'] + model['others']}
        for file in (turned(6), content, encoded('JPEG'))
        for model in ask(server, 'POST', '/predict', file)[2]['models']
    )
    assert tagged == pytest.approx(same, abs=1e-5)
    assert tagged != pytest.approx(plain, abs=1e-4)


def png_of_many_pixels() -> bytes:
    return cv2.imencode('.png', np.zeros((MAX_PIXELS // 10_000 + 1, 10_000), np.uint8))[1].tobytes()


def png_that_says(width: int, height: int) -> bytes:
    """A small PNG whose header tells of a large one."""
    content = bytearray(encoded('PNG'))
    content[16:24] = struct.pack('>II', width, height)
    content[29:33] = struct.pack('>I', zlib.crc32(content[12:29]))
    return bytes(content)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
NO_PICTURES = dict(
    GIF=encoded('GIF'), SVG=SVG, HTML=b'<!DOCTYPE html><p>', text=b'cat', ICO=encoded('ICO'), zeros=bytes(99)
)


@pytest.mark.parametrize('name', NO_PICTURES)
def test_other_files_are_refused(name, server, ask):
    status, _, answer = ask(server, 'POST', '/predict', NO_PICTURES[name], Content_Type='image/jpeg')
    assert status == 415 and 'JPEG, PNG, WebP, BMP, TIFF or PPM is expected' in answer['error']


def damaged_png() -> bytes:
    content = bytearray(encoded('PNG'))
    content[33:37] = (2**31).to_bytes(4, 'big')  # length of the first chunk after the header
    return bytes(content)


DAMAGED = {
    **{
        f'{kind}, cut': (encoded(kind, NOISE)[:-120], 'does not decode')
        for kind in ('JPEG', 'BMP', 'TIFF', 'PPM')
    },
    'PNG, cut': (encoded('PNG', NOISE)[:-120], 'longer than the file'),
    'WEBP, cut': (encoded('WEBP', NOISE)[:-120], 'a whole image is expected'),
    'header': (encoded('JPEG')[:20], 'a whole image is expected'),
    'chunk': (damaged_png(), 'a chunk of 2147483648 bytes, longer than the file'),
    'bomb': (png_of_many_pixels(), f'at most max_pixels={MAX_PIXELS} are expected'),
    'huge bomb': (png_that_says(30_000, 30_000), f'at most max_pixels={MAX_PIXELS} are expected'),
}


@pytest.mark.parametrize('name', DAMAGED)
def test_damaged_and_exploding_pictures_are_refused(name, server, ask):
    content, words = DAMAGED[name]
    status, _, answer = ask(server, 'POST', '/predict', content)
    assert status == 400 and words in answer['error']


@pytest.mark.parametrize(
    'told, status, words',
    [
        ({}, 411, 'Content-Length is expected'),
        (dict(Transfer_Encoding='chunked', Content_Length='9'), 411, 'Content-Length is expected'),
        (dict(Content_Length='0'), 400, 'expected the size of an image'),
        (dict(Content_Length='-1'), 400, "Content-Length is '-1'"),
        (dict(Content_Length='1e3'), 400, "Content-Length is '1e3'"),
        (dict(Content_Length='9' * 5000), 400, 'expected the size'),
        (dict(Content_Length='200001'), 413, 'at most 0.2 MB are expected (--max-mb)'),
    ],
)
def test_a_body_without_a_sound_length(told, status, words, server):
    lines = [f'{key.replace("_", "-")}: {value}' for key, value in told.items()]
    found, answer = raw(server, '\r\n'.join(['POST /predict HTTP/1.1', 'Host: localhost', *lines, '', '']))
    assert found == status and words in answer


def raw(server, text: str) -> tuple[int, str]:
    """Send text as it is and no more; status and all that comes back."""
    with socket.create_connection(server.server_address[:2], timeout=20) as connection:
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b''.join(iter(lambda: connection.recv(1 << 16), b'')).decode()
    return int(answer.split(' ')[1]), answer


def test_a_body_that_ends_early(server):
    status, answer = raw(server, 'POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nabc')
    assert status == 400 and '3 bytes came, 50 are expected' in answer


def test_too_large_files_are_refused_and_the_answer_arrives(server, ask):
    """Though all of it is sent before the answer is read, more than sockets hold."""
    status, _, answer = ask(server, 'POST', '/predict', bytes(30_000_000))
    assert status == 413 and answer['error'].startswith('the file has 30 MB, at most 0.2 MB')
    assert ask(server, 'POST', '/predict', encoded('PNG'))[0] == 200


@pytest.mark.parametrize(
    'headers, status',
    [
        (dict(Host='localhost'), 200),
        (dict(Host='LOCALHOST:9000', Origin='http://localhost:9000'), 200),  # through a tunnel
        (dict(Host='[::1]:80', Origin='http://[::1]:80'), 200),
        (dict(Host='evil.example'), 403),
        (dict(Host='localhost.evil.example'), 403),
        (dict(Host='192.168.0.7'), 403),
        (dict(Host=''), 403),
        (dict(Host='[::1'), 403),
        (dict(Origin='http://evil.example'), 403),
        (dict(Host='localhost', Origin='https://localhost'), 403),
        (dict(Origin='null'), 403),
    ],
)
def test_other_sites_may_not_ask(headers, status, server, ask):
    found, _, answer = ask(server, 'POST', '/predict', encoded('PNG'), **headers)
    assert found == status and ('models' in answer) == (status == 200)
    if 'Origin' not in headers:
        assert ask(server, 'GET', '/', **headers)[0] == ask(server, 'GET', '/models', **headers)[0] == status


def test_host_is_given_once(server):
    assert raw(server, 'GET / HTTP/1.1\r\n\r\n')[0] == 403
    assert raw(server, 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n')[0] == 403


def test_where_others_reach_it_any_address_will_do_but_no_other_name(running, served, tuned, ask):
    with running(served(tuned), is_local=False) as server:
        hosts = {'192.168.0.7:80': 200, '[fe80::1]': 200, socket.gethostname(): 200, 'evil.example': 403}
        assert {host: ask(server, 'GET', '/', Host=host)[0] for host in hosts} == hosts


def test_the_page_and_its_headers(server, ask):
    kinds = {'/': 'text/html; charset=utf-8', '/page.css': 'text/css', '/page.js': 'text/javascript'}
    for path, kind in {**kinds, '/icon.svg': 'image/svg+xml', '/models': 'application/json'}.items():
        status, headers, content = ask(server, 'GET', path)
        assert status == 200 and headers['Content-Type'] == kind and content
        assert b'https:' not in content if kind != 'application/json' else True
    for path in ('/page.py', '/../command.py', '/%2e%2e/command.py'):
        status, headers, answer = ask(server, 'GET', path)
        assert status == 404 and '/ is expected' in answer['error']
    status, headers, _ = ask(server, 'PUT', '/predict', b'a')
    assert status == 501
    assert headers['Content-Security-Policy'].startswith("default-src 'none'; script-src 'self'")
    assert headers['X-Content-Type-Options'] == 'nosniff' and 'Python' not in headers['Server']
    assert ask(server, 'POST', '/', encoded('PNG'))[0] == 404


def test_what_is_known_of_the_models(server, ask):
    [model] = ask(server, 'GET', '/models?again')[2]['models']
    assert model.pop('thresholds') == pytest.approx([0.2, 0.9])
    assert model == dict(name='mine', classes=3, multi_label=True)


def test_a_client_that_says_nothing_is_left(server, monkeypatch):
    monkeypatch.setattr(module.PageHandler, 'timeout', 0.1)
    with socket.create_connection(server.server_address[:2], timeout=20) as connection:
        connection.sendall(b'GET / HT')
        assert connection.recv(10) == b''


class Slow:
    """A model that notes how many pictures it has at once, and fails where it is told."""

    def __init__(self) -> None:
        self.now, self.most, self.started = 0, 0, threading.Event()

    def predict(self, content: bytes) -> dict:
        self.now += 1
        self.most = max(self.most, self.now)
        self.started.wait(0.05)
        self.now -= 1
        if self.most > 1:
            raise RuntimeError('two at once')
        if len(content) > 1000:
            raise ValueError('the model gives scores that are no finite numbers')
        return dict(labels=[], others=[])


def test_one_picture_at_a_time_and_a_failure_is_told(running, ask, capsys):
    model, found = Slow(), []
    with running(model) as server:
        threads = [
            threading.Thread(target=lambda: found.append(ask(server, 'POST', '/predict', encoded('PNG'))[0]))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [200] * 4 and model.most == 1
        status, _, answer = ask(server, 'POST', '/predict', encoded('BMP'))
        assert (
            status == 500
            and answer['error'] == 'the model fails: ' + 'the model gives scores that are no finite numbers'
        )
        assert ask(server, 'POST', '/predict', encoded('PNG'))[0] == 200
    assert 'ValueError' in capsys.readouterr().err
