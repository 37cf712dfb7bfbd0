"""CIFAR-LT: which pictures are kept, which files are taken; on made archives and on the real pictures."""

import hashlib
import pickle
import runpy
from pathlib import Path

import numpy as np
import pytest
from mmpretrain.registry import DATASETS

from mmlongtail.datasets import cifar_lt
from mmlongtail.datasets.cifar_lt import CIFAR10LT, CIFAR100LT
from mmlongtail.structures import ClassStatistics

MADE = 20  # pictures per class of a made training archive


def picture(number: int) -> np.ndarray:
    """A picture that tells its number."""
    return np.tile(np.array([number // 256, number % 256], np.uint8), 1536)


def write(path: Path, labels, numbers, data_key: str | bytes = 'data', key: str | bytes = 'labels') -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.stack([picture(n) for n in numbers])
    path.write_bytes(pickle.dumps({data_key: data, key: [int(label) for label in labels]}, protocol=2))


@pytest.fixture
def made(tmp_path, monkeypatch) -> Path:
    """An archive of 200 numbered training pictures in mixed order, and 10 test pictures."""
    monkeypatch.setattr(CIFAR10LT, 'max_count', MADE)
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), MADE))
    for i, part in enumerate(np.array_split(np.arange(len(labels)), 5), 1):
        write(tmp_path / f'cifar-10-batches-py/data_batch_{i}', labels[part], part)
    write(tmp_path / 'cifar-10-batches-py/test_batch', range(10), range(10))
    return tmp_path


@pytest.fixture(scope='module')
def real(shared_data, tmp_path_factory) -> Path:
    """Both archives with the real training pictures, of an imbalance factor of 50; the test pictures are black."""
    out = tmp_path_factory.mktemp('cifar')
    script = runpy.run_path(str(shared_data / 'cifar' / 'make_batches.py'))
    decode = script['images']
    script['main'].__globals__['images'] = lambda name, part, count: (
        decode(name, part, count) if part == 'train' else np.zeros((count, 3072), np.uint8)
    )
    script['main'](str(out))
    return out


def in_archive(path: Path, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, 32, 32, 3) and labels of a training archive, in the order of its batches."""
    files = sorted(path.glob('data_batch_*')) or [path / 'train']
    entries = [pickle.loads(file.read_bytes()) for file in files]
    text = all('data' in entry for entry in entries)
    data, labels = (
        np.concatenate([entry[name if text else name.encode()] for entry in entries])
        for name in ('data', key)
    )
    return data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels


def reference_draw(labels: np.ndarray, counts: list[int]) -> list[int]:
    """The lines that the papers' code bases share, from LDAM-DRW."""
    before = np.random.get_state()
    np.random.seed(0)
    drawn = []
    for k, n in enumerate(counts):
        idx = np.where(labels == k)[0]
        np.random.shuffle(idx)
        drawn.extend(idx[:n])
    np.random.set_state(before)
    return drawn


def images_of(dataset) -> np.ndarray:
    return np.stack([dataset.get_data_info(i)['img'] for i in range(len(dataset))])


@pytest.mark.parametrize(
    'kind, counts',
    [('exp', [20, 15, 11, 9, 7, 5, 4, 3, 2, 2]), ('step', [20] * 5 + [2] * 5)],
)
def test_pictures_of_the_draw_in_its_order(made, kind, counts):
    dataset = CIFAR10LT(str(made), imbalance_factor=10, imbalance_type=kind, verify=False)
    pictures, labels = in_archive(made / 'cifar-10-batches-py', 'labels')
    drawn = reference_draw(labels, counts)
    np.testing.assert_array_equal(images_of(dataset), pictures[drawn])
    assert dataset.get_gt_labels().tolist() == np.repeat(np.arange(10), counts).tolist()
    assert f'Long tail: \t{kind}, imbalance factor 10' in repr(dataset)


def test_test_part_stays_whole(made):
    dataset = DATASETS.build(
        dict(type='CIFAR10LT', data_root=str(made), split='test', imbalance_factor=5, verify=False)
    )
    assert dataset.get_gt_labels().tolist() == list(range(10))
    np.testing.assert_array_equal(images_of(dataset)[3].transpose(2, 0, 1).ravel(), picture(3))
    assert 'Long tail' not in repr(dataset)


@pytest.mark.parametrize('keys', [('data', 'fine_labels'), (b'data', b'fine_labels')])
def test_keys_of_python_2_and_3(tmp_path, keys):
    write(tmp_path / 'cifar-100-python/test', [7, 99], [300, 2], *keys)
    dataset = CIFAR100LT(str(tmp_path), 'test', verify=False)
    assert dataset.get_gt_labels().tolist() == [7, 99]
    np.testing.assert_array_equal(images_of(dataset)[0].transpose(2, 0, 1).ravel(), picture(300))


@pytest.mark.parametrize(
    'content',
    [b'', b'no pickle', pickle.dumps([1]), pickle.dumps({'data': np.zeros((2, 3072)), 'labels': [1]})],
)
def test_file_that_is_no_batch_is_named(tmp_path, content):
    (tmp_path / 'cifar-100-python').mkdir()
    (tmp_path / 'cifar-100-python/test').write_bytes(content)
    with pytest.raises(ValueError, match=r'cifar-100-python/test is no CIFAR batch, data and labels'):
        CIFAR100LT(str(tmp_path), 'test', verify=False)


def test_missing_file_is_not_downloaded_without_verify(made, monkeypatch):
    monkeypatch.setattr(cifar_lt, 'download_and_extract_archive', lambda *_, **__: pytest.fail('download'))
    (made / 'cifar-10-batches-py/data_batch_3').unlink()
    with pytest.raises(FileNotFoundError, match=r'data_batch_3 is missing: https.*unpacked, is expected in'):
        CIFAR10LT(str(made), imbalance_factor=5, verify=False)


@pytest.mark.parametrize(
    'download, words', [(False, 'download=True fetches them'), (True, 'after its download')]
)
def test_official_files_that_stay_away(tmp_path, monkeypatch, download, words):
    monkeypatch.setattr(
        cifar_lt, 'download_and_extract_archive', lambda *_, **__: download or pytest.fail('download')
    )
    with pytest.raises(FileNotFoundError, match=f'{tmp_path}/? lacks files of https.*{words}'):
        CIFAR10LT(str(tmp_path), download=download)


def test_file_of_another_origin_is_refused(made, monkeypatch):
    monkeypatch.setattr(cifar_lt, 'download_and_extract_archive', lambda *_, **__: pytest.fail('download'))
    with pytest.raises(
        ValueError, match=r'data_batch_1 has md5 sum \w+, c99cafc.* is expected.*verify=False'
    ):
        CIFAR10LT(str(made), imbalance_factor=5)


def test_official_files_are_downloaded_and_taken(made, tmp_path, monkeypatch):
    """The made files with their own md5 sums stand for the official ones."""
    folder = made / 'cifar-10-batches-py'
    for parts in ('train_list', 'test_list'):
        names = [name for name, _ in getattr(CIFAR10LT, parts)]
        sums = [[name, hashlib.md5((folder / name).read_bytes()).hexdigest()] for name in names]
        monkeypatch.setattr(CIFAR10LT, parts, sums)
    elsewhere, fetched = tmp_path / 'new', []

    def download(url, root, filename, md5):
        fetched.append((url, md5))
        Path(root).mkdir()
        folder.rename(Path(root) / folder.name)

    monkeypatch.setattr(cifar_lt, 'download_and_extract_archive', download)
    dataset = CIFAR10LT(str(elsewhere), imbalance_factor=10)
    assert len(dataset) == 78 and fetched == [(CIFAR10LT.url, CIFAR10LT.tgz_md5)]


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(split='val'), "split is 'val', expected one of"),
        (dict(imbalance_factor=0), 'imbalance_factor is 0'),
        (dict(imbalance_type='pareto'), "imbalance_type is 'pareto'"),
    ],
)
def test_bad_arguments_before_anything_is_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        CIFAR100LT('nowhere', **arguments)


@pytest.mark.parametrize(
    'cls, key, factor, images',
    [
        (CIFAR10LT, 'labels', 100, 12406),
        (CIFAR100LT, 'fine_labels', 100, 10847),
        (CIFAR100LT, 'fine_labels', 50, 12608),
    ],
)
def test_real_pictures(real, cls, key, factor, images):
    dataset = cls(str(real), imbalance_factor=factor, verify=False)
    statistics = ClassStatistics.from_dataset(dataset)
    last = len(statistics.classes) - 1
    counts = [int(cls.max_count * factor ** (-i / last)) for i in range(last + 1)]
    assert len(dataset) == images and statistics.class_counts.tolist() == counts
    pictures, labels = in_archive(real / cls.base_folder, key)
    np.testing.assert_array_equal(images_of(dataset), pictures[reference_draw(labels, counts)])


def test_real_pictures_are_too_few_for_a_smaller_factor(real):
    message = r"class 'automobile' \(1\) has 3237 images, but the draw needs 3871; 9 of 10"
    with pytest.raises(ValueError, match=message):
        CIFAR10LT(str(real), imbalance_factor=10, verify=False)
