"""Whether the config text inside a checkpoint is data alone, so that it may be read as a config."""

import ast
import sys
from collections.abc import Iterator
from typing import Any

import mmengine.registry
import mmpretrain.registry
from mmengine.registry import Registry

SCOPE_KEYS = ('_scope_', 'default_scope')


def check_config_text(text: str) -> None:
    """Refuse a config text that could run anything when MMEngine reads it and builds from it.

    It may hold assignments of literals and of ``dict(...)``, as MMEngine's dumped configs do. Beyond statements and
    calls, MMEngine's reader would run what ``_base_`` and ``custom_imports`` name and paste the contents of ``{{ }}``
    into the program, and its registries import what ``type`` names.

    Args:
        text: A Python config.

    Raises:
        ValueError: If there is anything else in it, a base, a module that is not imported already, or a component or
            scope that is not registered.
    """
    config = literal_config(text)
    if '_base_' in config:
        raise ValueError('it has a _base_')
    for module in custom_imports(config):
        if module not in sys.modules:
            raise ValueError(f'it wants to import {module!r}')
    names, scopes = registered()
    for key, value in components(config):
        if value not in (scopes if key in SCOPE_KEYS else names):
            raise ValueError(f'its {key}={value!r} is not registered')


def literal_config(text: str) -> dict[str, Any]:
    """Read a dumped config without running it.

    Raises:
        ValueError: If it is no text or has anything but assignments of literals and ``dict(...)``.
    """
    if not isinstance(text, str) or '{{' in text or '\r' in text:
        raise ValueError('it is no plain text')
    try:
        return dict(map(_assignment, ast.parse(text).body))
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f'it cannot be read as data: {error!r}') from error


def _assignment(statement: ast.stmt) -> tuple[str, Any]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, _literal(value)
    raise ValueError(f'its line {statement.lineno} is no assignment of plain data')


def _literal(node: ast.expr) -> Any:
    match node:
        case ast.Call(func=ast.Name(id='dict'), args=[], keywords=keywords) if all(k.arg for k in keywords):
            return {k.arg: _literal(k.value) for k in keywords}
        case ast.Call(func=ast.Name(id='dict'), args=[ast.Dict() as mapping], keywords=[]):
            return _literal(mapping)
        case ast.Dict(keys=keys, values=values) if all(keys):
            return {_literal(key): _literal(value) for key, value in zip(keys, values)}
        case ast.List(elts=items):
            return [_literal(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(map(_literal, items))
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f'its line {node.lineno} has {ast.unparse(node)[:80]!r}, which is no data') from None


def custom_imports(config: dict[str, Any]) -> list[str]:
    """The modules that a config asks MMEngine to import.

    Raises:
        ValueError: If they are no list of names.
    """
    wish = config.get('custom_imports') or {}
    modules = wish.get('imports') or [] if isinstance(wish, dict) else [wish]
    modules = [modules] if isinstance(modules, str) else modules
    if not isinstance(modules, (list, tuple)) or not all(isinstance(module, str) for module in modules):
        raise ValueError(f'its custom_imports={wish!r} are no list of modules')
    return modules


def components(node: Any) -> Iterator[tuple[str, str]]:
    """Every ``type`` and scope in a nested config."""
    if isinstance(node, dict):
        yield from ((key, node[key]) for key in ('type', *SCOPE_KEYS) if isinstance(node.get(key), str))
    if isinstance(node, (dict, list, tuple)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from components(child)


def registered() -> tuple[set[str], set[str]]:
    """Names of all components, with and without their scopes, and the scopes."""
    modules = (mmengine.registry, mmpretrain.registry)  # the second has kinds that the first lacks
    roots = [value for module in modules for value in vars(module).values() if isinstance(value, Registry)]
    registries = [registry for root in roots for registry in (root, *root.children.values())]
    for registry in registries:
        registry.import_from_location()  # the host imports its parts when they are first asked for
    names = {(registry.scope, name) for registry in registries for name in registry.module_dict}
    with_scopes = {f'{scope}.{name}' for scope, name in names}
    return with_scopes | {name for _, name in names}, {registry.scope for registry in registries}
