# Table 9: NCL++ on 0.4 of the images of each class of ImageNet-LT. Paper: 47.93 top-1 of one expert.
_base_ = './imagenet_lt_r10.py'

train_dataloader = dict(
    dataset=dict(_delete_=True, type='ShareSubset', share=0.4, dataset=_base_.train_dataloader.dataset)
)
