# BBN (Zhou et al., CVPR 2020): two branches, cumulative learning. Paper (Guo & Wang, CVPR 2021, Table 1, re-implemented
# there): VOC-LT 73.37 mAP. Here the second stream is class-aware sampling instead of BBN's reversed sampling, which is
# for one label per image. Network, batches and schedule are those of collaborative training.
# Ours: not measured.
#   python tools/train.py configs/baselines/multilabel/voc_lt_bbn.py
_base_ = '../../collab/voc_lt_two_branches.py'

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
