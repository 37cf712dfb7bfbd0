"""Transforms that MMPretrain lacks."""

from . import compose_digits, minimalist_crop, photometric, position_crop, side_crop  # noqa: F401
