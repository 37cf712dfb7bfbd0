"""The checks themselves, and a small part of ``tests/faults/fuzz_config_values.py``."""

import doctest
import random
import re
import runpy
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS

from mmlongtail.structures import checks

NAN, INF = float('nan'), float('inf')
FUZZ = runpy.run_path(str(Path(__file__).parents[1] / 'faults' / 'fuzz_config_values.py'))


@pytest.mark.parametrize(
    'value', [0, -2, 1.5, Fraction(1, 3), 10**6, 3e38, np.float32(0.5), np.int8(3), 2**63 - 1]
)
def test_numbers_pass_as_they_are(value):
    found = checks.number('x', value)
    assert found == value and not isinstance(found, np.generic)


@pytest.mark.parametrize(
    'value',
    [
        NAN,
        INF,
        -INF,
        np.float32('nan'),
        1e39,
        2**63,
        True,
        np.True_,
        '1',
        '',
        None,
        [1],
        {},
        1j,
        np.ones(1),
        1 + 0j,
    ],
)
def test_what_is_no_number(value):
    with pytest.raises(ValueError, match='^x is .+, expected a finite number'):
        checks.number('x', value)


@pytest.mark.parametrize('value', [1.0, 1.5, np.float64(2), Fraction(2), 0, True, '3', None, NAN, 2**63])
def test_what_is_no_whole_number_from_1(value):
    with pytest.raises(ValueError, match='^x is .+, expected a whole number'):
        checks.whole('x', value)


@pytest.mark.parametrize(
    ('bounds', 'inside', 'outside', 'words'),
    [
        (dict(above=0), [1e-30, 1], [0, -1], '> 0'),
        (dict(at_least=0), [0, 0.0, 1], [-1e-30], '>= 0'),
        (dict(at_least=0, below=1), [0, 0.9999], [1, -0.1], '>= 0 and < 1'),
        (dict(above=0, at_most=1), [0.5, 1], [0, 1.01], '> 0 and <= 1'),
        (dict(at_least=-1, at_most=3, integer=True), [-1, 3], [-2, 4], '>= -1 and <= 3'),
    ],
)
def test_bounds(bounds, inside, outside, words):
    for value in inside:
        assert checks.number('x', value, **bounds) == value
    for value in [*outside, NAN]:
        with pytest.raises(ValueError, match=rf'^x is {value}, expected .*number {words}$'):
            checks.number('x', value, **bounds)


def test_none_where_it_is_allowed():
    assert checks.number('x', None, optional=True) is None
    assert checks.text('x', None, optional=True) is None
    assert checks.config('x', None, MODELS, optional=True) is None
    with pytest.raises(ValueError, match='^x is 0, expected a whole number >= 1 or None$'):
        checks.whole('x', 0, optional=True)


@pytest.mark.parametrize(
    ('check', 'good', 'bad', 'words'),
    [
        (checks.share, [0, 1, 0.5], [-0.1, 1.1], 'a finite number >= 0 and <= 1'),
        (checks.flag, [True, False, np.True_], [0, 1, 'False', None, []], 'True or False'),
        (checks.text, ['a'], ['', 1, None, b'a', ['a']], 'text'),
        (
            partial(checks.choice, options=('a', 1, None)),
            ['a', 1, None],
            ['b', True, 1.0, [], NAN],
            r"one of \['a', 1",
        ),
        (
            partial(checks.config, registry=MODELS),
            [dict(type='ResNet'), dict(type=dict)],
            [{}, dict(type='Nothing'), dict(type=''), dict(type=3), 'ResNet', None, []],
            "a dict with the 'type'",
        ),
    ],
)
def test_other_checks(check, good, bad, words):
    for value in good:
        assert check('x', value) == value
    for value in bad:
        with pytest.raises(ValueError, match=rf'^x is {re.escape(repr(value))}, expected {words}'):
            check('x', value)


def test_sequences():
    pairs = partial(checks.sequence, of=checks.whole, length=2)
    for value in ([1, 2], (1, 2), np.array([1, 2]), range(1, 3)):
        assert pairs('x', value) == (1, 2)
    assert checks.sequence('x', [], checks.whole) == ()
    for value in ('ab', 3, None, np.array(3), {1, 2}, {1: 2}, [1], [1, 2, 3], NAN):
        with pytest.raises(ValueError, match=r'^x is .+, expected a list of 2$'):
            pairs('x', value)
    with pytest.raises(ValueError, match=r'^x is \[\], expected a list of 1 or more$'):
        checks.sequence('x', [], checks.whole, at_least=1)
    with pytest.raises(ValueError, match=r'^x\[1\] is nan, expected a whole number >= 1$'):
        pairs('x', [1, NAN])


def test_mappings():
    of = partial(checks.mapping, of=checks.number, keys='ab')
    assert of('x', dict(b=1, a=2)) == dict(a=2, b=1)
    for value in (dict(a=1), dict(a=1, b=2, c=3), [1, 2], None, 'ab'):
        with pytest.raises(ValueError, match=r"^x is .+, expected a dict with \['a', 'b'\]$"):
            of('x', value)
    with pytest.raises(ValueError, match=r"^x\['b'\] is 'c', expected a finite number$"):
        of('x', dict(a=1, b='c'))


@pytest.mark.parametrize('value', [[3, 0], (3, 0), np.array([3, 0]), torch.tensor([3, 0])])
def test_counts(value):
    found = checks.counts('x', value, at_most=3)
    assert found.dtype == np.int64 and found.tolist() == [3, 0]
    with pytest.raises(ValueError, match=r'^x\[0\] is 3, expected a whole number >= 0 and <= 2$'):
        checks.counts('x', value, at_most=2)


@pytest.mark.parametrize('value', [3, None, 'abc', [1.5], [NAN], [[1], [2]], [True], torch.tensor(3), [-1]])
def test_bad_counts(value):
    with pytest.raises(ValueError, match=r'^x(\[0\])? is .+, expected a '):
        checks.counts('x', value)


def test_a_long_value_is_shortened():
    with pytest.raises(ValueError) as error:
        checks.flag('x', list(range(10**5)))
    assert len(str(error.value)) < 100


def test_the_example():
    assert doctest.testmod(checks).failed == 0


def test_every_component_is_fuzzed_or_needs_files():
    known = {cls.__name__ for cls in FUZZ['components']()}
    assert not set(FUZZ['NEEDED']) - known


def test_nonsense_in_configs_is_named():
    slow = (
        'EfficientNetLite',
        'ResNet10',
        'DistilledClassifier',
        'MultiBranchClassifier',
        'MultiExpertClassifier',
    )
    trials = [trial for trial in FUZZ['trials']() if trial[0].__name__ not in slow]
    for cls, registry, name, value in random.Random(0).sample(trials, 200):
        found = FUZZ['outcome'](cls, registry, name, value)
        assert found in ('named', 'fine'), f'{cls.__name__}.{name}={value!r}: {found}'
