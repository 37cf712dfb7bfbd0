"""Pictures that try the operations: noise, soft shapes, little contrast, one value, two values."""

import numpy as np
import pytest
import torch


@pytest.fixture(scope='session')
def pictures() -> torch.Tensor:
    """(40, 3, 32, 32) uint8."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (20, 32, 32, 3))
    waves = np.sin(
        np.arange(32)[:, None, None] * rng.uniform(0, 0.4, (12, 1, 1, 3)) + rng.uniform(0, 6, (12, 1, 32, 3))
    )
    soft = 127.5 + 127.5 * waves
    faint = rng.integers(100, 110, (4, 32, 32, 3))
    plain = np.broadcast_to(rng.integers(0, 256, (2, 1, 1, 3)), (2, 32, 32, 3))
    halves = np.where(np.arange(32)[:, None] < 16, 37, 201) * np.ones((2, 32, 32, 3))
    stack = np.concatenate([noise, soft, faint, plain, halves]).astype(np.uint8)
    return torch.from_numpy(stack).permute(0, 3, 1, 2).contiguous()


@pytest.fixture(scope='session')
def per_picture():
    """Apply a transform of the host to each image of a batch (B, C, H, W) uint8."""

    def apply(transform, images: torch.Tensor) -> torch.Tensor:
        arrays = [image.permute(1, 2, 0).numpy().copy() for image in images]
        results = [np.ascontiguousarray(transform(dict(img=array))['img']) for array in arrays]
        return torch.from_numpy(np.stack(results)).permute(0, 3, 1, 2)

    return apply
