# Table 9: Balanced softmax on 0.8 of the images of each class of ImageNet-LT. Paper: 44.91 top-1.
_base_ = './imagenet_lt_r10_bsce.py'

train_dataloader = dict(
    dataset=dict(_delete_=True, type='ShareSubset', share=0.8, dataset=_base_.train_dataloader.dataset)
)
