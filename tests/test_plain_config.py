"""A config text inside a checkpoint is data, or is refused; the refused ones are shown to be live."""

import sys

import pytest
from mmengine.config import Config

from mmlongtail.plain_config import check_config_text, literal_config, registered

HARM = 'open({!r}, "w")'


def live_texts(folder, monkeypatch) -> dict[str, str]:
    """Config texts that make the file ``harm`` when MMEngine reads them."""
    harm = HARM.format(str(folder / 'harm'))
    (folder / 'base.py').write_text(harm)
    (folder / 'module_of_a_stranger.py').write_text(harm)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, 'module_of_a_stranger', raising=False)
    return dict(
        call=f'x = {harm}',
        statement=harm,
        nested=f'x = dict(a=[1, ({harm}, 2)])',
        key=f'x = {{{harm}: 1}}',
        unpacked=f'x = dict(**{harm})',
        first=f'x = dict({harm})',
        comprehension=f'x = [i for i in {harm}]',
        formatted=f'x = f"""{{{harm}}}"""',
        target=f'({harm}).x = 1',
        decorated=f'@{harm}\nclass A: pass',
        default=f'def f(x={harm}): pass',
        base=f'_base_ = {str(folder / "base.py")!r}',
        imports="custom_imports = dict(imports=['module_of_a_stranger'])",
        one_import="custom_imports = dict(imports='module_of_a_stranger')",
        template="x = '{{$NOBODY_SETS_IT:'+str(" + harm.replace(', ', ',') + ")+'}}'",
        carriage_return=f'x = 1  #\r{harm}',
    )


NAMES = (
    'call statement nested key unpacked first comprehension formatted target decorated default base imports '
    'one_import template carriage_return'
).split()


def test_all_are_tried(tmp_path, monkeypatch):
    assert list(live_texts(tmp_path, monkeypatch)) == NAMES


@pytest.mark.parametrize('name', NAMES)
def test_a_live_text_is_refused(tmp_path, monkeypatch, name):
    text = live_texts(tmp_path, monkeypatch)[name]
    with pytest.raises(ValueError, match='^its? '):
        check_config_text(text)
    assert not (tmp_path / 'harm').exists()
    try:
        Config.fromstring(text, '.py')
    except Exception:  # some fail after the harm
        pass
    assert (tmp_path / 'harm').exists()


@pytest.mark.parametrize(
    ('text', 'named'),
    [
        ("model = dict(head=[dict(type='os.system', command='ls')])", r"type='os.system' is not registered"),
        ("model = dict(type='mmengine.load', file='x.pkl')", r"type='mmengine.load' is not registered"),
        ("x = dict(type='antigravity')", r"type='antigravity' is not registered"),
        ("default_scope = 'this'", r"default_scope='this' is not registered"),
        ("x = dict(_scope_='this')", r"_scope_='this' is not registered"),
        ('custom_imports = dict(imports=[1])', 'are no list of modules'),
        ('custom_imports = [1]', 'are no list of modules'),
        ("custom_imports = dict(imports=['.this'])", r"import '.this'"),
        (7, 'no plain text'),
        ('x =', 'cannot be read as data: SyntaxError'),
        ('x = {[]: 1}', 'cannot be read as data: TypeError'),
        ('x = ' + '(' * 5000, 'cannot be read as data'),
        ('x = ' + '-' * 100000 + '1', 'cannot be read as data'),
        ('x = y', "line 1 has 'y', which is no data"),
        ('a = 1\nx: int = 3', 'line 2 is no assignment'),
        ('x = y = 1', 'line 1 is no assignment'),
    ],
)
def test_the_reason_is_said(text, named):
    with pytest.raises(ValueError, match=named):
        check_config_text(text)


CONFIG = dict(
    custom_imports=dict(imports=['mmlongtail'], allow_failed_imports=False),
    default_scope='mmpretrain',
    model=dict(type='mmpretrain.ImageClassifier', backbone=dict(type='LeNet5'), head=None),
    optim_wrapper=dict(
        optimizer=dict(type='SGD', lr=1e-4), paramwise_cfg=dict(custom_keys={'a.b': dict(lr_mult=0)})
    ),
    data_preprocessor=dict(mean=[-1.5, 2], names=('a', "it's", '{ }', 'é\n'), pad=(1,), nothing=()),
    visualizer=dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')]),
    augments=[dict(type='Mixup', alpha=1.0)],
)


def test_a_dumped_config_is_taken_and_read_as_mmengine_reads_it():
    text = Config(CONFIG).pretty_text
    check_config_text(text)
    assert literal_config(text) == Config.fromstring(text, '.py').to_dict() == CONFIG
    assert text.startswith('augments') and literal_config('') == {}


def test_what_is_registered():
    names, scopes = registered()
    assert {'mmpretrain', 'mmengine'} <= scopes
    assert {'CIFAR10LT', 'mmpretrain.CIFAR10LT', 'SGD', 'mmengine.SGD', 'BatchRandomCrop', 'Kaiming'} <= names
