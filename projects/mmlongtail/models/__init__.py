"""Networks and losses by MMPretrain's kinds; the names of each kind stand here as well."""

from . import (
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
from .backbones import *  # noqa: F403
from .batch_augments import *  # noqa: F403
from .classifiers import *  # noqa: F403
from .data_preprocessors import *  # noqa: F403
from .heads import *  # noqa: F403
from .losses import *  # noqa: F403
from .necks import *  # noqa: F403
from .peft import *  # noqa: F403
from .selfsup import *  # noqa: F403
from .tta import *  # noqa: F403

__all__ = [
    *backbones.__all__,
    *batch_augments.__all__,
    *classifiers.__all__,
    *data_preprocessors.__all__,
    *heads.__all__,
    *losses.__all__,
    *necks.__all__,
    *peft.__all__,
    *selfsup.__all__,
    *tta.__all__,
]
