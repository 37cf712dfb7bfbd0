"""Image labels of a COCO-style JSON file."""

import os
from collections.abc import Iterable

from mmpretrain.registry import DATASETS

from .coco_file import OPTIONAL, CocoFile, Id, read_coco
from .pictures import PictureDataset
from .text_file import short, some_of


@DATASETS.register_module()
class CocoJSONDataset(PictureDataset):
    """All images of a COCO-style JSON; a class is present if one of its annotations counts.

    An annotation with ``ignore``, zero area or a box under 1 px does not count, one with ``iscrowd`` does (the
    protocol of COCO-LT, Wu et al., ECCV 2020). One without ``area`` or ``bbox`` is a label of the whole image and
    counts. Classes are the file's categories in the order of their ids.

    Args:
        ann_file: The JSON file with ``images``, ``annotations`` and ``categories``, relative to ``data_root``.
        classes: Names of categories to use instead, in that order; annotations of others are left out.
        **kwargs: What :class:`PictureDataset` takes; ``data_prefix`` is the folder of the images.

    Raises:
        FileNotFoundError: If the JSON or an image is missing.
        ValueError: If something in the JSON is not as :func:`read_coco` expects it (its part, index and field are
            named), or ``classes`` names no category.
    """

    optional = OPTIONAL

    def load_data_list(self) -> list[dict]:
        """Read the JSON file."""
        if not os.path.isfile(self.ann_file):
            raise FileNotFoundError(
                f'{self.ann_file} is missing: a COCO-style JSON is expected.{self._how_to_prepare()}'
            )
        coco = read_coco(self.ann_file, self.optional)
        index_of = self._category_indices(coco.categories)
        return [self._image(coco, image, index_of) for image in self._chosen(coco)]

    def _chosen(self, coco: CocoFile) -> Iterable[dict]:
        """Return the image entries that belong to the set, in its order."""
        return coco.images.values()

    def _category_indices(self, categories: dict[Id, dict]) -> dict[Id, int]:
        """Map category ids to class indices and set the classes where the user gave none."""
        by_name: dict[str, Id] = {}
        for category_id, category in categories.items():
            first = by_name.setdefault(category['name'], category_id)
            if first != category_id:
                raise ValueError(
                    f'{self.ann_file}: the categories with the ids {first!r} and {category_id!r} are both called '
                    f'{short(category["name"])}: unique names are expected'
                )
        self._metainfo.setdefault('classes', tuple(by_name))
        unknown = [name for name in self.CLASSES if name not in by_name]
        if unknown:
            raise ValueError(
                f'{self.ann_file} has no category {unknown[0]!r}; it has {some_of(sorted(by_name))}'
            )
        return {by_name[name]: k for k, name in enumerate(self.CLASSES)}

    def _image(self, coco: CocoFile, image: dict, index_of: dict[Id, int]) -> dict:
        annotations = coco.annotations.get(image['id'], [])
        present = {
            index_of[a['category_id']] for a in annotations if counts(a) and a['category_id'] in index_of
        }
        path = os.path.join(self.data_prefix['img_path'], image['file_name'])
        return {'img_id': image['id'], 'img_path': path, 'gt_label': sorted(present)}


def counts(annotation: dict) -> bool:
    """Say whether an annotation makes its class present in its image."""
    _, _, width, height = annotation.get('bbox', (0, 0, 1, 1))
    return (
        not annotation.get('ignore', False) and annotation.get('area', 1) > 0 and width >= 1 and height >= 1
    )
