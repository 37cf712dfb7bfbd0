"""Features of class names, by hand from a stand-in, and from tiny models where transformers is installed."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import normalize

from mmlongtail.apis import text_features
from mmlongtail.apis.text_features import class_names, class_text_features


class Model:
    """A text's feature is (its length, 1)."""

    config = SimpleNamespace(model_type='clip', text_config=SimpleNamespace(max_position_embeddings=8))

    def get_text_features(self, texts):
        return torch.tensor([[float(len(text)), 1.0] for text in texts])


@pytest.fixture
def stand_in(monkeypatch):
    model, seen = Model(), []

    def tokenizer(texts, **kwargs):
        seen.append((texts, kwargs))
        return dict(texts=texts)

    monkeypatch.setattr(text_features, '_load', lambda folder: (model, tokenizer))
    return model, seen


def test_means_over_templates_by_hand(stand_in):
    model, seen = stand_in
    features = class_text_features('.', ['cat', 'big_dog'], ['a {}.', '{}'])
    lengths = torch.tensor([[6.0, 10], [3, 7]])
    each = torch.stack([lengths, torch.ones(2, 2)], dim=-1)
    each = each / each.norm(dim=-1, keepdim=True)
    mean = each.mean(0)
    torch.testing.assert_close(features, mean / mean.norm(dim=1, keepdim=True))
    assert seen[0][0] == ['a cat.', 'a big dog.'] and seen[0][1]['padding'] is True
    model.visual_projection = torch.nn.Linear(3, 2, bias=False)
    back = features @ model.visual_projection.weight.detach()
    torch.testing.assert_close(
        class_text_features('.', ['cat', 'big_dog'], ['a {}.', '{}']), back / back.norm(dim=1, keepdim=True)
    )
    torch.testing.assert_close(class_text_features('.', ['cat'], ['a {}.', '{}'], 'joint'), features[:1])


def test_siglip_fills_texts_up(stand_in):
    model, seen = stand_in
    model.config = SimpleNamespace(
        model_type='siglip', text_config=SimpleNamespace(max_position_embeddings=64)
    )
    class_text_features('.', ['cat'] * 300)
    assert [len(texts) for texts, _ in seen] == [256, 44]
    assert seen[0][1]['padding'] == 'max_length' and seen[0][1]['max_length'] == 64


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [
        (dict(classes=[]), 'classes'),
        (dict(templates=['a photo']), 'with {} in the place of the class'),
        (dict(space='text'), 'space'),
    ],
)
def test_bad_arguments_are_refused(stand_in, kwargs, words):
    with pytest.raises(ValueError, match=words):
        class_text_features('.', **(dict(classes=['cat']) | kwargs))


def test_names_of_classes(tmp_path):
    (tmp_path / 'a.txt').write_text('cat\n\n big dog \n')
    assert class_names(tmp_path / 'a.txt') == ['cat', 'big dog']
    (tmp_path / 'none.txt').write_text('\n')
    with pytest.raises(ValueError, match='none.txt names no classes'):
        class_names(tmp_path / 'none.txt')
    dataset = dict(type='mmpretrain.ListFileDataset', data_root=str(tmp_path), ann_file='list.csv')
    dataset |= dict(classes=['x', 'y'], lazy_init=True)
    (tmp_path / 'config.py').write_text(f'train_dataloader = dict(dataset={dataset})')
    assert class_names(tmp_path / 'config.py') == ['x', 'y']


def tiny(folder, kind):
    """A random model and its tokenizer, written by transformers."""
    transformers = pytest.importorskip(
        'transformers', reason='TRANSFORMERS IS MISSING: text features were checked against a stand-in only'
    )
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ['[PAD]', '[END]', 'a', 'photo', 'of', 'cat', 'dog', '.', '[UNK]']
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token='[UNK]'))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single='$A [END]', special_tokens=[('[END]', 1)])
    sizes = dict(hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2)
    text = dict(
        sizes,
        vocab_size=9,
        max_position_embeddings=12,
        eos_token_id=1,
        pad_token_id=0,
        bos_token_id=2,
        projection_size=8,
    )
    vision = dict(sizes, image_size=8, patch_size=4)
    torch.manual_seed(0)
    extra = dict(projection_dim=6) if kind == 'CLIP' else {}
    config = getattr(transformers, f'{kind}Config')(text_config=text, vision_config=vision, **extra)
    model = getattr(transformers, f'{kind}Model')(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token='[PAD]', eos_token='[END]', unk_token='[UNK]'
    ).save_pretrained(folder)
    return model


def pooled(output):
    return output if isinstance(output, torch.Tensor) else output.pooler_output


@torch.no_grad()
def test_clips_texts_are_led_back_by_the_transpose(tmp_path):
    model = tiny(tmp_path, 'CLIP')
    ids = torch.tensor([[2, 3, 4, 2, 5, 7, 1], [2, 3, 4, 2, 6, 7, 1]])
    text = normalize(pooled(model.get_text_features(input_ids=ids)), dim=1)
    joint = class_text_features(tmp_path, ['cat', 'dog'], space='joint')
    torch.testing.assert_close(joint, text, rtol=1e-5, atol=1e-5)
    expected = normalize(text @ model.visual_projection.weight, dim=1)
    torch.testing.assert_close(class_text_features(tmp_path, ['cat', 'dog']), expected, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_siglips_texts(tmp_path):
    model = tiny(tmp_path, 'Siglip')
    ids = torch.tensor([[2, 3, 4, 2, 5, 7, 1] + [0] * 5])
    text = normalize(pooled(model.get_text_features(input_ids=ids)), dim=1)
    features = class_text_features(tmp_path, ['cat'])
    torch.testing.assert_close(features, text, rtol=1e-5, atol=1e-5)


def test_another_folder_is_refused(tmp_path):
    pytest.importorskip('transformers', reason='TRANSFORMERS IS MISSING')
    with pytest.raises(ValueError, match='is no folder of a model'):
        class_text_features(tmp_path, ['cat'])
