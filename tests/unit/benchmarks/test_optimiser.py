"""The optimiser among customers of whom the truth is known: small, but all of it."""

import pytest

from odoo.addons.billing_dynamic_distribution.core.optimiser import Rails

from benchmarks import optimiser_worlds, population

RAILS = Rails()


def curve(policy, seed, weeks=14, weekly=60):
    world = population.World(seed)
    return optimiser_worlds.run_policy(world, policy, seed, RAILS, weeks, weekly)


@pytest.mark.nightly
def test_learning_makes_up_for_what_trying_costs():
    """Half a year: less regret than the plan as it is, and than trying for ever."""
    last = {
        policy: sum(curve(policy, seed, 26)[-1][0] for seed in (1, 2))
        for policy in ("fixed", "split", "pooled")
    }
    assert last["pooled"] < 0.6 * min(last["fixed"], last["split"])


@pytest.mark.nightly
def test_regret_grows_ever_more_slowly():
    regret = [regret for regret, _loss in curve("pooled", 3, 24)]
    assert regret[-1] - regret[-7] < 0.5 * (regret[6] - regret[0])


@pytest.mark.nightly
def test_within_the_rails_it_is_never_worse_than_the_plan_beyond_them():
    for seed in (0, 2, 4):
        for week, (_regret, loss) in enumerate(curve("railed", seed), start=1):
            served = week * 60 * len(population.SEGMENTS)
            assert loss <= RAILS.tolerance * served


def test_a_world_is_the_same_from_the_same_seed():
    one, other = population.World(7), population.World(7)
    arm = one.arms()[5]
    for segment in population.SEGMENTS:
        assert one.rate(segment, arm) == other.rate(segment, arm)
        assert 0 < one.rate(segment, arm) < 1
