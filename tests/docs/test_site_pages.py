"""What the docs site is made of: every page is in its navigation, and no link of the repository's pages is dead."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def site():
    spec = importlib.util.spec_from_file_location('site_pages', ROOT / 'docs' / 'site_pages.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def leaves(nav) -> list[str]:
    """The pages of a navigation, from top to bottom."""
    if isinstance(nav, str):
        return [nav]
    return [page for part in (nav.values() if isinstance(nav, dict) else nav) for page in leaves(part)]


def test_every_page_is_in_the_navigation_once(site):
    nav = leaves(yaml.safe_load((ROOT / 'mkdocs.yml').read_text())['nav'])
    assert sorted(nav) == sorted([*site.pages().values(), 'components.md'])


def test_links_lead_to_pages(site):
    there = {*site.pages().values(), *site.images()}
    for source, page in site.pages().items():
        text = site.with_links((ROOT / source).read_text(), source)
        for _, _, target in site.LINK.findall(text):
            if not re.match(r'\w+:|#', target):
                path = (ROOT / page).parent / target.partition('#')[0]
                assert str(path.resolve().relative_to(ROOT)) in there, f'{source}: {target}'


def test_a_link_to_code_is_its_name(site):
    text = '[`A`](../../setup.py), [b](../pg/README.md#c), ![d](curves.png), [e](#f), [g](https://h.i)'
    assert site.with_links(text, 'configs/pg/README.md') == (
        '`A`, [b](pg.md#c), ![d](configs_pg_curves.png), [e](#f), [g](https://h.i)'
    )
    with pytest.raises(FileNotFoundError, match=r'docs/index\.md links to docs/none\.md, which is not there'):
        site.with_links('[a](none.md)', 'docs/index.md')


def test_components_are_the_exported_ones(site):
    page = site.components()
    for name in (
        'ClassAwareSampler',
        'DistributionBalancedLoss',
        'average_precision',
        'ClassGroups',
        'GroupReport',
    ):
        assert f'| `{name}` | ' in page
    assert '_average_precision' not in page
