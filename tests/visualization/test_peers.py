"""Scores of the experts against the models themselves."""

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmlongtail.visualization.peers import Peers, load_peers


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
    assert model.head.loss_module.classification.class_counts.tolist() == [8, 2, 2]


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
