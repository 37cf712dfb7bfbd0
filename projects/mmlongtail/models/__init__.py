from . import classifiers, heads, losses  # noqa: F401
