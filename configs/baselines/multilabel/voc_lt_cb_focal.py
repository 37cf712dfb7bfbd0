# CB Focal (Cui et al., CVPR 2019), each image weighted by the mean weight of its classes, uniform sampling. Paper
# (Guo & Wang, CVPR 2021, Table 1): VOC-LT 75.24 mAP.
_base_ = './voc_lt_erm.py'

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
