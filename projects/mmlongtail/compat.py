"""The one place that knows about defects of the host packages: each function names the defect that it mends.

How they read checkpoints has a file of its own, ``safe_loading.py``.

The host is MMPretrain with MMEngine and MMCV, from OpenMMLab or as the ``onedl-*`` forks. What can be mended is mended
on import; a combination that cannot work is refused in one sentence. Imports stand inside the functions because the
check must come before anything that a wrong combination breaks.
"""

import functools
import os
import subprocess
import sys
import warnings
from collections.abc import Mapping
from datetime import timedelta
from importlib import metadata, util

HOST_PACKAGES = {  # import name: the distributions that provide it
    'mmpretrain': ('mmpretrain', 'onedl-mmpretrain'),
    'mmengine': ('mmengine', 'mmengine-lite', 'onedl-mmengine'),
    'mmcv': ('mmcv', 'mmcv-lite', 'onedl-mmcv'),
}
REQUIRED = ('torch', 'torchvision', 'numpy')
MINIMUM = dict(torch='2.6', mmpretrain='1.0', mmengine='0.8.3', mmcv='2.0')
INSTALL = 'pip install -r requirements/tested.txt'
CPU_WRAPPERS = {  # strategy: its model's wrapper, without the number of a GPU
    'DDPStrategy': dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False),
    'FSDPStrategy': dict(type='MMFullyShardedDataParallel', device_id='cpu'),
}
_KEPT_LIBRARIES = []


def installed_versions() -> dict[str, str]:
    """Version of every installed distribution that :func:`version_problem` looks at."""
    names = [name for group in HOST_PACKAGES.values() for name in group] + [*REQUIRED, 'opencv-python']
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    for module in (*HOST_PACKAGES, *REQUIRED):  # also those of a source tree, which have no metadata
        distributions = HOST_PACKAGES.get(module, (module,))
        if versions.keys().isdisjoint(distributions) and util.find_spec(module):
            versions[module] = ''
    return versions


def version_problem(versions: Mapping[str, str]) -> str | None:
    """What makes a set of installed versions unusable, as one sentence that says what to install; None if nothing.

    Args:
        versions: Distribution name to version; an empty version is one that nobody knows, and is trusted.
    """
    for module, names in HOST_PACKAGES.items():
        found = [name for name in names if name in versions]
        if not found:
            return f'mmlongtail needs {module}, which is not installed: {INSTALL}'
        if len(found) > 1:
            both = ' '.join(found)
            return (
                f'{" and ".join(found)} provide the same import package {module} and overwrite each other: '
                f'pip uninstall -y {both}, then pip install {found[0]}'
            )
    for name in REQUIRED:
        if name not in versions:
            return f'mmlongtail needs {name}, which is not installed: {INSTALL}'
    for name, low in MINIMUM.items():
        for dist in HOST_PACKAGES.get(name, (name,)):
            if _older(versions.get(dist), low):
                return f'mmlongtail needs {dist}>={low}, found {versions[dist]}: pip install "{dist}>={low}"'
    numpy, opencv = versions['numpy'], versions.get('opencv-python')
    if numpy and not _older(numpy, '2') and _older(opencv, '4.10'):
        return f'opencv-python {opencv} does not import with numpy {numpy}: pip install "opencv-python>=4.10"'
    return None


def _older(version: str | None, than: str) -> bool:
    """Whether a version is known and lower than another."""
    from packaging.version import Version

    return bool(version) and Version(version) < Version(than)


def check_versions() -> None:
    """Refuse installations that would fail later and elsewhere.

    Raises:
        ImportError: With the one sentence of :func:`version_problem`.
    """
    problem = version_problem(installed_versions())
    if problem:
        raise ImportError(problem)


def mend_torchvision() -> None:
    """Let a torchvision wheel built for another torch import: it lacks only two operators nobody here uses."""
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if 'torchvision::nms' not in str(error):
            raise
        for name in [n for n in sys.modules if n.split('.')[0] == 'torchvision']:
            del sys.modules[name]
        library = torch.library.Library('torchvision', 'FRAGMENT')
        for op in ('nms', 'qnms'):
            library.define(f'{op}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
        _KEPT_LIBRARIES.append(library)
        import torchvision  # noqa: F401


def leave_out_multimodal() -> None:
    """Let MMPretrain import beside a newer transformers than its vision-language models know.

    Defect: where transformers and pycocotools are installed, it defines these models, whose base classes are None if
    the helpers that it imports have gone from ``transformers.modeling_utils``, as in transformers 5.
    """
    from mmpretrain.utils import dependency

    if dependency.WITH_MULTIMODAL:
        from transformers import modeling_utils

        dependency.WITH_MULTIMODAL = hasattr(modeling_utils, 'apply_chunking_to_forward')


def silence_missing_operators() -> None:
    """Hide what mmcv-lite warns of at every start: a compiled operator that it lacks and nobody here uses."""
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')


def mend_default_hooks() -> None:
    """Let a config switch off any default hook by ``NAME=None``: MMEngine fails for all but the six that it adds."""
    from mmengine.runner import FlexibleRunner, Runner

    own = ('runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint')

    def mended(register):
        @functools.wraps(register)
        def register_default_hooks(self, hooks=None) -> None:
            hooks = {name: hook for name, hook in (hooks or {}).items() if hook is not None or name in own}
            register(self, hooks)

        return register_default_hooks

    for runner in (Runner, FlexibleRunner):
        runner.register_default_hooks = mended(runner.register_default_hooks)


def mend_strategies() -> None:
    """Let runs with a strategy write and resume checkpoints that other runs can read.

    Defects: ``DDPStrategy`` saves names that begin with ``module.``; ``FSDPStrategy`` resumes with the arguments of an
    older torch in their order, and moves the weights that it gathers to the CPU, which crashes where they are on a CPU:
    torch frees their memory before they are written. ``DeepSpeedStrategy`` wants optimizers that DeepSpeed 0.19 lacks.
    """
    from mmengine._strategy import DDPStrategy, FSDPStrategy, deepspeed
    from mmengine.device import get_device
    from mmengine.runner import get_state_dict, weights_to_cpu

    def model_state_dict(self) -> dict:
        return weights_to_cpu(get_state_dict(self.model))

    def load_optim_state_dict(self, state_dict: dict) -> None:
        from torch.distributed.fsdp import FullyShardedDataParallel

        wrapper = self.optim_wrapper
        state_dict = FullyShardedDataParallel.optim_state_dict_to_load(
            model=self.model, optim=wrapper.optimizer, optim_state_dict=state_dict
        )
        wrapper.load_state_dict(state_dict)

    init_state_dict_cfg = FSDPStrategy._init_state_dict_cfg

    @functools.wraps(init_state_dict_cfg)
    def _init_state_dict_cfg(self, state_dict_cfg) -> None:
        init_state_dict_cfg(self, state_dict_cfg)
        if get_device() == 'cpu':
            self.state_dict_config.offload_to_cpu = self.optim_state_dict_config.offload_to_cpu = False

    register = deepspeed.register_deepspeed_optimizers

    @functools.wraps(register)
    def register_deepspeed_optimizers() -> list[str]:
        try:
            return register()
        except ModuleNotFoundError:
            return []  # torch's serve

    deepspeed.register_deepspeed_optimizers = register_deepspeed_optimizers
    DDPStrategy.model_state_dict = model_state_dict
    FSDPStrategy.load_optim_state_dict = load_optim_state_dict
    FSDPStrategy._init_state_dict_cfg = _init_state_dict_cfg


def init_cpu_distributed(cfg) -> bool:
    """Prepare a run of several processes without accelerator; to be called before the Runner is built.

    Defects: MMEngine's launchers select a CUDA device even where there is none (``_cuda_setDevice``), and wrap the
    model with a device id, which DistributedDataParallel refuses for a CPU model. A process group that is there
    already makes the Runner skip the first; ``cfg.model_wrapper_cfg`` avoids the second.

    Args:
        cfg: The run's config; ``launcher`` is read and ``model_wrapper_cfg``, or that of ``strategy``, is filled in.

    Returns:
        Whether this is such a run.
    """
    import torch.distributed as dist
    from mmengine.device import get_device

    launcher = cfg.get('launcher', 'none')
    if launcher == 'none' or get_device() != 'cpu':
        return False
    if not dist.is_initialized():
        os.environ.update(_launcher_environment(launcher))
        timeout = cfg.get('env_cfg', {}).get('dist_cfg', {}).get('timeout')  # seconds, as in MMEngine
        dist.init_process_group('gloo', timeout=timeout and timedelta(seconds=timeout))
    if cfg.get('strategy') or cfg.get('runner_type') == 'FlexibleRunner':
        strategy = dict(cfg.get('strategy') or dict(type='DDPStrategy'))
        if strategy['type'] in CPU_WRAPPERS:
            given = strategy.get('model_wrapper') or {}
            strategy['model_wrapper'] = {**CPU_WRAPPERS[strategy['type']], **given}
        cfg.strategy = strategy
    else:
        unused = cfg.get('find_unused_parameters', False)
        cfg.model_wrapper_cfg = dict(CPU_WRAPPERS['DDPStrategy'], find_unused_parameters=unused)
    return True


def leave_cpu_distributed() -> None:
    """Take the process group of :func:`init_cpu_distributed` down, after all references to the Runner are gone.

    Defect: where a gloo group still lives when a process exits, it aborts in about one run of four ("terminate called
    without an active exception", torch 2.13). A wrapped model keeps the group alive, even once it is destroyed.
    """
    import gc

    import torch.distributed as dist

    gc.collect()  # the Runner and its loops refer to each other
    dist.destroy_process_group()


def _launcher_environment(launcher: str) -> dict[str, str]:
    """The variables torch's ``env://`` rendezvous reads, from Slurm's or MPI's own; torchrun sets them itself."""
    sources = dict(
        slurm=dict(RANK='SLURM_PROCID', WORLD_SIZE='SLURM_NTASKS', LOCAL_RANK='SLURM_LOCALID'),
        mpi=dict(
            RANK='OMPI_COMM_WORLD_RANK',
            WORLD_SIZE='OMPI_COMM_WORLD_SIZE',
            LOCAL_RANK='OMPI_COMM_WORLD_LOCAL_RANK',
        ),
    )
    if launcher not in sources:
        return {}
    found = {name: os.environ[source] for name, source in sources[launcher].items()}
    found['MASTER_PORT'] = os.environ.get('MASTER_PORT', '29500')
    if 'MASTER_ADDR' not in os.environ and launcher == 'slurm':
        command = ['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']]
        nodes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        found['MASTER_ADDR'] = nodes[0]
    return found


def channels_last_is_safe(model) -> bool:
    """Whether the model may be stored as NHWC: torch's CPU kernels write past their memory for some that are.

    Seen with torch 2.13: the backward pass of a 1x1 convolution with a stride, from fewer than 16 channels.
    """
    from torch import nn

    return not any(
        isinstance(module, nn.Conv2d)
        and module.weight.device.type == 'cpu'
        and module.kernel_size == (1, 1)
        and module.stride != (1, 1)
        and module.in_channels < 16
        for module in model.modules()
    )


check_versions()
mend_torchvision()
leave_out_multimodal()
silence_missing_operators()
mend_default_hooks()
mend_strategies()
