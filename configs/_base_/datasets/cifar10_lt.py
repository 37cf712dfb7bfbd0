# CIFAR-10-LT: 12,406 images at imbalance factor 100 to train on (5,000 to 50 a class), 10,000 to test.
# The archive is downloaded to data/cifar if it is not there.
_base_ = './single_label_32.py'

num_classes = 10
data_preprocessor = dict(num_classes=num_classes)

train_dataloader = dict(
    dataset=dict(
        type='CIFAR10LT', data_root='data/cifar', split='train', imbalance_factor=100, imbalance_type='exp'
    )
)
val_dataloader = dict(dataset=dict(type='CIFAR10LT', data_root='data/cifar', split='test'))
test_dataloader = val_dataloader
