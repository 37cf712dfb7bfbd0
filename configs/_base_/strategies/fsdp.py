# MMEngine's FlexibleRunner with FSDP: each process holds a part of the weights, gradients and moments of the optimizer,
# and gathers the weights of one block at a time. Checkpoints are whole; a plain run, a test or an export reads them.
strategy = dict(
    type='FSDPStrategy',
    model_wrapper=dict(
        type='MMFullyShardedDataParallel',
        auto_wrap_policy=dict(type='shard_large_blocks', min_num_params=1_000_000),
        use_orig_params=True,
    ),
    state_dict_cfg='full',
)
