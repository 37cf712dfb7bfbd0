"""What the site has beside ``docs/*.md``: READMEs of the methods, with links that work there, and the components."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'projects' / 'mmlongtail'
LINK = re.compile(r'(!?)\[([^\]\[]*)\]\(([^)\s]+)\)')
ROOMS = ('structures', 'datasets', 'models', 'engine', 'evaluation', 'apis')


def pages() -> dict[str, str]:
    """The page of each file of the repository that the site shows, by its path."""
    found = {f'docs/{path.name}': path.name for path in (ROOT / 'docs').glob('*.md')}
    for path in sorted((ROOT / 'configs').rglob('README.md')):
        name = '_'.join(path.parent.relative_to(ROOT / 'configs').parts)
        found[str(path.relative_to(ROOT))] = f'methods/{name}.md'
    found['projects/mmlongtail/models/batch_augments/README.md'] = 'methods/batch_augments.md'
    return found | {
        'CHANGELOG.md': 'changelog.md',
        'CONTRIBUTING.md': 'contributing.md',
        'data/README.md': 'data.md',
    }


def with_links(text: str, source: str) -> str:
    """The text of a file whose links lead to the site's pages; one to another file of the repository is its name."""
    known = pages()
    here = os.path.dirname(known[source])

    def link(match: re.Match) -> str:
        mark, label, target = match.groups()
        if re.match(r'\w+:', target) or target.startswith('#'):
            return match.group()
        path, _, anchor = target.partition('#')
        path = os.path.normpath(os.path.join(os.path.dirname(source), path))
        if not (ROOT / path).exists():
            raise FileNotFoundError(f'{source} links to {path}, which is not there')
        if path in known or mark:
            there = known.get(path) or f'methods/{path.replace("/", "_")}'
            return f'{mark}[{label}]({os.path.relpath(there, here or ".")}{anchor and "#"}{anchor})'
        return label

    return LINK.sub(link, text)


def images() -> dict[str, str]:
    """Figures of the methods, by their place on the site."""
    return {
        f'methods/{str(path.relative_to(ROOT)).replace("/", "_")}': str(path)
        for path in (ROOT / 'configs').rglob('*.png')
    }


def components() -> str:
    """A page of all exported names, each with the first line of its docstring."""
    lines = ['# Components', '', 'What each room of `mmlongtail` exports; the docstrings say more.']
    for room in ROOMS:
        lines += ['', f'## mmlongtail.{room}', '', '| name | what it is |', '|---|---|']
        exported = sorted(exported_names(PACKAGE / room))
        described = descriptions(PACKAGE / room)
        lines += [f'| `{name}` | {described[name]} |' for name in exported if name in described]
    return '\n'.join(lines)


def exported_names(room: Path) -> set[str]:
    """All that ``__all__`` of a room and the rooms in it name."""
    found: set[str] = set()
    for path in room.rglob('__init__.py'):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '__all__':
                found |= {each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)}
    return found


def descriptions(room: Path) -> dict[str, str]:
    """First paragraph of the docstring of each class and function, fit for a table."""
    kinds, found = (ast.ClassDef, ast.FunctionDef), {}
    for path in sorted(room.rglob('*.py')):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, kinds) and (text := ast.get_docstring(node)):
                found[node.name] = ' '.join(text.split('\n\n')[0].split()).replace('|', r'\|')
    return found


def on_files(files, config):
    """Add the pages that are made of other files."""
    from mkdocs.structure.files import File

    for source, page in pages().items():
        if not source.startswith('docs/'):
            files.append(
                File.generated(config, page, content=with_links((ROOT / source).read_text(), source))
            )
    for place, path in images().items():
        files.append(File.generated(config, place, abs_src_path=path))
    files.append(File.generated(config, 'components.md', content=components()))
    return files


def on_page_markdown(markdown, page, **_):
    """Lead the links of ``docs/*.md`` to where their targets are on the site."""
    source = f'docs/{page.file.src_uri}'
    return with_links(markdown, source) if page.file.generated_by is None else markdown
