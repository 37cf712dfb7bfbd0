"""Re-sampled data sets in real runs, also in one that was killed within an epoch."""

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmpretrain.registry import DATA_SAMPLERS, DATASETS
from torch import nn

from mmlongtail.engine.hooks import DatasetEpochHook

IMAGES, BATCH = 12, 4
BY_EPOCH = dict(type='ResumableEpochLoop', max_epochs=3)
PLAIN = dict(type='TwelvePictures')
RESAMPLED = dict(type='ResampledDataset', dataset=PLAIN, sampler=dict(type='ClassBalancedSampler'))
WRAPPED = dict(type='RepeatDataset', times=1, dataset=RESAMPLED)


@DATASETS.register_module()
class TwelvePictures(BaseDataset):
    METAINFO = dict(classes=['a', 'b'])

    def __init__(self):
        super().__init__(pipeline=[lambda info: dict(inputs=torch.tensor([float(info['sample_idx'])]))])

    def load_data_list(self):
        return [dict(gt_label=int(i > 8)) for i in range(IMAGES)]

    def get_cat_ids(self, index):
        return [self.get_data_info(index)['gt_label']]


class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, inputs, mode='tensor'):
        return dict(loss=(self.weight * torch.stack(inputs)).mean())


class Killed(Exception):
    pass


class Recorder(Hook):
    """Notes the images of each iteration, and ends the run before a given one."""

    def __init__(self, kill_at=None):
        self.kill_at, self.drawn = kill_at, {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.kill_at:
            raise Killed
        self.drawn[runner.iter] = torch.cat(data_batch['inputs']).int().tolist()


def run(work_dir, recorder, dataset=RESAMPLED, seed=0, resume=False, train_cfg=BY_EPOCH):
    """Train through a loader that takes no sampler of ours; the runner."""
    runner = Runner(
        model=Model(),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=dataset,
            sampler=dict(type='DefaultSampler', shuffle=False),
            batch_size=BATCH,
        ),
        train_cfg=train_cfg,
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1, by_epoch=False)),
        custom_hooks=[DatasetEpochHook(), recorder],
        default_scope='mmpretrain',
        experiment_name=f'draws_{work_dir.name}_{resume}',
        randomness=dict(seed=seed),
        resume=resume,
        log_level='ERROR',
    )
    runner.train()
    return runner


def expected(seed):
    """The sampler's own epochs, in batches."""
    sampler = DATA_SAMPLERS.build(dict(type='ClassBalancedSampler', dataset=TwelvePictures(), seed=seed))
    rows = np.concatenate([sampler.order(epoch) for epoch in range(3)]).reshape(-1, BATCH)
    return dict(enumerate(rows.tolist()))


@pytest.mark.parametrize('dataset', [RESAMPLED, WRAPPED])
def test_every_epoch_has_its_own_draws(tmp_path, dataset):
    recorder = Recorder()
    runner = run(tmp_path, recorder, dataset)
    resampled = runner.train_dataloader.dataset.dataset
    if dataset is WRAPPED:
        resampled = resampled.dataset
    assert recorder.drawn == expected(resampled.seed)


def test_resumed_run_goes_on_with_its_draws(tmp_path):
    """Another seed of the run stands for one that nobody gave: the data set draws its own from it."""
    before, after = Recorder(kill_at=4), Recorder()
    with pytest.raises(Killed):
        run(tmp_path, before, seed=1)
    runner = run(tmp_path, after, seed=2, resume=True)
    assert before.drawn | after.drawn == expected(runner.train_dataloader.dataset.dataset.seed)
    assert min(after.drawn) == 4
    assert max(after.drawn) == 8


def test_a_loop_of_iterations_has_no_epochs(tmp_path):
    by_iteration = dict(type='IterBasedTrainLoop', max_iters=2)
    run(tmp_path, Recorder(), dataset=PLAIN, train_cfg=by_iteration)  # nobody asks
    with pytest.raises(ValueError, match='IterBasedTrainLoop.*ResumableEpochLoop: ResampledDataset changes'):
        run(tmp_path, Recorder(), train_cfg=by_iteration)
