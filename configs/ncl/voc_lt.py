# Our own, of no paper: collaborative two-branch training (configs/collab/voc_lt.py) with NCL++'s agreement in place of
# the squared difference of logits: KL divergence of the branches' label probabilities, on all classes and on the hard
# ones.
_base_ = '../collab/voc_lt.py'

model = dict(
    head=dict(
        loss=dict(
            consistency=dict(
                _delete_=True, type='MultiLabelPeerDistillationLoss', hard_ratio=0.3, loss_weight=0.6
            )
        )
    )
)
