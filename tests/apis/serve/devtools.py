"""A headless Chromium that tests drive by its DevTools protocol, over two pipes: no other package is needed."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')


def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Browser:
    """One tab; ``events`` are all that the browser has told so far."""

    def __init__(self, program: str, folder: Path) -> None:
        self.events, self._number, self._rest = [], 0, b''
        read_here, write_there = os.pipe()
        read_there, self._to = os.pipe()
        self._from = read_here
        options = [
            '--headless=new',
            '--no-sandbox',
            '--disable-gpu',
            '--remote-debugging-pipe',
            '--no-first-run',
        ]
        shell = ['bash', '-c', f'exec "$0" "$@" 3<&{read_there} 4>&{write_there}', program, *options]
        self._process = subprocess.Popen(
            [*shell, f'--user-data-dir={folder}'],
            pass_fds=(read_there, write_there),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_there)
        os.close(write_there)
        self._session = {}
        try:
            self._attach()
        except Exception:
            self._process.kill()
            raise

    def _attach(self) -> None:
        """To a tab of its own."""
        target = self.call('Target.createTarget', url='about:blank')
        session = self.call('Target.attachToTarget', targetId=target['targetId'], flatten=True)
        self._session = dict(sessionId=session['sessionId'])
        for domain in ('Page', 'Runtime', 'Log', 'DOM', 'Network'):
            self.call(f'{domain}.enable')

    def call(self, method: str, **params) -> dict:
        """What a method of the protocol gives."""
        self._number += 1
        message = dict(id=self._number, method=method, params=params, **self._session)
        os.write(self._to, json.dumps(message).encode() + b'\0')
        while (answer := self._receive()).get('id') != self._number:
            self.events.append(answer)
        if 'error' in answer:
            raise RuntimeError(f'{method}: {answer["error"]}')
        return answer['result']

    def _receive(self) -> dict:
        while b'\0' not in self._rest:
            if not select.select([self._from], [], [], 60)[0]:
                raise TimeoutError('the browser says nothing')
            if not (more := os.read(self._from, 1 << 20)):
                raise RuntimeError('the browser has ended')
            self._rest += more
        message, _, self._rest = self._rest.partition(b'\0')
        return json.loads(message)

    def evaluate(self, expression: str):
        """The value of a JavaScript expression."""
        found = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        assert 'exceptionDetails' not in found, found
        return found['result'].get('value')

    def wait(self, expression: str, seconds: float = 20) -> None:
        """Until an expression is true."""
        end = time.monotonic() + seconds
        while not self.evaluate(f'Boolean({expression})'):
            assert time.monotonic() < end, f'{expression} has not come true'
            time.sleep(0.02)

    def open(self, url: str) -> None:
        """Go to a page and wait until it is there."""
        self.call('Page.navigate', url=url)
        self.wait(f'location.href == {url!r} && document.readyState == "complete"')

    def look(self, width: int, height: int, dark: bool) -> None:
        """Show it at a width, light or dark."""
        size = dict(width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call('Emulation.setDeviceMetricsOverride', **size)
        scheme = dict(name='prefers-color-scheme', value='dark' if dark else 'light')
        self.call('Emulation.setEmulatedMedia', features=[scheme])

    def screenshot(self) -> bytes:
        """A PNG of the whole page."""
        shot = self.call('Page.captureScreenshot', captureBeyondViewport=True)
        return base64.b64decode(shot['data'])

    def choose(self, selector: str, paths: list[Path]) -> None:
        """Give files to an input as if its dialog had been used."""
        root = self.call('DOM.getDocument')['root']['nodeId']
        node = self.call('DOM.querySelector', nodeId=root, selector=selector)['nodeId']
        self.call('DOM.setFileInputFiles', nodeId=node, files=[str(path) for path in paths])

    def drop(self, paths: list[Path]) -> None:
        """Drag files over the page and let them fall."""
        data = dict(items=[], files=[str(path) for path in paths], dragOperationsMask=1)
        for kind in ('dragEnter', 'dragOver', 'drop'):
            self.call('Input.dispatchDragEvent', type=kind, x=100, y=100, data=data)

    def press(self, key: str) -> None:
        """Press Tab or Enter."""
        code, text = dict(Tab=(9, ''), Enter=(13, '\r'))[key]
        for kind in ('keyDown', 'keyUp'):
            self.call(
                'Input.dispatchKeyEvent', type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text
            )

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, exceptions, violations of the policy; not the refusals of the server."""
        found = []
        for event in self.events:
            kind, params = event.get('method'), event.get('params', {})
            if kind == 'Runtime.exceptionThrown':
                found.append(str(params['exceptionDetails']))
            if kind == 'Runtime.consoleAPICalled' and params['type'] in ('error', 'warning', 'assert'):
                found.append(str(params['args']))
            if kind == 'Log.entryAdded' and params['entry']['level'] in ('error', 'warning'):
                found.append(f'{params["entry"]["source"]}: {params["entry"]["text"]}')
        return found

    def requested(self) -> set[str]:
        """Addresses that were asked for."""
        return {
            e['params']['request']['url']
            for e in self.events
            if e.get('method') == 'Network.requestWillBeSent'
        }

    def close(self) -> None:
        """End it."""
        self._session = {}
        try:
            self.call('Browser.close')
        except (RuntimeError, OSError):
            pass
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
        os.close(self._from)
        os.close(self._to)
