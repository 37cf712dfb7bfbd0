from . import backbones, batch_augments, classifiers, data_preprocessors, heads, losses, tta  # noqa: F401
