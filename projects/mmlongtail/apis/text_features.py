"""Features of class names, by the text tower of a CLIP or SigLIP model on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from mmpretrain.registry import DATASETS
from torch import Tensor
from torch.nn.functional import normalize

from mmlongtail.safe_loading import only_weights
from mmlongtail.structures import checks

SPACES = ('visual', 'joint')
TEMPLATE = 'a photo of a {}.'


@torch.no_grad()
def class_text_features(
    folder: str | Path, classes: Sequence[str], templates: Sequence[str] = (TEMPLATE,), space: str = 'visual'
) -> Tensor:
    """Features of class names, (K, D), each of length 1: the mean over the templates.

    Source: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, section
    3.1.4; the way back to the image tower's own features is LIFT's (Shi et al., ICML 2024).

    Args:
        folder: A model and its tokenizer as transformers writes them.
        classes: The names; underscores are read as spaces.
        templates: Prompts with {} in the name's place.
        space: 'visual' is that of the image tower's features before CLIP's projection, which its transpose leads back
            to; 'joint' that of texts and images. They are the same for SigLIP, which has no projection.

    Raises:
        ImportError: Without transformers.
        ValueError: For a folder without such a model, a template without {}, or no classes.
    """
    checks.choice('space', space, SPACES)
    checks.sequence('classes', classes, checks.text, at_least=1)
    for template in checks.sequence('templates', templates, checks.text, at_least=1):
        if '{}' not in template:
            checks.refuse('template', template, 'a text with {} in the place of the class')
    model, tokenizer = _load(folder)
    names = [name.replace('_', ' ') for name in classes]
    prompts = [[template.replace('{}', name) for name in names] for template in templates]
    features = torch.stack([normalize(_encode(model, tokenizer, each), dim=1) for each in prompts]).sum(0)
    if space == 'visual' and hasattr(model, 'visual_projection'):
        features = normalize(features, dim=1) @ model.visual_projection.weight
    return normalize(features, dim=1)


def _load(folder: str | Path):
    try:
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        raise ImportError('text features need transformers: pip install "mmlongtail[text]"') from error
    if not (Path(folder) / 'config.json').is_file():
        raise ValueError(
            f'{folder} is no folder of a model: expected config.json, weights and a tokenizer in it'
        )
    with only_weights():
        model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    if not hasattr(model, 'get_text_features'):
        raise ValueError(
            f'{folder} has a {type(model).__name__}, expected a model of images and texts such as CLIP'
        )
    return model, AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _encode(model, tokenizer, prompts: list[str], batch: int = 256) -> Tensor:
    # SigLIP was trained with texts filled up to their full length, and masks nothing
    full = dict(padding='max_length', max_length=model.config.text_config.max_position_embeddings)
    siglip = model.config.model_type.startswith('siglip')
    settings = full | dict(return_attention_mask=False) if siglip else dict(padding=True)
    parts = []
    for i in range(0, len(prompts), batch):
        tokens = tokenizer(prompts[i : i + batch], return_tensors='pt', truncation=True, **settings)
        output = model.get_text_features(**tokens)
        parts.append(
            output if isinstance(output, Tensor) else output.pooler_output
        )  # transformers before 5, and 5
    return torch.cat(parts).float()


def class_names(source: str | Path) -> list[str]:
    """Names of classes: of a config's train data set, or the lines of a text file.

    Raises:
        ValueError: If it has none.
    """
    if Path(source).suffix != '.py':
        names = [line.strip() for line in Path(source).read_text().splitlines() if line.strip()]
    else:
        config = Config.fromfile(source).train_dataloader.dataset
        names = list(DATASETS.build(config).metainfo.get('classes') or [])
    if not names:
        raise ValueError(f'{source} names no classes')
    return names
