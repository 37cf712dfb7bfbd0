"""Few parameters that learn, in a network that does not; LoRA is the host's LoRAModel."""

from .adapter_model import adapter_model, lift_rank
from .adapters import Adapter, DeepPrompt
from .learned_state import whole_state_dict
from .merging import merge

__all__ = ['Adapter', 'DeepPrompt', 'adapter_model', 'lift_rank', 'merge', 'whole_state_dict']
