"""Scores, divergences and copies of images against the models themselves and loops over images, pairs and classes."""

from itertools import permutations
from math import exp, log

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import DATASETS, MODELS
from mmpretrain.structures import DataSample

from mmlongtail.analysis import peers as peers_module
from mmlongtail.analysis.peers import Peers, load_peers

LABELS = [0, 1, 2, 0, 0, 0]
COUNTS = [8, 2, 2]


@pytest.fixture
def plain_files(finished_single_label_run):
    return finished_single_label_run / 'single.py', finished_single_label_run / 'epoch_2.pth'


def rewritten(files, folder, config=(), statistics=()):
    """The same model with a few other settings or other class statistics."""
    cfg, checkpoint = Config.fromfile(files[0]), torch.load(files[1], weights_only=False)
    cfg.merge_from_dict(dict(config))
    checkpoint['class_statistics'] = checkpoint['class_statistics'] | dict(statistics)
    cfg.dump(folder / 'other.py')
    torch.save(checkpoint, folder / 'other.pth')
    return folder / 'other.py', folder / 'other.pth'


def raw_logits(files, inputs):
    """(E, B, K), of each expert's own layers."""
    model = MODELS.build(Config.fromfile(files[0]).model).eval()
    model.load_state_dict(torch.load(files[1], weights_only=False)['state_dict'])
    with torch.no_grad():
        feats = model.extract_feat(inputs)[-1]
        if not hasattr(model.head, 'experts'):
            return model.head.fc(feats)[None].double()
        return torch.stack([e.fc(part[0]) for e, part in zip(model.head.experts, feats)]).double()


def test_experts_of_all_models_in_order(expert_files, plain_files):
    peers = load_peers([expert_files, plain_files])
    inputs = torch.randn(5, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    log_probs = peers.log_probs(inputs)
    logits = torch.cat([raw_logits(expert_files, inputs), raw_logits(plain_files, inputs)])
    expected = logits - logits.exp().sum(-1, keepdim=True).log()
    assert log_probs.shape == (3, 5, 3) and log_probs.dtype == torch.float64
    torch.testing.assert_close(log_probs, expected, rtol=1e-5, atol=1e-6)
    assert (log_probs[0] - log_probs[1]).abs().max() > 0.1
    assert peers.statistics.class_counts.tolist() == [8, 2, 2]
    assert not any(model.training for model in peers.models)


def test_class_statistics_reach_the_model(expert_files):
    (model,) = load_peers([expert_files]).models
    assert model.head.loss_module.classification.counts.class_counts.tolist() == [8, 2, 2]


def test_a_score_of_nothing_stays_finite(expert_files):
    known = load_peers([expert_files])

    def sure(inputs, mode):
        return [DataSample().set_pred_score(torch.tensor([0.0, 1.0, 0.0]))]

    log_probs = Peers(known.cfg, [sure], known.statistics).log_probs(torch.zeros(1))
    assert log_probs.isfinite().all() and log_probs[0, 0, 1] == 0 and log_probs[0, 0, 0] < -80


def test_models_that_cannot_be_compared(expert_files, plain_files, tmp_path, tiny_config_file, finished_run):
    other = rewritten(plain_files, tmp_path, statistics=dict(class_counts=[7, 3, 2]))
    with pytest.raises(ValueError, match=r'other.pth and .*experts.pth differ in class_counts'):
        load_peers([expert_files, other])
    other = rewritten(plain_files, tmp_path, {'model.data_preprocessor.mean': [100.0]})
    with pytest.raises(ValueError, match=r'other.pth and .* differ in how their data_preprocessor'):
        load_peers([expert_files, other])
    multi_label = load_peers([(tiny_config_file, finished_run / 'epoch_2.pth')])
    with pytest.raises(ValueError, match='expected probabilities of 3 classes that add up to 1'):
        multi_label.log_probs(torch.zeros(2, 1, 32, 32))


def naive_kl(p, q):
    return sum(a * log(a / b) for a, b in zip(p, q) if a > 0)


def naive_pairs(peers):
    """Mean over the ordered pairs of a list of distributions."""
    pairs = list(permutations(peers, 2))
    return sum(naive_kl(p, q) for p, q in pairs) / len(pairs)


@pytest.fixture
def peers(expert_files):
    return load_peers([expert_files])


@pytest.fixture
def probabilities(peers):
    """``p[expert][view][picture]``, of pictures one by one, as they are and at half their brightness."""
    dataset = DATASETS.build(peers.cfg.test_dataloader.dataset)
    raw = [dataset[i]['inputs'].float()[None] for i in range(len(dataset))]
    views = [[(x - 127) / 64 for x in raw], [(x // 2 - 127) / 64 for x in raw]]
    (model,) = peers.models
    scores = [[model(x, mode='predict')[0].expert_scores for x in view] for view in views]
    return (
        torch.tensor([[[x[e].tolist() for x in view] for view in scores] for e in range(2)]).double().tolist()
    )


def test_a_pair_by_hand():
    """KL((1/2, 1/2) || (1/4, 3/4)) is ln(2/sqrt(3)), the other way 3/4 ln 3 - ln 2; two of three are equal."""
    p, q = [0.5, 0.5], [0.25, 0.75]
    there, back = log(2 / 3**0.5), 0.75 * log(3) - log(2)
    log_probs = torch.tensor([[[p], [p]], [[q], [q]]]).double().log()  # (E 2, T 2, B 1, K 2)
    found = peers_module.mean_divergences(log_probs)
    assert found['experts'].item() == pytest.approx((there + back) / 2) and found['copies'].item() == 0
    three = torch.tensor([[[p], [q], [p]]]).double().log()
    found = peers_module.mean_divergences(three)
    assert list(found) == ['copies'] and found['copies'].item() == pytest.approx((there + back) / 3)
    assert peers_module.mean_divergences(three[:, :1]) == {}


@pytest.mark.parametrize('balanced', [False, True])
@pytest.mark.parametrize('copies', [2, 3])
def test_divergences_of_each_class(peers, probabilities, copies, balanced):
    p = probabilities
    if balanced:
        weighted = [[[[n * x for n, x in zip(COUNTS, i)] for i in v] for v in e] for e in p]
        p = [[[[x / sum(i) for x in i] for i in v] for v in e] for e in weighted]
    views = (0, 1, 0)[:copies]
    experts = [np.mean([naive_pairs([p[0][v][i], p[1][v][i]]) for v in views]) for i in range(6)]
    own = [np.mean([naive_pairs([p[e][v][i] for v in views]) for e in range(2)]) for i in range(6)]
    found = peers_module.class_divergences(peers, copies=copies, balanced=balanced)
    for name, images in (('experts', experts), ('copies', own)):
        expected = [np.mean([x for x, k in zip(images, LABELS) if k == label]) for label in range(3)]
        np.testing.assert_allclose(found[name], expected, rtol=1e-4)
        assert min(expected) > 1e-3


def test_divergences_on_the_test_set_and_on_few_images(peers, expert_files):
    every = peers_module.class_divergences(peers)
    shuffled = peers_module.class_divergences(peers, per_class=100, seed=3)  # all of them, too
    trained = peers_module.class_divergences(peers, 'train')  # the same pictures here
    for name in ('experts', 'copies'):
        np.testing.assert_allclose(trained[name], every[name])
        np.testing.assert_allclose(shuffled[name], every[name])
    few = peers_module.class_divergences(peers, per_class=1, seed=1)
    np.testing.assert_allclose(few['copies'][1:], every['copies'][1:])  # of one picture each
    assert few['copies'][0] != pytest.approx(every['copies'][0], rel=1e-3)
    twice = load_peers([expert_files, expert_files])  # pairs of equal experts: 4 of 12 are 0
    both = peers_module.class_divergences(twice, copies=1)
    single = peers_module.class_divergences(peers, copies=1)
    assert list(both) == ['experts']
    np.testing.assert_allclose(both['experts'], single['experts'] * 8 / 12)
    with pytest.raises(ValueError, match='copies is 0, expected'):
        peers_module.class_divergences(peers, copies=0)


def test_scores_of_each_expert(peers, probabilities):
    found = peers_module.score_test_set(peers)
    plain = [view[0] for view in probabilities]  # (E, N, K)
    hardest = [max(x for k, x in enumerate(i) if k != label) for e in plain for i, label in zip(e, LABELS)]
    np.testing.assert_allclose(found['hardest_negative'], hardest, rtol=1e-5)
    check_accuracy(found['accuracy'], plain)


def test_scores_of_the_ensemble(peers, probabilities):
    """Its probabilities are the experts' geometric means."""
    found = peers_module.score_test_set(peers, ensemble=True)
    first, second = (view[0] for view in probabilities)
    means = [[exp((log(a) + log(b)) / 2) for a, b in zip(*pair)] for pair in zip(first, second)]
    mixed = [[x / sum(i) for x in i] for i in means]
    hardest = [max(x for k, x in enumerate(i) if k != label) for i, label in zip(mixed, LABELS)]
    np.testing.assert_allclose(found['hardest_negative'], hardest, rtol=1e-5)
    check_accuracy(found['accuracy'], [mixed])


def check_accuracy(found, experts):
    right = [np.mean([int(np.argmax(e[i])) == label for e in experts]) for i, label in enumerate(LABELS)]
    expected = [100 * np.mean([x for x, k in zip(right, LABELS) if k == label]) for label in range(3)]
    np.testing.assert_allclose(found, expected)
    assert 0 < np.mean(expected) < 100


def pictures(cfg, images):
    """Raw pictures of the data set, each seen twice, (B, 1, 32, 32)."""
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    return torch.stack([dataset[i]['inputs'] for i in images]).float()


@pytest.mark.parametrize('copies', [1, 2, 3, 4])
@pytest.mark.parametrize('batch_size', [2, 3, 7])
def test_copies_of_each_image(expert_files, copies, batch_size):
    options = {'train_dataloader.batch_size': batch_size}
    peers, images = load_peers([expert_files], options), [3, 0, 7, 2, 11]
    dataset = peers_module.augmented_dataset(peers.cfg, 'train')
    parts = list(peers_module.augmented_copies(peers, 'train', dataset, images, copies))
    assert [part.size(1) for part in parts] == {2: [2, 2, 1], 3: [3, 2], 7: [5]}[batch_size]
    raw = pictures(peers.cfg, images)
    expected = torch.stack([(view - 127) / 64 for view in (raw, raw // 2)] * 2)[:copies]
    torch.testing.assert_close(torch.cat(parts, dim=1), expected)


def test_copies_of_a_random_pipeline(finished_single_label_run):
    """Each round goes through the data pipeline anew; the host's preprocessor makes one view."""
    files = finished_single_label_run / 'single.py', finished_single_label_run / 'epoch_2.pth'
    peers = load_peers([files])
    pipeline = peers.cfg.train_dataloader.dataset.dataset.pipeline
    pipeline.insert(2, dict(type='RandomFlip', prob=0.5, direction='horizontal'))
    dataset = peers_module.augmented_dataset(peers.cfg, 'train')
    (views,) = peers_module.augmented_copies(peers, 'train', dataset, [1, 2], 12)
    views = views.transpose(0, 1)
    for image, raw in zip(views, pictures(load_peers([files]).cfg, [1, 2])):
        plain, flipped = (raw - 127) / 64, (raw.flip(-1) - 127) / 64
        same = [bool(torch.allclose(view, plain)) for view in image]
        assert all(ok or torch.allclose(view, flipped) for ok, view in zip(same, image))
        assert any(same) and not all(same)


def test_the_test_set_in_the_training_pipeline(expert_files):
    cfg = load_peers([expert_files]).cfg
    cfg.train_dataloader.dataset.dataset.pipeline[1].scale = (16, 16)
    assert peers_module.augmented_dataset(cfg, 'test')[0]['inputs'].shape == (1, 16, 16)
    assert len(peers_module.augmented_dataset(cfg, 'test')) == 6
    assert cfg.test_dataloader.dataset.pipeline[1].scale == (32, 32)


def test_the_test_images_as_they_are(expert_files):
    peers = load_peers([expert_files])
    classes, batches = peers_module.read_test_images(peers)
    parts = list(batches)
    assert classes.tolist() == [0, 1, 2, 0, 0, 0] and [len(part) for part in parts] == [3, 3]
    torch.testing.assert_close(torch.cat(parts), (pictures(peers.cfg, range(6)) - 127) / 64)


def test_whole_batches_from_memory(expert_files):
    peers = load_peers([expert_files])
    for part in ('train', 'test'):
        loader = peers.cfg[f'{part}_dataloader']
        loader.dataset = dict(type='BatchedDataset', dataset=loader.dataset)
        loader.collate_fn = dict(type='ready_batch_collate')
    dataset = peers_module.augmented_dataset(peers.cfg, 'train')
    (views,) = peers_module.augmented_copies(peers, 'train', dataset, [3, 1], 2)
    raw = pictures(peers.cfg, [3, 1])
    torch.testing.assert_close(views, torch.stack([(raw - 127) / 64, (raw // 2 - 127) / 64]))
    assert len(torch.cat(list(peers_module.read_test_images(peers)[1]))) == 6


def test_an_image_of_several_classes(tiny_config):
    dataset = DATASETS.build(tiny_config.test_dataloader.dataset)
    with pytest.raises(ValueError, match='MultiLabelDataset has images of no class or of several'):
        peers_module.single_labels(dataset)
