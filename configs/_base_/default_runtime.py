custom_imports = dict(imports=['mmlongtail'])
default_scope = 'mmpretrain'

# a config switches one off by its name, default_hooks = dict(progress_bar=None); no name is a method of a dict
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='AtomicCheckpointHook', interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    start_check=dict(type='StartCheckHook'),
    # the class counts go from the train data set to every component that needs them, and into the checkpoint
    class_statistics=dict(type='ClassStatisticsHook'),
    dataset_epoch=dict(type='DatasetEpochHook'),
    finite_loss=dict(type='FiniteLossHook'),
    progress_bar=dict(type='ProgressBarHook'),
    channels_last=dict(type='ChannelsLastHook'),
)

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
