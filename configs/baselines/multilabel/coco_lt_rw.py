# RW: positives and negatives of a class weighted by sqrt(N / n_k), uniform sampling. Paper
# (Guo & Wang, CVPR 2021, Table 1): COCO-LT 42.27 mAP.
_base_ = './coco_lt_erm.py'

model = dict(head=dict(loss=dict(_delete_=True, type='ReweightedBCELoss', mode='sqrt_inv')))
