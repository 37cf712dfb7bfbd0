"""COCO-style JSON files, checked as they are read: what is wrong is named by part, index and field."""

import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from .text_file import NOT_TEXT, read_json, short

WHAT = 'a COCO-style JSON with images, annotations and categories'
Id = int | str
Check = tuple[Callable[[Any], bool], str]


def is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not NOT_TEXT.search(value)


def is_id(value: Any) -> bool:
    return -(2**63) <= value < 2**63 if type(value) is int else is_name(value)  # a bool is an int, too


def is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max  # not so for NaN


def is_box(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(map(is_number, value))


def is_flag(value: Any) -> bool:
    return type(value) in (bool, int) and value in (0, 1)


ID: Check = is_id, 'a whole number of at most 64 bits or a text'
NAME: Check = is_name, 'a text'
FIELDS: dict[str, dict[str, Check]] = {
    'images': {'id': ID, 'file_name': NAME},
    'categories': {'id': ID, 'name': NAME},
    'annotations': {
        'id': ID,
        'image_id': ID,
        'category_id': ID,
        'bbox': (is_box, 'a list of four finite numbers'),
        'area': (is_number, 'a finite number'),
        'ignore': (is_flag, '0 or 1'),
    },
}
REFERENCES = {'image_id': 'images', 'category_id': 'categories'}
OPTIONAL = ('bbox', 'area', 'ignore')


@dataclass(frozen=True)
class CocoFile:
    """What a COCO-style JSON says.

    Args:
        images: The image entries by their ids, in the file's order.
        categories: The category entries by their ids, in the order of the ids.
        annotations: The annotations of each image that has any, by the image's id.
    """

    images: dict[Id, dict]
    categories: dict[Id, dict]
    annotations: dict[Id, list[dict]]


def read_coco(path: str, optional: Collection[str] = OPTIONAL) -> CocoFile:
    """Read a COCO-style JSON; fields that labels do not depend on are not looked at.

    Args:
        path: The file.
        optional: Fields that an entry may lack.

    Raises:
        FileNotFoundError: If it is missing.
        ValueError: If it is not JSON, lacks a part or a field, a value is not what is expected of its field, an id is
            there twice, or an annotation is of an image or category that is not there.
    """
    content = read_json(path, WHAT)
    if not isinstance(content, dict):
        raise ValueError(f'{path} holds a {type(content).__name__}: {WHAT} is expected')
    parts = {part: dict(_entries(path, content, part, optional)) for part in FIELDS}
    annotations: dict[Id, list[dict]] = {}
    for index, annotation in enumerate(parts['annotations'].values()):
        for field, part in REFERENCES.items():
            if annotation[field] not in parts[part]:
                expected = f'one of the {len(parts[part])} ids of {part}'
                raise _wrong(path, 'annotations', index, annotation, field, expected)
        annotations.setdefault(annotation['image_id'], []).append(annotation)
    categories = sorted(parts['categories'].items(), key=lambda item: (isinstance(item[0], str), item[0]))
    return CocoFile(parts['images'], dict(categories), annotations)


def _entries(path: str, content: dict, part: str, optional: Collection[str]) -> Iterator[tuple[Id, dict]]:
    """Yield (id, entry) of a part, each checked."""
    if part not in content:
        raise ValueError(f'{path} has no {part!r}: {WHAT} is expected')
    if not isinstance(content[part], list):
        raise ValueError(f'{path}: {part}={short(content[part])}: a list is expected')
    indices: dict[Id, int] = {}
    for index, entry in enumerate(content[part]):
        if not isinstance(entry, dict):
            raise ValueError(f'{path}: {part}[{index}] is {short(entry)}: an object is expected')
        for field, (is_right, expected) in FIELDS[part].items():
            if field not in entry:
                if field not in optional:
                    raise ValueError(f'{path}: {part}[{index}] has no {field!r}: {expected} is expected')
            elif not is_right(entry[field]):
                raise _wrong(path, part, index, entry, field, expected)
        first = indices.setdefault(entry['id'], index)
        if first < index:
            raise _wrong(path, part, index, entry, 'id', f'another id than that of {part}[{first}]')
        yield entry['id'], entry


def _wrong(path: str, part: str, index: int, entry: dict, field: str, expected: str) -> ValueError:
    known = '' if field == 'id' else f' (id {short(entry.get("id"))})'
    return ValueError(
        f'{path}: {part}[{index}]{known}, {field}={short(entry[field])}: {expected} is expected'
    )
