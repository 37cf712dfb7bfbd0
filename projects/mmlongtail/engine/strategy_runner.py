"""A run whose model is dealt out by one of MMEngine's strategies: FSDP, DeepSpeed, DDP."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import barrier, is_main_process
from mmengine.runner import FlexibleRunner
from mmpretrain.registry import RUNNERS
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel

from mmlongtail.files import PART, disk_full_named, give_name

from .quiet_runner import keep_listings_off
from .start_checks import StartError

OF_SEVERAL = ('DDPStrategy', 'FSDPStrategy')
RUNNERS_ONLY = 'activation_checkpointing compile find_unused_parameters model_wrapper_cfg sync_bn'.split()


def wants_strategy(cfg: Config) -> bool:
    """Whether a config names a strategy, or MMEngine's runner of strategies.

    Raises:
        ValueError: If it has keys that only a run without strategy reads.
    """
    if not cfg.get('strategy') and cfg.get('runner_type') != 'FlexibleRunner':
        return False
    unread = [key for key in RUNNERS_ONLY if cfg.get(key)]
    if unread:
        raise ValueError(
            f'{", ".join(unread)}: a run with a strategy does not read that, expected inside strategy=dict(...)'
        )
    return True


def for_one_process(cfg: Config) -> None:
    """Let a process that no launcher started do what a strategy of several would, such as a test of its checkpoint."""
    strategy = cfg.get('strategy') or {}
    if cfg.get('launcher', 'none') == 'none' and strategy.get('type') in OF_SEVERAL:
        print(
            f'{strategy["type"]} is for several processes (--launcher): this one does without',
            file=sys.stderr,
        )
        cfg.strategy = dict(type='SingleDeviceStrategy')


@RUNNERS.register_module()
class StrategyRunner(FlexibleRunner):
    """MMEngine's FlexibleRunner, whose checkpoints are whole or not there and whose console shows what a person reads.

    Gradients are clipped at their norm over all processes: MMEngine would clip each process's shards at a norm of their
    own. Arguments: ``FlexibleRunner``'s.
    """

    @classmethod
    def from_cfg(cls, cfg: Config) -> StrategyRunner:
        """Build the runner of a config; one without ``env_cfg`` is taken, too."""
        for_one_process(cfg)
        return super().from_cfg(cfg if cfg.get('env_cfg') else type(cfg)({**cfg, 'env_cfg': {}}))

    def build_strategy(self, *args, log_level: int | str | None = None, **kwargs):
        """MMEngine's, with the filter on its logger."""
        strategy = super().build_strategy(*args, log_level=log_level, **kwargs)
        keep_listings_off(strategy.logger, log_level)
        return strategy

    def load_or_resume(self) -> None:
        """MMEngine's, which comes when the strategy has prepared model and optimizer."""
        clipping = getattr(self.optim_wrapper, 'clip_grad_kwargs', None)
        if clipping and isinstance(self.model, FullyShardedDataParallel):
            self.optim_wrapper.clip_func = lambda parameters, **norm: self.model.clip_grad_norm_(**norm)
        super().load_or_resume()

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Wrap a model anew, of which a hook has frozen parts since; ``Runner`` has such a method.

        Raises:
            StartError: If the strategy has sharded the model, so that it is too late to freeze.
        """
        strategy = self.strategy
        if type(strategy).__name__ != 'DDPStrategy':
            raise StartError(
                f'{type(strategy).__name__} has dealt out the model before a hook froze parts of it: expected a model '
                'that is built frozen (AdapterModel, frozen_stages), or DDPStrategy'
            )
        strategy.model = None  # the former wrapper takes its gradient hooks along
        strategy.model = strategy._wrap_model(model)
        return strategy.model

    def save_checkpoint(self, out_dir: str, filename: str, *args, backend_args: Mapping | None = None, **kw):
        """Write a checkpoint, a file or a folder, that has its name when all processes have written their part."""
        path = Path(out_dir, filename)
        with disk_full_named(path):
            super().save_checkpoint(out_dir, filename + PART, *args, **kw)
        barrier()
        if is_main_process():
            give_name(path.with_name(filename + PART), path)
        barrier()
