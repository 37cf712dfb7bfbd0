"""The tool as a user calls it, on a real run and on two experts."""

import numpy as np
import pytest

from mmlongtail.analysis.peers import class_divergences, load_peers, score_test_set
from mmlongtail.visualization import classifier_figures, peer_figures


@pytest.fixture
def draw(call):
    return lambda *arguments: call('ncl_figures.py', *arguments, '--device', 'cpu')


@pytest.fixture
def drawn(monkeypatch):
    """What the tool gives to the drawing functions."""
    given = {}

    def record(module, name):
        draw = getattr(module, name)

        def recording(*args, **kwargs):
            given[name] = args, kwargs
            return draw(*args, **kwargs)

        monkeypatch.setattr(module, name, recording)

    record(peer_figures, 'divergence_figure')
    record(peer_figures, 'hardest_negative_figure')
    record(classifier_figures, 'score_figure')
    return given


@pytest.fixture
def plain_files(finished_single_label_run):
    return finished_single_label_run / 'single.py', finished_single_label_run / 'epoch_2.pth'


@pytest.fixture
def runs(plain_files, expert_files):
    """Three names: one model, two experts, and all three as if they were independent."""
    one, two = (f'{config}:{checkpoint}' for config, checkpoint in (plain_files, expert_files))
    return [f'CE={one}', f'NCL++={two}', f'all={two},{one}']


def test_divergences_before_and_after(draw, drawn, runs, plain_files, expert_files, tmp_path, capsys):
    out = tmp_path / 'new' / 'kl.png'
    draw('kl', *runs, '--copies', 2, '--out', out)
    assert out.read_bytes()[:4] == b'\x89PNG'
    (values, statistics), groups = drawn['divergence_figure']
    assert statistics.class_counts.tolist() == [8, 2, 2] and groups['groups'].names == (
        'many',
        'medium',
        'few',
    )
    assert groups['groups'].edges == (3, 9)
    assert [list(run) for run in values.values()] == [
        ['copies'],
        ['experts', 'copies'],
        ['experts', 'copies'],
    ]
    np.testing.assert_allclose(values['CE']['copies'], 0, atol=1e-9)  # its pipeline is not random
    for name, files in (('NCL++', [expert_files]), ('all', [expert_files, plain_files])):
        for kind, expected in class_divergences(load_peers(files), copies=2).items():
            np.testing.assert_allclose(values[name][kind], expected)
    printed = capsys.readouterr().out
    mean = values['NCL++']['experts'].mean()
    assert f'| NCL++ | experts | {mean:.4f} | – |' in printed and printed.endswith(f'{out} written\n')


def test_the_seed_makes_the_copies(draw, drawn, expert_files, tmp_path):
    run = 'A={}:{}'.format(*expert_files)
    augment = 'model.data_preprocessor.augments.0'
    crops = [f'{augment}.type=BatchRandomCrop', f'{augment}.padding=8']
    found = []
    for seed in (0, 0, 1):
        draw('kl', run, '--seed', seed, '--out', tmp_path / 'kl.png', '--cfg-options', *crops)
        found.append(drawn['divergence_figure'][0][0]['A']['copies'])
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] > 0).all() and (found[0] != found[2]).all()


@pytest.mark.parametrize('ensemble', [False, True])
def test_figures_of_the_test_set(draw, drawn, runs, expert_files, tmp_path, ensemble):
    option = ['--ensemble'] if ensemble else []
    expected = score_test_set(load_peers([expert_files]), ensemble)
    draw('negatives', *runs, *option, '--out', tmp_path / 'negatives.pdf')
    ((values,), _) = drawn['hardest_negative_figure']
    np.testing.assert_allclose(values['NCL++'], expected['hardest_negative'])
    assert [len(run) for run in values.values()] == ([6, 6, 6] if ensemble else [6, 12, 18])
    draw('accuracy', *runs, *option, '--out', tmp_path / 'accuracy.png')
    (values, statistics), groups = drawn['score_figure']
    np.testing.assert_array_equal(values['NCL++'], expected['accuracy'])
    assert list(values) == ['CE', 'NCL++', 'all'] and groups['groups'].head_inclusive is False
    assert (tmp_path / 'negatives.pdf').exists() and (tmp_path / 'accuracy.png').exists()


def test_errors_name_what_is_wrong(draw, runs, plain_files, finished_run, tmp_path, tiny_config_file):
    out = ['--out', tmp_path / 'no.png']
    for wrong in ('CE', 'CE=a.py', '=a.py:a.pth', 'CE=a.py:a.pth,', 'CE=a.py:'):
        with pytest.raises(SystemExit, match='expected NAME=CONFIG:CHECKPOINT'):
            draw('kl', wrong, *out)
    with pytest.raises(SystemExit, match='a name of its own for each run'):
        draw('accuracy', runs[0], runs[0], *out)
    with pytest.raises(SystemExit, match=r'nowhere\.py'):
        draw('accuracy', f'CE={tmp_path}/nowhere.py:nowhere.pth', *out)
    multi_label = f'{tiny_config_file}:{finished_run / "epoch_2.pth"}'
    with pytest.raises(SystemExit, match='multi and CE differ in class_counts: nothing to compare'):
        draw('negatives', runs[0], f'multi={multi_label}', *out)
    with pytest.raises(SystemExit, match='images of no class or of several'):
        draw('negatives', f'multi={multi_label}', *out)
    with pytest.raises(SystemExit, match='one expert and one copy each'):
        draw('kl', runs[0], '--copies', 1, *out)
    assert not (tmp_path / 'no.png').exists()
