"""The report is one well-formed page that fetches nothing and says what the run's files say."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmpretrain.registry import DATASETS

from mmlongtail.analysis.run_folder import read_run_folder
from mmlongtail.apis import cli, scored_data

VOID = {'meta', 'link', 'img', 'br'}
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')


class Page(HTMLParser):
    """What is in a page; an element that is not closed in its place is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.ids, self.links, self.tables, self.sources = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [attrs['id']] if 'id' in attrs else []
        self.links += [attrs['href'][1:]] if attrs.get('href', '').startswith('#') else []
        self.sources += [attrs['src']] if 'src' in attrs else []
        if tag == 'table':
            self.tables.append([])
        if tag == 'tr':
            self.tables[-1].append([])
        if tag in ('td', 'th'):
            self.tables[-1][-1].append('')

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ('td', 'th', 'span') and self.tables and self.tables[-1]:
            self.tables[-1][-1][-1] += data

    def table(self, first: str) -> list[list[str]]:
        """The rows of the table whose first column is called so."""
        [found] = [table for table in self.tables if table[0][0] == first]
        return found


@pytest.fixture(scope='module')
def written(finished_run, tmp_path_factory) -> Path:
    """The report of a run, compared with itself."""
    out = tmp_path_factory.mktemp('report') / 'new' / 'report.html'
    same = out.parents[1] / 'baseline'
    shutil.copytree(finished_run, same)
    options = ['--baseline', str(same), '--out', str(out), '--workers', '0', '--device', 'cpu']
    assert cli.main(['report', str(finished_run), *options]) == 0
    return out


@pytest.fixture(scope='module')
def page(written) -> Page:
    return Page(written.read_text())


def test_it_is_whole_and_fetches_nothing(written, page):
    text = written.read_text()
    assert text.startswith('<!DOCTYPE html>') and 'prefers-color-scheme: dark' in text
    rest = re.sub(r'<pre>.*?</pre>|data:image/\w+;base64,[^"]+', '', text, flags=re.DOTALL)
    assert not re.search(r'https?:|//\w|url\((?!#)|@import|<script', rest)
    assert all(source.startswith('data:image/') for source in page.sources)
    assert len(page.ids) == len(set(page.ids)) and set(page.links) <= set(page.ids)


def test_numbers_are_those_of_the_runs_files(page, finished_run):
    lines = [
        line
        for path in finished_run.glob('*/vis_data/scalars.json')
        for line in path.read_text().splitlines()
    ]
    last = [record for record in map(json.loads, lines) if 'long-tail/mAP' in record][-1]
    header, _, row = page.table('run')
    columns = {name.split(' ')[0]: cell for name, cell in zip(header, row)}
    for name, cell in columns.items():
        if name != 'run':
            value = last['long-tail/mAP' if name == 'total' else f'long-tail/mAP_{name}']
            assert cell == f'{value:.2f} +0.00'
    dump = min(finished_run.rglob('per_class_ap.json'))  # the training's: other tests test the run, too
    scores = json.loads(dump.read_text())
    found = {row[0]: row for row in page.table('class')[1:]}
    for name, count, score in zip(scores['classes'], scores['class_counts'], scores['average_precision']):
        assert found[name][2:] == [str(count), f'{score:.2f}', f'{score:.2f}', '+0.00']


def test_scores_are_those_of_the_test(page, finished_run):
    """The scores that are computed now give the AP that the training's last evaluation wrote."""
    run = read_run_folder(finished_run)
    rows = page.table('run and group')[1:]
    images = run.statistics.num_images // 2  # each was repeated
    assert rows[0][1] == str(images * len(run.report.classes))
    assert sum(int(row[1]) for row in rows[1:]) == images * len(run.report.classes)


def test_what_is_left_out_says_why(written):
    text = written.read_text()
    assert '<li>Confusion: an image has several labels: none is predicted in place of another.</li>' in text
    assert '<li>Learned compensation: no run learns mu and sigma' in text


def test_one_label_without_a_dump(finished_single_label_run, tmp_path, capsys):
    out = tmp_path / 'a.html'
    options = ['--out', str(out), '--workers', '0', '--device', 'cpu']
    assert cli.main(['report', str(finished_single_label_run), *options]) == 0
    page = Page(out.read_text())
    run = read_run_folder(finished_single_label_run)
    rows = page.table('class')[1:]
    means = [float(row[3]) for row in rows]
    sizes = np.array([4, 1, 1])
    accuracy = dict(zip([row[0] for row in rows], means))
    top1 = sum(accuracy[name] * size for name, size in zip(run.report.classes, sizes)) / 6
    assert top1 == pytest.approx(run.evaluations[-1]['top1'], abs=0.01)
    wrong = sum(int(row[2]) for row in page.table('true class')[1:])
    assert wrong == round(6 * (1 - top1 / 100))
    assert 'left out: Co-occurrence: no training image shows several' in capsys.readouterr().out


def test_without_scores_or_data(finished_run, tmp_path, capsys):
    out = str(tmp_path / 'a.html')
    assert cli.main(['report', str(finished_run), '--no-predict', '--out', out]) == 0
    assert 'left out: Most confident errors: --no-predict was given' in capsys.readouterr().out
    pictures = finished_run.parent / 'pictures'
    pictures.rename(tmp_path / 'moved')
    try:
        assert cli.main(['report', str(finished_run), '--workers', '0', '--out', out]) == 0
    finally:
        (tmp_path / 'moved').rename(pictures)
    assert 'left out: Calibration of each group: work_dir: ' in capsys.readouterr().out


def test_what_is_no_run_is_an_error(tmp_path, capsys):
    assert cli.main(['report', str(tmp_path / 'nowhere'), '--out', str(tmp_path / 'a.html')]) == 2
    assert 'nowhere is no folder' in capsys.readouterr().err


def test_a_thumbnail_has_the_colors_of_the_picture(tmp_path):
    bgr = np.zeros((20, 40, 3), np.uint8)
    bgr[..., 0] = 200  # blue
    cv2.imwrite(str(tmp_path / 'blue.png'), bgr)
    items = dict(metainfo=dict(classes=['a', 'b']), data_list=[dict(img_path='blue.png', gt_label=[0])])
    (tmp_path / 'a.json').write_text(json.dumps(items))
    steps = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    dataset = DATASETS.build(
        dict(type='MultiLabelDataset', data_root=str(tmp_path), ann_file='a.json', pipeline=steps)
    )
    for is_bgr, channel in ((True, 0), (False, 2)):
        jpeg = np.frombuffer(scored_data.thumbnail(dataset, 0, is_bgr, side=16), np.uint8)
        image = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        assert image.shape == (8, 16, 3) and image.mean(axis=(0, 1)).argmax() == channel


def test_images_are_named_relative_to_the_folder_they_share():
    class Images(list):
        def get_data_info(self, i):
            return self[i]

    paths = ['/data/a/1.png', '/data/b/1.png']
    assert scored_data.names_of(Images(dict(img_path=path) for path in paths)) == ('a/1.png', 'b/1.png')
    assert scored_data.names_of(Images([dict(img_path='x/1.png')])) == ('1.png',)
    assert scored_data.names_of(Images([dict(img=np.zeros(1))])) == ()


def test_a_browser_shows_it(written, tmp_path):
    """Light and dark, phone and desktop: something is drawn, in other colors, and the console has no error."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f'NOT SEEN IN A BROWSER: none of {", ".join(BROWSERS)} is installed')
    brightness = []
    for scheme, width in (('1', 1280), ('0', 500)):
        shot = tmp_path / f'{width}.png'
        command = [browser, '--headless=new', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr']
        command += [f'--user-data-dir={tmp_path}/{width}', f'--blink-settings=preferredColorScheme={scheme}']
        command += [f'--window-size={width},900', f'--screenshot={shot}', f'file://{written}']
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert 'CONSOLE' not in done.stderr, done.stderr
        image = cv2.imread(str(shot))
        assert image.shape[1] == width and image.std() > 5
        brightness.append(np.median(image))
    assert brightness[0] > 200 and brightness[1] < 60
