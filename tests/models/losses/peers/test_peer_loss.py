"""The ramp of the weight; the two losses' own tests have the rest of the base."""

import pytest
import torch

from mmlongtail.models.losses import MultiLabelPeerDistillationLoss, PeerDistillationLoss


@pytest.mark.parametrize('kind', [PeerDistillationLoss, MultiLabelPeerDistillationLoss])
def test_the_weight_rises_from_0_and_stays(kind):
    more = dict(balanced=False) if kind is PeerDistillationLoss else {}
    logits = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([0, 1, 2, 3])
    full = kind(**more)(logits, targets).item()
    loss = kind(ramp=0.5, loss_weight=0.6, **more)
    for epoch, share in enumerate([0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1]):
        loss.set_progress(epoch, 10)
        assert loss(logits, targets).item() == pytest.approx(0.6 * share * full, rel=1e-5)
    assert kind(loss_weight=0.6, **more)(logits, targets).item() == pytest.approx(0.6 * full, rel=1e-5)


def test_the_ramp_needs_the_progress():
    loss = PeerDistillationLoss(balanced=False, ramp=0.1)
    with pytest.raises(RuntimeError, match='ramp=0.1 does not know.*TrainingProgressHook'):
        loss(torch.zeros(2, 1, 3), torch.tensor([0]))


@pytest.mark.parametrize('ramp', [-0.1, 1.5, float('nan')])
def test_bad_ramps(ramp):
    with pytest.raises(ValueError, match=f'ramp is {ramp}, expected a finite number >= 0 and <= 1'):
        PeerDistillationLoss(ramp=ramp)
