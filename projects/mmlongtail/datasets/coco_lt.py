"""COCO-LT: the images of COCO train2017 on an id list."""

import os
from collections.abc import Iterable

from mmpretrain.registry import DATASETS

from .coco_file import CocoFile
from .coco_json import CocoJSONDataset
from .text_file import read_lines, short


@DATASETS.register_module()
class COCOLT(CocoJSONDataset):
    """Images of a COCO JSON named by an id list, in the list's order.

    Source: COCO-LT of Wu et al., Distribution-Balanced Loss, ECCV 2020: 1,909 training images. Its test set, all of
    COCO val2017, is ``ids=None``.

    Args:
        ann_file: ``annotations/instances_train2017.json`` or ``…val2017.json``, relative to ``data_root``.
        ids: Text file, one image id a line (any suffix), relative to ``data_root``; None takes all images.
        **kwargs: What :class:`CocoJSONDataset` takes.

    Raises:
        FileNotFoundError: If the id list, the JSON or an image is missing.
        ValueError: If an id is not a number or not in the JSON.
    """

    prepare_command = 'python tools/data/prepare_coco_lt.py'

    def __init__(self, ann_file: str, ids: str | None = None, **kwargs):
        self.ids = ids
        super().__init__(ann_file=ann_file, **kwargs)

    def _chosen(self, coco: CocoFile) -> Iterable[dict]:
        if self.ids is None:
            return super()._chosen(coco)
        path = os.path.join(self.data_root, self.ids)
        images = []
        for number, text in read_lines(path, 'a list of image ids, one a line,'):
            known = text.isdecimal() and len(text) < 20 and coco.images.get(int(text))
            if not known:
                raise ValueError(
                    f'{path}, line {number}: {short(text)} is not the id of an image of {self.ann_file}'
                )
            images.append(known)
        return images
