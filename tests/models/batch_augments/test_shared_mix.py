"""Every view of an image is mixed with the same view of one other image, by one factor and at one place."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models import RandomBatchAugment

from mmlongtail.models.batch_augments.shared_mix import SharedMix

IMAGES, VIEWS = 5, 3


@pytest.fixture(autouse=True)
def sown():
    """The host draws from two generators."""
    state = np.random.get_state(), torch.get_rng_state()
    np.random.seed(0)
    torch.manual_seed(0)
    yield
    np.random.set_state(state[0])
    torch.set_rng_state(state[1])


def pictures():
    """Each pixel names its image and its view: image i in view t is 10 ** i + t / 10."""
    names = [[10**i + t / 10 for i in range(IMAGES)] for t in range(VIEWS)]
    return torch.tensor(names, dtype=torch.float64).flatten()[:, None, None, None].repeat(1, 3, 8, 8)


@pytest.mark.parametrize('kind', ['Mixup', 'CutMix'])
def test_partner_factor_and_place_are_shared(kind):
    augment = RandomBatchAugment(dict(type=kind, alpha=1.0))
    labels = F.one_hot(torch.arange(IMAGES)).double().repeat(VIEWS, 1)
    mixed, scores = SharedMix(augment, VIEWS)(pictures(), labels)
    mixed, scores = mixed.view(VIEWS, IMAGES, 3, 8, 8), scores.view(VIEWS, IMAGES, IMAGES)
    assert torch.equal(scores, scores[:1].expand_as(scores)) and ((scores > 0) & (scores < 1)).any()
    for t in range(VIEWS):  # what a view adds does not depend on whom it is mixed with
        torch.testing.assert_close(mixed[t] - mixed[0], torch.full_like(mixed[0], t / 10), rtol=0, atol=1e-8)
    names = torch.tensor([10.0**i for i in range(IMAGES)]).double()
    torch.testing.assert_close(mixed[0].mean(dim=(1, 2, 3)), scores[0].double() @ names, rtol=1e-5, atol=1e-6)


def test_one_view_is_the_augmentation_itself():
    labels = F.one_hot(torch.arange(IMAGES)).float()
    results = []
    for wrap in (lambda a: a, lambda a: SharedMix(a, 1)):
        np.random.seed(1)
        torch.manual_seed(1)
        results.append(wrap(RandomBatchAugment(dict(type='Mixup', alpha=1.0)))(pictures()[:IMAGES], labels))
    for one, other in zip(*results):
        torch.testing.assert_close(one, other)
