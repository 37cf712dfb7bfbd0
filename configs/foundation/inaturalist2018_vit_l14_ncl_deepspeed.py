# As inaturalist2018_vit_l14_ncl_fsdp.py, with DeepSpeed (ZeRO, stage 2) in the place of FSDP.
#   GPUS=64 tools/slurm_train.sh PARTITION JOB configs/foundation/inaturalist2018_vit_l14_ncl_deepspeed.py WORK_DIR
_base_ = ['./inaturalist2018_vit_l14_ncl_fsdp.py', '../_base_/strategies/deepspeed_zero2.py']

strategy = dict(_delete_=True, **_base_.deepspeed_zero2)
optim_wrapper = dict(
    _delete_=True,
    type='DeepSpeedOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05, betas=(0.9, 0.98)),
)
