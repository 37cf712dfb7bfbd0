"""Transforms that MMPretrain lacks."""

from . import compose_digits, photometric, side_crop  # noqa: F401
