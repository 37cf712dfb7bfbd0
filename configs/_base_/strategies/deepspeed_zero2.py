# MMEngine's FlexibleRunner with DeepSpeed, stage 2: each process holds all weights, and a part of the gradients and of
# the optimizer's moments. `pip install deepspeed`. A checkpoint is a folder; DeepSpeed's zero_to_fp32.py beside it
# makes a file of weights of it. The batch of one process is that of train_dataloader.
deepspeed_zero2 = dict(
    type='DeepSpeedStrategy',
    train_micro_batch_size_per_gpu=16,
    gradient_accumulation_steps=1,
    bf16=dict(enabled=True),
    zero_optimization=dict(stage=2, overlap_comm=True, reduce_scatter=True),
    inputs_to_half=['inputs'],
    gradient_clipping=1.0,
    steps_per_print=10**9,
)
