# Places-LT (Liu et al., CVPR 2019): 62,500 images of Places365 to train on (4,980 to 5 a class), 36,500 to test.
# The public lists lie beside the images, see data/README.md.
_base_ = './single_label_224.py'

num_classes = 365
data_preprocessor = dict(num_classes=num_classes)

train_dataloader = dict(dataset=dict(type='PlacesLT', data_root='data/places', split='train'))
val_dataloader = dict(dataset=dict(type='PlacesLT', data_root='data/places', split='test'))
test_dataloader = val_dataloader
