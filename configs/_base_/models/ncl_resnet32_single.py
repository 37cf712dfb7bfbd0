# The plain network beside NCL++'s two: ResNet-32 and a linear classifier in torch's own initialization.
_base_ = './resnet32_cifar.py'

model = dict(head=dict(init_cfg=None))
