"""COCO-LT from archives like the official ones, with the published labels and empty pictures."""

import json
import runpy
import zipfile
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / 'tools' / 'data' / 'prepare_coco_lt.py'
BOX = {'bbox': [0, 0, 5, 5], 'area': 25}


@pytest.fixture(scope='module')
def main():
    return runpy.run_path(str(TOOL))['main']


def annotations(labels: dict[int, list[int]]) -> str:
    pairs = [(i, k) for i, label in labels.items() for k in label]
    return json.dumps(
        {
            'images': [{'id': i, 'file_name': f'{i:012}.jpg'} for i in labels],
            'categories': [{'id': k + 1, 'name': f'category {k}'} for k in range(80)],
            'annotations': [
                {'id': n, 'image_id': i, 'category_id': k + 1, **BOX} for n, (i, k) in enumerate(pairs)
            ],
        }
    )


@pytest.fixture(scope='module')
def archives(shared_data, tmp_path_factory) -> Path:
    """The three archives, and the training list in two forms."""
    folder = tmp_path_factory.mktemp('archives')
    published = json.loads((shared_data / 'coco_lt.json').read_text())['images']
    train = {int(i): label for i, label in published.items()} | {10**6 + i: [0] for i in range(50)}
    val = {2 * 10**6 + i: [i % 80] for i in range(5000)}
    for part, labels in (('train2017', train), ('val2017', val)):
        with zipfile.ZipFile(folder / f'{part}.zip', 'w') as archive:
            for i in labels:
                archive.writestr(f'{part}/{i:012}.jpg', '')
    with zipfile.ZipFile(folder / 'annotations_trainval2017.zip', 'w') as archive:
        archive.writestr('annotations/instances_train2017.json', annotations(train))
        archive.writestr('annotations/instances_val2017.json', annotations(val))
        archive.writestr('annotations/captions_val2017.json', '{}')
    (folder / 'img_id.pkl').write_text('\n'.join(published))
    (folder / 'coco_lt_train.txt').write_text('\n'.join(f'train2017/{int(i):012}.jpg 0 1' for i in published))
    return folder


@pytest.mark.parametrize('ids', ['img_id.pkl', 'coco_lt_train.txt'])
def test_archives_give_the_published_counts(main, archives, tmp_path, capsys, ids):
    sources = [str(path) for path in archives.glob('*.zip')]
    assert main([*sources, '--out', str(tmp_path), '--ids', str(archives / ids)]) == 0
    report = capsys.readouterr().out
    assert '1909     1909  training images' in report and '5000     5000  test images' in report
    assert report.endswith('22:33:25\nall as published\n')
    assert len(list((tmp_path / 'train2017').iterdir())) == 1909  # the listed pictures only
    assert not list(tmp_path.rglob('captions*'))


def test_folder_without_a_part_and_bad_ids_are_named(main, archives, tmp_path, capsys):
    (tmp_path / 'coco' / 'train2017').mkdir(parents=True)
    ids = ['--ids', str(archives / 'img_id.pkl')]
    assert main([str(tmp_path / 'coco'), '--out', str(tmp_path / 'out'), *ids]) == 2
    assert 'lacks annotations, val2017' in capsys.readouterr().err
    (tmp_path / 'bad.txt').write_text('554625\nx\n')
    assert main(['--out', str(tmp_path / 'out'), '--ids', str(tmp_path / 'bad.txt')]) == 2
    assert "'x' in the id list is not" in capsys.readouterr().err
