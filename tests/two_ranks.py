"""Two processes of one group, for what a run of several does together."""

from collections.abc import Callable
from multiprocessing import get_context

import pytest
import torch.distributed


@pytest.fixture(scope='session')
def two_ranks(tmp_path_factory) -> Callable:
    """Call ``work(rank, *arguments)`` in each process of a gloo group, and return what the two calls return."""

    def run(work: Callable, *arguments) -> list:
        store = tmp_path_factory.mktemp('ranks') / 'store'
        context = get_context('fork')  # spares each rank the imports
        answers = context.Queue()
        given = store, answers, work, arguments
        ranks = [context.Process(target=_call, args=(rank, *given), daemon=True) for rank in range(2)]
        for process in ranks:
            process.start()
        found = dict(answers.get(timeout=20) for _ in ranks)
        for process in ranks:
            process.join(timeout=20)
        assert [process.exitcode for process in ranks] == [0, 0]
        return [found[rank] for rank in range(2)]

    return run


def _call(rank: int, store, answers, work: Callable, arguments: tuple) -> None:
    torch.distributed.init_process_group('gloo', f'file://{store}', rank=rank, world_size=2)
    answers.put((rank, work(rank, *arguments)))
    torch.distributed.destroy_process_group()
