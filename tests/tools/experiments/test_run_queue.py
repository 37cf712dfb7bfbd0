"""The queue with trainings that only write a file: what it begins, in which order, and what it leaves out."""

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / 'tools/experiments/run_queue.py'
HEADER = 'config,method,seed,network,options,iterations,start,test,prefix\n'
SCORES = dict(total='50.00', head='60.00', medium='50.00', tail='40.00')
RUN = dict(config='?', seed='?', dataset='VOCLT', network='Tiny', image_size='8', iterations='4')


def load():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location('run_queue', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules['run_queue'] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """The module, with configs in a folder of its own and the order of its beginnings in ``queue.begun``."""
    module = load()
    (tmp_path / 'configs/m').mkdir(parents=True)
    for name in ('voc_a', 'voc_b', 'voc_broken'):
        (tmp_path / f'configs/m/{name}.py').touch()
    module.begun = []

    def begin(run, data, cfg_options):
        module.begun.append((Path(run.config).stem, run.seed))
        run.work_dir.mkdir(parents=True, exist_ok=True)
        broken = 'broken' in run.config
        code = 'import sys; sys.exit(3)' if broken else f'open({str(run.work_dir / "done")!r}, "w")'
        return subprocess.Popen([sys.executable, '-c', code])

    def read_run(work_dir, scores, prefix):
        if not (work_dir / 'done').exists():
            raise ValueError('not finished')
        return dict(RUN, seed=work_dir.name.removeprefix('seed'), **SCORES)

    monkeypatch.setattr(module, 'CONFIGS', tmp_path / 'configs')
    monkeypatch.setattr(module.Run, 'begin', begin)
    monkeypatch.setattr(module, 'read_run', read_run)
    return module


def runs_of(queue, tmp_path, *lines):
    path = tmp_path / 'list.csv'
    path.write_text(HEADER + ''.join(line + '\n' for line in lines))
    return queue.read_list(path, tmp_path / 'work')


def work_off(queue, runs):
    return queue.work_off(runs, Path('data'), jobs=2, commit='abc', poll=0.05)


def rows(tmp_path):
    return list(csv.DictReader((tmp_path / 'configs/m/results.csv').open()))


def test_runs_once_in_order_and_records(queue, tmp_path):
    runs = runs_of(queue, tmp_path, 'm/voc_b.py,B,0,Tiny,,,m/voc_a.py,,', 'm/voc_a.py,A,0 1,Tiny,,4,,,')
    assert work_off(queue, runs) == []
    assert sorted(queue.begun[:2]) == [('voc_a', '0'), ('voc_a', '1')]  # B waits for A of its seed
    assert queue.begun[2:] == [('voc_b', '0')]
    assert sorted((row['method'], row['seed'], row['config']) for row in rows(tmp_path)) == [
        ('A', '0', 'voc_a.py'),
        ('A', '1', 'voc_a.py'),
        ('B', '0', 'voc_b.py'),
    ]
    assert {row['dataset'] for row in rows(tmp_path)} == {'VOC-LT′'} and rows(tmp_path)[0]['commit'] == 'abc'
    assert work_off(queue, runs) == [] and len(queue.begun) == 3 and len(rows(tmp_path)) == 3


def test_a_row_of_another_schedule_is_of_another_run(queue, tmp_path):
    [short] = runs_of(queue, tmp_path, 'm/voc_a.py,A,0,Tiny,,4,,,')
    assert work_off(queue, [short]) == [] and short.is_recorded()
    [long] = runs_of(queue, tmp_path, 'm/voc_a.py,A,0,Tiny,--epochs 9,40,,,')
    assert not long.is_recorded()


def test_runs_on_cached_features_are_others(queue, tmp_path, monkeypatch):
    options = '--features some/folder --views 4'
    plain, cached, any_network = runs_of(
        queue,
        tmp_path,
        'm/voc_a.py,A,0,Tiny,,,,,',
        f'm/voc_a.py,A,0,Tiny,{options},,,,',
        'm/voc_a.py,A,0,,--features,,,,',
    )
    assert cached.work_dir == tmp_path / 'work/m_voc_a/Tiny_features_some-folder_views_4/seed0'
    work_off(queue, [plain])
    assert plain.is_recorded() and not cached.is_recorded() and not any_network.is_recorded()
    monkeypatch.setitem(RUN, 'network', 'Tiny, cached')
    work_off(queue, [cached])
    assert cached.is_recorded() and any_network.is_recorded() and len(rows(tmp_path)) == 2


def test_a_finished_run_without_a_row_is_recorded_not_trained(queue, tmp_path):
    runs = runs_of(
        queue, tmp_path, 'm/voc_a.py,A,0,Tiny,--rate 2,,,', 'm/voc_a.py,A again,0,Tiny,--rate 2,,,'
    )
    assert runs[0].work_dir == tmp_path / 'work/m_voc_a/Tiny_rate_2/seed0'
    assert work_off(queue, runs) == []
    assert queue.begun == [('voc_a', '0')] and [row['method'] for row in rows(tmp_path)] == ['A', 'A again']


def test_long_options_have_a_folder_that_can_be_made(queue, tmp_path):
    options = '--' + 300 * 'x'
    runs = runs_of(
        queue, tmp_path, f'm/voc_a.py,A,0,Tiny,{options} 1,,,,', f'm/voc_a.py,B,0,Tiny,{options} 2,,,,'
    )
    for run in runs:
        run.work_dir.mkdir(parents=True)
    assert runs[0].work_dir != runs[1].work_dir


def test_failures_are_named_and_stop_only_what_starts_from_them(queue, tmp_path, capsys):
    lines = ('m/voc_broken.py,X,0,,,,,,', 'm/voc_b.py,B,0,,,,m/voc_broken.py,,', 'm/voc_a.py,A,0,,,,,,')
    left = work_off(queue, runs_of(queue, tmp_path, *lines))
    assert [run.method for run in left] == ['X', 'B'] and [row['method'] for row in rows(tmp_path)] == ['A']
    assert 'exit status 3' in capsys.readouterr().out


def test_command_resumes_and_starts_from(tmp_path, monkeypatch):
    module = load()
    run = module.Run(
        tmp_path, 'pg/voc_lt.py', 'PG', '3', 'Tiny', '--a 1', '960', 'pg/voc_lt_pr.py', 'yes', ''
    )
    for work_dir in (run.work_dir, run.before.work_dir):
        work_dir.mkdir(parents=True)
        (work_dir / 'last_checkpoint').write_text('/elsewhere/epoch_8.pth')
    seen = []
    monkeypatch.setattr(module.subprocess, 'Popen', lambda command, env, **_: seen.append((command, env)))
    run.begin(Path('data'), ['x=1'])
    [(command, env)] = seen
    assert command[1].endswith('voc_lt_prime.py') and command[2].endswith('configs/pg/voc_lt.py')
    words = f'--seed 3 --work-dir {run.work_dir} --a 1 --network Tiny --test'
    words += f' {run.before.work_dir}/epoch_8.pth --resume --cfg-options x=1'
    assert command[3:] == ['--data', 'data', *words.split()] and env['OMP_NUM_THREADS'] == '1'


@pytest.mark.parametrize(
    ('line', 'words'),
    [
        ('m/voc_c.py,A,0,,,,,,', 'line 2: m/voc_c.py is no config'),
        ('m/voc_a.py,A,0,,,,m/voc_c.py,,', 'line 2: m/voc_c.py is no config'),
    ],
)
def test_bad_lists_are_refused(queue, tmp_path, line, words):
    with pytest.raises(ValueError, match=words):
        runs_of(queue, tmp_path, line)
    (tmp_path / 'other.csv').write_text('config,seed\n')
    with pytest.raises(ValueError, match='must have the columns config,method'):
        queue.read_list(tmp_path / 'other.csv', tmp_path)


def test_the_lists_of_the_project_can_be_read():
    module = load()
    for path in SCRIPT.parent.glob('*.csv'):
        assert module.read_list(path, Path('work'))
