"""iNaturalist 2018 from the JSON files of its competition."""

from mmpretrain.registry import DATASETS

from .coco_file import OPTIONAL, Id
from .coco_json import CocoJSONDataset
from .published_splits import SplitFacts
from .single_label import SingleLabelMixin


@DATASETS.register_module()
class INaturalist2018(SingleLabelMixin, CocoJSONDataset):
    """iNaturalist 2018, long-tailed by nature; the test set of the papers is its validation part.

    Source: Van Horn et al., The iNaturalist Species Classification and Detection Dataset, CVPR 2018.

    Args:
        data_root: Folder of the JSON files and of ``train_val2018``.
        split: 'train' or 'val'.
        ann_file: JSON to read instead of ``{split}2018.json``, relative to ``data_root``.
        **kwargs: What :class:`PictureDataset` takes.

    Raises:
        FileNotFoundError: If the JSON or an image is missing.
        ValueError: If the split is neither, something in the JSON is not as :func:`read_coco` expects it, or an image
            does not have exactly one class.
    """

    optional = (*OPTIONAL, 'name')
    facts = {'train': SplitFacts(437513, 8142, 1000, 2), 'val': SplitFacts(24426, 8142, 3, 3)}

    def __init__(self, data_root: str, split: str = 'train', ann_file: str | None = None, **kwargs):
        if split not in self.facts:
            raise ValueError(f'split={split!r}: one of {", ".join(self.facts)} is expected')
        self.split = split
        super().__init__(ann_file or f'{split}2018.json', data_root=data_root, **kwargs)

    @property
    def expected(self) -> SplitFacts:
        """What is published of this part."""
        return self.facts[self.split]

    def _category_indices(self, categories: dict[Id, dict]) -> dict[Id, int]:
        """Classes in the order of their ids; two species may share a name."""
        names = tuple(category.get('name', str(i)) for i, category in categories.items())
        self._metainfo.setdefault('classes', names)
        return {category_id: k for k, category_id in enumerate(categories)}
