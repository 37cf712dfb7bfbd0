# ASL (Ridnik et al., ICCV 2021), class-aware sampling. Paper (Lin, 2022, Table 2): VOC-LT 76.40 mAP.
# Ours: not measured.
#   python tools/train.py configs/baselines/multilabel/voc_lt_asl.py
_base_ = './voc_lt_rs.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='AsymmetricLoss',
            gamma_pos=0.0,
            gamma_neg=4.0,
            clip=0.05,
            loss_weight=1 / _base_.num_classes,
        )
    )
)
