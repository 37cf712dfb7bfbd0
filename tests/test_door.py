"""What the rooms of the package export: all that they register, under the names that they say."""

from importlib import import_module

import pytest
from mmpretrain import registry

ROOMS = ('apis', 'datasets', 'engine', 'evaluation', 'models', 'structures')
REGISTRIES = [value for value in vars(registry).values() if isinstance(value, registry.MODELS.__class__)]


@pytest.mark.parametrize('room', ROOMS)
def test_every_exported_name_is_there_once(room):
    module = import_module(f'mmlongtail.{room}')
    assert module.__doc__ and len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize('room', ['datasets', 'engine', 'evaluation', 'models'])
def test_every_registered_component_is_exported(room):
    module, found = import_module(f'mmlongtail.{room}'), 0
    for components in REGISTRIES:
        for name, component in components.module_dict.items():
            if component.__module__.startswith(f'mmlongtail.{room}.'):
                found += 1
                assert component.__name__ in module.__all__, f'{name} is not exported'
    assert found
