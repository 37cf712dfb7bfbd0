import pytest
import torch
from mmpretrain.registry import MODELS
from test_adapter_model import build, learn

from mmlongtail.models.peft import merge


def test_lora_becomes_part_of_the_weights(vit, plain, images):
    vit['init_cfg'] = dict(type='Pretrained', checkpoint=plain[1])
    lora = MODELS.build(dict(type='LoRAModel', module=vit, rank=2, alpha=3, targets=[dict(type='qkv')]))
    before = learn(lora)(images)[0]
    merged = merge(lora)
    torch.testing.assert_close(merged(images)[0], before)
    assert merged.state_dict().keys() == plain[0].state_dict().keys()
    plain[0].load_state_dict(merged.state_dict())
    torch.testing.assert_close(plain[0](images)[0], before)


def test_norms_and_biases_are_merged_as_they_are(vit, plain, images):
    backbone = learn(build(vit, plain[1], rank=0, tuned=['norm', 'bias']))
    before = backbone(images)[0]
    plain[0].load_state_dict(merge(backbone).state_dict())
    torch.testing.assert_close(plain[0](images)[0], before)


def test_adapters_are_refused(vit):
    with pytest.raises(ValueError, match=r'layers.0.adapter and 1 more cannot be merged'):
        merge(build(vit, rank=1))
