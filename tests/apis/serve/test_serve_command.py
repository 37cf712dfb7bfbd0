"""``mmlongtail serve``: its options, what it says, how it ends."""

import signal
import socket

import pytest
from tiny_trained import EXPERTS, LINEAR, MANY

from mmlongtail.apis import cli
from mmlongtail.apis.serve import command
from mmlongtail.apis.serve.page_models import distinct_names
from mmlongtail.apis.serve.server import PageServer


@pytest.fixture
def interrupted(monkeypatch) -> list[PageServer]:
    """Press Ctrl-C as soon as the server waits for requests; the servers that waited."""
    seen = []

    def actions(server):
        if not seen:
            seen.append(server)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(PageServer, 'service_actions', actions)
    return seen


def test_it_says_where_it_is_and_ends_well(write_checkpoint, interrupted, capsys):
    options = ['--port', '0', '--device', 'cpu', '--max-mb', '0.5', '--top-k', '2']
    assert cli.main(['serve', str(write_checkpoint(EXPERTS)), str(write_checkpoint(LINEAR)), *options]) == 0
    [server], said = interrupted, capsys.readouterr()
    assert (
        said.out.splitlines()[0]
        == f'the page is at http://127.0.0.1:{server.server_address[1]}/ until Ctrl-C'
    )
    assert said.out.endswith('stopped\n') and said.err == ''
    assert server.max_bytes == 500_000 and server.is_local
    assert [model['multi_label'] for model in server.models.describe()] == [True, False]
    assert [model.top_k for model in server.models.models] == [2, 2]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(server.server_address[:2], timeout=5)


def test_another_address_is_warned_of(write_checkpoint, interrupted, capsys):
    options = ['--port', '0', '--device', 'cpu', '--host', '0.0.0.0']
    assert cli.main(['serve', str(write_checkpoint(MANY)), *options]) == 0
    said = capsys.readouterr()
    assert (
        said.err.startswith('warning: whoever reaches 0.0.0.0 can use this page')
        and not interrupted[0].is_local
    )


@pytest.mark.parametrize(
    'options, words',
    [
        (['--port', '70000'], '--port is 70000, expected'),
        (['--port', '-1'], '--port is -1, expected'),
        (['--host', ''], "--host is '', expected an address"),
        (['--max-mb', '0'], '--max-mb is 0.0, expected'),
        (['--max-mb', 'nan'], '--max-mb is nan, expected'),
        (['--top-k', '0'], '--top-k is 0, expected'),
        (['--port', '0', '--config', 'a.py', '--config', 'b.py'], '--config is given 2 times'),
        (['--port', '0', '--host', '192.0.2.1'], '--host 192.0.2.1 --port 0: '),
        (['--port', '0'], 'nowhere.pth'),
    ],
)
def test_bad_options_are_told_in_a_line(options, words, capsys):
    assert cli.main(['serve', 'nowhere.pth', *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith('error: ') and words in said and len(said.splitlines()) == 1


def test_a_port_that_is_taken_is_told_before_anything_is_loaded(monkeypatch, capsys):
    monkeypatch.setattr(command, 'load_models', None)
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        assert cli.main(['serve', 'a.pth', '--port', str(port)]) == 2
    assert capsys.readouterr().err == f'error: --host 127.0.0.1 --port {port}: Address already in use\n'


def test_ipv6(monkeypatch):
    try:
        server = PageServer('::1', 0, True, 1)
    except OSError as error:
        pytest.skip(f'IPv6 NOT TRIED: {error}')
    with server:
        assert server.url == f'http://[::1]:{server.server_address[1]}/'


@pytest.mark.parametrize(
    'host, local',
    [('127.0.0.1', True), ('127.9.9.9', True), ('::1', True), ('localhost', True), ('0.0.0.0', False)],
)
def test_which_addresses_are_of_this_machine_alone(host, local):
    assert command.is_loopback(host) is local and not command.is_loopback('mine.example')


def test_names_tell_two_checkpoints_apart():
    assert distinct_names(['runs/a/best.pth', 'runs/a/epoch_1.pth']) == ['best.pth', 'epoch_1.pth']
    assert distinct_names(['a/best.pth', 'b/best.pth']) == ['a/best.pth', 'b/best.pth']
