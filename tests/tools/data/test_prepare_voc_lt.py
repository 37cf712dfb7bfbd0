"""VOC-LT from archives like the official ones, with the published labels and empty pictures."""

import contextlib
import io
import json
import runpy
import tarfile
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / 'tools' / 'data' / 'prepare_voc_lt.py'


@pytest.fixture(scope='module')
def main():
    return runpy.run_path(str(TOOL))['main']


def write_tar(path: Path, files: dict[str, str]) -> None:
    with tarfile.open(path, 'w') as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(f'VOCdevkit/{name}')
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))


def image(year: str, img_id: str, names: list[str]) -> dict[str, str]:
    """The files of one image; a segmentation is among them, which nobody needs."""
    objects = ''.join(f'<object><name>{name}</name><difficult>1</difficult></object>' for name in names)
    return {
        f'{year}/Annotations/{img_id}.xml': f'<annotation>{objects}</annotation>',
        f'{year}/JPEGImages/{img_id}.jpg': '',
        f'{year}/SegmentationClass/{img_id}.png': '',
    }


@pytest.fixture(scope='module')
def archives(shared_data, tmp_path_factory) -> Path:
    """Both archives, and the training list in two forms."""
    folder = tmp_path_factory.mktemp('archives')
    published = json.loads((shared_data / 'voc_lt.json').read_text())
    train = {**image('VOC2012', '2007_000001', ['dog'])}  # not on the list
    for img_id, label in published['images'].items():
        train |= image('VOC2012', img_id, [published['classes'][k] for k in label])
    ids = [f'{i:06}' for i in range(4952)]
    test = {'VOC2007/ImageSets/Main/test.txt': '\n'.join(ids)}
    for img_id in ids:
        test |= image('VOC2007', img_id, ['person'])
    write_tar(folder / 'VOCtrainval_11-May-2012.tar', train)
    write_tar(folder / 'VOCtest_06-Nov-2007.tar', test)
    (folder / 'img_id.txt').write_text('\n'.join(published['images']))
    lines = [f'VOC2012/JPEGImages/{i}.jpg {" ".join(map(str, k))}' for i, k in published['images'].items()]
    (folder / 'voc_lt_train.txt').write_text('\n'.join(lines))
    return folder


@pytest.fixture(scope='module')
def prepared(main, archives, tmp_path_factory) -> tuple[Path, str]:
    """What the tool makes of the archives, and its report."""
    out, printed = tmp_path_factory.mktemp('prepared') / 'VOCdevkit', io.StringIO()
    sources = [str(path) for path in archives.glob('*.tar')]
    with contextlib.redirect_stdout(printed):
        assert main([*sources, '--out', str(out), '--ids', str(archives / 'img_id.txt')]) == 0
    return out, printed.getvalue()


def test_archives_give_the_published_counts(prepared):
    out, report = prepared
    assert '1142     1142  training images' in report and '4952     4952  test images' in report
    assert '4        4  cow' in report and report.endswith('6:6:8\nall as published\n')
    assert not list(out.rglob('*.png'))


def test_unpacked_devkit_label_list_and_check_of_what_is_there(main, archives, prepared, tmp_path, capsys):
    options = ['--out', str(tmp_path)]
    assert main([str(prepared[0]), *options, '--ids', str(archives / 'voc_lt_train.txt')]) == 0
    ids = tmp_path / 'voc_lt_ids.txt'
    assert ids.read_text().split() == (archives / 'img_id.txt').read_text().split()
    assert capsys.readouterr().out == prepared[1]
    ids.write_text('2007_000001\n')
    assert main(options) == 1
    assert 'differs by -1141' in capsys.readouterr().out


def test_what_is_missing_is_named(main, archives, tmp_path, capsys):
    (tmp_path / 'VOC2007').mkdir()
    assert main(['--out', str(tmp_path), '--ids', str(archives / 'img_id.txt')]) == 2
    message = capsys.readouterr().err
    assert 'lacks VOC2012' in message and 'VOCtrainval_11-May-2012.tar by --download' in message


def test_real_pictures_of_voc_lt_prime_are_told_from_voc_lt(main, shared_data, tmp_path, capsys):
    devkit = shared_data / 'VOCdevkit'
    assert main([str(devkit), '--out', str(tmp_path), '--ids', str(devkit / 'voc_lt_ids.txt')]) == 1
    report = capsys.readouterr().out
    assert 'cat  <- differs by +19' in report and 'DIFFER from the published ones' in report


def test_damaged_archive_is_one_line(main, tmp_path, capsys):
    write_tar(tmp_path / 'a.tar', image('VOC2012', 'a', ['dog']) | {'VOC2012': ''})
    content = (tmp_path / 'a.tar').read_bytes()
    (tmp_path / 'a.tar').write_bytes(content[:600])  # in the first member's content
    assert main([str(tmp_path / 'a.tar'), '--out', str(tmp_path / 'out')]) == 2
    message = capsys.readouterr().err
    assert message.startswith(f'error: {tmp_path / "a.tar"} is damaged') and message.count('\n') == 1
