"""CIFAR-10-LT and CIFAR-100-LT: the draw of the long-tail papers from the official archives."""

import numpy as np
from mmengine.dist import barrier, is_main_process
from mmengine.fileio import exists, get, join_path
from mmpretrain.datasets import CIFAR10, CIFAR100
from mmpretrain.datasets.utils import calculate_md5, download_and_extract_archive
from mmpretrain.registry import DATASETS

from mmlongtail.structures import checks

from .array_pickle import loads
from .imbalance import draw_images, imbalanced_counts
from .published_splits import SplitFacts


class LongTailCIFAR:
    """What the two sets share, before the host's class among the bases.

    Args:
        data_root: Folder that holds, or gets, the unpacked archive.
        split: 'train', which is made long-tailed, or 'test', which is not.
        imbalance_factor: Ratio of the largest to the smallest class; 1 keeps the training part balanced.
        imbalance_type: 'exp' or 'step', see :func:`imbalanced_counts`.
        verify: Whether the files must have the official md5 sums; if not, they are never downloaded either.
        **kwargs: What :class:`mmpretrain.datasets.CIFAR10` takes.

    Raises:
        FileNotFoundError: If a file is missing and ``verify`` or ``download`` is off, or the download lacks it.
        ValueError: If a file is no CIFAR batch, or under ``verify`` not the official one; if split, factor or type is
            none of the allowed ones; if a class has fewer images than the draw needs.
    """

    max_count: int  # images per class of the balanced training part
    train_images: dict[int, int]  # imbalance factor -> images of the published 'exp' draw

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        imbalance_factor: float = 100,
        imbalance_type: str = 'exp',
        verify: bool = True,
        **kwargs,
    ):
        checks.choice('split', split, ('train', 'test'))
        self.targets = imbalanced_counts(
            len(self.METAINFO['classes']), self.max_count, imbalance_factor, imbalance_type
        )
        self.imbalance_factor, self.imbalance_type = imbalance_factor, imbalance_type
        self.verify = checks.flag('verify', verify)
        super().__init__(data_root, split, **kwargs)

    @property
    def expected(self) -> SplitFacts | None:
        """What is published of this part, or None."""
        num_classes = len(self.METAINFO['classes'])
        if self.split == 'test':
            return SplitFacts(10000, num_classes, 10000 // num_classes, 10000 // num_classes)
        images = self.train_images.get(self.imbalance_factor)
        if images is None or self.imbalance_type != 'exp':
            return None
        smallest = int(self.max_count / self.imbalance_factor)
        return SplitFacts(images, num_classes, self.max_count, smallest)

    def load_data_list(self) -> list[dict]:
        """Read the archive and, of the training part, keep the draw."""
        if self.verify:
            self._fetch()
        images = self._read()
        if self.split == 'test':
            return images
        labels = [image['gt_label'] for image in images]
        return [images[i] for i in draw_images(labels, self.targets, self.CLASSES)]

    def _fetch(self) -> None:
        """Have the official files there; the host's way to them would unpickle them, too."""
        root = self.data_prefix['root']
        if is_main_process() and not self._check_integrity():
            if not self.download:
                raise FileNotFoundError(f'{root} lacks files of {self.url}: download=True fetches them')
            download_and_extract_archive(self.url, root, filename=self.filename, md5=self.tgz_md5)
        barrier()
        if not self._check_integrity():
            raise FileNotFoundError(f'{root} lacks files of {self.url} after its download')

    def _read(self) -> list[dict]:
        """Read the part's files, whoever wrote them."""
        folder = join_path(self.data_prefix['root'], self.base_folder)
        images = []
        for name, _ in self.train_list if self.split == 'train' else self.test_list:
            path = join_path(folder, name)
            if not exists(path):
                raise FileNotFoundError(f'{path} is missing: {self.url}, unpacked, is expected in {folder}')
            images.extend(read_batch(path))
        return images

    def _check_integrity(self) -> bool:
        """Whether all files are there, as they are to be; those of another origin are refused."""
        folder = join_path(self.data_prefix['root'], self.base_folder)
        files = {join_path(folder, name): md5 for name, md5 in self.train_list + self.test_list}
        if not all(map(exists, files)):
            return False
        for path, official in files.items():
            if (md5 := calculate_md5(path)) != official:
                raise ValueError(
                    f'{path} has md5 sum {md5}, {official} is expected of the official file: remove it to have it '
                    'downloaded, or take what is there by verify=False'
                )
        return True

    def extra_repr(self) -> list[str]:
        """The draw in the host's summary."""
        draw = f'{self.imbalance_type}, imbalance factor {self.imbalance_factor}'
        return [*super().extra_repr(), *([f'Long tail: \t{draw}'] if self.split == 'train' else [])]


def read_batch(path: str) -> list[dict]:
    """Read a batch file, as data; its keys are text in the official files, bytes where Python 3 wrote them.

    Raises:
        ValueError: If it is something else.
    """
    content = get(path)
    try:
        entry = {
            key.decode() if isinstance(key, bytes) else key: value for key, value in loads(content).items()
        }
        labels = entry['labels'] if 'labels' in entry else entry['fine_labels']
        pictures = np.asarray(entry['data'], np.uint8).reshape(len(labels), 3, 32, 32).transpose(0, 2, 3, 1)
    except Exception as error:  # a damaged pickle raises anything
        raise ValueError(
            f'{path} is no CIFAR batch, data and labels or fine_labels are expected in it: {error!r}'
        ) from error
    return [{'img': picture, 'gt_label': int(label)} for picture, label in zip(pictures, labels)]


@DATASETS.register_module()
class CIFAR10LT(LongTailCIFAR, CIFAR10):
    """CIFAR-10-LT (Cui et al., CVPR 2019; Cao et al., LDAM, NeurIPS 2019): arguments of :class:`LongTailCIFAR`."""

    max_count = 5000
    train_images = {200: 11203, 100: 12406, 50: 13996, 10: 20431, 1: 50000}


@DATASETS.register_module()
class CIFAR100LT(LongTailCIFAR, CIFAR100):
    """CIFAR-100-LT (Cui et al., CVPR 2019; Cao et al., LDAM, NeurIPS 2019): arguments of :class:`LongTailCIFAR`."""

    max_count = 500
    train_images = {200: 9502, 100: 10847, 50: 12608, 10: 19573, 1: 50000}
