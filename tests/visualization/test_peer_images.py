"""Copies as the training makes them, in the order that was asked for."""

import pytest
import torch
from mmpretrain.registry import DATASETS

from mmlongtail.visualization import peer_images
from mmlongtail.visualization.peers import load_peers


def pictures(cfg, images):
    """Raw pictures of the data set, each seen twice, (B, 1, 32, 32)."""
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    return torch.stack([dataset[i]['inputs'] for i in images]).float()


@pytest.mark.parametrize('copies', [1, 2, 3, 4])
@pytest.mark.parametrize('batch_size', [2, 3, 7])
def test_copies_of_each_image(expert_files, copies, batch_size):
    options = {'train_dataloader.batch_size': batch_size}
    peers, images = load_peers([expert_files], options), [3, 0, 7, 2, 11]
    dataset = peer_images.augmented_dataset(peers.cfg, 'train')
    parts = list(peer_images.augmented_copies(peers, 'train', dataset, images, copies))
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
    dataset = peer_images.augmented_dataset(peers.cfg, 'train')
    (views,) = peer_images.augmented_copies(peers, 'train', dataset, [1, 2], 12)
    views = views.transpose(0, 1)
    for image, raw in zip(views, pictures(load_peers([files]).cfg, [1, 2])):
        plain, flipped = (raw - 127) / 64, (raw.flip(-1) - 127) / 64
        same = [bool(torch.allclose(view, plain)) for view in image]
        assert all(ok or torch.allclose(view, flipped) for ok, view in zip(same, image))
        assert any(same) and not all(same)


def test_the_test_set_in_the_training_pipeline(expert_files):
    cfg = load_peers([expert_files]).cfg
    cfg.train_dataloader.dataset.dataset.pipeline[1].scale = (16, 16)
    assert peer_images.augmented_dataset(cfg, 'test')[0]['inputs'].shape == (1, 16, 16)
    assert len(peer_images.augmented_dataset(cfg, 'test')) == 6
    assert cfg.test_dataloader.dataset.pipeline[1].scale == (32, 32)


def test_the_test_images_as_they_are(expert_files):
    peers = load_peers([expert_files])
    classes, batches = peer_images.read_test_images(peers)
    parts = list(batches)
    assert classes.tolist() == [0, 1, 2, 0, 0, 0] and [len(part) for part in parts] == [3, 3]
    torch.testing.assert_close(torch.cat(parts), (pictures(peers.cfg, range(6)) - 127) / 64)


def test_whole_batches_from_memory(expert_files):
    peers = load_peers([expert_files])
    for part in ('train', 'test'):
        loader = peers.cfg[f'{part}_dataloader']
        loader.dataset = dict(type='BatchedDataset', dataset=loader.dataset)
        loader.collate_fn = dict(type='ready_batch_collate')
    dataset = peer_images.augmented_dataset(peers.cfg, 'train')
    (views,) = peer_images.augmented_copies(peers, 'train', dataset, [3, 1], 2)
    raw = pictures(peers.cfg, [3, 1])
    torch.testing.assert_close(views, torch.stack([(raw - 127) / 64, (raw // 2 - 127) / 64]))
    assert len(torch.cat(list(peer_images.read_test_images(peers)[1]))) == 6


def test_an_image_of_several_classes(tiny_config):
    dataset = DATASETS.build(tiny_config.test_dataloader.dataset)
    with pytest.raises(ValueError, match='MultiLabelDataset has images of no class or of several'):
        peer_images.single_labels(dataset)
