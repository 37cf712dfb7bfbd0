from .base import OrderSampler
from .class_aware import ClassAwareSampler
from .stream import StreamSampler
from .uniform import UniformSampler

__all__ = ['ClassAwareSampler', 'OrderSampler', 'StreamSampler', 'UniformSampler']
