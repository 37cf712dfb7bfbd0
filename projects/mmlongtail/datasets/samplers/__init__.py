from .base import OrderSampler
from .class_aware import ClassAwareSampler
from .effective_number import CBENSampler, EffectiveNumberSampler
from .stream import StreamSampler
from .uniform import UniformSampler
from .weighted import (
    ClassBalancedSampler,
    ClassWeightedSampler,
    InstanceBalancedSampler,
    ProgressivelyBalancedSampler,
    ReversedSampler,
    SquareRootSampler,
    WeightedSampler,
)

__all__ = [
    'CBENSampler',
    'ClassAwareSampler',
    'ClassBalancedSampler',
    'ClassWeightedSampler',
    'EffectiveNumberSampler',
    'InstanceBalancedSampler',
    'OrderSampler',
    'ProgressivelyBalancedSampler',
    'ReversedSampler',
    'SquareRootSampler',
    'StreamSampler',
    'UniformSampler',
    'WeightedSampler',
]
