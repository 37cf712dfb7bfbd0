# LDAM (Cao et al., NeurIPS 2019), uniform sampling. Paper (Guo & Wang, CVPR 2021, Table 1): COCO-LT 40.53 mAP.
_base_ = './coco_lt_erm.py'

model = dict(head=dict(loss=dict(_delete_=True, type='MultiLabelLDAMLoss', max_margin=0.5)))
