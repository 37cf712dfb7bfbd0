# CB Focal (Cui et al., CVPR 2019), each image weighted by the mean weight of its classes, uniform sampling. Paper
# (Guo & Wang, CVPR 2021, Table 1): COCO-LT 49.06 mAP.
_base_ = './coco_lt_erm.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='ClassBalancedFocalLoss',
            beta=0.9,
            mode='average_w',
            focal_gamma=2.0,
            balance=2.0,
        )
    )
)
