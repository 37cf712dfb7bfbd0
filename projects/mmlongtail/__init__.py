"""Long-tailed visual recognition for MMPretrain: importing the package registers every component."""

from .version import __version__  # noqa: I001
from . import compat  # noqa: F401  mends the host packages: before anything imports them
from . import safe_loading  # noqa: F401  from here on, checkpoints are data
from . import host_inference  # noqa: F401  its answers for multi-label models
from . import weight_folders  # noqa: F401
from . import datasets, engine, evaluation, models, structures  # noqa: F401

__all__ = ['__version__']
