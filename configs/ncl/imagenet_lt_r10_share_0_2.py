# Table 9: NCL++ on 0.2 of the images of each class of ImageNet-LT. Paper: 44.24 top-1 of one expert.
_base_ = './imagenet_lt_r10.py'

train_dataloader = dict(
    dataset=dict(_delete_=True, type='ShareSubset', share=0.2, dataset=_base_.train_dataloader.dataset)
)
