"""A small web page that shows what models say of images: the command ``mmlongtail serve`` alone calls this room.

It needs nothing beside the standard library; programs take :class:`mmlongtail.apis.LongTailInferencer`.
"""

from .command import main

__all__ = ['main']
