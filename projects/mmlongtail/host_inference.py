"""The host's own ways to predict give right answers for multi-label models, too.

Defects: ``ImageClassificationInferencer`` answers with the one class of the highest score, whatever the head decides;
``inference_model`` refuses every model that is not from the host's list of models.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

from mmpretrain.apis import ImageClassificationInferencer
from mmpretrain.models import ImageClassifier
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.structures import DataSample
from torch import nn

TASK = 'Image Classification'
UNLISTED = SimpleNamespace(results=[SimpleNamespace(task=TASK)])


def deciding_head(head: nn.Module, expert: int = 0) -> nn.Module:
    """The head that decides on labels: of several experts one, of a head around another the inner one."""
    if hasattr(head, 'experts'):
        return deciding_head(head.experts[expert])
    return deciding_head(head.classifier) if hasattr(head, 'classifier') else head


def is_multi_label(head: nn.Module) -> bool:
    """Whether an image may have any number of labels, by what a head says or by its kind."""
    decider = deciding_head(head)
    return getattr(decider, 'multi_label', isinstance(decider, MultiLabelClsHead))


def multi_label_answers(preds: Sequence[DataSample], classes: Sequence[str] | None) -> list[dict]:
    """Answers with the keys of the host's, in which label, score and class are lists: of all labels, the best first."""
    answers = []
    for sample in preds:
        scores = sample.pred_score.detach().float().cpu().numpy()
        labels = sorted(sample.pred_label.tolist(), key=lambda k: (-scores[k], k))
        answer = dict(pred_scores=scores, pred_label=labels, pred_score=[float(scores[k]) for k in labels])
        if classes is not None:
            answer['pred_class'] = [classes[k] for k in labels]
        answers.append(answer)
    return answers


def answer_for_multi_label() -> None:
    """Let ``ImageClassificationInferencer`` give the labels that a multi-label head has decided on."""
    single_label = ImageClassificationInferencer.postprocess

    def postprocess(self, preds, visualization, return_datasamples=False):
        if return_datasamples or not is_multi_label(getattr(self.model, 'head', None)):
            return single_label(self, preds, visualization, return_datasamples)
        return multi_label_answers(preds, self.classes)

    ImageClassificationInferencer.postprocess = postprocess


def infer_with_any_classifier() -> None:
    """Let ``inference_model`` take every ImageClassifier, also one for which no list of models names this task."""

    def get(self):
        found = self.__dict__.get('_metainfo')
        tasks = {result.task for result in getattr(found, 'results', None) or ()}
        return found if TASK in tasks else UNLISTED

    ImageClassifier._metainfo = property(get, lambda self, value: self.__dict__.update(_metainfo=value))


answer_for_multi_label()
infer_with_any_classifier()
