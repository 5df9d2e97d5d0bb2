"""What an agency answers: read whole or not at all, and late news changes nothing."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core.answer_file import AnswerError
from odoo.addons.billing_fee_policy.core import agency_answer as aa

KEY = "a" * 32
STATES = ("offered", "accepted", "recalling", "paid", "closed", "recalled", "rejected")


def test_an_answer_as_a_table():
    data = (
        "id;status;at;reason;reference;amount\r\n"
        f"{KEY};Mottatt;2026-12-01T10:00:00+01:00;;K-77;\r\n"
        f"{KEY.upper()};paid;2026-12-09;;K-77;1 249,00\r\n"
    )
    assert aa.read(data.encode("utf-8-sig")) == [
        aa.Answer(2, KEY, aa.ACCEPTED, datetime(2026, 12, 1, 9), reference="K-77"),
        aa.Answer(
            3,
            KEY,
            aa.PAID,
            datetime(2026, 12, 9),
            reference="K-77",
            amount=Decimal("1249.00"),
        ),
    ]


def test_an_answer_in_json():
    data = f'{{"cases": [{{"id": "{KEY}", "status": "återkallad"}}]}}'
    assert aa.read(data.encode()) == [aa.Answer(1, KEY, aa.RECALLED)]


def test_every_wrong_line_is_named_and_none_counts():
    data = (
        f"id;status;amount;reason\n{KEY};accepted;;\n17;paid;;\n{KEY};eaten;;\n"
        f"{KEY};rejected;; \n{KEY};paid;-5;\n"
    )
    with pytest.raises(AnswerError) as caught:
        aa.read(data.encode())
    assert caught.value.problems == (
        "3: id: «17» is no id of a case",
        "4: status: «eaten» is not known",
        "5: reason: is missing, what is rejected has one",
        "6: amount: «-5» is no amount",
    )


@pytest.mark.parametrize(
    ("state", "status", "after"),
    [
        ("offered", aa.ACCEPTED, "accepted"),
        ("offered", aa.REJECTED, "rejected"),
        ("offered", aa.PAID, "paid"),
        ("accepted", aa.REJECTED, "rejected"),
        ("accepted", aa.PAID, "paid"),
        ("accepted", aa.CLOSED, "closed"),
        ("accepted", aa.RECALLED, "recalled"),
        # They took it before they read that we want it back.
        ("recalling", aa.ACCEPTED, "recalling"),
        ("recalling", aa.PAID, "paid"),
        ("recalling", aa.RECALLED, "recalled"),
        ("paid", aa.ACCEPTED, "paid"),
        ("paid", aa.CLOSED, "closed"),
        # What is over stays so; who says otherwise is asked by a person.
        ("recalled", aa.PAID, None),
        ("rejected", aa.ACCEPTED, None),
        ("closed", aa.REJECTED, None),
        ("paid", aa.RECALLED, None),
    ],
)
def test_what_news_makes_of_a_case(state, status, after):
    assert aa.next_state(state, status) == after


def test_a_part_that_was_paid_leaves_the_case_where_it_is():
    assert aa.next_state("accepted", aa.PAID, settles=False) == "accepted"
    assert aa.next_state("recalling", aa.PAID, settles=False) == "recalling"
    assert aa.next_state("recalled", aa.PAID, settles=False) is None


@given(
    st.sampled_from(STATES),
    st.lists(st.tuples(st.sampled_from(sorted(set(aa.STATUSES.values()))))),
)
def test_what_is_over_never_comes_back(state, news):
    was_over = False
    for (status,) in news:
        state = aa.next_state(state, status) or state
        assert state in STATES
        assert not was_over or state in aa.OVER
        was_over = state in aa.OVER


@given(st.sampled_from(STATES), st.sampled_from(sorted(set(aa.STATUSES.values()))))
def test_the_same_news_twice_is_as_once(state, status):
    after = aa.next_state(state, status)
    if after is not None:
        assert aa.next_state(after, status) == after


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        answers = aa.read(data)
    except AnswerError as error:
        assert error.problems
    else:
        assert answers
