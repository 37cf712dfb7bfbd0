# Focal loss (Lin et al., ICCV 2017), uniform sampling. Paper (Guo & Wang, CVPR 2021, Table 1): VOC-LT 73.88 mAP.
_base_ = './voc_lt_erm.py'

model = dict(head=dict(loss=dict(_delete_=True, type='MultiLabelFocalLoss', focal_gamma=2.0, balance=2.0)))
