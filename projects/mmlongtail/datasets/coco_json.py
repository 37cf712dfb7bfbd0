"""Image labels of a COCO-style JSON file."""

import contextlib
import io
import os

from mmpretrain.registry import DATASETS
from pycocotools.coco import COCO

from .pictures import PictureDataset


@DATASETS.register_module()
class CocoJSONDataset(PictureDataset):
    """All images of a COCO-style JSON; a class is present if one of its annotations counts.

    An annotation with ``ignore``, zero area or a box under 1 px does not count, one with ``iscrowd`` does (the
    protocol of COCO-LT, Wu et al., ECCV 2020). One without ``area`` or ``bbox`` is a label of the whole image and
    counts. Classes are the file's categories in the order of their ids.

    Args:
        ann_file: The JSON file with ``images``, ``annotations`` and ``categories``, relative to ``data_root``.
        classes: Names of categories to use instead, in that order; annotations of others are left out.
        **kwargs: What :class:`PictureDataset` takes; ``data_prefix`` is the folder of the pictures.

    Raises:
        FileNotFoundError: If the JSON or a picture is missing.
        ValueError: If it lacks a part, an id is not unique or not known, or ``classes`` names no category.
    """

    def load_data_list(self) -> list[dict]:
        """Read the JSON file."""
        coco = self._read()
        index_of = self._category_indices(coco.dataset['categories'])
        self._check_annotations(coco)
        return [self._image(coco, image, index_of) for image in self._chosen(coco)]

    def _chosen(self, coco: COCO) -> list[dict]:
        """Return the image entries that belong to the set, in its order."""
        return coco.dataset['images']

    def _read(self) -> COCO:
        if not os.path.isfile(self.ann_file):
            raise FileNotFoundError(
                f'{self.ann_file} is missing: a COCO-style JSON is expected.{self._how_to_prepare()}'
            )
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(self.ann_file)
        for part in ('images', 'annotations', 'categories'):
            if part not in coco.dataset:
                raise ValueError(
                    f'{self.ann_file} has no {part!r}: images, annotations and categories are expected'
                )
        return coco

    def _category_indices(self, categories: list[dict]) -> dict[int, int]:
        """Map category ids to class indices and set the classes where the user gave none."""
        by_name = {category['name']: category['id'] for category in categories}
        if len(by_name) < len(categories) or len(set(by_name.values())) < len(categories):
            raise ValueError(f'{self.ann_file}: categories are expected to have unique names and ids')
        self._metainfo.setdefault('classes', tuple(sorted(by_name, key=by_name.get)))
        unknown = [name for name in self.CLASSES if name not in by_name]
        if unknown:
            raise ValueError(f'{self.ann_file} has no category {unknown[0]!r}; it has {sorted(by_name)}')
        return {by_name[name]: k for k, name in enumerate(self.CLASSES)}

    def _check_annotations(self, coco: COCO) -> None:
        for annotation in coco.dataset['annotations']:
            for field, known, part in (
                ('category_id', coco.cats, 'categories'),
                ('image_id', coco.imgs, 'images'),
            ):
                if annotation[field] not in known:
                    raise ValueError(
                        f'{self.ann_file}: annotation {annotation.get("id")} has {field}={annotation[field]!r}, '
                        f'which is none of the {len(known)} ids of its {part}'
                    )

    def _image(self, coco: COCO, image: dict, index_of: dict[int, int]) -> dict:
        annotations = coco.imgToAnns.get(image['id'], [])
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
