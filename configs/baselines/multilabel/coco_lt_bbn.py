# BBN (Zhou et al., CVPR 2020): two branches, cumulative learning. Paper (Guo & Wang, CVPR 2021, Table 1, re-implemented
# there): COCO-LT 50.00 mAP. Here the second stream is class-aware sampling instead of BBN's reversed sampling, which is
# for one label per image. Network, batches and schedule are those of collaborative training.
#   python tools/train.py configs/baselines/multilabel/coco_lt_bbn.py
_base_ = '../../collab/coco_lt_two_branches.py'

model = dict(
    head=dict(
        average='logit',
        loss=dict(
            _delete_=True,
            type='CumulativeLoss',
            streams=['uniform', 'rebalanced'],
            classification=dict(type='CrossEntropyLoss', use_sigmoid=True),
        ),
    )
)
default_hooks = dict(training_progress=dict(type='TrainingProgressHook'))
