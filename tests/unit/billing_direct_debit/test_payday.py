"""When there is money, learnt from what was paid and what failed."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core.bank_days import BankCalendar
from odoo.addons.billing_direct_debit.core import payday

SWEDEN = BankCalendar("SE")
NOTHING = (0,) * payday.DAYS
COUNTS = st.lists(st.integers(0, 50), min_size=31, max_size=31).map(tuple)
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


def paid_on(*days):
    return payday.count(date(2026, 1, day) for day in days)


def test_nothing_known_is_nothing_learnt():
    assert payday.chances(NOTHING, NOTHING) == payday.UNKNOWN
    assert payday.pay_day(payday.UNKNOWN) is None


def test_payments_show_the_pay_day():
    known = payday.chances(paid_on(25, 25, 25, 26), NOTHING)
    assert payday.pay_day(known) in (25, 26)
    assert known[24] > 0.7
    # The days after live on it, the days before do not.
    assert known[26] > 0.5 > known[23]


def test_money_of_the_31st_is_there_on_the_1st():
    known = payday.chances(paid_on(31, 31, 31), NOTHING)
    assert known[0] > known[1] > known[2] > known[3]


def test_failures_speak_against_a_day_and_those_before_it():
    known = payday.chances(NOTHING, paid_on(20, 20))
    assert known[19] < known[18] < known[17] < 0.5
    assert known[20] == 0.5


def test_one_payment_does_not_outweigh_everybody():
    everybody = payday.chances(paid_on(*[25] * 200), NOTHING)
    one = payday.chances(paid_on(10), NOTHING, everybody)
    assert payday.pay_day(one) == 25
    often = payday.chances(paid_on(*[10] * 12), paid_on(25, 26, 27, 28), everybody)
    assert payday.pay_day(often) == 10


def test_the_best_day_is_worth_its_wait():
    known = payday.chances(paid_on(*[25] * 5), NOTHING)
    # Saturday 25 July: Monday is the next bank day.
    best = payday.best_day(known, SWEDEN, date(2026, 7, 13), date(2026, 8, 10))
    assert best == date(2026, 7, 27)
    costly = payday.best_day(known, SWEDEN, date(2026, 7, 13), date(2026, 8, 10), 1.0)
    assert costly == date(2026, 7, 13)


def test_no_day_at_all():
    saturday = date(2026, 7, 25)
    assert payday.best_day(payday.UNKNOWN, SWEDEN, saturday, saturday) is None
    assert payday.best_day(payday.UNKNOWN, SWEDEN, saturday, date(2026, 7, 1)) is None


@given(COUNTS, COUNTS, COUNTS)
def test_chances_are_chances(paid, failed, before):
    known = payday.chances(paid, failed, payday.chances(before, NOTHING))
    assert len(known) == payday.DAYS
    assert all(0 <= chance <= 1 for chance in known)


@given(COUNTS, COUNTS, st.integers(0, 30))
def test_one_more_payment_speaks_for_its_day(paid, failed, day):
    more = [*paid]
    more[day] += 1
    before = payday.chances(paid, failed)
    after = payday.chances(more, failed)
    gained = [new - old for new, old in zip(after, before, strict=True)]
    assert gained[day] >= -1e-12 or before[day] > 0.9
    # Far from it nothing is gained.
    assert gained[(day + 15) % payday.DAYS] <= 1e-12


@given(st.integers(1, 1000))
def test_payments_on_all_days_alike_say_nothing(count):
    known = payday.chances((count,) * payday.DAYS, NOTHING)
    assert all(abs(chance - 0.5) < 1e-9 for chance in known)


@given(COUNTS, COUNTS, DAYS, st.integers(0, 60))
def test_the_best_day_is_a_bank_day_within_reach(paid, failed, earliest, span):
    latest = earliest + timedelta(days=span)
    known = payday.chances(paid, failed)
    best = payday.best_day(known, SWEDEN, earliest, latest)
    if best is None:
        assert SWEDEN.next_bank_day(earliest) > latest
    else:
        assert earliest <= best <= latest
        assert SWEDEN.is_bank_day(best)
