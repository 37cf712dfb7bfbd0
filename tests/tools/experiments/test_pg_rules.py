"""Rules on curves that rise or fall by hand."""

import numpy as np
import pytest

GROUPS = ('head', 'medium', 'tail')


@pytest.fixture
def rules(scripts):
    return scripts('pg_rules')


def curves(level):
    """Records whose last third has the level."""
    steps = np.arange(6)
    return {
        (sign, g): (steps, np.array([0, 0, 0, 0, level, level])) for sign in ('pos', 'neg') for g in GROUPS
    }


def test_the_last_third_alone_counts(rules):
    assert rules.last_third(curves(0.5), 'pos').tolist() == [0.5] * 3


def test_a_rule_holds_where_all_groups_go_its_way(rules, capsys):
    levels = dict(ones=0.5, pos_scale_5=0.6, pos_divisor_5=0.5, neg_scale_5=0.4, neg_divisor_5=0.5)
    runs = {name: curves(levels.get(name, 0.5)) for name in rules.SETTINGS}
    rules.print_tables(runs)
    verdicts = [line.split(' | ')[-1] for line in capsys.readouterr().out.splitlines() if 'λ' in line]
    assert verdicts == ['yes |', 'no |', 'yes |', 'no |', 'yes |', 'yes |', 'yes |', 'no |']
    assert len(rules.rules_figure(runs).axes) == 8
