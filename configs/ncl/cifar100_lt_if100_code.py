# The authors' code's reading: hard categories by expert 0, the label among them, logits multiplied by the mask.
_base_ = './cifar100_lt_if100.py'

model = dict(
    head=dict(
        loss=dict(
            hard=dict(form='code'),
            inter=dict(form='code', ranking='first'),
            intra=dict(form='code', ranking='first'),
        )
    )
)
