from . import hooks, loops, optim, package_checkpoint  # noqa: F401
