"""Single-label sets of image files, with the same checks at load as the multi-label ones."""

from collections.abc import Sequence

import numpy as np
from mmpretrain.registry import DATASETS

from .list_file import ListFileDataset


class SingleLabelMixin:
    """Turns a :class:`PictureDataset`, named after it among the bases, into one of exactly one class per image.

    Raises:
        ValueError: If an image has no class or several.
    """

    def filter_data(self) -> Sequence[dict]:
        """Check what the base checks and that there is one label each; unpack it."""
        kept = super().filter_data()
        wrong = np.flatnonzero(kept.label_numbers() != 1)
        if len(wrong):
            item = kept[int(wrong[0])]
            raise ValueError(
                f'{self.ann_file}: {item["img_id"]} has the labels {item["gt_label"]}, exactly one is expected'
            )
        return kept.with_one_label()

    def get_cat_ids(self, idx: int) -> list[int]:
        """The class of an image, in a list as the host has it."""
        return [self.get_data_info(idx)['gt_label']]


@DATASETS.register_module()
class SingleLabelListFile(SingleLabelMixin, ListFileDataset):
    """Images of one class each from a list file; forms, arguments and errors are those of ``ListFileDataset``."""
