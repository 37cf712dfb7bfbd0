# Two branches, neither consistency nor compensation. Paper (Table 2): VOC-LT 79.42 mAP.
# Ours: 55.92 mAP on VOC-LT′ (seed 0; MobileNetV1, 128 px, 960 iterations; 1 thread of 2 CPU cores).
#   python tools/train.py configs/collab/voc_lt_two_branches.py
_base_ = './voc_lt.py'

model = dict(
    head=dict(
        loss=dict(classification=dict(_delete_=True, type='FrequencyWeightedBCELoss'), consistency=None),
    )
)
