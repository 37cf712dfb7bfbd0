"""The recipes do what they say in a tiny run; those of packages that are not installed say that nothing was tried."""

import re
from pathlib import Path

import pytest
from mmengine.runner import Runner

PAGE = (Path(__file__).resolve().parents[2] / 'docs' / 'recipes.md').read_text()


def recipe(title: str) -> dict:
    """The settings of a section."""
    text = PAGE.split(f'## {title}\n')[1]
    space = {}
    exec(compile(re.search(r'```python\n(.*?)```', text, re.DOTALL)[1], 'docs/recipes.md', 'exec'), space)
    return {key: value for key, value in space.items() if not key.startswith('__')}


@pytest.fixture
def train(tiny_config, tmp_path, monkeypatch):
    """Train the tiny config with a recipe."""
    monkeypatch.chdir(tmp_path)

    def run(title: str, **options) -> Runner:
        tiny_config.work_dir, tiny_config.experiment_name = str(tmp_path / 'run'), title
        tiny_config.merge_from_dict(recipe(title))
        tiny_config.merge_from_dict(options)
        runner = Runner.from_cfg(tiny_config)
        runner.train()
        return runner

    return run


def test_stop_early(train):
    runner = train(
        'Stop early',
        **{
            'train_cfg.max_epochs': 20,
            'default_hooks.early_stopping.patience': 2,
            'default_hooks.early_stopping.min_delta': 1000.0,
        },
    )
    assert runner.epoch == 3  # the first, and two that are no better


def test_weights_and_biases(train, tmp_path, monkeypatch):
    wandb = pytest.importorskip('wandb', reason='NOT TRIED: pip install wandb')
    monkeypatch.setenv('WANDB_SILENT', 'true')
    runner = train('Weights & Biases')
    assert wandb.run is None or wandb.run.summary['long-tail/mAP'] > 0
    runner.visualizer.close()
    assert list(tmp_path.rglob('run-*.wandb')) and list(tmp_path.rglob('scalars.json'))


def test_mlflow(train, tmp_path):
    mlflow = pytest.importorskip('mlflow', reason='NOT TRIED: pip install mlflow')
    train('MLflow')  # whose end closes the run; a second call would begin another
    client = mlflow.MlflowClient(f'sqlite:///{tmp_path}/mlflow.db')
    [run] = client.search_runs([client.get_experiment_by_name('long-tail').experiment_id])
    assert run.data.metrics['long-tail/mAP'] > 0
