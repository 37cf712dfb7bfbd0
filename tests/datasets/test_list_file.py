"""List files: three forms of the same data, class names from each source, and every error."""

import re

import pytest
from mmpretrain.registry import DATASETS

from mmlongtail.datasets import text_file
from mmlongtail.datasets.list_file import ListFileDataset

EXPECTED = [('a.jpg', [0, 2]), ('sub/b.jpg', [1]), ('c.jpg', [])]
CLASSES = ['cat', 'dog', 'owl']
FORMS = {
    'names.txt': 'a.jpg owl cat\n\nsub/b.jpg\tdog  dog\nc.jpg\n',
    'indices.txt': 'a.jpg 2 0\nsub/b.jpg 1\nc.jpg',
    'mixed.csv': 'a.jpg,owl, 0\nsub/b.jpg,dog,\nc.jpg\n',
    'marks.csv': '\ufeffImage,cat,dog,owl\r\na.jpg,1,0,1\r\nsub/b.jpg,0,1,0\r\nc.jpg,0,0,0\r\n',
}


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'pictures' / 'sub').mkdir(parents=True)
    for name in ('a.jpg', 'sub/b.jpg', 'c.jpg'):
        (tmp_path / 'pictures' / name).touch()
    (tmp_path / 'classes.txt').write_text('cat\ndog\nowl\n')
    return tmp_path


def build(root, name: str, text: str, classes=None, **kwargs) -> ListFileDataset:
    (root / name).write_text(text, encoding='utf-8', newline='')
    config = {'type': 'ListFileDataset', 'ann_file': name, 'data_root': str(root), 'data_prefix': 'pictures'}
    return DATASETS.build({**config, 'classes': classes, 'serialize_data': False, **kwargs})


def labels_of(dataset) -> list[tuple[str, list[int]]]:
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert all(info['img_path'].endswith(f'/pictures/{info["img_id"]}') for info in infos)
    return [(info['img_id'], info['gt_label']) for info in infos]


@pytest.mark.parametrize('name', FORMS)
@pytest.mark.parametrize('classes', [CLASSES, 'classes.txt'])
def test_three_forms_say_the_same(root, name, classes):
    assert labels_of(build(root, name, FORMS[name], classes)) == EXPECTED


@pytest.mark.parametrize('name', ['names.txt', 'marks.csv'])
def test_classes_can_be_told_from_names(root, name):
    dataset = build(root, name, FORMS[name])
    assert dataset.metainfo['classes'] == ('cat', 'dog', 'owl') and labels_of(dataset) == EXPECTED


@pytest.mark.parametrize('name, line', [('indices.txt', 1), ('mixed.csv', 1)])
def test_classes_cannot_be_told_from_indices(root, name, line):
    with pytest.raises(ValueError, match=rf'{name}, line {line}: .*`classes` is expected'):
        build(root, name, FORMS[name])


def test_a_name_wins_over_an_index(root):
    assert labels_of(build(root, 'list.txt', 'a.jpg 1', ['1', '0', 'x'])) == [('a.jpg', [0])]


def test_quoted_names_with_commas_and_spaces(root):
    dataset = build(root, 'list.csv', 'a.jpg,"hot dog, big",cat', label_separator='')
    assert dataset.metainfo['classes'] == ('cat', 'hot dog, big')


@pytest.mark.parametrize(
    'name, text, message',
    [
        (
            'l.txt',
            'a.jpg cat\nc.jpg cta',
            r"l\.txt, line 2: unknown label 'cta', expected one of cat, dog, owl .* 0 to 2",
        ),
        ('l.txt', '\n\na.jpg 3', r"l\.txt, line 3: unknown label '3'"),
        ('l.txt', 'a.jpg -1', r"l\.txt, line 1: unknown label '-1'"),
        ('l.csv', 'a.jpg,cat;dig', r"l\.csv, line 1: unknown label 'cat;dig'"),
        ('l.csv', 'path,cat,bat\na.jpg,0,1', r"l\.csv, line 2: unknown label 'bat'"),
        ('l.csv', 'path,cat,dog\na.jpg,0,2', r"l\.csv, line 2, column 'dog': '2': 0 or 1 is expected"),
        ('l.csv', 'path,cat,dog\na.jpg,0', r"l\.csv, line 2: 1 marks \['0'\]: 2 are expected"),
        ('l.csv', 'path,cat,cat\na.jpg,0,1', r'l\.csv, line 1: .*different names'),
        ('l.txt', 'a.jpg cat\n./a.jpg dog', r'l\.txt: each image is expected once, listed twice: a\.jpg'),
        ('l.txt', '\n', r'l\.txt: no image'),
        ('l.csv', 'a.jpg,cat\n,dog', r'l\.csv, line 2: the path of an image is expected first'),
        ('l.csv', 'a.jpg,cat\nc.jpg,"dog', r'l\.csv, line 2: .*unexpected end of data'),
        ('l.csv', f'a.jpg,{"x" * 131073}', r'l\.csv, line 1: .*field larger than field limit \(131072\)'),
        ('l.csv', 'photo,kind\na.jpg,cat', r"l\.csv, line 1: 'photo' looks like a header: .*path, img_path"),
        (
            'l.csv',
            'a.jpg,1,0,1\nc.jpg,0,1,0',
            r'l\.csv: 3 labels 0 or 1 in each line: .*path,<class>,<class>',
        ),
        ('l.csv', 'path\na.jpg', r'l\.csv, line 1: columns \[\]: different names'),
    ],
)
def test_bad_lines_are_named(root, name, text, message):
    with pytest.raises(ValueError, match=message):
        build(root, name, text, CLASSES)


@pytest.mark.parametrize('end', ['\n', '\r\n'])
@pytest.mark.parametrize('header', ['path,labels', ''])
@pytest.mark.parametrize(
    'broken, message',
    [
        ('a.jpg,cat|cow', "unknown label 'cat|cow'"),
        ('a.jpg,3', "unknown label '3'"),
        ('a.jpg,"cat', 'unexpected end of data'),
        (',cat', 'the path of an image is expected first'),
    ],
)
def test_a_broken_line_in_the_middle_is_named(root, monkeypatch, end, header, broken, message):
    monkeypatch.setattr(text_file, 'AT_ONCE', 100)  # characters, so that a block is a few lines
    lines = [header, *(f'no {k}.jpg,dog' for k in range(40)), broken, *(f'n {k}.jpg,dog' for k in range(40))]
    with pytest.raises(ValueError, match=rf'l\.csv, line 42: .*{re.escape(message)}'):
        build(root, 'l.csv', end.join(lines), CLASSES)


@pytest.mark.parametrize('end', ['\n', '\r\n'])
@pytest.mark.parametrize('name', ['wide  name.jpg', '日本/ü.jpg', "it's.jpg", 'no suffix'])
def test_one_line_of_a_relative_root(root, monkeypatch, name, end):
    monkeypatch.chdir(root.parent)
    path = root / 'pictures' / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    (root / 'l.csv').write_text(f'{name},cat | owl{end}', encoding='utf-8', newline='')
    dataset = ListFileDataset('l.csv', data_root=root.name, data_prefix='pictures', classes=CLASSES)
    assert labels_of(dataset) == [(name, [0, 2])]


def test_bars_in_names_of_classes(root):
    names = ['cat|owl', 'cat', 'owl', '[cat', 'owl]']
    text = 'path,labels\na.jpg,cat|owl\nc.jpg,owl|cat\nsub/b.jpg,[cat|owl]'
    known = labels_of(build(root, 'l.csv', text.replace('\nsub/b.jpg,[cat|owl]', ''), names))
    assert known == [('a.jpg', [0]), ('c.jpg', [1, 2])]
    assert [label for _, label in labels_of(build(root, 'l.csv', text, names))] == [[0], [1, 2], [0]]
    bars = labels_of(build(root, 'l.csv', 'a.jpg,cat||owl|\nc.jpg,|', names[1:3]))
    assert bars == [('a.jpg', [0, 1]), ('c.jpg', [])]


@pytest.mark.parametrize('indices', [2, -1, [2, 0]])
def test_some_images_of_a_list(root, indices):
    dataset = build(root, 'names.txt', FORMS['names.txt'], indices=indices)
    expected = (
        EXPECTED[:2] if indices == 2 else EXPECTED[-1:] if indices == -1 else [EXPECTED[2], EXPECTED[0]]
    )
    assert labels_of(dataset) == expected


def test_missing_files_are_named(root):
    with pytest.raises(FileNotFoundError, match=r'1 of 2 images are missing: .*pictures/no\.jpg'):
        build(root, 'l.txt', 'a.jpg cat\nno.jpg cat', CLASSES)
    with pytest.raises(FileNotFoundError, match=r'none\.txt is missing: a list of class names'):
        build(root, 'l.txt', 'a.jpg cat', 'none.txt')
    with pytest.raises(FileNotFoundError, match=r'none\.csv is missing: a list of images'):
        ListFileDataset('none.csv', data_root=str(root), classes=CLASSES)


def test_repeated_class_is_named(root):
    (root / 'twice.txt').write_text('cat\ndog\n\ncat')
    with pytest.raises(
        ValueError, match=r"twice\.txt, line 4: 'cat' is the class of line 1: .*all different"
    ):
        build(root, 'l.txt', 'a.jpg cat', 'twice.txt')
    (root / 'empty.txt').touch()
    with pytest.raises(ValueError, match=r'empty\.txt is empty: a class name on each line'):
        build(root, 'l.txt', 'a.jpg cat', 'empty.txt')
    with pytest.raises(ValueError, match=r'l\.txt has no label in it: names of classes are expected'):
        build(root, 'l.txt', 'a.jpg')
    with pytest.raises(ValueError, match='all different'):
        build(root, 'l.txt', 'a.jpg cat', ['cat', 'cat'])


@pytest.mark.parametrize('between', [',', ';', '|', '\t'])
@pytest.mark.parametrize('suffix', ['.csv', '.CSV', '.txt'])
def test_separators_are_detected(root, between, suffix):
    text = 'a.jpg,owl,cat\nsub/b.jpg,dog\nc.jpg'.replace(',', between)
    assert labels_of(build(root, f'list{suffix}', text)) == EXPECTED
    assert labels_of(build(root, f'list{suffix}', text, separator=between)) == EXPECTED


@pytest.mark.parametrize('header', ['path,label', 'Image Index,Labels', 'image;tags', 'filename|class'])
@pytest.mark.parametrize('classes', [CLASSES, None])
@pytest.mark.parametrize(
    'cell', ['owl|cat', 'owl; cat', "\"['owl', 'cat']\"", '"[""owl"", ""cat""]"', '[owl]']
)
def test_header_of_labels_and_several_in_a_cell(root, header, classes, cell):
    between = next(mark for mark in ',;|' if mark in header)
    if between in cell and '"' not in cell:
        cell = f'"{cell}"'
    rows = [header, f'a.jpg{between}{cell}', f'sub/b.jpg{between}dog', f'c.jpg{between}cat']
    dataset = build(root, 'list.csv', '\n'.join(rows), classes)
    assert dataset.metainfo['classes'] == tuple(CLASSES)
    first = [2] if cell == '[owl]' else [0, 2]
    assert labels_of(dataset) == [('a.jpg', first), ('sub/b.jpg', [1]), ('c.jpg', [0])]


def test_a_comma_in_a_cell_is_a_list_only_where_all_parts_are_known(root):
    text = 'path,label\na.jpg,"owl,cat"\nsub/b.jpg,dog\nc.jpg,'
    assert labels_of(build(root, 'list.csv', text, CLASSES)) == EXPECTED
    assert labels_of(build(root, 'list.csv', text, label_separator=',')) == EXPECTED
    with pytest.raises(
        ValueError, match=r"list\.csv, line 2: 'owl,cat': one name or a list.*label_separator"
    ):
        build(root, 'list.csv', text)
    known = ['cat', 'owl,cat', 'dog', 'owl']
    assert labels_of(build(root, 'list.csv', text, known)) == [
        ('a.jpg', [1]),
        ('sub/b.jpg', [2]),
        ('c.jpg', []),
    ]


def test_a_column_called_label_is_no_class(root):
    text = 'image,label\na.jpg,1\nc.jpg,0'
    with pytest.raises(ValueError, match=r"list\.csv, line 2: labels \['1'\] have an index, so `classes` is"):
        build(root, 'list.csv', text)
    assert labels_of(build(root, 'list.csv', text, ['no', 'yes'])) == [('a.jpg', [1]), ('c.jpg', [0])]
    assert labels_of(build(root, 'list.csv', text, ['label'])) == [('a.jpg', [0]), ('c.jpg', [])]


def test_unknown_separator_is_named(root):
    with pytest.raises(ValueError, match=r"separator=':': None or one of \(','"):
        build(root, 'l.txt', 'a.jpg cat', separator=':')


def test_paths_that_leave_the_root_need_a_switch(root):
    (root.parent / 'out.jpg').touch()
    text = 'a.jpg cat\n../../out.jpg dog'
    with pytest.raises(ValueError, match=r"l\.txt: '.*/out\.jpg' is outside .*: .*allow_outside_root=True"):
        build(root, 'l.txt', text)
    assert len(build(root, 'l.txt', text, allow_outside_root=True)) == 2
