from . import hooks, loops, optim, package_checkpoint, quiet_runner  # noqa: F401
