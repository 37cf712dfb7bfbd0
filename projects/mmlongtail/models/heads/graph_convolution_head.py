"""Classifiers made by a graph convolution over the classes, ML-GCN (Chen et al., CVPR 2019)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmlongtail.structures import checks

from .label_graph import label_graph
from .multi_branch_head import decision
from .word_vectors import class_vectors

NEGATIVE_SLOPE = 0.2
GLOVE_DIM = 300


@MODELS.register_module()
class GraphConvolutionHead(MultiLabelClsHead):
    """Scores ``X W^T`` whose classifiers W come out of two graph convolutions over embeddings of the classes.

    Source: Chen et al., "Multi-Label Image Recognition with Graph Convolutional Networks", CVPR 2019, eq. (3):
    ``H' = LeakyReLU(A H Theta)``, without activation after the second layer; A is :func:`label_graph` of the training
    set, which ``ClassStatisticsHook`` brings. The layers start as Kipf & Welling's do, uniform within
    ``1 / sqrt(channels out)``. Graph and word vectors are buffers, so a checkpoint predicts without the training set
    and without the file of vectors.

    The embeddings are one of three:

    * ``word_vectors``: the paper's GloVe vectors. They are **not downloaded**: get a text file of them yourself. Those
      that a checkpoint brought are kept.
    * ``embedding_dim`` alone: learned ones, of about unit length at the start.
    * neither: one-hot ones.

    Args:
        num_classes: Number of classes K.
        in_channels: Channels D of the features.
        loss: Config of a loss of (B, K) logits.
        hidden_channels: Channels between the two layers.
        word_vectors: Text file, a word and its vector a line.
        embedding_dim: Numbers per embedding; with ``word_vectors``, ``GLOVE_DIM`` if None.
        aliases: Class name to the words that stand for it in ``word_vectors``, as in
            ``dict(diningtable='dining table')``.
        threshold: tau, the conditional probability from which a class is a neighbor.
        neighbor_weight: p, what the neighbors of a class weigh together.
        thr: Scores from here on are positive labels.
        topk: Instead of ``thr``, the number of positive labels.
        init_cfg: Initialization of the layers, where it should be another one.

    Raises:
        ValueError: For a size below 1 or a threshold or weight out of range.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        loss: dict,
        hidden_channels: int = 1024,
        word_vectors: str | None = None,
        embedding_dim: int | None = None,
        aliases: dict[str, str] | None = None,
        threshold: float = 0.4,
        neighbor_weight: float = 0.2,
        thr: float | None = None,
        topk: int | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(loss=checks.config('loss', loss, MODELS), init_cfg=init_cfg, **decision(thr, topk))
        self.num_classes = checks.whole('num_classes', num_classes)
        checks.whole('in_channels', in_channels)
        checks.whole('hidden_channels', hidden_channels)
        checks.whole('embedding_dim', embedding_dim, optional=True)
        self.threshold = checks.number('threshold', threshold, above=0, at_most=1)
        self.neighbor_weight = checks.share('neighbor_weight', neighbor_weight)
        self.word_vectors = checks.text('word_vectors', word_vectors, optional=True)
        self.aliases = None if aliases is None else checks.mapping('aliases', aliases, checks.text)
        dim = embedding_dim or (GLOVE_DIM if word_vectors else num_classes)
        self.layers = nn.ModuleList(
            [nn.Linear(dim, hidden_channels, bias=False), nn.Linear(hidden_channels, in_channels, bias=False)]
        )
        for layer in self.layers:
            bound = layer.out_features**-0.5
            nn.init.uniform_(layer.weight, -bound, bound)
        # All zeros where nothing is known yet: no real graph is.
        self.register_buffer('adjacency', torch.zeros(num_classes, num_classes))
        self.has_graph = False
        if word_vectors:
            self.register_buffer('embedding', torch.zeros(num_classes, dim))
        elif embedding_dim is not None:
            self.embedding = nn.Parameter(torch.randn(num_classes, dim) * dim**-0.5)
        else:
            self.register_buffer('embedding', torch.eye(num_classes))

    def set_class_statistics(self, statistics) -> None:
        """Make the graph, and read the word vectors unless they are there, from the run's :class:`ClassStatistics`.

        Raises:
            ValueError: If the co-occurrence is unknown or of another number of classes, or a word has no vector.
        """
        together, expected = statistics.cooccurrence, (self.num_classes, self.num_classes)
        if together is None or together.shape != expected:
            found = None if together is None else together.shape
            raise ValueError(f'the co-occurrence of the classes is {found}, expected {expected} counts')
        if self.word_vectors and not self.embedding.any():
            self._read_vectors(statistics.classes)
        graph = label_graph(together, self.threshold, self.neighbor_weight)
        self.adjacency.copy_(torch.from_numpy(graph))

    def _read_vectors(self, classes: tuple[str, ...]) -> None:
        if len(classes) != self.num_classes:
            raise ValueError(f'{len(classes)} class names are known, word_vectors needs {self.num_classes}')
        vectors = class_vectors(self.word_vectors, classes, self.embedding.size(1), self.aliases)
        self.embedding.copy_(torch.from_numpy(vectors))

    def class_weights(self) -> Tensor:
        """The classifiers, (K, D).

        Raises:
            RuntimeError: Before any graph is known.
        """
        # Asked until there is one and never again, because a GPU has to wait for the answer.
        self.has_graph = self.has_graph or bool(self.adjacency.any())
        if not self.has_graph:
            raise RuntimeError(
                'GraphConvolutionHead knows no graph of the classes yet: list ClassStatisticsHook in default_hooks, '
                'which makes it from the train dataset, load a trained checkpoint, or call set_class_statistics'
            )
        first, second = self.layers
        hidden = F.leaky_relu(self.adjacency @ first(self.embedding), NEGATIVE_SLOPE)  # (K, hidden)
        return self.adjacency @ second(hidden)

    def pre_logits(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Features (B, D) of the last stage; maps (B, D, H, W) are max-pooled, as in the paper.

        Raises:
            ValueError: For features of another shape.
        """
        feat = feats[-1]
        if feat.dim() not in (2, 4):
            raise ValueError(f'features are {tuple(feat.shape)}, expected (B, D) or (B, D, H, W)')
        return feat.amax((2, 3)) if feat.dim() == 4 else feat

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, K) of features whose last item is (B, D), or (B, D, H, W) of a model without neck."""
        return F.linear(self.pre_logits(feats), self.class_weights())

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample] | None) -> list[DataSample]:
        """The host's, of logits in full precision: half-precision scores near 1 would all be equal."""
        return super()._get_predictions(cls_score.float(), data_samples)
