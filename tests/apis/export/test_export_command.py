"""Files of a checkpoint: read again without this package they give its scores, and say how images are prepared."""

import json
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from tiny_trained import CLASSES, EXPERTS, MANY, MEAN, STD, training_config

from mmlongtail.apis import LongTailInferencer, cli
from mmlongtail.apis.export import facts
from mmlongtail.apis.export.command import graph_of
from mmlongtail.apis.trained import load_trained


@pytest.fixture(scope='module')
def pictures() -> np.ndarray:
    return np.random.RandomState(4).randint(0, 256, (3, 12, 12, 3)).astype(np.uint8)


def prepared(pictures: np.ndarray, said: dict) -> np.ndarray:
    """Pictures in BGR as the metadata say it, in NumPy alone."""
    assert json.loads(said['size']) == list(pictures.shape[1:3])
    pixels = pictures[..., ::-1] if said['color_order'] == 'RGB' else pictures
    pixels = (pixels - np.array(json.loads(said['mean']))) / np.array(json.loads(said['std']))
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32)


def expected(checkpoint, pictures) -> np.ndarray:
    answers = LongTailInferencer(checkpoint, device='cpu')(list(pictures), all_scores=True)
    return np.array([answer['all_scores'] for answer in answers])


def test_torch_export(write_checkpoint, pictures, tmp_path, capsys):
    checkpoint, out = write_checkpoint(EXPERTS), tmp_path / 'new' / 'a.pt2'
    assert cli.main(['export', str(checkpoint), '--to', 'torch', '--out', str(out)]) == 0
    assert 'scores differ by ' in capsys.readouterr().out
    said = dict.fromkeys(['size', 'color_order', 'mean', 'std', 'classes', 'thresholds'], '')
    program = torch.export.load(out, extra_files=said).module()
    for number in (1, 3):
        got = program(torch.from_numpy(prepared(pictures, said)[:number])).detach().numpy()
        np.testing.assert_allclose(got, expected(checkpoint, pictures)[:number], atol=1e-5)
    assert json.loads(said['classes']) == list(CLASSES)


def test_onnx(write_checkpoint, pictures, tmp_path):
    reason = 'NOTHING WAS EXPORTED: pip install "mmlongtail[onnx]"'
    onnxruntime = pytest.importorskip('onnxruntime', reason=reason)
    pytest.importorskip('onnxscript', reason=reason)
    checkpoint, out = write_checkpoint(EXPERTS), tmp_path / 'a.onnx'
    assert cli.main(['export', str(checkpoint), '--to', 'onnx', '--out', str(out)]) == 0
    session = onnxruntime.InferenceSession(out)
    said = session.get_modelmeta().custom_metadata_map
    for number in (1, 3):
        [got] = session.run(['probabilities'], {'images': prepared(pictures, said)[:number]})
        np.testing.assert_allclose(got, expected(checkpoint, pictures)[:number], atol=1e-4)


@pytest.mark.parametrize('to, module', [('onnx', 'onnxruntime'), ('safetensors', 'safetensors.torch')])
def test_what_is_missing_is_named(to, module, write_checkpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, module, None)
    out = tmp_path / ('a.onnx' if to == 'onnx' else 'a')
    assert cli.main(['export', str(write_checkpoint(MANY)), '--to', to, '--out', str(out)]) == 2
    assert 'is missing: pip install "mmlongtail[' in capsys.readouterr().err
    assert not out.is_file()


def test_safetensors_and_card(write_checkpoint, pictures, tmp_path):
    load_file = pytest.importorskip(
        'safetensors.torch', reason='NOTHING WAS WRITTEN: pip install safetensors'
    ).load_file
    checkpoint, out = write_checkpoint(EXPERTS), tmp_path / 'cats'
    assert cli.main(['export', str(checkpoint), '--to', 'safetensors', '--out', str(out)]) == 0
    cfg = Config.fromfile(out / 'config.py')
    model = MODELS.build(cfg.model)
    model.load_state_dict(load_file(out / 'model.safetensors'))
    batch = model.eval().data_preprocessor(
        dict(inputs=[torch.from_numpy(p.transpose(2, 0, 1)) for p in pictures])
    )
    with torch.no_grad():
        scores = torch.stack([sample.pred_score for sample in model(batch['inputs'], mode='predict')])
    np.testing.assert_allclose(scores.numpy(), expected(checkpoint, pictures), atol=1e-6)
    card = (out / 'README.md').read_text()
    assert card.startswith('---\nlibrary_name: mmpretrain\n') and '\n# cats\n' in card
    assert '| 2 | lynx | tail | 4 | 0.500 |' in card and 'not recorded' in card


def test_one_expert_is_a_plain_classifier(write_checkpoint, tmp_path):
    pytest.importorskip('safetensors.torch', reason='NOTHING WAS WRITTEN: pip install safetensors')
    arguments = ['--to', 'safetensors', '--expert', '1', '--out', str(tmp_path / 'one')]
    assert cli.main(['export', str(write_checkpoint(EXPERTS)), *arguments]) == 0
    assert Config.fromfile(tmp_path / 'one' / 'config.py').model.type == 'ImageClassifier'


def test_the_graph_of_one_expert_has_no_other(write_checkpoint, pictures):
    checkpoint = write_checkpoint(EXPERTS)
    trained = load_trained(checkpoint, expert=1)
    graph = graph_of(trained, checkpoint, 1, facts.facts_of(trained))
    assert not hasattr(graph.head, 'experts')
    batch = trained.model.data_preprocessor(
        dict(inputs=[torch.from_numpy(p.transpose(2, 0, 1).copy()) for p in pictures])
    )
    answers = LongTailInferencer(checkpoint, device='cpu', expert=1)(list(pictures), all_scores=True)
    wanted = [answer['all_scores'] for answer in answers]
    np.testing.assert_allclose(graph(batch['inputs']).detach().numpy(), wanted, atol=1e-6)


def test_an_ending_is_checked(write_checkpoint, tmp_path, capsys):
    arguments = ['--to', 'onnx', '--out', str(tmp_path / 'a.pth')]
    assert cli.main(['export', str(write_checkpoint(MANY)), *arguments]) == 2
    assert 'a name that ends in .onnx is expected' in capsys.readouterr().err


@pytest.mark.parametrize(
    'pipeline, color',
    [
        ([dict(type='LoadImageFromFile'), dict(type='Resize', scale=(20, 12))], 'RGB'),
        ([dict(type='Resize', scale=(20, 12))], 'BGR'),  # of arrays in RGB, which to_rgb swaps
    ],
)
def test_facts(pipeline, color, write_checkpoint):
    config = training_config(MANY, [*pipeline, dict(type='PackInputs')])
    found = facts.facts_of(load_trained(write_checkpoint(MANY, config=config)))
    assert found.size == (12, 20) and found.color_order == color
    assert (found.mean, found.std) == (MEAN, STD)
    assert found.thresholds == (0.5,) * 3 and found.groups == ('head', 'medium', 'tail')
    assert [step['type'] for step in json.loads(found.pipeline)][-1] == 'PackInputs'


def test_a_pipeline_without_a_size(write_checkpoint):
    config = training_config(MANY, [dict(type='LoadImageFromFile'), dict(type='PackInputs')])
    trained = load_trained(write_checkpoint(MANY, config=config))
    with pytest.raises(ValueError, match='--size HEIGHT WIDTH is expected'):
        facts.facts_of(trained)
    assert facts.facts_of(trained, (8, 9)).size == (8, 9)
    with pytest.raises(ValueError, match=r'size is \(8, 9\)'):
        facts.facts_of(load_trained(write_checkpoint(MANY)), (8, 9))
