"""Transforms that MMPretrain lacks."""

from . import photometric, side_crop  # noqa: F401
