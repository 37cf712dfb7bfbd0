"""What reaches the log, against naive float64 loops over the logits and labels of every iteration."""

import json
from math import exp
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.logging import MessageHub
from mmengine.model import BaseModule, MMDistributedDataParallel
from mmengine.runner import Runner
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn

from mmlongtail.engine.hooks import LabelProbabilityHook
from mmlongtail.structures import ClassStatistics

EDGES = (3, 6)  # on the counts of the tiny data set: two head classes, a medium and two tail ones
GROUP_OF = ('head', 'head', 'medium', 'tail', 'tail')
LABELS = [[0, 2], [0], [1, 3], [0, 1], [1, 2], [0, 1], [0, 1, 2], [0], [0, 1], [1, 4]]
BCE = dict(type='CrossEntropyLoss', use_sigmoid=True)
ASYMMETRIC = dict(type='AsymmetricLoss', gamma_neg=4)
WEIGHTED = dict(type='FrequencyWeightedBCELoss')
STREAMS = dict(
    type='StreamSampler',
    streams=dict(uniform=dict(type='UniformSampler'), rebalanced=dict(type='ClassAwareSampler', reduce=1)),
    epoch_length=10,
)


def naive_means(batches):
    """``p_pos_head`` ... of an iterable of (logits, targets), label by label; groups without a label left out."""
    parts = {}
    for logits, targets in batches:
        for row, truth in zip(logits.tolist(), targets.tolist()):
            for group, z, y in zip(GROUP_OF, row, truth):
                for sign, share, right in (('pos', y, 1 / (1 + exp(-z))), ('neg', 1 - y, 1 / (1 + exp(z)))):
                    total, number = parts.get(f'p_{sign}_{group}', (0, 0))
                    parts[f'p_{sign}_{group}'] = total + share * right, number + share
    return {name: total / number for name, (total, number) in parts.items() if number}


class Vectors(torch.utils.data.Dataset):
    """Ten feature vectors with the labels above."""

    metainfo = dict(classes=tuple('abcde'))

    def __init__(self):
        self.features = torch.randn(10, 8, generator=torch.Generator().manual_seed(0))

    def __len__(self):
        return len(LABELS)

    def get_cat_ids(self, index):
        return LABELS[index]

    def __getitem__(self, index):
        sample = DataSample(metainfo=dict(num_classes=5, stream=None))
        return dict(inputs=self.features[index], data_samples=sample.set_gt_label(LABELS[index]))


class Tuple(BaseModule):
    """A backbone whose features are its inputs, those of each branch and of one view where there are branches."""

    def __init__(self, branches):
        super().__init__()
        self.branches = branches

    def forward(self, inputs):
        return (inputs.expand(self.branches, 1, -1, -1) if self.branches else inputs,)


class Recorder(Hook):
    """Keeps the logits of each linear layer of the head and the labels of each iteration."""

    def __init__(self):
        self.logits, self.samples = {}, []

    def before_train(self, runner):
        for name, layer in runner.model.head.named_modules():
            if isinstance(layer, nn.Linear):
                logits = self.logits.setdefault(name, [])
                layer.register_forward_hook(
                    lambda m, a, out, kept=logits: kept.append(out.detach().double().flatten(0, -2))
                )

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.samples.append([(sample.gt_label, sample.stream) for sample in data_batch['data_samples']])

    def expected(self, layer, iterations, stream=None):
        """Means over these iterations, of the rows of one stream."""
        batches = []
        for i in iterations:
            own = [row for row, (_, name) in enumerate(self.samples[i]) if name == stream]
            targets = torch.zeros(len(own), 5)
            for row, index in enumerate(own):
                targets[row, self.samples[i][index][0]] = 1
            batches.append((self.logits[layer][i][own], targets))
        return naive_means(batches)


def make_runner(work_dir, head, batch_size, hook=None, logger=None, streams=False, **kwargs):
    recorder = Recorder()
    hook = dict(type='LabelProbabilityHook', groups=dict(edges=EDGES)) | (hook or {})
    plain = dict(dataset=Vectors(), sampler=dict(type='DefaultSampler', shuffle=True))
    drawn = dict(dataset=dict(type='DrawDataset', dataset=Vectors()), sampler=STREAMS)
    backends = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
    runner = Runner(
        model=dict(
            type='ImageClassifier',
            backbone=Tuple(head.get('num_branches')),
            head=dict(num_classes=5, in_channels=8, **head),
            data_preprocessor=dict(num_classes=5),
        ),
        work_dir=str(work_dir),
        train_dataloader=dict(drawn if streams else plain, batch_size=batch_size),
        train_cfg=dict(type='ResumableEpochLoop', max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=2.0, momentum=0.9)),
        default_hooks=dict(logger=dict(type='LoggerHook', **(logger or {}))),
        custom_hooks=[dict(type='ClassStatisticsHook'), hook, recorder],
        visualizer=dict(type='UniversalVisualizer', vis_backends=backends),
        experiment_name=f'{work_dir.parent.name}-{work_dir.name}',  # MMEngine keeps what has equal names together
        default_scope='mmpretrain',
        randomness=dict(seed=3),
        log_level='ERROR',
        **kwargs,
    )
    return runner, recorder


def read_records(work_dir):
    """``{step: {name: value}}`` of the latest ``scalars.json``, of lines with records only."""
    path = sorted(work_dir.glob('*/vis_data/scalars.json'))[-1]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    records = {line['step']: {k: v for k, v in line.items() if k.startswith('p_')} for line in lines}
    return {step: record for step, record in records.items() if record}


@pytest.mark.parametrize('loss', [BCE, ASYMMETRIC, WEIGHTED], ids=lambda loss: loss['type'])
def test_log_of_a_training(tmp_path, loss):
    """Iterations 2 and 4 of each epoch of 5 are recorded; the fifth counts for the next record."""
    head = dict(type='MultiLabelLinearClsHead', loss=loss)
    runner, recorder = make_runner(
        tmp_path / loss['type'], head, 2, hook=dict(interval=2), logger=dict(interval=1)
    )
    runner.train()
    windows = {2: [0, 1], 4: [2, 3], 7: [4, 5, 6], 9: [7, 8]}
    records = read_records(tmp_path / loss['type'])
    assert records.keys() == windows.keys()  # although the log has ten lines
    for step, iterations in windows.items():
        assert records[step] == pytest.approx(recorder.expected('fc', iterations), abs=1e-6)
    assert min(map(len, records.values())) < 6  # some window has no label of the rare classes
    assert runner.model.head.loss_module._forward_pre_hooks == {}


def test_tensorboard_has_the_same_values(tmp_path):
    accumulator = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    head = dict(type='MultiLabelLinearClsHead', loss=BCE)
    runner, _ = make_runner(tmp_path / 'board', head, 2, hook=dict(interval=1), logger=dict(interval=1))
    runner.train()
    events = accumulator.EventAccumulator(str(next(tmp_path.glob('board/*/vis_data'))))
    events.Reload()
    records = read_records(tmp_path / 'board')
    for name in ('p_pos_head', 'p_pos_tail', 'p_neg_tail'):
        written = {event.step: event.value for event in events.Scalars(name)}
        assert written == pytest.approx({s: r[name] for s, r in records.items() if name in r}, abs=1e-6)
    assert len(events.Scalars('p_pos_tail')) < len(events.Scalars('p_pos_head')) == 10


@pytest.mark.parametrize(
    ('ignore_last', 'interval', 'windows'),
    [(True, 20, [5, 10]), (False, 20, [5, 10]), (False, 4, [4, 5, 9, 10]), (True, 4, [4, 9])],
)
def test_ends_of_epochs_as_the_logger_has_them(tmp_path, ignore_last, interval, windows):
    head = dict(type='MultiLabelLinearClsHead', loss=BCE)
    logger = dict(interval=interval, ignore_last=ignore_last)
    runner, recorder = make_runner(tmp_path / 'ends', head, 2, dict(interval=interval), logger)
    runner.train()
    records = read_records(tmp_path / 'ends')
    assert list(records) == windows
    for begin, step in zip([0, *windows], windows):
        assert records[step] == pytest.approx(recorder.expected('fc', range(begin, step)), abs=1e-6)


def test_branches_of_collaborative_training(tmp_path):
    loss = dict(
        type='CollaborativeLoss',
        streams=[['uniform'], ['rebalanced']],
        classification=dict(type='CompensatedBCELoss', num_classes=5),
    )
    head = dict(type='MultiBranchHead', num_branches=2, loss=loss)
    names = [f'head.loss_module.classification.{i}' for i in range(2)]
    runner, recorder = make_runner(tmp_path / 'two', head, 4, dict(losses=names), streams=True)
    runner.train()
    records = read_records(tmp_path / 'two')
    assert list(records) == [5, 10]
    for i, stream in enumerate(('uniform', 'rebalanced')):
        expected = recorder.expected(f'fcs.{i}', range(5, 10), stream)
        got = {name[:-2]: value for name, value in records[10].items() if name.endswith(f'_{i}')}
        assert got == pytest.approx(expected, abs=1e-6)
    assert len(records[10]) == 12


@pytest.mark.parametrize('checkpoint', ['iter_3', 'iter_5', 'iter_6', 'iter_7'])
def test_a_resumed_run_records_the_same(tmp_path, checkpoint):
    """Also where it was killed between two records, or with the epoch's last iteration not yet in one."""
    head = dict(type='MultiLabelLinearClsHead', loss=BCE)
    settings = dict(hook=dict(interval=2), logger=dict(interval=1))
    saving = dict(type='CheckpointHook', by_epoch=False, interval=1)
    whole, _ = make_runner(tmp_path / 'whole', head, 2, **settings)
    whole.register_hook(saving)
    whole.train()
    path = tmp_path / 'whole' / f'{checkpoint}.pth'
    resumed, _ = make_runner(tmp_path / 'resumed', head, 2, load_from=str(path), resume=True, **settings)
    resumed.train()
    done = int(checkpoint[-1])
    records = read_records(tmp_path / 'whole')
    assert read_records(tmp_path / 'resumed') == {s: r for s, r in records.items() if s > done}
    assert list(records) == [2, 4, 7, 9]
    assert 'train/p_' not in repr(torch.load(path, weights_only=False)['message_hub'])


def hooked(modules, counts=(9, 8, 4, 2, 1), iteration=0, wrap=lambda model: model, **kwargs):
    """A hook that listens to these modules of a head, and what it needs of a runner."""
    model = nn.ModuleDict(dict(head=nn.ModuleDict(modules), layer=nn.Linear(1, 1)))
    names = [f'head.{name}' for name in modules]
    hook = LabelProbabilityHook(**dict(dict(losses=names, groups=dict(edges=EDGES), interval=2), **kwargs))
    hook.set_class_statistics(ClassStatistics(torch.tensor(counts).numpy(), 10))
    hub = MessageHub('unnamed')
    runner = SimpleNamespace(
        model=wrap(model), hooks=[], iter=iteration, message_hub=hub, train_dataloader=range(10)
    )
    return hook, runner


def values(runner):
    return {name.removeprefix('train/'): b.current() for name, b in runner.message_hub.log_scalars.items()}


def batch(seed, soft=False):
    generator = torch.Generator().manual_seed(seed)
    targets = torch.rand(6, 5, generator=generator)
    return 3 * torch.randn(6, 5, generator=generator), targets if soft else (targets > 0.6).float()


def test_soft_labels_and_integer_labels():
    loss = MODELS.build(BCE)
    hook, runner = hooked(dict(loss_module=loss))
    hook.before_train(runner)
    soft, hard = batch(0, soft=True), batch(1)
    loss(*soft)
    loss(cls_score=hard[0], label=hard[1].long())
    hook.after_train_iter(runner, 1)
    assert values(runner) == pytest.approx(naive_means([soft, hard]), abs=1e-6)


@pytest.mark.parametrize('half', [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_computed_in_single(half):
    loss = nn.BCEWithLogitsLoss()
    hook, runner = hooked(dict(loss_module=loss))
    hook.before_train(runner)
    logits, targets = batch(2)
    logits = (logits + 4).to(half)
    with torch.autocast('cpu', dtype=half):
        loss(logits, targets.to(half))
    hook.after_train_iter(runner, 1)
    assert values(runner) == pytest.approx(naive_means([(logits.double(), targets)]), rel=1e-5)


def test_only_training_counts_and_nothing_of_the_caller_changes():
    loss = MODELS.build(BCE)
    hook, runner = hooked(dict(loss_module=loss))
    hook.before_train(runner)
    logits, targets = batch(3)
    kept = logits.clone(), targets.clone()
    logits.requires_grad_()
    loss(logits, targets).backward()
    assert torch.equal(logits, kept[0]) and torch.equal(targets, kept[1])
    loss.eval()
    loss(*batch(4))
    hook.after_train_iter(runner, 1)
    assert values(runner) == pytest.approx(naive_means([kept]), abs=1e-6)
    hook.after_train_iter(runner, 3)
    assert values(runner) == {}  # a window without labels has no record, and the old one is gone
    hook.after_train(runner)
    loss.train()(*batch(4))
    hook.after_train_iter(runner, 5)
    assert values(runner) == {}


def test_infinite_logits_of_one_group_leave_the_others_alone():
    loss = nn.BCEWithLogitsLoss()
    hook, runner = hooked(dict(loss_module=loss))
    hook.before_train(runner)
    logits, targets = batch(5)
    logits[0, 4] = float('nan')
    loss(logits, targets)
    hook.after_train_iter(runner, 1)
    expected = naive_means([(logits, targets)])
    assert {name for name, value in values(runner).items() if value != value} == {'p_neg_tail', 'p_pos_tail'}
    assert values(runner) == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_a_wrapped_model_is_looked_into():
    def wrap(model):
        wrapper = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
        nn.Module.__init__(wrapper)
        wrapper.module = model
        return wrapper

    loss = nn.BCEWithLogitsLoss()
    hook, runner = hooked(dict(loss_module=loss), wrap=wrap)
    hook.before_train(runner)
    loss(*batch(6))
    hook.after_train_iter(runner, 1)
    assert values(runner) == pytest.approx(naive_means([batch(6)]), abs=1e-6)


def test_weights_of_another_training_bring_no_labels():
    """``load_from`` without ``resume``: iteration 0."""
    loss = nn.BCEWithLogitsLoss()
    for iteration, expected in ((0, [batch(8)]), (4, [batch(7), batch(8)])):
        hook, runner = hooked(dict(loss_module=loss))
        hook.before_train(runner)
        loss(*batch(7))
        checkpoint = dict(message_hub=runner.message_hub.state_dict())
        hook.before_save_checkpoint(runner, checkpoint)
        hook.after_train(runner)
        hook, runner = hooked(dict(loss_module=loss), iteration=iteration)
        hook.after_load_checkpoint(runner, checkpoint)
        hook.before_train(runner)
        loss(*batch(8))
        hook.after_train_iter(runner, 1)
        hook.after_train(runner)
        assert values(runner) == pytest.approx(naive_means(expected), abs=1e-6)


def two_losses():
    return dict(first=nn.BCEWithLogitsLoss(), second=nn.BCEWithLogitsLoss())


def run_rank(rank, checkpoint):
    losses = two_losses()
    hook, runner = hooked(losses, iteration=4)
    hook.after_load_checkpoint(runner, checkpoint)
    hook.before_train(runner)
    for seed in range(3 - rank):  # the last batches are fewer on rank 1, whose second loss never runs
        losses['first'](*batch(seed + 10 * rank))
        if rank == 0:
            losses['second'](*batch(seed))
    hook.after_train_iter(runner, 1)
    return values(runner)


def test_two_processes_record_the_labels_of_both(two_ranks):
    """And what the checkpoint that they resume from holds, once."""
    losses = two_losses()
    hook, runner = hooked(losses)
    hook.before_train(runner)
    losses['first'](*batch(20))
    checkpoint = dict(message_hub=runner.message_hub.state_dict())
    hook.before_save_checkpoint(runner, checkpoint)
    first = naive_means([batch(seed) for seed in (0, 1, 2, 10, 11, 20)])
    second = naive_means([batch(seed) for seed in (0, 1, 2)])
    expected = {f'{k}_0': v for k, v in first.items()} | {f'{k}_1': v for k, v in second.items()}
    assert first != pytest.approx(second, abs=1e-3)
    for got in two_ranks(run_rank, checkpoint):
        assert got == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(interval=0), 'interval is 0, expected a whole number >= 1'),
        (dict(losses='head.loss_module'), "losses is 'head.loss_module', expected a list"),
        (dict(losses=()), r'losses is \(\), expected a list of 1 or more'),
        (
            dict(groups=dict(edges=(100, 20))),
            r'edges is \(100, 20\), expected two ascending numbers, \(tail, head\)',
        ),
        (dict(losses=['head.loss']), r"losses is 'head.loss', .* such as \['head.loss_module'\]"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        hook, runner = hooked(dict(loss_module=nn.BCEWithLogitsLoss()), **arguments)
        hook.before_train(runner)


@pytest.mark.parametrize(
    ('shapes', 'expected'),
    [
        (((2, 6, 5), (6, 5)), r'\(2, 6, 5\) and \(6, 5\)'),
        (((6, 5), (6,)), r'\(6, 5\) and \(6,\)'),
        (((6, 4), (6, 4)), r'\(6, 4\) and \(6, 4\)'),
    ],
)
def test_other_shapes_are_refused(shapes, expected):
    loss = nn.BCEWithLogitsLoss()
    hook, runner = hooked(dict(loss_module=loss))
    hook.before_train(runner)
    with pytest.raises(ValueError, match=f'head.loss_module is called with {expected}, .* multi-hot .* 5'):
        loss(*map(torch.zeros, shapes))


def test_records_that_the_log_would_miss_are_refused(tmp_path):
    head = dict(type='MultiLabelLinearClsHead', loss=BCE)
    runner, _ = make_runner(tmp_path / 'missed', head, 2, dict(interval=4), dict(interval=3))
    with pytest.raises(ValueError, match="interval is 4, expected a multiple of LoggerHook's, 3"):
        runner.train()


def test_unknown_class_counts_are_said():
    hook, runner = hooked(dict(loss_module=nn.BCEWithLogitsLoss()))
    hook._groups = None
    with pytest.raises(RuntimeError, match='list ClassStatisticsHook'):
        hook.before_train(runner)
