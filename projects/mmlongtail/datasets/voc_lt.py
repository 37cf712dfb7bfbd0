"""VOC-LT and any other part of a Pascal VOC devkit, with the labels of its original XML."""

import os
from xml.etree import ElementTree

from mmpretrain.datasets.categories import VOC2007_CATEGORIES
from mmpretrain.registry import DATASETS

from .pictures import PictureDataset
from .text_file import read_lines, short


@DATASETS.register_module()
class VOCLT(PictureDataset):
    """Images of a VOC devkit named by an id list; an object marked ``difficult`` counts as present.

    Source: VOC-LT of Wu et al., Distribution-Balanced Loss, ECCV 2020; its training list is ``ids`` over VOC2012, its
    test set ``year='VOC2007', ids='ImageSets/Main/test.txt'``.

    Args:
        data_root: The ``VOCdevkit`` folder.
        year: Folder of the release in it, ``'VOC2012'`` or ``'VOC2007'``.
        ids: Text file, one image id a line (any suffix), relative to ``data_root`` or to the release's folder.
        **kwargs: What :class:`PictureDataset` takes.

    Raises:
        FileNotFoundError: If the data root, the id list, an XML file or an image is missing.
        ValueError: If an XML file cannot be parsed, is of another kind or has an object of an unknown class.
    """

    METAINFO = {'classes': VOC2007_CATEGORIES}
    prepare_command = 'python tools/data/prepare_voc_lt.py'

    def __init__(self, data_root: str, year: str = 'VOC2012', ids: str = 'voc_lt_ids.txt', **kwargs):
        self.year = year
        prefix = {'img_path': f'{year}/JPEGImages', 'ann_path': f'{year}/Annotations'}
        super().__init__(ann_file=ids, data_root=data_root, data_prefix=prefix, **kwargs)

    def _join_prefix(self) -> None:
        """Resolve the id list against the release's folder where the devkit itself has none of that name."""
        in_release = os.path.join(self.data_root, self.year, self.ann_file)
        super()._join_prefix()
        if not os.path.isfile(self.ann_file) and os.path.isfile(in_release):
            self.ann_file = in_release

    def load_data_list(self) -> list[dict]:
        """Read the id list and the XML of each id."""
        what = f'a list of image ids, one a line, relative to {self.data_root} or its {self.year},'
        return [
            {
                'img_id': img_id,
                'img_path': os.path.join(self.data_prefix['img_path'], f'{img_id}.jpg'),
                'gt_label': self._labels(img_id),
            }
            for _, img_id in read_lines(self.ann_file, what)
        ]

    def _labels(self, img_id: str) -> list[int]:
        path = os.path.join(self.data_prefix['ann_path'], f'{img_id}.xml')
        self._check_inside([path])
        names = set(self._object_names(path, img_id))
        unknown = sorted(names.difference(self.CLASSES))
        if unknown:
            raise ValueError(
                f'{path}: object of unknown class {short(unknown[0])}, expected one of {self.CLASSES}'
            )
        return sorted(self.class_to_idx[name] for name in names)

    def _object_names(self, path: str, img_id: str) -> list[str]:
        try:
            root = ElementTree.parse(path).getroot()
        except FileNotFoundError:
            raise FileNotFoundError(
                f'{path} is missing, the annotation of {img_id!r} in {self.ann_file}.{self._how_to_prepare()}'
            ) from None
        except (ElementTree.ParseError, LookupError, ValueError) as error:  # the last two: of its encoding
            raise ValueError(f'{path} is not a VOC annotation: {error}') from error
        if root.tag != 'annotation':
            raise ValueError(
                f'{path} is not a VOC annotation: its root is {short(root.tag)}, annotation is expected'
            )
        for element in root:  # one of a namespace or another case would be passed over
            if element.tag != 'object' and element.tag.rpartition('}')[2].lower() == 'object':
                raise ValueError(f'{path}: an element {short(element.tag)}, object is expected')
        return [element.findtext('name', '').strip() for element in root.iterfind('object')]
