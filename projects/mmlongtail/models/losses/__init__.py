"""Losses by what the images show, ``multi_label`` or ``single_label``, and of networks that learn from each other."""

from . import multi_label, peers, single_label
from .class_counts import ClassCounts
from .multi_label import *  # noqa: F403
from .peers import *  # noqa: F403
from .single_label import *  # noqa: F403

__all__ = ['ClassCounts', *multi_label.__all__, *peers.__all__, *single_label.__all__]
