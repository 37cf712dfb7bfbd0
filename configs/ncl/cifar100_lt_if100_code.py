# The losses as in the authors' code: the hard categories are those of expert 0, for all experts, and the label is one
# of their number; their cross-entropy is that of (z + log n) times the mask; their divergence is their part of the full
# one.
_base_ = './cifar100_lt_if100.py'

model = dict(head=dict(loss=dict(hard=dict(form='code'), inter=dict(form='code'), intra=dict(form='code'))))
