"""Data sets, their samplers, wrappers and transforms."""

from . import coco_json, coco_lt, digits, draws, list_file, samplers, transforms, voc_lt  # noqa: F401
