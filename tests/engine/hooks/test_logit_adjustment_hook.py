"""The scores that a run's evaluation sees, against a loop over the plain logits."""

import math
from types import SimpleNamespace

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModule
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from torch import nn

from mmlongtail.engine.hooks import LogitAdjustmentHook

LABELS = [0, 0, 0, 0, 0, 1, 1, 0]  # class 2 has no training image and counts as one with a single image
COUNTS = [6, 2, 0]
HEADS = dict(
    linear=dict(type='LinearClsHead', init_cfg=dict(type='Normal', layer='Linear', std=1.0)),
    cosine=dict(type='CosineHead', loss=dict(type='LDAMLoss', scale=5.0)),
)
STATISTICS = dict(type='ClassStatisticsHook')


def adjusted(logits, tau, counts=COUNTS):
    """Softmax of z - tau log(pi), image by image in float64."""
    counts = [max(n, 1) for n in counts]
    rows = []
    for row in logits.tolist():
        terms = [math.exp(z) / (n / sum(counts)) ** tau for z, n in zip(row, counts)]
        rows.append([term / sum(terms) for term in terms])
    return torch.tensor(rows)


class Vectors(torch.utils.data.Dataset):
    """Eight feature vectors with the labels above."""

    metainfo = dict(classes=tuple('abc'))

    def __init__(self):
        self.features = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))

    def __len__(self):
        return len(LABELS)

    def get_cat_ids(self, index):
        return [LABELS[index]]

    def __getitem__(self, index):
        return dict(inputs=self.features[index], data_samples=DataSample().set_gt_label(LABELS[index]))


class Same(BaseModule):
    """A backbone whose features are its inputs."""

    def forward(self, inputs):
        return (inputs,)


class Scores(BaseMetric):
    """Keep the scores of each evaluation."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def process(self, data_batch, data_samples):
        self.results.extend(sample['pred_score'] for sample in data_samples)

    def compute_metrics(self, results):
        self.seen.append(torch.stack(results))
        return dict(number=len(results))


class Plain(Hook):
    """Keep the losses of training, and the head's own logits at each evaluation."""

    def __init__(self):
        self.losses, self.logits = [], []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append(outputs['loss'].item())

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.logits.append(runner.model.head.forward((Vectors().features,)).clone())

    after_test_iter = after_val_iter


def run(work_dir, head, hook, only_test=False, hooks=(STATISTICS,), **more):
    """Train two epochs with validation, or test; the scores that the metric saw, and the plain ones."""
    loader = dict(batch_size=8, dataset=Vectors(), sampler=dict(type='DefaultSampler', shuffle=False))
    metric, plain = Scores(), Plain()
    training = dict(
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        val_dataloader=loader,
        val_cfg=dict(),
        val_evaluator=[metric],
    )
    testing = dict(test_dataloader=loader, test_cfg=dict(), test_evaluator=[metric])
    runner = Runner(
        model=dict(
            type='ImageClassifier', backbone=Same(), head=dict(HEADS[head], num_classes=3, in_channels=4)
        ),
        work_dir=str(work_dir),
        custom_hooks=[*hooks, *([hook] if hook else []), plain],
        experiment_name=f'{work_dir.parent.name}-{work_dir.name}',
        default_scope='mmpretrain',
        randomness=dict(seed=0),
        log_level='ERROR',
        **(testing if only_test else training),
        **more,
    )
    runner.test() if only_test else runner.train()
    return runner, metric.seen, plain


@pytest.mark.parametrize('head', HEADS)
@pytest.mark.parametrize('tau', [1.0, 0.5])
def test_validation_and_test_see_adjusted_scores_and_training_does_not(tmp_path, head, tau):
    hook = dict(type='LogitAdjustmentHook', tau=tau)
    runner, seen, plain = run(tmp_path / 'train', head, hook)
    assert len(seen) == 2
    for scores, logits in zip(seen, plain.logits):
        assert torch.allclose(scores, adjusted(logits, tau), atol=1e-5)
        assert (scores - logits.softmax(1)).abs().max() > 0.05
    assert not runner.model.head._forward_hooks
    assert plain.losses == run(tmp_path / 'plain', head, None)[2].losses
    checkpoint = str(tmp_path / 'train' / 'epoch_2.pth')  # brings the counts
    tester, seen, plain = run(tmp_path / 'test', head, hook, only_test=True, load_from=checkpoint)
    assert torch.allclose(seen[0], adjusted(plain.logits[0], tau), atol=1e-5)
    assert not tester.model.head._forward_hooks


def test_own_counts(tmp_path):
    hook = dict(type='LogitAdjustmentHook', class_counts=[1, 30, 5])
    _, seen, plain = run(tmp_path / 'own', 'linear', hook, only_test=True, hooks=())
    assert torch.allclose(seen[0], adjusted(plain.logits[0], 1, [1, 30, 5]), atol=1e-5)


def attached(**settings):
    hook, model = LogitAdjustmentHook(**settings), nn.Module()
    model.head = nn.Identity()
    hook.before_test(SimpleNamespace(model=model))
    return hook, model.head


def test_half_precision_logits_are_adjusted_in_full():
    head = attached(class_counts=[1000, 1])[1]
    logits = torch.zeros(1, 2, dtype=torch.bfloat16)
    assert head(logits).tolist()[0] == pytest.approx([math.log(1.001), math.log(1001)], rel=1e-5)
    assert (logits == 0).all()


def test_an_evaluation_that_broke_off_is_not_adjusted_twice():
    hook, head = attached(class_counts=[3, 1])
    hook.before_val(SimpleNamespace(model=nn.ModuleDict(dict(head=head))))
    assert len(head._forward_hooks) == 1
    hook.after_val(None)
    hook.after_test(None)
    assert not head._forward_hooks


def test_a_head_that_goes_past_the_hook_is_refused():
    hook, head = attached(class_counts=[3, 1])
    head.forward(torch.zeros(1, 2))
    with pytest.raises(RuntimeError, match='saw no logits'):
        hook.after_test_iter(None, 0)
    head(torch.zeros(1, 2))
    hook.after_test_iter(None, 0)


def test_bad_arguments():
    with pytest.raises(ValueError, match='tau is -1'):
        LogitAdjustmentHook(tau=-1)
    for counts in ([3, -1], [[1], [2]], []):
        with pytest.raises(ValueError, match=r'class_counts(\[\d\])? is'):
            LogitAdjustmentHook(class_counts=counts)
    with pytest.raises(RuntimeError, match='ClassStatisticsHook.*class_counts'):
        attached()
    with pytest.raises(ValueError, match='3 classes.*2'):
        attached(class_counts=[3, 1])[1](torch.zeros(1, 3))
