# The authors' code's reading of the hard categories: the label is one of their number, the divergences' are those of
# expert 0, and the mask multiplies the logits.
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
