"""The world of the evidence benchmark says the truth about itself."""

from collections import Counter
from functools import cache
from random import Random

import pytest
from payment_generator.reference import check_digit_mod10, edit_distance

from benchmarks import people, world

OPEN = 4000


@cache
def made(regime):
    return world.World(regime, OPEN, 1)


@pytest.mark.parametrize("regime", ["S", "D", "R"])
def test_as_many_invoices_are_open_as_asked(regime):
    assert sum(made(regime).open) == OPEN


def test_three_quarters_as_many_customers_and_some_owe_twelve():
    customers = made("S").customer_count
    counts = Counter(len(made("S").open_of(c)) for c in range(customers))
    assert 0.70 * OPEN < customers < 0.80 * OPEN
    assert set(counts) <= set(range(13))
    assert counts[1] > 0.8 * customers
    assert sum(counts[n] for n in range(5, 13)) > 20


@pytest.mark.parametrize(("regime", "length"), [("S", 18), ("D", 15), ("R", 25)])
def test_references_pass_their_check_digit(regime, length):
    for reference in made(regime).references:
        assert len(reference) == length
        assert check_digit_mod10(reference[:-1]) == reference[-1]


@pytest.mark.parametrize("regime", ["S", "D", "R"])
def test_references_are_unique_but_for_customers_with_one_for_all(regime):
    here = made(regime)
    owners = {}
    for at, reference in enumerate(here.references):
        owners.setdefault(reference, set()).add(here.owners[at])
    assert all(len(customers) == 1 for customers in owners.values())
    assert here.own_reference


@pytest.mark.parametrize("regime", ["S", "R"])
def test_some_customers_are_one_digit_apart(regime):
    here = world.World(regime, 20_000, 2)
    assert here.apart
    near = 0
    for customer in here.apart:
        one = here.references[here.first[customer]]
        other = here.references[here.first[customer - 1]]
        near += edit_distance(one[:-1], other[:-1]) <= 2
    # customer numbers that carry over differ in more digits
    assert near > 0.8 * len(here.apart)


def test_the_same_arguments_make_the_same_world_and_payments():
    one, other = world.World("R", 500, 7), world.World("R", 500, 7)
    assert one.references == other.references
    assert one.names == other.names
    assert one.amounts == other.amounts
    drawn = [list(world.draw_mix(w, 3, 200)) for w in (one, other)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != list(world.draw_mix(one, 4, 200))


def test_names_have_namesakes_but_no_name_rules():
    counts = Counter(made("S").names)
    assert 2 <= counts.most_common(1)[0][1] < 0.005 * made("S").customer_count


def test_damage_comes_in_the_shares_of_the_study():
    drawn = list(world.draw_mix(made("S"), 1, 6000))
    kinds = Counter(payment.kind for payment in drawn)
    for kind, share in world.KINDS.items():
        assert kinds[kind] / 6000 == pytest.approx(0.95 * share / 100, abs=0.02), kind
    empty = sum(not payment.moves for payment in drawn)
    assert empty / 6000 == pytest.approx(world.NOTHING_OPEN_SHARE, abs=0.012)
    assert all(kinds[kind] for kind in world.NOTHING_OPEN)


def test_amounts_names_and_accounts_come_in_the_shares_of_the_study():
    drawn = [p for p in world.draw_mix(made("S"), 1, 6000) if p.moves]
    equal = sum(payment.amount_kind == "equal" for payment in drawn) / len(drawn)
    assert equal == pytest.approx(0.905, abs=0.02)
    accounts = Counter(payment.account_kind for payment in drawn)
    assert accounts["known"] / len(drawn) == pytest.approx(0.92 * 0.85, abs=0.03)
    assert accounts["other"] / len(drawn) == pytest.approx(0.03, abs=0.01)
    names = Counter(payment.name_kind for payment in drawn)
    assert names["own"] / len(drawn) == pytest.approx(0.81, abs=0.03)


@pytest.mark.parametrize("file", ["mix", "one_edit", "traps", "ordinary"])
def test_no_invoice_is_meant_twice_in_a_round(file):
    here = made("S")
    drawn = {
        "mix": lambda: world.draw_mix(here, 1, 2000),
        "one_edit": lambda: world.draw_one_edit(here, 1, 2000),
        "traps": lambda: world.draw_traps(here, 1, 8),
        "ordinary": lambda: world.draw_ordinary(here, 1, 5000, 0.05),
    }[file]()
    meant = Counter((p.round, at) for p in drawn for at in p.moves)
    assert max(meant.values()) == 1


@pytest.mark.parametrize("regime", ["S", "D", "R"])
def test_one_edit_is_one_edit(regime):
    here = made(regime)
    for payment in world.draw_one_edit(here, 1, 500):
        issued = here.references[payment.moves[0]]
        stated = payment.reference or payment.text.split(" ")[0]
        assert edit_distance(stated, issued) == 1
        assert payment.amount == here.amounts[payment.moves[0]]


def test_meant_invoices_are_open_and_belong_to_who_pays():
    here = made("S")
    for payment in (*world.draw_mix(here, 2, 2000), *world.draw_traps(here, 2, 8)):
        assert payment.amount > 0
        assert all(here.open[at] for at in payment.moves)
        assert {here.owners[at] for at in payment.moves} <= set(payment.customers)


def test_every_trap_is_sprung():
    kinds = Counter(payment.kind for payment in world.draw_traps(made("S"), 1, 5))
    assert set(world.TRAPS) | {"exact"} == set(kinds)
    assert set(kinds.values()) == {5}


def test_netted_payments_lack_just_the_credit():
    here = made("S")
    for payment in world.draw_traps(here, 1, 20):
        if payment.kind == "credit_netted":
            (credit,), (at,) = payment.credits, payment.moves
            customer, amount = here.credits[credit]
            assert customer == here.owners[at]
            assert payment.amount + amount == here.amounts[at]


def test_names_stay_names_however_written():
    rng = Random(1)
    for _ in range(2000):
        name = people.person(rng)
        assert len(people.as_written(name, rng, False)) > 1


def test_phone_and_meter_numbers_are_everybodys_own():
    customers = range(20_000)
    assert len({world.World.phone(c) for c in customers}) == 20_000
    meters = {world.World.meter(c) for c in customers}
    assert len(meters) == 20_000
    assert all(len(number) == 18 for number in meters)
