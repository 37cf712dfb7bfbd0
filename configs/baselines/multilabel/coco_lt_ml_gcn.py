# ML-GCN (Chen et al., CVPR 2019): classifiers made by a graph convolution over the classes, uniform sampling. Paper
# (Guo & Wang, CVPR 2021, Table 1): COCO-LT 44.24 mAP.
# The graph is the training set's co-occurrence. The paper embeds classes by GloVe vectors, which are not downloaded:
# with a file of them set embedding_dim=None, word_vectors='data/glove.6B.300d.txt' and, for names of several words,
# aliases. Here they are learned.
_base_ = './coco_lt_erm.py'

model = dict(
    neck=None,  # the head pools by maximum
    head=dict(
        _delete_=True,
        type='GraphConvolutionHead',
        num_classes=_base_.num_classes,
        in_channels=2048,
        embedding_dim=300,
        loss=dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1 / _base_.num_classes),
    ),
)
# ML-GCN's rates: 0.01 for the backbone, 0.1 for the graph
optim_wrapper = dict(
    optimizer=dict(lr=0.1),
    paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1)}),
)
