# Two experts on one trunk: only the last stage, and the classifier, of its own.
_base_ = './cifar100_lt_if100.py'

model = dict(branch_modules=['backbone.layer3'])
