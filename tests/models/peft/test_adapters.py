import torch

from mmlongtail.models.peft import Adapter, DeepPrompt


def test_an_adapter_starts_at_zero_and_is_the_formula():
    adapter, x, y = Adapter(6, 2), torch.randn(2, 3, 6), torch.randn(2, 3, 6)
    assert torch.equal(adapter((x, y)), y)
    for parameter in adapter.parameters():
        torch.nn.init.normal_(parameter)
    d = {name: p.detach().double() for name, p in adapter.named_parameters()}
    x64 = x.double()
    z = (x64 - x64.mean(-1, keepdim=True)) / (x64.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    hidden = ((z * d['norm.weight'] + d['norm.bias']) @ d['down.weight'].T + d['down.bias']).clamp(min=0)
    expected = y + d['scale'] * (hidden @ d['up.weight'].T + d['up.bias'])
    torch.testing.assert_close(adapter((x, y)).double(), expected, rtol=1e-4, atol=1e-5)
    adapter.init_weights()
    assert torch.equal(adapter((x, y)), y) and adapter.scale == 1


def test_a_prompt_is_appended_to_each_image():
    prompt, x = DeepPrompt(6, 4), torch.randn(2, 3, 6)
    tokens = prompt(x)
    assert tokens.shape == (2, 7, 6) and torch.equal(tokens[:, :3], x)
    assert torch.equal(tokens[0, 3:], prompt.tokens[0]) and torch.equal(tokens[1, 3:], prompt.tokens[0])
    assert 0 < prompt.tokens.std() < 0.1
