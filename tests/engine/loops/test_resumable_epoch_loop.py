"""A run that is killed and resumed ends with the weights of one that never stopped: bit for bit."""

import multiprocessing
import os
import random
import signal
from itertools import count

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS, HOOKS, MODELS
from mmpretrain.structures import DataSample

BATCHES, EPOCHS = 5, 3  # batches per epoch: 20 draws by 4, or 20 images by 4
STREAMS = dict(
    sampler=dict(
        type='StreamSampler',
        streams=dict(
            uniform=dict(type='UniformSampler'), rebalanced=dict(type='ClassAwareSampler', reduce=1)
        ),
        epoch_length=10,
    ),
    dataset=dict(type='DrawDataset', dataset=dict(type='RandomPictures')),
)
PLAIN = dict(sampler=dict(type='UniformSampler'), dataset=dict(type='RandomPictures'))
FOREIGN = dict(sampler=dict(type='DefaultSampler'), dataset=dict(type='RandomPictures'))


@DATASETS.register_module()
class RandomPictures(BaseDataset):
    """20 images whose pixels are drawn anew whenever one is loaded, by all three generators."""

    METAINFO = dict(classes=['a', 'b'])
    loaded = 0

    def __init__(self):
        super().__init__(pipeline=[self.draw_pixels])

    def load_data_list(self):
        return [dict(gt_label=[int(i > 14)]) for i in range(20)]

    def get_cat_ids(self, index):
        return self.get_data_info(index)['gt_label']

    @staticmethod
    def draw_pixels(info):
        RandomPictures.loaded += 1
        noise = torch.tensor([random.random(), float(np.random.rand()), float(torch.rand(()))])
        image = torch.cat([noise, torch.tensor([info['sample_idx'] / 20])])
        return dict(inputs=image, data_samples=DataSample(metainfo=dict(sample_idx=info['sample_idx'])))


@MODELS.register_module()
class RandomModel(BaseModel):
    """Batch norm, dropout and a mixing weight, so that weights depend on every generator and on the order."""

    def __init__(self):
        super().__init__()
        dropout = torch.nn.Dropout(0.5)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), dropout, torch.nn.Linear(8, 1)
        )

    def forward(self, inputs, data_samples=None, mode='loss'):
        weight = np.random.beta(1, 1) + random.random()
        logits = self.layers(torch.stack(inputs))
        return dict(loss=weight * logits.sub(1).square().mean())


@HOOKS.register_module()
class Recorder(Hook):
    """Notes the images of each batch, and kills its own process after a number of iterations."""

    priority = 'LOWEST'

    def __init__(self, kill_at=None):
        self.kill_at = kill_at
        self.batches = {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        images = [(int(s.sample_idx), s.get('stream')) for s in data_batch['data_samples']]
        self.batches[runner.iter] = batch_idx, images

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


BUILT = count()


def build(
    work_dir, data=STREAMS, seed=None, kill_at=None, resume=None, batch_size=4, workers=0, **randomness
):
    """A small run that keeps a checkpoint of every iteration and of every epoch."""
    schedules = [
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=9),
        dict(type='StepLR', step_size=1),
    ]
    config = dict(
        default_scope='mmpretrain',
        work_dir=str(work_dir),
        # MMEngine keeps what has equal names together
        experiment_name=f'{work_dir.name}_{next(BUILT)}',
        model=dict(type='RandomModel'),
        train_dataloader=dict(
            data, batch_size=batch_size, num_workers=workers, collate_fn=dict(type='pseudo_collate')
        ),
        train_cfg=dict(type='ResumableEpochLoop', max_epochs=EPOCHS),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        param_scheduler=schedules,
        default_hooks=dict(checkpoint=dict(type='AtomicCheckpointHook', interval=1, max_keep_ckpts=-1)),
        custom_hooks=[
            dict(type='CheckpointHook', by_epoch=False, interval=1, filename_tmpl='iter_{}.pth'),
            dict(type='Recorder', kill_at=kill_at),
        ],
        randomness=dict(seed=seed, **randomness),
        resume=resume is not None,
        load_from=resume and str(resume),
        log_level='ERROR',
    )
    return Runner.from_cfg(Config(config))


def train(*args, **kwargs):
    """Train; the final weights, the batches by iteration, and how many images were loaded."""
    runner, before = build(*args, **kwargs), RandomPictures.loaded
    runner.train()
    batches = next(hook.batches for hook in runner.hooks if isinstance(hook, Recorder))
    return runner.model.state_dict(), batches, RandomPictures.loaded - before


def run_and_die(folder):
    train(folder, kill_at=8)


def assert_same_weights(weights, expected):
    assert all(weights[name].equal(expected[name]) for name in expected)


@pytest.fixture(scope='module')
def killed(tmp_path_factory):
    """Folder of a run with a seed that nobody gave, killed after its 8th of 15 iterations, the 3rd of epoch 2."""
    folder = tmp_path_factory.mktemp('killed')
    context = multiprocessing.get_context('fork')  # spares the imports
    process = context.Process(target=run_and_die, args=(folder,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (folder / 'epoch_2.pth').exists()
    return folder


@pytest.fixture(scope='module')
def uninterrupted(killed, tmp_path_factory):
    """What the killed run would have come to."""
    seed = torch.load(killed / 'iter_1.pth')['meta']['seed']
    return train(tmp_path_factory.mktemp('uninterrupted'), seed=seed)


@pytest.mark.parametrize(
    ('checkpoint', 'done'), [('epoch_1.pth', 5), ('iter_3.pth', 3), ('iter_5.pth', 5), ('iter_8.pth', 8)]
)
def test_killed_run_continues_bit_for_bit(killed, uninterrupted, tmp_path, checkpoint, done):
    expected, all_batches, _ = uninterrupted
    weights, batches, loaded = train(tmp_path, resume=killed / checkpoint)
    assert batches == {i: all_batches[i] for i in range(done, 15)}
    assert_same_weights(weights, expected)
    assert loaded == 4 * (15 - done)  # what was seen before is not loaded again


def test_uninterrupted_run_differs_from_a_run_of_another_seed(uninterrupted, tmp_path):
    weights, batches, _ = train(tmp_path, seed=12345)
    assert not weights['layers.0.weight'].equal(uninterrupted[0]['layers.0.weight'])
    assert batches != uninterrupted[1]


@pytest.mark.parametrize('randomness', [{}, dict(diff_rank_seed=True)])
def test_foreign_sampler_and_plain_data_set_continue_too(tmp_path, randomness):
    """Without ``start`` the batches already seen are loaded and thrown away; the sampler keeps a seed of its own."""
    expected, all_batches, _ = train(tmp_path / 'a', FOREIGN, **randomness)
    weights, batches, loaded = train(tmp_path / 'b', FOREIGN, resume=tmp_path / 'a/iter_8.pth', **randomness)
    assert batches == {i: all_batches[i] for i in range(8, 15)}
    assert_same_weights(weights, expected)
    assert loaded == 4 * (15 - 5)


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
    """A run over plain images, no streams, without workers."""
    folder = tmp_path_factory.mktemp('plain')
    return folder, *train(folder, PLAIN, seed=5)[:2]


@pytest.mark.parametrize(('workers', 'checkpoint'), [(1, None), (3, 'epoch_1.pth'), (2, 'iter_8.pth')])
def test_any_number_of_workers_gives_the_same_weights(plain, tmp_path, workers, checkpoint):
    """Whole, resumed at an epoch's end and within one; the image's augmentation is drawn in a worker."""
    folder, expected, all_batches = plain
    resume = checkpoint and folder / checkpoint
    weights, batches, _ = train(tmp_path, PLAIN, seed=5, workers=workers, resume=resume)
    assert batches == {i: all_batches[i] for i in batches}
    assert_same_weights(weights, expected)


class Validations(list):
    """Stands for the validation loop, and is killed in the run's first one."""

    dataloader = None

    def __init__(self, kill=False):
        self.kill = kill

    def run(self):
        if self.kill:
            raise KeyboardInterrupt
        self.append('validated')


def test_a_validation_that_a_kill_took_away_is_done(tmp_path):
    def run(validations, **settings):
        runner = build(tmp_path, PLAIN, seed=5, **settings)
        runner._val_loop = validations
        runner.build_val_loop = lambda loop: loop
        runner.train()
        return len(validations)

    with pytest.raises(KeyboardInterrupt):
        run(Validations(kill=True))
    assert run(Validations(), resume=tmp_path / 'epoch_1.pth') == 3
    assert run(Validations(), resume=tmp_path / 'iter_8.pth') == 2  # within the second epoch
    assert run(Validations(), resume=tmp_path / 'epoch_3.pth') == 1  # the last one


def test_a_run_of_the_same_name_takes_no_validation_away(tmp_path):
    """Runs of one config that start within one second share a message hub."""
    runner = build(tmp_path, PLAIN, seed=5)
    runner.message_hub.update_info('epoch_validated', 1)  # by the other one
    runner._val_loop = Validations()
    runner.build_val_loop = lambda loop: loop
    runner.train()
    assert len(runner._val_loop) == 3


def test_a_sampler_without_seeds_is_named(tmp_path):
    runner = build(tmp_path, FOREIGN, workers=1)
    said = []
    runner.logger.warning = said.append
    runner.build_train_loop(runner._train_loop)
    assert 'DefaultSampler gives the samples no seeds' in said[0]


def test_other_batch_size_is_refused_within_an_epoch_only(killed, tmp_path):
    with pytest.raises(
        ValueError, match='within epoch 1 of 5 batches, but the epoch has 10 now: resume with the same'
    ):
        train(tmp_path / 'a', resume=killed / 'iter_8.pth', batch_size=2)
    _, batches, _ = train(tmp_path / 'b', resume=killed / 'epoch_1.pth', batch_size=2)
    assert [index for index, _ in batches.values()] == [*range(10)] * 2
