# Fig. 12 (a): InterCL of the probabilities softmax(z), without the class counts.
_base_ = './cifar100_lt_if100_bil_inter.py'

model = dict(head=dict(loss=dict(inter=dict(balanced=False))))
