# The full method, tested on each image and its mirror image. Paper (Table 2): VOC-LT 81.79 mAP.
# Training is that of voc_lt.py, and so are the checkpoints to test:
#   python tools/test.py configs/collab/voc_lt_aug_test.py work_dirs/collab/voc_lt/epoch_8.pth
_base_ = './voc_lt.py'

tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(224, 224)),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='RandomFlip', prob=0.0), dict(type='RandomFlip', prob=1.0)],
            [dict(type='PackInputs')],
        ],
    ),
]
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))
default_hooks = dict(prepare_tta=dict(type='PrepareTTAHook', tta_cfg=dict(type='AverageClsScoreTTA')))
