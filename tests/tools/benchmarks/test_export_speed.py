"""The benchmark of exported graphs runs, and prints a line for each."""

import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS

MANY = dict(type='MultiLabelLinearClsHead', num_classes=3, in_channels=16)
CONFIG = dict(
    data_preprocessor=dict(num_classes=3, mean=[120] * 3, std=[60] * 3),
    model=dict(
        type='MultiExpertClassifier',
        backbone=dict(type='ResNet_CIFAR', depth=18, base_channels=2, stem_channels=2),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(type='MultiExpertHead', expert=MANY, loss=dict(type='CrossEntropyLoss')),
        branch_modules=['backbone.layer4'],
    ),
    test_dataloader=dict(
        dataset=dict(type='CustomDataset', data_root='nowhere', pipeline=[dict(type='PackInputs')])
    ),
)


def onnx_session(graph, facts):
    """The export itself is tested elsewhere, and slow."""
    return graph


def test_lines(benchmark, tmp_path):
    cfg, path = Config(CONFIG), tmp_path / 'a.pth'
    state = MODELS.build(cfg.model.to_dict()).state_dict()
    torch.save(dict(meta=dict(cfg=cfg.pretty_text), state_dict=state), path)
    lines = benchmark(
        'export_speed.py', path, '--size', 8, 8, '--batch-size', 2, '--rounds', 2, onnx_session=onnx_session
    )
    names = [line.split('  ')[0] for line in lines if 'images/s' in line]
    assert names == ['model', 'torch.export', 'ONNX', 'one expert']
    assert all(float(line.split(' images/s')[0].split()[-1]) > 0 for line in lines if 'images/s' in line)
