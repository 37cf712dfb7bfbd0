"""From an image, a file or an array, to what a model's ``test_step`` takes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import cv2
import mmcv
import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose, default_collate
from mmengine.registry import DefaultScope
from mmpretrain.registry import TRANSFORMS

from mmlongtail.datasets.picture_file import memory_fault, picture_fault

from .views import has_views, tta_pipeline

LOADER = 'LoadImageFromFile'
OPENERS = (LOADER, 'ComposeDigits')  # what stands first in a pipeline of samples without pixels
ENDINGS = ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff', '.webp')


class PictureError(ValueError):
    """An image that cannot be read."""


class PictureInput:
    """The config's test pipeline for images that are in no data set.

    Files are read as the pipeline says. Data sets without files, such as CIFAR's, hold RGB arrays, so BGR is turned
    into RGB for a pipeline that opens nothing.

    Args:
        cfg: Config of the training.
        tta: Whether several views of the image are made.

    Raises:
        ValueError: If the config has no test pipeline.
    """

    def __init__(self, cfg: Config, tta: bool = False) -> None:
        pipeline = test_pipeline(cfg)
        if tta and not has_views(pipeline):
            pipeline = tta_pipeline(cfg, pipeline)
        self.views = has_views(pipeline)
        opener = next((transform for transform in pipeline if transform['type'] in OPENERS), None)
        others = [transform for transform in pipeline if transform['type'] not in OPENERS]
        loader = opener if opener and opener['type'] == LOADER else dict(type=LOADER)
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            self.load = TRANSFORMS.build(loader)
            self.transforms = Compose([TRANSFORMS.build(transform) for transform in others])
        self.swap = opener is None

    def __call__(self, picture: str | os.PathLike | bytes | np.ndarray) -> dict:
        """Open an image and run the pipeline.

        Args:
            picture: A file, what is in one, or an array (H, W, 3) BGR or (H, W) gray, uint8.

        Raises:
            PictureError: If the file cannot be read or does not pass the pipeline, or it is another kind of array.
        """
        name: str | os.PathLike
        if isinstance(picture, np.ndarray):
            name, results = 'an array', self._of_array(picture)
        elif isinstance(picture, bytes):
            name, results = 'the file', self._of_bytes(picture)
        else:
            name, results = picture, self._of_file(os.fspath(picture))
        if self.swap:
            results['img'] = mmcv.bgr2rgb(results['img'])
        try:
            return self.transforms(results)
        except Exception as error:  # any: one odd image must not end a run over a million
            raise PictureError(f"{name} does not pass the config's test pipeline: {error!r}") from error

    def _of_file(self, path: str) -> dict:
        is_url = '://' in path
        if not is_url and not os.path.isfile(path):
            raise PictureError(f'{path} is missing' if not os.path.exists(path) else f'{path} is no file')
        if fault := None if is_url else memory_fault(path):
            raise PictureError(f'{path} {fault}')
        try:
            return self.load(dict(img_path=path))
        except Exception as error:  # a damaged file raises anything
            fault = None if is_url else picture_fault(path)
            raise PictureError(f'{path} {fault or f"cannot be read: {error}"}') from error

    def _of_bytes(self, content: bytes) -> dict:
        """As the loader does with what it has read."""
        if fault := memory_fault(content):
            raise PictureError(f'the file {fault}')
        loader = self.load
        try:
            image = mmcv.imfrombytes(content, flag=loader.color_type, backend=loader.imdecode_backend)
        except Exception as error:
            raise PictureError(f'the file {picture_fault(content) or f"cannot be read: {error}"}') from error
        if image is None:
            raise PictureError('the file does not decode as an image')
        image = image.astype(np.float32) if loader.to_float32 else image
        return dict(img=image, img_shape=image.shape[:2], ori_shape=image.shape[:2])

    @staticmethod
    def _of_array(array: np.ndarray) -> dict:
        if (
            array.dtype != np.uint8
            or array.ndim not in (2, 3)
            or array.shape[2:] not in ((), (3,))
            or not array.size
        ):
            raise PictureError(
                f'an array of {array.dtype} {array.shape} is no image: uint8 (H, W, 3) BGR or (H, W) is expected'
            )
        image = array if array.ndim == 3 else cv2.cvtColor(array, cv2.COLOR_GRAY2BGR)
        return dict(img=image, img_shape=image.shape[:2], ori_shape=image.shape[:2])


def test_pipeline(cfg: Config) -> list[dict]:
    """The pipeline of the config's test data, else of its validation data, inside any wrappers.

    Raises:
        ValueError: If there is none.
    """
    for name in ('test_dataloader', 'val_dataloader'):
        dataset = (cfg.get(name) or {}).get('dataset') or {}
        while 'pipeline' not in dataset and isinstance(dataset.get('dataset'), dict):
            dataset = dataset['dataset']
        if dataset.get('pipeline'):
            return list(dataset['pipeline'])
    raise ValueError('the config has no test_dataloader.dataset.pipeline: images are prepared as it says')


def same_size_batches(items: Iterable[Mapping]) -> Iterator[dict]:
    """Batches of neighbors whose inputs have the same shape: pipelines may leave images as large as they are."""
    for _, group in groupby(items, lambda item: shapes(item['inputs'])):
        yield default_collate(list(group))


def shapes(inputs) -> tuple:
    """Shape of an input, or of each of its views."""
    return tuple(map(shapes, inputs)) if isinstance(inputs, (list, tuple)) else tuple(inputs.shape)


def picture_files(folder: str) -> Iterator[str]:
    """Paths of all images in a folder and its subfolders, by their endings, in order, relative to it."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(ENDINGS):
                yield os.path.relpath(os.path.join(place, name), folder)
