# CIFAR-10-LT held in memory and augmented as whole batches, by the model's data preprocessor and where the model is:
# several times the images per second of cifar10_lt.py, equal to it in distribution.
_base_ = './cifar10_lt.py'

train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    collate_fn=dict(type='ready_batch_collate'),
    dataset=dict(
        _delete_=True,
        type='BatchedDataset',
        dataset=dict(
            type='CIFAR10LT',
            data_root='data/cifar',
            split='train',
            imbalance_factor=100,
            imbalance_type='exp',
            pipeline=[dict(type='PackInputs')],
        ),
    ),
)
data_preprocessor = dict(
    type='BatchAugmentPreprocessor',
    augments=[dict(type='BatchRandomCrop', padding=4), dict(type='BatchRandomFlip', prob=0.5)],
)
