"""Seeded damage: to bytes, to the structure of JSON and XML, to the cells of a list."""

import copy
import json
import math
import random
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

VALUES = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        3,
        7,
        2**31,
        2**63,
        -(2**63),
        10**400,
        0.5,
        1e-300,
        math.nan,
        math.inf,
        -math.inf,
    ),
    *(
        '',
        ' ',
        'cat',
        '7',
        'x.jpg',
        'no.jpg',
        '\0',
        '\ud800',
        '\n',
        '..',
        '../../etc/passwd',
        '/etc/passwd',
        'ä' * 300,
    ),
    *([], {}, [[]], [1], [0, 0, 1, 1], {'id': 7}, ['cat'], 'x' * 140000),
)
TOKENS = (
    *(
        b'NaN',
        b'-Infinity',
        b'1e999',
        b'null',
        b'true',
        b'""',
        b'"',
        b"'",
        b'\\',
        b'\\ud800',
        b'\0',
        b'\xff',
        b'\xfe\xff',
    ),
    *(
        b'\xef\xbb\xbf',
        b'[',
        b']',
        b'{',
        b'}',
        b'[' * 3000,
        b'9' * 5000,
        b',',
        b';',
        b'|',
        b'\t',
        b'\n',
        b'\r',
        b' ',
    ),
    *(
        b'-1',
        b'0',
        b'1',
        b'../',
        b'/',
        b'path',
        b'label',
        b'<',
        b'>',
        b'&x;',
        b'<object>',
        b'xmlns="u"',
        b'UTF-99',
    ),
    *(b'\x00\x00\x75\x30', b'\xff\xd9', b'\xff\xc0', b'IHDR', b'IDAT', 'ä٣²\u2028'.encode()),
)
CELLS = (
    *(
        '',
        ' ',
        '0',
        '1',
        '2',
        '-1',
        '+1',
        '1.0',
        '99',
        '9' * 5000,
        '²',
        '٣',
        'cat',
        'dog',
        'CAT',
        'cat|dog',
        'cat;dog',
    ),
    *(
        '"cat,dog"',
        '"',
        '""',
        "'cat'",
        '[cat]',
        "\"['cat', 'dog']\"",
        '[',
        ']',
        '["',
        'nan',
        'path',
        'label',
        'image',
    ),
    *(
        'a.jpg',
        './a.jpg',
        'sub/../a.jpg',
        '../a.jpg',
        '/etc/passwd',
        'no.jpg',
        'a.jpg/',
        '.',
        '\0',
        '\ufeff',
        '\u2028',
    ),
    *(',', ';', '|', '\t', '\r', 'x' * 131073, 'ä', '#', 'cat dog'),
)


def damage_bytes(content: bytes, rng: random.Random) -> bytes:
    """Cut, flip, insert, repeat or leave out something, once to three times."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + int(2 ** rng.uniform(0, 8)))
        before, part, after = content[:start], content[start:end], content[end:]
        flipped = bytes(byte ^ 1 << rng.randrange(8) for byte in part[:1]) + part[1:]
        token, noise = rng.choice(TOKENS), rng.randbytes(len(part))
        middle = rng.choice((None, b'', part * 2, token + part, token, noise, flipped))
        content = before if middle is None else before + middle + after
    return content


def damage_json(content: bytes, rng: random.Random) -> bytes:
    """Change, leave out, repeat or rename a value anywhere in a JSON, once or twice."""
    root = {'root': json.loads(content)}
    for _ in range(rng.randint(1, 2)):
        places = list(_places(root))
        if not places:  # the whole of it is gone
            break
        parent, key = rng.choice(places)
        action = rng.randrange(5)
        if action < 3:
            parent[key] = copy.deepcopy(rng.choice(VALUES))
        elif action == 3 and key != 'root':
            del parent[key]
        elif isinstance(parent, list):
            parent.append(copy.deepcopy(parent[key]))
        elif key != 'root':
            parent[rng.choice((key.upper(), key + 's', ''))] = parent.pop(key)
    return json.dumps(root.get('root')).encode()


def _places(node: object) -> Iterator[tuple[dict | list, str | int]]:
    """Yield (container, key) of every value in nested lists and dicts."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in items:
        yield node, key
        yield from _places(child)


def damage_xml(content: bytes, rng: random.Random) -> bytes:
    """Rename, empty, repeat, move or leave out an element, or change its namespace or the encoding."""
    root = ElementTree.fromstring(content)
    for _ in range(rng.randint(1, 2)):
        parent = rng.choice(list(root.iter()))
        child = rng.choice(list(parent)) if len(parent) else parent
        action = rng.randrange(6)
        if action == 0:
            child.tag = rng.choice(
                ('Object', 'object', 'name', 'html', '{http://u}object', '{http://u}annotation', 'x')
            )
        elif action == 1:
            child.text = rng.choice(('', None, 'cat', 'CAT', ' person ', 'unicorn', 'x' * 140000, '\ud7ff'))
        elif action == 2 and child is not parent:
            parent.remove(child)
        elif action == 3:
            parent.append(copy.deepcopy(child))
        elif action == 4:
            root = ElementTree.Element(rng.choice(('html', 'annotations', 'annotation')))
            root.append(child)
        elif action == 5:
            child.append(ElementTree.fromstring('<object><name>dog</name></object>'))
    encoding = rng.choice(('utf-8', 'utf-8', 'utf-16', 'latin-1'))
    declared = rng.choice((encoding, encoding, 'UTF-99', 'utf-7', 'utf-32', 'idna', 'zip', 'big5'))
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    return (head + ElementTree.tostring(root, encoding='unicode')).encode(encoding, 'replace')


def damage_cells(separators: str) -> Callable[[bytes, random.Random], bytes]:
    """Return what changes, adds or leaves out cells and lines of a list, or its separators and encoding."""

    def damage(content: bytes, rng: random.Random) -> bytes:
        text = content.decode()
        separator = next((mark for mark in separators if mark in text), ',')
        rows = [line.split(separator) for line in text.splitlines()]
        for _ in range(rng.randint(1, 3)):
            row, action = rng.choice(rows), rng.randrange(6)
            place = rng.randrange(len(row) + 1)
            if action < 3:  # change, insert or leave out a cell
                row[place : place + (action != 1)] = [rng.choice(CELLS)] * (action < 2)
            elif action == 3:
                rows.insert(rng.randrange(len(rows) + 1), list(row))
            elif action == 4 and len(rows) > 1:
                rows.remove(row)
            elif action == 5:
                rows.insert(0, [rng.choice(CELLS) for _ in range(rng.randint(1, 4))])
        new = rng.choice((separator, separator, separator, *separators))
        end = rng.choice(('\n', '\n', '\r\n', '\r'))
        encoding = rng.choice(('utf-8', 'utf-8', 'utf-8', 'utf-8-sig', 'utf-16', 'latin-1'))
        return end.join(new.join(row) for row in rows).encode(encoding, 'replace')

    return damage
