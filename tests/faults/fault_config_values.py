"""Nonsense in every config value of every component: named, and no loss that is not finite without a word."""

from collections import Counter

import pytest
from fuzz_config_values import outcome, trials


@pytest.mark.filterwarnings('ignore')
def test_nonsense_in_configs_is_named(report):
    found = [(*trial, outcome(*trial)) for trial in trials()]
    counts = Counter(result.split(':')[0] for *_, result in found)
    seen = f'{counts["named"]} named, {counts["fine"]} valid, {len(found) - counts["named"] - counts["fine"]} others'
    report('nonsense in a config', 'every parameter of every component', len(found), seen)
    assert not [trial for trial in found if trial[-1] not in ('named', 'fine')]
