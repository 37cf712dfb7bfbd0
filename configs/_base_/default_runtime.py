custom_imports = dict(imports=['mmlongtail'])
default_scope = 'mmpretrain'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='AtomicCheckpointHook', interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    start_check=dict(type='StartCheckHook'),
)
# The class counts go from the train data set to every component that needs them, and into the checkpoint.
custom_hooks = [
    dict(type='ClassStatisticsHook'),
    dict(type='DatasetEpochHook'),
    dict(type='FiniteLossHook'),
    dict(type='ProgressBarHook'),
    dict(type='ChannelsLastHook'),
]

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl', timeout=1800),  # seconds that processes wait for each other
)
randomness = dict(seed=0)
vis_backends = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
visualizer = dict(type='UniversalVisualizer', vis_backends=vis_backends)
log_level = 'INFO'
load_from = None
resume = False
