"""What runs a training: hooks, loops, optimizer wrappers and the runner."""

from . import hooks, loops, optim, package_checkpoint, sharding  # noqa: F401  registers a scheme of paths, a policy
from .hooks import *  # noqa: F403
from .loops import *  # noqa: F403
from .optim import *  # noqa: F403
from .quiet_runner import QuietRunner
from .strategy_runner import StrategyRunner

__all__ = ['QuietRunner', 'StrategyRunner', *hooks.__all__, *loops.__all__, *optim.__all__]
