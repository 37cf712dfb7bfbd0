"""From what a user names, a config or data of their own, to the data set itself."""

import os
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS

from .own_data import OwnData
from .own_readers import listed_dataset, read_own_data
from .pictures import PictureDataset


class OwnImages(PictureDataset):
    """Images and labels that are read already."""

    def __init__(self, data: OwnData) -> None:
        self.data = data
        super().__init__(ann_file=str(data.root), classes=data.classes, broken_images='skip_missing')

    def load_data_list(self) -> list[dict]:
        """One item for each image."""
        return [
            dict(img_id=path, img_path=os.path.join(self.data.root, path), gt_label=list(labels))
            for path, labels in zip(self.data.paths, self.data.labels)
        ]


def build_dataset(
    source: str,
    part: str = 'train',
    pictures: str = '',
    classes: str | Sequence[str] | None = None,
    cfg_options: dict | None = None,
) -> BaseDataset:
    """Build the data set that a config or data of a user's own describe.

    Args:
        source: A config (``.py``), or what :func:`~mmlongtail.datasets.read_own_data` reads, all parts of it.
        part: Which data loader of the config is meant: 'train', 'val' or 'test'.
        pictures: Folder that the paths in a file of labels are relative to; that of the file unless given.
        classes: File with one class name a line, or the names, for a file of labels.
        cfg_options: Settings of the config to override.

    Raises:
        FileNotFoundError: If ``source`` or more than half of its images do not exist.
        ValueError: If it is none of these, or the config has no such data loader.
    """
    if not Path(source).exists():
        raise FileNotFoundError(f'{source} does not exist')
    if Path(source).is_dir():
        return OwnImages(read_own_data(source))
    if Path(source).suffix != '.py':
        return listed_dataset(source, pictures, classes)
    cfg = Config.fromfile(source)
    cfg.merge_from_dict(cfg_options or {})
    if not cfg.get(f'{part}_dataloader'):
        raise ValueError(f'{source} has no {part}_dataloader')
    return DATASETS.build(cfg[f'{part}_dataloader'].dataset)
