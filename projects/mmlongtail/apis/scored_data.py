"""Scores of a whole data set, as a test of its config would compute them, and small copies of its images."""

from __future__ import annotations

import os

import cv2
import numpy as np
import torch
from mmengine.dataset import BaseDataset
from torch.utils.data import DataLoader

from mmlongtail.analysis.mistakes import Scored
from mmlongtail.structures import image_labels

from .inferencer import LongTailInferencer, scores_of
from .picture_input import same_size_batches
from .picture_stream import quiet_worker
from .predict import shown
from .tune import columns

SIDE = 160  # pixels of a thumbnail
QUALITY = 80


def score_data(
    inferencer: LongTailInferencer, dataset: BaseDataset, batch_size: int = 32, workers: int = 0
) -> Scored:
    """Scores and multi-hot labels of a data set, whose own pipeline makes the images.

    Args:
        inferencer: The model.
        dataset: Images in files, arrays or drawn ones.
        batch_size: Images that the model gets at once.
        workers: Processes that read.

    Raises:
        OSError: If an image is missing.
        ValueError: If the data set has classes that the model lacks.
    """
    trained = inferencer.trained
    places = columns(trained.classes, dataset.metainfo['classes'])
    loader = DataLoader(
        dataset, batch_size, num_workers=workers, collate_fn=as_batches, worker_init_fn=quiet_worker
    )
    batches = (batch for batches in loader for batch in batches)
    samples = (sample for batch in batches for sample in inferencer.predict(batch))
    scores = [scores_of(sample) for sample in shown(samples, 0, len(dataset))]
    targets = np.zeros((len(dataset), len(trained.classes)), bool)
    images, labels = image_labels(dataset)
    targets[images, places[labels]] = True
    return Scored(np.stack(scores), targets, trained.multi_label, names_of(dataset))


def names_of(dataset: BaseDataset) -> tuple[str, ...]:
    """The images' files, relative to the folder that they share; none where they are in no files."""
    paths = [dataset.get_data_info(i).get('img_path') for i in range(len(dataset))]
    if not all(isinstance(path, str) for path in paths):
        return ()
    folder = os.path.commonpath([os.path.dirname(path) for path in paths])
    return tuple(os.path.relpath(path, folder or '.') for path in paths)


def as_batches(items: list[dict]) -> list[dict]:
    """Batches of what the pipeline gave; images that are neighbors in them have one size."""
    return list(same_size_batches(items))


def thumbnail(dataset: BaseDataset, index: int, is_bgr: bool = True, side: int = SIDE) -> bytes:
    """JPEG of an image as the model sees it, before it is normalized.

    Args:
        dataset: Where it is.
        index: Its number.
        is_bgr: Whether the pipeline's channels are blue, green, red.
        side: Pixels of the longer side.
    """
    pixels = dataset[index]['inputs']
    pixels = pixels[0] if isinstance(pixels, (list, tuple)) else pixels  # the first of several views
    pixels = torch.as_tensor(pixels).float()
    if pixels.min() < 0 or pixels.max() <= 1:  # normalized by the pipeline
        pixels = 255 * (pixels - pixels.min()) / (pixels.max() - pixels.min()).clamp_min(1e-6)
    image = pixels.clamp(0, 255).byte().permute(1, 2, 0).numpy()
    image = image if is_bgr else image[..., ::-1]
    scale = side / max(image.shape[:2])
    size = [max(1, round(length * scale)) for length in image.shape[1::-1]]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    image = cv2.resize(np.ascontiguousarray(image), size, interpolation=way)
    return cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
