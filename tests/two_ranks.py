"""Two processes of one group, for what a run of several does together."""

import pickle
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest
import torch.distributed

SECONDS = 60  # after which a process that has not ended never will


@pytest.fixture(scope='session')
def two_ranks(tmp_path_factory) -> Callable:
    """Call ``work(rank, *arguments)`` in each process of a gloo group, and return what the two calls return."""

    def run(work: Callable, *arguments) -> list:
        folder = tmp_path_factory.mktemp('ranks')
        context = get_context('fork')  # spares each rank the imports
        ranks = [context.Process(target=_call, args=(rank, folder, work, arguments)) for rank in range(2)]
        for process in ranks:
            process.start()
        for process in ranks:
            process.join(SECONDS)
            process.kill()  # nothing, where it has ended
            process.join()
        assert [process.exitcode for process in ranks] == [0, 0]
        return [pickle.loads((folder / str(rank)).read_bytes()) for rank in range(2)]

    return run


def _call(rank: int, folder: Path, work: Callable, arguments: tuple) -> None:
    torch.distributed.init_process_group('gloo', f'file://{folder}/store', rank=rank, world_size=2)
    (folder / str(rank)).write_bytes(pickle.dumps(work(rank, *arguments)))
    torch.distributed.destroy_process_group()
