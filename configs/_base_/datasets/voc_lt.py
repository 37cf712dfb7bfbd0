# VOC-LT (Wu et al., ECCV 2020): 1,142 images of VOC2012 to train on, 4,952 of VOC2007 to test.
# `python tools/data/prepare_voc_lt.py` lays the devkit out under data/.
_base_ = './two_streams_224.py'

num_classes = 20
data_preprocessor = dict(num_classes=num_classes)
train_set = dict(type='VOCLT', data_root='data/VOCdevkit', year='VOC2012', ids='voc_lt_ids.txt')
test_set = dict(type='VOCLT', data_root='data/VOCdevkit', year='VOC2007', ids='ImageSets/Main/test.txt')

train_dataloader = dict(dataset=dict(dataset=train_set))
val_dataloader = dict(dataset=test_set)
test_dataloader = val_dataloader
