"""Data sets, their samplers, wrappers and transforms."""

from . import (  # noqa: F401
    cifar_lt,
    coco_json,
    coco_lt,
    digits,
    draws,
    imagenet_lt,
    inaturalist,
    list_file,
    samplers,
    single_label,
    transforms,
    voc_lt,
    wrappers,
)
