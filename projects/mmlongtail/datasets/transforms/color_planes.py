"""Changes of color on the separate planes of an image, in integers: a third of the time of the way through HSV."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

Planes = Sequence[np.ndarray]


def split(img: np.ndarray) -> Planes:
    """The planes of an image (H, W, C), which may be the mirrored view that ``RandomFlip`` makes of another one."""
    if img.strides[1] > 0:
        return cv2.split(img)
    return [
        cv2.flip(plane, 1) for plane in cv2.split(img[:, ::-1])
    ]  # OpenCV copies such views pixel by pixel


def scale_and_shift(planes: Planes, factor: float, shift: float) -> Planes:
    """``plane * factor + shift``, rounded and clipped to 0 ... 255."""
    if factor == 1.0 and shift == 0.0:
        return planes
    return [cv2.addWeighted(plane, factor, plane, 0, shift) for plane in planes]


def shift_color(planes: Planes, degrees: float, saturation: float, factor: float = 1.0) -> Planes:
    """Turn the hue and scale the saturation, which stays at most 1, then scale the values.

    In HSV, a channel is ``V - D``: the largest channel V stays, saturation scales the distances D, and hue moves them.

    Args:
        planes: Blue, green and red, each (H, W) uint8.
        degrees: Change of hue, -180 ... 180.
        saturation: Factor of the saturation, 0 or more.
        factor: Factor of the result, which is then clipped to 0 ... 255.

    Returns:
        The new planes, right to 1.5 levels times ``factor`` and a rounding.
    """
    if degrees == 0.0 and saturation == 1.0:
        return scale_and_shift(planes, factor, 0.0)
    blue, green, red = planes
    largest = cv2.max(cv2.max(blue, green), red)
    distances = [cv2.subtract(largest, plane) for plane in planes]
    if degrees == 0.0 and saturation <= 1.0:
        return _below(largest, distances, saturation, factor)
    chroma = cv2.max(cv2.max(*distances[:2]), distances[2])
    distances = _turned(distances, chroma, degrees / 60)
    if saturation <= 1.0:
        return _below(largest, distances, saturation, factor)
    most = np.minimum(cv2.divide(largest, cv2.max(chroma, 1), dtype=cv2.CV_32F), np.float32(saturation))
    distances = [cv2.multiply(distance, most, dtype=cv2.CV_8U) for distance in distances]
    return _below(largest, distances, 1.0, factor)


def _below(largest: np.ndarray, distances: Planes, saturation: float, factor: float) -> Planes:
    """``factor (V - saturation D)``."""
    if saturation == factor == 1.0:
        return [cv2.subtract(largest, distance) for distance in distances]
    return [cv2.addWeighted(largest, factor, distance, -factor * saturation, 0) for distance in distances]


def _turned(distances: Planes, chroma: np.ndarray, sextants: float) -> Planes:
    """Distances from V after a turn of the hue by so many times 60 degrees."""
    blue, green, red = distances
    thirds = round(sextants / 2)  # whole thirds of the circle exchange the channels
    rest = sextants - 2 * thirds
    if rest > 0:
        red, green, blue = _moved((red, green, blue), chroma, rest)
    elif rest < 0:  # the mirror image: the circle the other way round
        red, blue, green = _moved((red, blue, green), chroma, -rest)
    turned = (blue, green, red)
    return [turned[(channel + thirds) % 3] for channel in range(3)]


def _moved(distances: Planes, chroma: np.ndarray, part: float) -> Planes:
    """Turn the hue by up to one sixth of the circle, from each channel towards the next one.

    Over the circle, a channel is at V for two sixths, falls for one, stays at the bottom for two and rises for one. Its
    distance from V less that of the next channel tells where it is in the half of the circle on the next channel's
    side, that distance plus the chroma in the other half; a turn adds to the one and takes from the other.
    """
    on = cv2.convertScaleAbs(chroma, alpha=part)
    back = cv2.subtract(chroma, on)
    either = cv2.bitwise_xor(on, back)
    moved = []
    for own, following, last in zip(
        distances, (*distances[1:], distances[0]), (distances[2], *distances[:2])
    ):
        near = cv2.compare(following, last, cv2.CMP_LE)  # 255 where the next channel is the nearer one
        turn = cv2.bitwise_xor(back, cv2.bitwise_and(near, either))
        plus, minus = cv2.subtract(turn, following), cv2.subtract(following, turn)
        moved.append(cv2.min(cv2.subtract(cv2.add(own, plus), minus), chroma))
    return moved
