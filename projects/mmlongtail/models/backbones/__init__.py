from .resnet_cifar_lt import CifarResNet

__all__ = ['CifarResNet']
