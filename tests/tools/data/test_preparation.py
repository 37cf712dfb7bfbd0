"""Archives, folders, downloads and id lists, all made here; downloads come from file:// addresses."""

import errno
import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import preparation
import pytest
from preparation import Part, fetch, image_ids, obtain_ids, prepare_parts, unpack

FILES = {
    'top/A/x/1.jpg': b'one',
    'top/A/2.jpg': b'two',
    'top/A/no.png': b'-',
    'top/B/3.jpg': b'three',
    'C/4.jpg': b'4',
}
UNPACKED = {'A/x/1.jpg': b'one', 'A/2.jpg': b'two', 'B/3.jpg': b'three'}


def make_archive(path: Path, files: dict[str, bytes] = FILES) -> Path:
    if path.suffix == '.zip':
        with zipfile.ZipFile(path, 'w') as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, 'w') as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def jpg(path) -> bool:
    return path.suffix == '.jpg'


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob('*') if p.is_file()}


@pytest.fixture
def parts(tmp_path) -> list[Part]:
    """Two parts, each in an archive of its own at an address."""
    for name in 'AB':
        make_archive(tmp_path / f'{name}.zip', {k: v for k, v in FILES.items() if f'/{name}/' in k})
    return [Part(name, (tmp_path / f'{name}.zip').as_uri()) for name in 'AB']


@pytest.mark.parametrize('suffix', ['.zip', '.tar'])
def test_archives_are_unpacked_and_mended(tmp_path, suffix):
    archive, out = make_archive(tmp_path / f'all{suffix}'), tmp_path / 'out'
    assert unpack(archive, out, ['A', 'B'], jpg) == 3 and contents(out) == UNPACKED
    (out / 'A' / '2.jpg').write_bytes(b't')  # as an interrupted run leaves it
    kept = (out / 'B' / '3.jpg').stat().st_mtime_ns
    assert unpack(archive, out, ['A', 'B'], jpg) == 3 and contents(out) == UNPACKED
    assert (out / 'B' / '3.jpg').stat().st_mtime_ns == kept


def test_names_that_leave_the_folder_are_not_unpacked(tmp_path):
    archive = make_archive(tmp_path / 'bad.zip', {'A/../../evil.jpg': b'!', 'A/good.jpg': b'+'})
    assert unpack(archive, tmp_path / 'out', ['A'], jpg) == 1
    assert contents(tmp_path / 'out') == {'A/good.jpg': b'+'} and not list(tmp_path.rglob('evil.jpg'))


def test_archive_and_folder_together(tmp_path, parts):
    source, out = tmp_path / 'unpacked', tmp_path / 'out'
    (source / 'B').mkdir(parents=True)
    (source / 'B' / '3.jpg').write_bytes(b'three')
    prepare_parts(parts, [str(tmp_path / 'A.zip'), str(source)], out, jpg)
    assert (out / 'B').is_symlink() and (out / 'B' / '3.jpg').read_bytes() == b'three'
    assert (out / 'A' / '2.jpg').read_bytes() == b'two'
    prepare_parts(parts, [], out, jpg)  # everything is there: no source needed


def test_download_completes_what_is_missing(tmp_path, parts):
    out = tmp_path / 'out'
    with pytest.raises(FileNotFoundError, match=r'out lacks B: .*B\.zip by --download'):
        prepare_parts(parts, [str(tmp_path / 'A.zip')], out, jpg)
    prepare_parts(parts, [], out, jpg, download=True)
    assert {k: v for k, v in contents(out).items() if 'archives' not in k} == UNPACKED
    (out / 'B' / '3.jpg').unlink()  # unpacking was interrupted
    (tmp_path / 'B.zip').unlink()  # nothing is fetched a second time
    prepare_parts(parts, [], out, jpg, download=True)
    assert (out / 'B' / '3.jpg').read_bytes() == b'three'


def test_wrong_sources_are_named(tmp_path, parts):
    (tmp_path / 'broken.tar').write_bytes(b'x' * 600)
    (tmp_path / 'empty').mkdir()
    make_archive(tmp_path / 'other.zip', {'C/4.jpg': b'4'})
    for source, error, message in (
        ('none.tar', FileNotFoundError, r'none\.tar does not exist'),
        ('broken.tar', ValueError, r'broken\.tar is neither a tar nor a zip'),
        ('empty', ValueError, r"empty holds none of \['A', 'B'\]"),
        ('other.zip', ValueError, r'other\.zip holds none of'),
    ):
        with pytest.raises(error, match=message):
            prepare_parts(parts, [str(tmp_path / source)], tmp_path / 'out', jpg)


def test_half_a_download_is_refused(tmp_path, monkeypatch):
    class Half(io.BytesIO):
        headers = {'Content-Length': '10'}

    monkeypatch.setattr(preparation.urllib.request, 'urlopen', lambda *_, **__: Half(b'12345'))
    with pytest.raises(ConnectionError, match='5 of 10 bytes'):
        fetch('http://x/y.zip', tmp_path / 'y.zip')
    assert not (tmp_path / 'y.zip').exists()


def test_id_lists_and_label_lists(tmp_path):
    for name, text in (
        ('img_id.txt', '2008_000023\n2008_000028\n'),
        ('img_id.pkl', '2008_000023\r\n2008_000028'),
        ('labels.txt', 'VOC2012/JPEGImages/2008_000023.jpg 4 14 19\nVOC2012/JPEGImages/2008_000028.jpg 6\n'),
        ('labels.csv', '2008_000023.jpg,4,14,19\n2008_000028.jpg,6\n'),
    ):
        (tmp_path / name).write_text(text)
        assert image_ids(tmp_path / name) == ['2008_000023', '2008_000028'], name
    for text, message in (('', '0 ids'), (',\n , ,', '0 ids'), ('1\n2\n1', '3 ids, 2 of them different')):
        (tmp_path / 'bad.txt').write_text(text)
        with pytest.raises(ValueError, match=message):
            image_ids(tmp_path / 'bad.txt')


def test_ids_are_given_or_kept_or_downloaded(tmp_path):
    for name in ('given', 'kept', 'remote'):
        (tmp_path / f'{name}.txt').write_text(name)
    kept, remote = tmp_path / 'kept.txt', (tmp_path / 'remote.txt').as_uri()
    assert obtain_ids(str(tmp_path / 'given.txt'), remote, kept) == ['given']
    assert obtain_ids(None, remote, kept) == ['kept']
    kept.unlink()
    assert obtain_ids(None, remote, kept) == ['remote']
    with pytest.raises(ConnectionError, match='nowhere.txt cannot be fetched.*--ids'):
        obtain_ids(None, (tmp_path / 'nowhere.txt').as_uri(), kept)


@pytest.mark.parametrize('suffix', ['.zip', '.tar', '.tar.gz'])
def test_damaged_archives_are_named(tmp_path, suffix):
    make_archive(tmp_path / 'a.zip') if suffix == '.zip' else make_archive(tmp_path / 'a.tar')
    content = (tmp_path / f'a{suffix[:4]}').read_bytes()
    if suffix == '.tar.gz':
        content = gzip.compress(content)
    for start in range(0, len(content), max(1, len(content) // 40)):
        for name, damaged in (('cut', content[:start]), ('flip', flipped(content, start))):
            path = tmp_path / f'{name}{suffix}'
            path.write_bytes(damaged)
            try:
                assert unpack(path, tmp_path / 'out', ['A', 'B'], jpg) <= 3
            except ValueError as error:
                assert type(error) is ValueError and str(error).startswith(str(path))


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


def test_zip_with_a_password_is_named(tmp_path):
    archive = make_archive(tmp_path / 'secret.zip')
    content = bytearray(archive.read_bytes())
    for start in (i for i in range(len(content) - 9) if content[i : i + 4] in (b'PK\1\2', b'PK\3\4')):
        content[start + (8 if content[start + 2] == 1 else 6)] |= 1  # the bit that says encrypted
    archive.write_bytes(content)
    with pytest.raises(
        ValueError, match=r'secret\.zip is damaged or of a kind that is not read: .*encrypted'
    ):
        unpack(archive, tmp_path / 'out', ['A'], jpg)


def test_a_full_disk_names_where_it_was_to_be_written(tmp_path, monkeypatch):
    def fails(*_):
        raise OSError(errno.ENOSPC, 'No space left on device')

    archive = make_archive(tmp_path / 'a.zip')
    monkeypatch.setattr(preparation.shutil, 'copyfileobj', fails)
    with pytest.raises(OSError) as caught:
        unpack(archive, tmp_path / 'out', ['A'], jpg)
    assert caught.value.filename == str(tmp_path / 'out') and caught.value.errno == errno.ENOSPC
    with pytest.raises(OSError) as caught:
        fetch(archive.as_uri(), tmp_path / 'copy.zip')
    assert caught.value.filename == str(tmp_path / 'copy.zip.part')
    with pytest.raises(ConnectionError, match='nonsense cannot be fetched'):
        fetch('nonsense', tmp_path / 'copy.zip')
