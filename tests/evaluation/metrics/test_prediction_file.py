"""What is in the file is what was predicted, as any JSON reader sees it."""

import json

import numpy as np
import pytest
import torch
from mmpretrain.registry import METRICS


def test_every_sample_in_order(tmp_path):
    path = tmp_path / 'out.json'
    metric = METRICS.build(dict(type='PredictionFile', out_file_path=str(path)))
    samples = [
        dict(
            img_path=f'{i}.png',
            pred_score=torch.tensor([0.25, i]),
            gt_label=torch.tensor([i]),
            size=(4, np.int64(i)),
        )
        for i in range(3)
    ]
    metric.process(None, samples[:2])
    metric.process(None, samples[2:])
    assert metric.evaluate(3) == {}
    assert json.loads(path.read_text()) == [
        dict(img_path=f'{i}.png', pred_score=[0.25, i], gt_label=[i], size=[4, i]) for i in range(3)
    ]


def test_where_results_are_collected_is_passed_on(tmp_path):
    metric = METRICS.build(dict(type='PredictionFile', out_file_path='out.json', collect_dir=str(tmp_path)))
    assert metric.collect_dir == str(tmp_path)


def test_another_suffix_is_refused():
    with pytest.raises(ValueError, match=r"out_file_path is 'out.pkl'.*\.json"):
        METRICS.build(dict(type='PredictionFile', out_file_path='out.pkl'))
