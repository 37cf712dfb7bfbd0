import cv2
import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmlongtail.structures import ClassStatistics

COOCCURRENCE = np.array([[10, 4, 1], [4, 5, 2], [1, 2, 4]])
GRAPH = [[0.8, 0.2, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]]  # worked by hand in test_label_graph.py
NAMES = ('cat', 'dining table', 'sofa')
VECTORS = 'cat 1 2\ndining 3 4\ntable 5 8\nsofa -1 0.5\n'
KINDS = [dict(), dict(embedding_dim=2), dict(word_vectors='vectors.txt', embedding_dim=2)]


def build(**kwargs):
    loss = dict(type='CrossEntropyLoss', use_sigmoid=True)
    head = dict(type='GraphConvolutionHead', num_classes=3, in_channels=4, hidden_channels=5, loss=loss)
    return MODELS.build(dict(head, **kwargs))


def statistics(cooccurrence=COOCCURRENCE, classes=NAMES):
    return ClassStatistics(
        cooccurrence.diagonal(), int(cooccurrence.max()), classes, stored_cooccurrence=cooccurrence
    )


def ready(**kwargs):
    head = build(**kwargs)
    head.set_class_statistics(statistics())
    return head


@pytest.fixture(autouse=True)
def glove(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'vectors.txt').write_text(VECTORS)
    return tmp_path / 'vectors.txt'


def naive_product(left, right):
    return [[sum(a * b for a, b in zip(row, column)) for column in zip(*right)] for row in left]


def naive_logits(head, features):
    """Eq. (3) twice and the scores, in Python's own float64, of features (B, C, H W)."""
    first, second = ([list(column) for column in zip(*layer.weight.tolist())] for layer in head.layers)
    hidden = naive_product(naive_product(GRAPH, head.embedding.tolist()), first)
    hidden = [[x if x > 0 else 0.2 * x for x in row] for row in hidden]
    weights = naive_product(naive_product(GRAPH, hidden), second)  # (K, D)
    pooled = [[max(channel) for channel in image] for image in features.tolist()]
    return naive_product(pooled, list(zip(*weights)))


@pytest.mark.parametrize('kind', KINDS)
def test_forward_is_the_papers_formula(kind):
    head, maps = ready(**kind), torch.randn(6, 4, 3, 2)
    logits = head((torch.zeros(6, 9), maps))  # earlier stages are not looked at
    assert logits.tolist() == [
        pytest.approx(row, rel=1e-4, abs=1e-5) for row in naive_logits(head, maps.flatten(2))
    ]
    torch.testing.assert_close(head((maps.amax(3).amax(2),)), logits)  # what a neck has pooled already


def test_embeddings():
    assert torch.equal(ready().embedding, torch.eye(3))
    learned = ready(embedding_dim=300).embedding
    assert isinstance(learned, torch.nn.Parameter) and learned.shape == (3, 300)
    assert learned.norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=0.3)
    assert ready(word_vectors='vectors.txt', embedding_dim=2).embedding.tolist() == [
        [1, 2],
        [4, 6],
        [-1, 0.5],
    ]
    assert build(word_vectors='vectors.txt').layers[0].in_features == 300


def test_aliases_reach_the_reader():
    head = build(word_vectors='vectors.txt', embedding_dim=2, aliases=dict(diningtable='dining table'))
    head.set_class_statistics(statistics(classes=('cat', 'diningtable', 'sofa')))
    assert head.embedding[1].tolist() == [4, 6]


def test_layers_start_uniform_unless_told_otherwise():
    head = build(hidden_channels=400, in_channels=100)
    head.init_weights()
    assert [layer.weight.abs().max().item() for layer in head.layers] == pytest.approx([0.05, 0.1], rel=0.02)
    other = build(init_cfg=dict(type='Constant', layer='Linear', val=3))
    other.init_weights()
    assert other.layers[0].weight.unique().tolist() == other.layers[1].weight.unique().tolist() == [3]


@pytest.mark.parametrize('kind', KINDS)
def test_gradient_reaches_layers_and_learned_embedding(kind):
    head, feats = ready(**kind), torch.randn(2, 4, 3, 3, requires_grad=True)
    samples = [DataSample().set_gt_label([0]), DataSample().set_gt_label([1, 2])]
    head.loss((feats,), samples)['loss'].backward()
    names = {name for name, _ in head.named_parameters()}
    learned = {'embedding'} if kind == dict(embedding_dim=2) else set()
    assert names == {'layers.0.weight', 'layers.1.weight'} | learned
    assert all(parameter.grad.abs().sum() > 0 for parameter in [*head.parameters(), feats])
    assert (feats.grad != 0).sum() <= 2 * 4  # only the greatest value of each map


def test_gradient_is_the_numerical_one():
    head = ready(embedding_dim=2).double()
    feats = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *_: head((feats,)), (feats, *head.parameters()))


@pytest.mark.parametrize('kind', KINDS)
def test_checkpoint_alone_predicts(kind, glove):
    trained, feats = ready(**kind), (torch.randn(2, 4),)
    torch.save(trained.state_dict(), 'head.pth')
    glove.unlink()
    fresh = build(**kind)
    fresh.load_state_dict(torch.load('head.pth', weights_only=True))
    assert torch.equal(fresh(feats), trained(feats))
    fresh.set_class_statistics(statistics())  # what the hook does before a test
    assert torch.equal(fresh(feats), trained(feats))


def test_class_without_image_and_single_class_are_finite():
    head = build()
    head.set_class_statistics(statistics(np.array([[3, 3, 0], [3, 4, 0], [0, 0, 0]])))
    assert head((torch.randn(2, 4),)).isfinite().all()
    one = build(num_classes=1)
    one.set_class_statistics(statistics(np.array([[0]]), ('cat',)))
    assert one.adjacency.tolist() == [[1]] and one((torch.randn(2, 4),)).shape == (2, 1)


def test_unknown_graph_says_what_to_do():
    head = build()
    with pytest.raises(RuntimeError, match='ClassStatisticsHook in default_hooks'):
        head((torch.randn(2, 4),))
    head.load_state_dict(build().state_dict())  # a checkpoint of an untrained head does not help
    with pytest.raises(RuntimeError, match='ClassStatisticsHook in default_hooks'):
        head((torch.randn(2, 4),))


def test_autocast_is_finite_and_close():
    head, feats = ready(embedding_dim=2), (torch.randn(8, 4, 3, 3) * 50,)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        logits = head(feats)
        loss = head.loss(feats, [DataSample().set_gt_label([0])] * 8)['loss']
    loss.backward()
    exact = head(feats)
    assert logits.dtype == torch.bfloat16
    assert (logits - exact).abs().max() < 0.05 * exact.abs().max()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())


def test_half_precision_logits_keep_distinct_scores():
    logits = torch.tensor([[9.0, 9.0625, -8.0]], dtype=torch.bfloat16)
    sample = build()._get_predictions(logits, None)[0]
    assert sample.pred_score.dtype == torch.float32 and sample.pred_score[1] > sample.pred_score[0]
    assert sample.pred_label.tolist() == [0, 1]


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(num_classes=0), 'num_classes is 0'),
        (dict(in_channels=0), 'in_channels is 0'),
        (dict(hidden_channels=0), 'hidden_channels is 0'),
        (dict(embedding_dim=0), 'embedding_dim is 0'),
        (dict(threshold=0), 'threshold is 0'),
        (dict(neighbor_weight=1.5), 'neighbor_weight is 1.5'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        build(**arguments)


def test_bad_statistics_and_features():
    with pytest.raises(ValueError, match=r'\(2, 2\), expected \(3, 3\)'):
        build().set_class_statistics(statistics(np.eye(2, dtype=np.int64)))
    with pytest.raises(ValueError, match=r'None, expected \(3, 3\)'):
        build().set_class_statistics(ClassStatistics(np.ones(3, np.int64), 3))
    with pytest.raises(ValueError, match='0 class names.*needs 3'):
        build(word_vectors='vectors.txt').set_class_statistics(statistics(classes=()))
    with pytest.raises(ValueError, match=r'features are \(2, 5, 4\)'):
        ready()((torch.randn(2, 5, 4),))


class Scores(Hook):
    """Keep the scores of a test."""

    def before_test(self, runner):
        self.values = {}

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.values.update({sample.img_path: sample.pred_score.tolist() for sample in outputs})


def make_runner(work_dir, hooks, load_from=None):
    scale = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
    dataset = dict(type='ListFileDataset', ann_file='list.csv', classes=list(NAMES), pipeline=scale)
    loader = dict(batch_size=3, dataset=dataset, sampler=dict(type='DefaultSampler', shuffle=False))
    training = dict(
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
    )
    return Runner(
        model=dict(
            type='ImageClassifier',
            backbone=dict(type='ResNet_CIFAR', depth=18, base_channels=4, stem_channels=4),
            head=dict(
                type='GraphConvolutionHead',
                num_classes=3,
                in_channels=32,
                hidden_channels=8,
                loss=dict(type='CrossEntropyLoss', use_sigmoid=True),
                word_vectors='vectors.txt',
                embedding_dim=2,
            ),
        ),
        work_dir=str(work_dir),
        test_dataloader=loader,
        test_cfg=dict(),
        test_evaluator=dict(type='LongTailMultiLabelMetric'),
        custom_hooks=hooks,
        load_from=load_from,
        experiment_name=work_dir.name,
        default_scope='mmpretrain',
        **({} if load_from else training),
    )


def test_trains_and_a_fresh_run_tests_the_same(tmp_path, glove):
    pictures = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
    for i, picture in enumerate(pictures):
        cv2.imwrite(f'{i}.png', picture)
    (tmp_path / 'list.csv').write_text(''.join(f'{i}.png,{i % 3},{i % 2}\n' for i in range(6)))
    statistics_hook = dict(type='ClassStatisticsHook')
    trained = make_runner(tmp_path / 'train', [statistics_hook, seen := Scores()])
    start = [parameter.clone() for parameter in trained.model.head.parameters()]
    trained.train()
    changed = [not torch.equal(a, b) for a, b in zip(start, trained.model.head.parameters())]
    assert changed == [True, True]
    trained.test()
    glove.unlink()
    for hooks in ([], [statistics_hook]):  # the checkpoint's weights alone, and with its statistics
        fresh = make_runner(
            tmp_path / f'test{len(hooks)}', [*hooks, again := Scores()], str(tmp_path / 'train/epoch_1.pth')
        )
        assert not fresh.model.head.adjacency.any()
        fresh.test()
        assert again.values == seen.values and len(seen.values) == 6
