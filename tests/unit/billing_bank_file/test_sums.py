"""Sums on a statement and the payments they are made of."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.sums import BankSum, Details, pair

DAY = date(2026, 11, 2)


def a_sum(key="S", amount=100, reference="R", is_new=False, day=DAY, journal=1):
    return BankSum(key, journal, day, reference, amount, is_new)


def details(key="D", amount=100, reference="R", is_new=True, day=DAY, journal=1):
    return Details(key, journal, day, reference, amount, is_new)


def test_the_bank_names_the_entry():
    assert pair([a_sum()], [details()]) == {"S": ("D",)}


def test_details_in_two_files_count_together():
    parts = [details("D1", 60, is_new=False), details("D2", 40)]
    assert pair([a_sum()], parts) == {"S": ("D1", "D2")}
    assert pair([a_sum()], parts[:1]) == {}


def test_another_amount_day_account_or_reference_is_other_money():
    for other in (
        details(amount=99),
        details(day=date(2026, 11, 3)),
        details(journal=2),
        details(reference="Q"),
    ):
        assert pair([a_sum()], [other], {1, 2}) == {}


def test_what_was_there_before_is_left_alone():
    assert pair([a_sum()], [details(is_new=False)]) == {}


def test_day_and_amount_are_enough_where_the_journal_says_so():
    giro = details(reference="")
    assert pair([a_sum()], [giro]) == {}
    assert pair([a_sum()], [giro], {1}) == {"S": ("D",)}


def test_one_entry_of_details_is_not_two_sums():
    sums = [a_sum("S1", reference=""), a_sum("S2", reference="")]
    assert pair(sums, [details(reference="")], {1}) == {"S1": ("D",)}


def test_money_out_goes_by_its_reference_only():
    out = a_sum(amount=-100)
    assert pair([out], [details(amount=-100, reference="")], {1}) == {}
    assert pair([out], [details(amount=-100)], {1}) == {"S": ("D",)}


entries = st.tuples(
    st.integers(1, 2),
    st.integers(-2, 3),
    st.sampled_from(["", "A", "B"]),
    st.booleans(),
)


@given(st.lists(entries, max_size=8), st.lists(entries, max_size=8), st.booleans())
def test_pairs_agree_and_share_nothing(sums, parts, by_day):
    sums = [
        BankSum(key, journal, DAY, reference, amount, new)
        for key, (journal, amount, reference, new) in enumerate(sums)
    ]
    parts = [
        Details(key, journal, DAY, reference, amount, new)
        for key, (journal, amount, reference, new) in enumerate(parts)
    ]
    found = pair(sums, parts, {1, 2} if by_day else ())
    used = [key for keys in found.values() for key in keys]
    assert len(used) == len(set(used))
    for key, keys in found.items():
        own = [parts[index] for index in keys]
        assert sum(entry.amount for entry in own) == sums[key].amount
        assert {entry.journal for entry in own} == {sums[key].journal}
        assert sums[key].is_new or any(entry.is_new for entry in own)
        for entry in own:
            assert entry.reference == sums[key].reference or (
                by_day and not (entry.reference and sums[key].reference)
            )
