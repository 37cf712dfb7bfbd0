"""From what a user names, a config or a file of labels, to the data set itself."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS

LABEL_FILES = {'.csv': 'ListFileDataset', '.txt': 'ListFileDataset', '.json': 'CocoJSONDataset'}


def build_dataset(
    source: str,
    part: str = 'train',
    pictures: str = '',
    classes: str | Sequence[str] | None = None,
    cfg_options: dict | None = None,
) -> BaseDataset:
    """Build the data set that a config, a file of labels or a folder of folders describes.

    Args:
        source: A config (``.py``), a list file (``.csv``, ``.txt``) or a COCO-style JSON (``.json``), or a folder
            with a folder of images for each class.
        part: Which data loader of the config is meant: 'train', 'val' or 'test'.
        pictures: Folder that the paths in a file of labels are relative to.
        classes: File with one class name a line, or the names, for a file of labels.
        cfg_options: Settings of the config to override.

    Raises:
        FileNotFoundError: If ``source`` does not exist.
        ValueError: If it has another suffix, the folder has no images, or the config has no such data loader.
    """
    if Path(source).is_dir():
        return _folder_per_class(source)
    suffix = Path(source).suffix
    if suffix not in ('.py', *LABEL_FILES):
        raise ValueError(
            f'{source}: a config (.py), a file of labels ({", ".join(LABEL_FILES)}) or a folder is expected'
        )
    if not Path(source).is_file():
        raise FileNotFoundError(f'{source} does not exist')
    if suffix in LABEL_FILES:
        names = {} if classes is None else {'classes': classes}
        config = {'type': LABEL_FILES[suffix], 'ann_file': source, 'data_prefix': pictures, **names}
        return DATASETS.build(config)
    cfg = Config.fromfile(source)
    cfg.merge_from_dict(cfg_options or {})
    if not cfg.get(f'{part}_dataloader'):
        raise ValueError(f'{source} has no {part}_dataloader')
    return DATASETS.build(cfg[f'{part}_dataloader'].dataset)


def _folder_per_class(folder: str) -> BaseDataset:
    if not any(child.is_dir() for child in Path(folder).iterdir()):
        raise ValueError(f'{folder} has no folders in it: one for each class is expected')
    try:
        return DATASETS.build({'type': 'CustomDataset', 'data_root': folder})
    except RuntimeError as error:
        raise ValueError(f'{folder}: {error}') from error
