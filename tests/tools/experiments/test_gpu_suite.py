"""The suite's runs."""

from fractions import Fraction


def test_each_run_has_its_config_and_what_it_starts_from(scripts, tmp_path):
    suite, queue = scripts('gpu_suite'), scripts('run_queue')
    runs = suite.runs_of(Fraction(1, 100), '3', tmp_path, amp=True)
    names = {run.config for run in runs}
    for run in runs:
        assert (queue.CONFIGS / run.config).is_file() and (not run.start or run.start in names)
        assert run.dataset == 'CIFAR-100-LT′-IF100' and run.script == 'cifar_lt_prime.py'
        if run.before:
            assert run.before.work_dir in {other.work_dir for other in runs}
    assert runs[0].options == '--epochs 4 --of 400 --batched --amp' and runs[0].iterations == str(4 * 169)
    [second] = [run for run in runs if run.method == 'GCL']
    assert second.options == '--epochs 2 --of 200 --batched --amp' and second.iterations == '170'
    assert len({(run.config, run.method, run.prefix) for run in runs}) == len(runs)
