from . import hooks, loops, optim  # noqa: F401
