"""The page in a real browser: files dropped and chosen, labels beside each other, names that are no markup."""

import shutil
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from devtools import BROWSERS, Browser, find_browser
from tiny_trained import LINEAR, MANY

HARM = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    program = find_browser()
    if program is None:
        pytest.skip(f'NOT SEEN IN A BROWSER: none of {", ".join(BROWSERS)} is installed')
    browser = Browser(program, tmp_path_factory.mktemp('browser'))
    yield browser
    browser.close()


@pytest.fixture(scope='module')
def checkpoints(write_checkpoint):
    """A model of several labels with tuned thresholds and a class that is named like markup, and one of one label."""
    several = write_checkpoint(MANY, class_thresholds=dict(values=[0.2, 0.6, 0.9], goal='F1', expert=None))
    content = torch.load(several)
    content['class_statistics']['classes'][0] = HARM
    torch.save(content, several)
    return several, write_checkpoint(LINEAR)


@pytest.fixture
def files(tmp_path, picture_folder) -> list[Path]:
    """Three pictures, of which one is named like markup and one has a format that no browser shows, and a text."""
    shutil.copy(picture_folder / 'a.png', tmp_path / f'{HARM}.png')
    cv2.imwrite(str(tmp_path / 'b.tif'), cv2.imread(str(picture_folder / 'b.png')))
    (tmp_path / 'c.jpg').write_bytes(b'<html>')
    shutil.copy(picture_folder / 'deep' / 'd.png', tmp_path / 'd.png')
    return [tmp_path / name for name in (f'{HARM}.png', 'b.tif', 'c.jpg', 'd.png')]


ROWS = """[...document.querySelectorAll('article')].map(card => [...card.querySelectorAll('.model')].map(model =>
  [...model.querySelectorAll('li')].map(row => [row.querySelector('.name').firstChild.data,
    row.querySelector('.tag').lastChild.data, row.querySelector('.score').lastChild.data,
    parseFloat(row.querySelector('.fill').style.width), parseFloat(row.querySelector('.mark')?.style.left ?? -1),
    row.querySelector('.limit')?.textContent ?? ''])))"""


def rows(answer: dict) -> list[list]:
    """What the page is to show of the labels of one model: text, tag, score, widths in percent, threshold."""
    return [
        [
            row['name'],
            row['group'],
            f'{row["score"]:.3f}',
            pytest.approx(100 * row['score'], abs=0.01),
            -1 if row['threshold'] is None else pytest.approx(100 * row['threshold'], abs=0.01),
            '' if row['threshold'] is None else f'threshold {row["threshold"]:.3f}',
        ]
        for row in answer['labels'] + answer['others']
    ]


def status(browser: Browser) -> str:
    return browser.evaluate("document.getElementById('status').textContent")


def test_two_models_beside_each_other(browser, checkpoints, files, running, served, tmp_path):
    several, single = (served(path, name) for path, name in zip(checkpoints, (HARM, 'one label')))
    with running(several, single) as server:
        browser.look(1280, 900, dark=False)
        browser.open(server.url)
        browser.wait("document.querySelectorAll('#models li').length == 2")
        browser.drop(files[:3])
        browser.choose('#files', files[3:])
        browser.wait("document.querySelectorAll('article .model, article .error').length == 7")
        browser.wait("!document.getElementById('clear').hidden")
        assert status(browser) == '3 of 4 images done, 1 with an error'
        shown = browser.evaluate(ROWS)
        expected = [
            [rows(m.predict(p.read_bytes())) for m in (several, single)] for p in (*files[:2], files[3])
        ]
        assert shown == [*expected[:2], [], expected[2]]
        assert 'JPEG, PNG, WebP' in browser.evaluate("document.querySelector('.error').textContent")
        no_markup(browser, files)
        in_all_variants(browser)
        by_keyboard(browser)
        urls = browser.requested()
    assert all(url.removeprefix('blob:').startswith(server.url) for url in urls)
    assert [words for words in browser.complaints() if 'status of 415' not in words] == []
    browser.drop(files[:1])
    browser.wait("document.querySelector('.error')")
    assert 'does mmlongtail serve still run?' in browser.evaluate(
        "document.querySelector('.error').textContent"
    )


def no_markup(browser: Browser, files: list[Path]) -> None:
    """Names of files, classes and models are text."""
    names = browser.evaluate("[...document.querySelectorAll('h2')].map(heading => heading.textContent)")
    assert names == [path.name for path in files]
    assert browser.evaluate("document.querySelector('h3').textContent") == HARM
    assert browser.evaluate("document.querySelectorAll('img:not(.preview)').length") == 0
    assert browser.evaluate('document.title') != '1'
    assert browser.evaluate("document.querySelectorAll('.none').length") == 2  # no preview: TIFF, HTML


def in_all_variants(browser: Browser) -> None:
    """Light and dark, desktop and phone: models stay beside each other and nothing is wider than the window."""
    for width, dark in ((1280, False), (1280, True), (390, False), (390, True)):
        browser.look(width, 900, dark)
        time.sleep(0.1)
        assert browser.evaluate('document.documentElement.scrollWidth <= innerWidth')
        lefts, tops = browser.evaluate(
            "[...document.querySelectorAll('.model')].slice(0, 2).map(model => model.getBoundingClientRect())"
            '.reduce((found, box) => [[...found[0], box.left], [...found[1], box.top]], [[], []])'
        )
        assert tops[0] == tops[1] and lefts[1] > lefts[0] + 150
        image = cv2.imdecode(np.frombuffer(browser.screenshot(), np.uint8), cv2.IMREAD_COLOR)
        assert image.std() > 5 and (np.median(image) < 60 if dark else np.median(image) > 200)


def by_keyboard(browser: Browser) -> None:
    """Tab leads to the files, then to the button, which Enter presses; the former have a name that is read out."""
    browser.evaluate('document.activeElement.blur()')
    focus = []
    for _ in range(2):
        browser.press('Tab')
        focus.append(browser.evaluate('document.activeElement.id'))
    assert focus == ['files', 'clear']
    browser.press('Enter')
    browser.wait("document.querySelectorAll('article').length == 0")
    assert status(browser) == '' and browser.evaluate('document.activeElement.id') == 'files'
    assert browser.evaluate('document.activeElement.labels[0].textContent').startswith(
        'Choose images or drop'
    )
    assert browser.evaluate("document.getElementById('status').role") == 'status'
