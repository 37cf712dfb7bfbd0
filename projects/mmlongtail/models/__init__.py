from . import (  # noqa: F401
    backbones,
    batch_augments,
    classifiers,
    data_preprocessors,
    heads,
    losses,
    necks,
    peft,
    selfsup,
    tta,
)
