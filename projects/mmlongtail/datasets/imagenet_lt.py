"""ImageNet-LT and Places-LT from their public lists."""

from mmpretrain.datasets.categories import IMAGENET_CATEGORIES
from mmpretrain.registry import DATASETS

from .published_splits import SplitFacts
from .single_label import SingleLabelListFile


class PublicListDataset(SingleLabelListFile):
    """A benchmark of Liu et al., Large-Scale Long-Tailed Recognition in an Open World, CVPR 2019.

    A line of its lists is ``path label``, the path relative to ``data_root`` and ``data_prefix``.

    Args:
        data_root: Folder of the lists and the images.
        split: 'train', 'val' or 'test'.
        ann_file: List to read instead of the split's own, relative to ``data_root``.
        **kwargs: What :class:`ListFileDataset` takes.

    Raises:
        FileNotFoundError: If the list or an image is missing.
        ValueError: If the split is none of these, or a label is unknown (file and line are named).
    """

    list_name = ''
    facts: dict[str, SplitFacts] = {}

    def __init__(self, data_root: str, split: str = 'train', ann_file: str | None = None, **kwargs):
        if split not in self.facts:
            raise ValueError(f'split={split!r}: one of {", ".join(self.facts)} is expected')
        self.split = split
        super().__init__(ann_file or f'{self.list_name}_{split}.txt', data_root, **kwargs)

    @property
    def expected(self) -> SplitFacts:
        """What is published of this part."""
        return self.facts[self.split]


@DATASETS.register_module()
class ImageNetLT(PublicListDataset):
    """ImageNet-LT: lists ``ImageNet_LT_{train,val,test}.txt``; its test part is ImageNet's validation part."""

    METAINFO = {'classes': IMAGENET_CATEGORIES}
    list_name = 'ImageNet_LT'
    facts = {
        'train': SplitFacts(115846, 1000, 1280, 5),
        'val': SplitFacts(20000, 1000, 20, 20),
        'test': SplitFacts(50000, 1000, 50, 50),
    }


@DATASETS.register_module()
class PlacesLT(PublicListDataset):
    """Places-LT: lists ``Places_LT_{train,val,test}.txt``; classes are named by their number unless given."""

    METAINFO = {'classes': tuple(map(str, range(365)))}
    list_name = 'Places_LT'
    facts = {
        'train': SplitFacts(62500, 365, 4980, 5),
        'val': SplitFacts(7300, 365, 20, 20),
        'test': SplitFacts(36500, 365, 100, 100),
    }
