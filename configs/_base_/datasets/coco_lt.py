# COCO-LT (Wu et al., ECCV 2020): 1,909 images of COCO train2017 to train on, 5,000 of val2017 to test.
# `python tools/data/prepare_coco_lt.py` lays the images and annotations out under data/.
_base_ = './two_streams_224.py'

num_classes = 80
data_preprocessor = dict(num_classes=num_classes)
train_set = dict(
    type='COCOLT',
    data_root='data/coco',
    ann_file='annotations/instances_train2017.json',
    ids='coco_lt_ids.txt',
    data_prefix='train2017',
)
test_set = dict(
    type='COCOLT', data_root='data/coco', ann_file='annotations/instances_val2017.json', data_prefix='val2017'
)

train_dataloader = dict(dataset=dict(dataset=train_set))
val_dataloader = dict(dataset=test_set)
test_dataloader = val_dataloader
