from .efficientnet_lite import EfficientNetLite
from .foundation_vit import FoundationViT
from .hugging_face import HuggingFaceBackbone
from .parallel_backbones import ParallelBackbones
from .resnet10 import ResNet10
from .resnet_cifar_lt import CifarResNet

__all__ = [
    'CifarResNet',
    'EfficientNetLite',
    'FoundationViT',
    'HuggingFaceBackbone',
    'ParallelBackbones',
    'ResNet10',
]
