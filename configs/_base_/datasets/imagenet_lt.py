# ImageNet-LT (Liu et al., CVPR 2019): 115,846 images of ImageNet to train on (1,280 to 5 a class), its validation part
# of 50,000 to test. The public lists lie beside the images, see data/README.md.
_base_ = './single_label_224.py'

num_classes = 1000
data_preprocessor = dict(num_classes=num_classes)

train_dataloader = dict(dataset=dict(type='ImageNetLT', data_root='data/imagenet', split='train'))
val_dataloader = dict(dataset=dict(type='ImageNetLT', data_root='data/imagenet', split='test'))
test_dataloader = val_dataloader
