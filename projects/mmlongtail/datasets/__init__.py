"""Data sets, their samplers, wrappers and transforms, and how a long tail is made and split."""

from . import samplers, transforms, wrappers
from .cifar_lt import CIFAR10LT, CIFAR100LT
from .coco_json import CocoJSONDataset
from .coco_lt import COCOLT
from .digits import LongTailDigits, LongTailSingleDigits
from .draws import Draw
from .imagenet_lt import ImageNetLT, PlacesLT
from .imbalance import draw_images, imbalanced_counts
from .inaturalist import INaturalist2018
from .list_file import ListFileDataset
from .long_tail_split import choose_images, long_tail_targets, pareto_counts
from .own_data import OwnData
from .own_readers import read_own_data
from .samplers import *  # noqa: F403
from .single_label import SingleLabelListFile
from .stratified_split import stratified_split
from .transforms import *  # noqa: F403
from .voc_lt import VOCLT
from .wrappers import *  # noqa: F403

__all__ = [
    'CIFAR100LT',
    'CIFAR10LT',
    'COCOLT',
    'CocoJSONDataset',
    'Draw',
    'INaturalist2018',
    'ImageNetLT',
    'ListFileDataset',
    'LongTailDigits',
    'LongTailSingleDigits',
    'OwnData',
    'PlacesLT',
    'SingleLabelListFile',
    'VOCLT',
    'choose_images',
    'draw_images',
    'imbalanced_counts',
    'long_tail_targets',
    'pareto_counts',
    'read_own_data',
    'stratified_split',
    *samplers.__all__,
    *transforms.__all__,
    *wrappers.__all__,
]
