"""The tool on checkpoints and dumps of real runs, against the models themselves."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.apis import get_model
from mmpretrain.registry import DATASETS, MODELS
from PIL import Image

from mmlongtail.visualization import classifier_figures as figures

TOOL = Path(__file__).parents[3] / 'tools' / 'analysis' / 'classifier_figures.py'
STATISTICS = dict(class_counts=[2, 30, 300], num_images=332, classes=['one', 'two', 'three'])


@pytest.fixture(scope='module')
def tool():
    """Its functions."""
    return runpy.run_path(str(TOOL))


@pytest.fixture
def draw(call):
    return lambda *arguments: call('classifier_figures.py', *arguments)


@pytest.fixture
def drawn(monkeypatch):
    """What the tool gives to the drawing functions."""
    given = {}

    def recording(draw):
        def record(*args, **kwargs):
            given[draw.__name__] = args, kwargs
            return draw(*args, **kwargs)

        return record

    for function in (figures.score_figure, figures.norm_figure, figures.tsne_figure):
        monkeypatch.setattr(figures, function.__name__, recording(function))
    return given


def write_run(folder, head):
    """A config and a checkpoint of a model that is its head; the head."""
    folder.mkdir()
    (folder / f'{folder.name}.py').write_text(f'model = dict(head={head!r})')
    module = MODELS.build(head)
    state = {f'head.{name}': value for name, value in module.state_dict().items()}
    torch.save(dict(state_dict=state, class_statistics=STATISTICS), folder / 'epoch_1.pth')
    return (folder / f'{folder.name}.py', folder / 'epoch_1.pth'), module


def linear(**changes):
    return (
        dict(type='LinearClsHead', num_classes=3, in_channels=8, loss=dict(type='CrossEntropyLoss')) | changes
    )


def lengths(weight):
    return [sum(float(x) ** 2 for x in row) ** 0.5 for row in weight.detach()]


def test_accuracy_of_a_work_dir_and_of_a_file(draw, drawn, finished_run, tmp_path, capsys):
    path = next(finished_run.glob('*/per_class_ap.json'))
    out = tmp_path / 'new' / 'ap.png'
    draw('accuracy', finished_run, path, '--names', 'A', 'B', '--edges', 3, 7, '--out', out)
    assert out.read_bytes()[:4] == b'\x89PNG' and capsys.readouterr().out == f'{out} written\n'
    (runs, statistics, score, style), groups = drawn['score_figure']
    written = json.loads(path.read_text())['average_precision']
    assert runs['A'].tolist() == runs['B'].tolist() == written
    assert statistics.class_counts.tolist() == [10, 6, 2] and (score, style) == ('AP', None)
    assert groups['groups'].names == ('head', 'medium', 'tail') and groups['groups'].edges == (3, 7)


def test_accuracy_of_the_latest_single_label_dump(draw, drawn, tmp_path):
    for time, accuracy in (('20220101_000000', 1.0), ('20220102_000000', 2.0)):
        path = tmp_path / 'run' / time / 'per_class_accuracy.json'
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(STATISTICS | dict(accuracy=[accuracy, None, 5.0])))
    draw('accuracy', tmp_path / 'run', '--style', 'lines', '--out', tmp_path / 'accuracy.pdf')
    (runs, _, score, style), groups = drawn['score_figure']
    np.testing.assert_array_equal(runs['run'], [2, np.nan, 5])
    assert (score, style, groups['groups'].names) == ('accuracy', 'lines', ('many', 'medium', 'few'))
    assert groups['groups'].head_inclusive is False


def test_norms_of_linear_cosine_and_scaled_heads(draw, drawn, tmp_path):
    cosine = linear(type='CosineHead', scale=16.0)
    files, heads = {}, {}
    for name, head in dict(
        linear=linear(),
        cosine=cosine,
        lws=dict(type='LearnableWeightScalingHead', classifier=linear()),
        lws_cosine=dict(type='LearnableWeightScalingHead', classifier=cosine),
    ).items():
        files[name], heads[name] = write_run(tmp_path / name, head)
    for name in ('lws', 'lws_cosine'):  # what training would have learned
        checkpoint = torch.load(files[name][1])
        checkpoint['state_dict']['head.classifier.fc.scale'] = torch.tensor([3.0, -2.0, 0.5])
        torch.save(checkpoint, files[name][1])
    draw('weights', *sum(files.values(), ()), '--out', tmp_path / 'weights.png')
    (runs, statistics, relative), _ = drawn['norm_figure']
    assert statistics.class_counts.tolist() == [2, 30, 300] and relative is False
    expected = {
        'linear': lengths(heads['linear'].fc.weight),
        'cosine, cosine': lengths(heads['cosine'].fc.weight),
        'lws': np.multiply([3, 2, 0.5], lengths(heads['lws'].classifier.fc.layer.weight)),
        'lws_cosine, cosine': [3, 2, 0.5],
    }
    assert list(runs) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(runs[name], values, rtol=1e-5)


def test_norms_of_several_branches_and_of_real_checkpoints(
    tool, draw, drawn, tmp_path, finished_single_label_run
):
    branches = dict(type='MultiBranchHead', num_branches=2, num_classes=3, in_channels=8, topk=1)
    files, head = write_run(tmp_path / 'ours', branches | dict(loss=dict(type='CrossEntropyLoss')))
    norms = tool['class_norms']('ours', tool['read_config'](files[0]), files[1])
    assert list(norms) == ['ours, branch 0', 'ours, branch 1']
    for values, fc in zip(norms.values(), head.fcs):
        np.testing.assert_allclose(values, lengths(fc.weight), rtol=1e-5)
    config, checkpoint = finished_single_label_run / 'single.py', finished_single_label_run / 'epoch_2.pth'
    draw('weights', config, checkpoint, '--relative', '--names', 'CE', '--out', tmp_path / 'weights.png')
    (runs, _, relative), groups = drawn['norm_figure']
    weight = torch.load(checkpoint, weights_only=False)['state_dict']['head.fc.weight']
    np.testing.assert_allclose(runs['CE'], lengths(weight), rtol=1e-5)
    assert (
        relative and groups['groups'].names == ('many', 'medium', 'few') and groups['groups'].edges == (3, 9)
    )


def test_features_are_what_the_classifier_gets(tool, draw, drawn, tmp_path, finished_single_label_run):
    """The head's linear layer makes of them what the model predicts, image by image."""
    config, checkpoint = finished_single_label_run / 'single.py', finished_single_label_run / 'epoch_2.pth'
    draw('tsne', config, checkpoint, '--perplexity', 2, '--per-class', 3, '--out', tmp_path / 'tsne.png')
    assert (tmp_path / 'tsne.png').read_bytes()[:4] == b'\x89PNG'
    (points, labels, statistics, title), _ = drawn['tsne_figure']
    assert points.shape == (5, 2) and labels.tolist() == [0, 0, 0, 1, 2] and title == 'single'
    assert statistics.class_counts.tolist() == [8, 2, 2]

    cfg = tool['read_config'](config)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    feats = tool['features'](cfg, checkpoint, torch.utils.data.Subset(dataset, [3, 1]))
    state = torch.load(checkpoint, weights_only=False)['state_dict']
    logits = torch.from_numpy(feats) @ state['head.fc.weight'].T + state['head.fc.bias']
    pictures = [np.array(Image.open(dataset.get_data_info(i)['img_path']), np.float32) for i in (3, 1)]
    inputs = (torch.from_numpy(np.stack(pictures))[:, None] - 127) / 64
    with torch.no_grad():
        expected = get_model(Config.fromfile(config), str(checkpoint))(inputs, mode='tensor')
    torch.testing.assert_close(logits, expected)


def test_training_images_go_through_the_test_pipeline(tool, draw, drawn, tmp_path, finished_single_label_run):
    """Also where training draws, augments and re-samples them."""
    config, checkpoint = finished_single_label_run / 'single.py', finished_single_label_run / 'epoch_2.pth'
    draw('tsne', config, checkpoint, '--part', 'train', '--perplexity', 2, '--out', tmp_path / 'tsne.png')
    (_, labels, _, title), _ = drawn['tsne_figure']
    assert labels.tolist() == [0] * 8 + [1] * 2 + [2] * 2 and title == 'single, training images'

    cfg = tool['read_config'](config)
    tested = DATASETS.build(cfg.test_dataloader.dataset)
    images = dict(cfg.test_dataloader.dataset, pipeline=[dict(type='LoadImageFromFile'), dict(type='Flip')])
    for wrapper in (dict(type='DrawDataset'), dict(type='CBENDataset', seed=0)):
        cfg.train_dataloader.dataset = dict(wrapper, dataset=images)
        dataset = tool['build_images'](cfg, 'train')
        assert len(dataset) == len(tested)
        for i in range(len(tested)):
            assert torch.equal(dataset[i]['inputs'], tested[i]['inputs'])
            assert dataset[i]['data_samples'].gt_label == tested[i]['data_samples'].gt_label


def test_chosen_classes_and_options(draw, drawn, tmp_path, finished_run, tiny_config_file):
    """Of the multi-label set [0], [0, 1], [0, 2], [0, 1], [1], [0] without class 0: 2 alone once, 1 three times."""
    checkpoint = finished_run / 'epoch_2.pth'
    options = [
        '--classes',
        'three',
        'two',
        '--perplexity',
        2,
        '--cfg-options',
        'test_evaluator.groups.edges=(5,9)',
    ]
    draw('tsne', tiny_config_file, checkpoint, *options, '--out', tmp_path / 'tsne.png')
    (_, labels, *_), groups = drawn['tsne_figure']
    assert labels.tolist() == [2, 1, 1, 1] and groups['groups'].edges == (5, 9)
    with pytest.raises(SystemExit, match=r"--classes is \['four'\], expected .*'one', 'two', 'three'"):
        draw('tsne', tiny_config_file, checkpoint, '--classes', 'four', '--out', tmp_path / 'no.png')


def test_branches_lie_side_by_side(tool, tmp_path):
    """Image by image in the subset's order, as the model puts its branches' features side by side."""

    class Model(torch.nn.Module):
        def data_preprocessor(self, batch, training):
            return dict(batch, inputs=torch.stack(batch['inputs']))

        def extract_feat(self, inputs, stage):
            return torch.cat([inputs, 2 * inputs], dim=1)

    MODELS.register_module('TwoBranchesForTest', module=Model, force=True)
    torch.save(dict(state_dict={}), tmp_path / 'empty.pth')
    cfg = Config(dict(model=dict(type='TwoBranchesForTest'), test_dataloader=dict(batch_size=2)))
    images = [dict(inputs=torch.tensor([float(i), 10.0 + i]), data_samples=None) for i in range(3)]
    feats = tool['features'](cfg, tmp_path / 'empty.pth', torch.utils.data.Subset(images, [2, 0, 1]))
    assert feats.tolist() == [[2, 12, 4, 24], [0, 10, 0, 20], [1, 11, 2, 22]]


def test_errors_name_what_is_wrong(draw, tmp_path, finished_run, finished_single_label_run, tiny_config_file):
    out = ['--out', tmp_path / 'no.png']
    dump = next(finished_run.glob('*/per_class_ap.json'))
    (tmp_path / 'broken.json').write_text('{')
    (tmp_path / 'other.json').write_text('{"classes": [], "class_counts": []}')
    with pytest.raises(SystemExit, match='has no per_class_.*dump_per_class=True'):
        draw('accuracy', finished_single_label_run, *out)
    with pytest.raises(SystemExit, match='broken.json is no JSON file'):
        draw('accuracy', tmp_path / 'broken.json', *out)
    with pytest.raises(SystemExit, match='other.json has no accuracy or average_precision'):
        draw('accuracy', tmp_path / 'other.json', *out)
    with pytest.raises(SystemExit, match='other.json has no average_precision, only'):
        draw('accuracy', dump, tmp_path / 'other.json', *out)
    with pytest.raises(SystemExit, match=r'a name of its own for each of 2 runs \(--names\), got'):
        draw('accuracy', dump, dump, *out)
    with pytest.raises(SystemExit, match=r'edges is \[9, 3\], expected two ascending numbers'):
        draw('accuracy', dump, '--edges', 9, 3, *out)
    with pytest.raises(SystemExit, match='need a config and a checkpoint in turn'):
        draw('weights', tiny_config_file, *out)
    checkpoint = finished_run / 'epoch_2.pth'
    other = finished_single_label_run / 'epoch_2.pth'
    with pytest.raises(SystemExit, match='epoch_2.pth and .*epoch_2.pth differ in class_counts'):
        draw('weights', tiny_config_file, checkpoint, tiny_config_file, other, '--names', 'A', 'B', *out)
    with pytest.raises(SystemExit, match='perplexity is 30, expected a number above 0 and below the'):
        draw('tsne', finished_single_label_run / 'single.py', other, *out)
    assert not (tmp_path / 'no.png').exists()


@pytest.mark.parametrize(
    ('head', 'message'),
    [
        (linear(in_channels=9), r'epoch_1.pth does not fit the config: (.|\n)*size mismatch for fc.weight'),
        (
            linear(type='StackedLinearClsHead', mid_channels=[4]),
            r'epoch_1.pth lacks head\.layers\.0\.fc\.weight',
        ),
        (
            dict(type='NearestClassMeanHead', num_classes=3, in_channels=8),
            'NearestClassMeanHead of ours has no',
        ),
    ],
)
def test_checkpoints_of_another_head(draw, tmp_path, head, message):
    (config, checkpoint), _ = write_run(tmp_path / 'ours', linear())
    config.write_text(f'model = dict(head={head!r})')
    with pytest.raises(SystemExit, match=message):
        draw('weights', config, checkpoint, '--out', tmp_path / 'no.png')
