"""From a folder of images to a trained model: ``python -m mmlongtail.apis.own_data DATA``."""

from .command import main

__all__ = ['main']
