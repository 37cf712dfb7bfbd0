"""Nearest class means of a trained network, against scikit-learn's NearestCentroid."""

import pytest
import torch
from mmengine.hooks import Hook
from sklearn.neighbors import NearestCentroid

from mmlongtail.engine.hooks import ClassMeanHook

NCM = dict(type='NearestClassMeanHead', num_classes=3, in_channels=4)


class Labels(Hook):
    """Keep what a test predicts."""

    def before_test(self, runner):
        self.values = []

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.values += [sample.pred_label.item() for sample in outputs]


@torch.no_grad()
def features(model, pictures) -> torch.Tensor:
    """One picture after the other."""
    images = [(picture['inputs'][None].float() - 128) / 64 for picture in pictures]
    return torch.cat([model.extract_feat(image)[-1] for image in images]).double()


def loader(pictures, batch_size):
    return dict(batch_size=batch_size, num_workers=0, dataset=pictures)


@pytest.mark.parametrize('batch_size', [4, 5])
def test_a_checkpoint_tests_as_nearest_centroid(stage_runner, stage_one, pictures, batch_size):
    hooks = [ClassMeanHook(loader(pictures, batch_size)), seen := Labels()]
    runner = stage_runner(f'ncm_{batch_size}', hooks, head=NCM, load_from=stage_one)
    runner.model.train()  # a test may follow a training
    runner.test()
    stored = torch.load(stage_one)['state_dict']
    backbone = runner.model.backbone.state_dict()
    assert all(torch.equal(value, stored[f'backbone.{name}']) for name, value in backbone.items())
    labels = [picture['data_samples'].gt_label.item() for picture in pictures]
    feats = features(runner.model, pictures)
    reference = NearestCentroid().fit(feats.numpy(), labels)
    torch.testing.assert_close(
        runner.model.head.means.double(), torch.tensor(reference.centroids_), rtol=1e-5, atol=1e-6
    )
    assert seen.values == reference.predict(feats.numpy()).tolist()
    assert len(set(seen.values)) > 1


def test_a_class_without_images_and_a_validation(stage_runner, stage_one, pictures):
    runner = stage_runner(
        'val',
        [ClassMeanHook(loader(pictures[:10], 4))],
        head=NCM | dict(metric='cosine'),
        load_from=stage_one,
    )
    runner.val()
    assert runner.model.head.known.tolist() == [True, True, False]
    scores = [sample.pred_score for sample in runner.model.head.predict((torch.randn(6, 4),))]
    assert all(score.isfinite().all() and score[2] == 0 for score in scores)


def test_another_head_is_refused(stage_runner, stage_one, pictures):
    runner = stage_runner('linear', [ClassMeanHook(loader(pictures, 4))], load_from=stage_one)
    with pytest.raises(ValueError, match='the head is a LinearClsHead, expected one with set_class_means'):
        runner.test()
