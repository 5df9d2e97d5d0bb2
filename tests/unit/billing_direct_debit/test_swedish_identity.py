"""Personal and organisation numbers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core import swedish_identity as core

TODAY = date(2026, 11, 22)


def with_check(nine):
    """Return ten digits whose last makes them right."""
    return next(
        nine + str(last)
        for last in range(10)
        if sum(
            sum(divmod(int(digit) * (2 - place % 2), 10))
            for place, digit in enumerate(nine + str(last))
        )
        % 10
        == 0
    )


class TestParse:
    @pytest.mark.parametrize(
        "text, expected",
        [
            ("19121212-1212", "191212121212"),
            ("191212121212", "191212121212"),
            ("1912 1212 1212", "191212121212"),
            ("121212+1212", "191212121212"),
            # A coordination number: 60 is added to the day.
            (with_check("901072123"), "19" + with_check("901072123")),
            ("556036-0793", "005560360793"),
            ("16556036-0793", "005560360793"),
            ("005560360793", "005560360793"),
        ],
    )
    def test_twelve_digits(self, text, expected):
        assert core.parse(text, TODAY) == expected

    @pytest.mark.parametrize(
        "text, code",
        [
            ("", "form"),
            ("12345", "form"),
            ("121212-121", "form"),
            ("12121A-1212", "form"),
            ("19121212-1213", "check"),
            ("18556036-0793", "form"),
            ("19" + with_check("901332123"), "date"),
            ("19" + with_check("901032123"), "date"),
            ("20" + with_check("301012123"), "date"),
        ],
    )
    def test_says_what_is_wrong(self, text, code):
        with pytest.raises(core.IdentityError) as caught:
            core.parse(text, TODAY)
        assert caught.value.code == code

    @given(st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999))
    def test_the_century_follows_from_the_sign(self, born, serial):
        ten = with_check(f"{born:%y%m%d}{serial:03}")
        sign = "+" if TODAY.year - born.year >= 100 else "-"
        assert core.parse(f"{ten[:6]}{sign}{ten[6:]}", TODAY) == f"{born:%Y}{ten[2:]}"

    @given(st.text(max_size=16))
    def test_takes_a_number_or_says_why_not(self, text):
        try:
            identity = core.parse(text, TODAY)
        except core.IdentityError:
            return
        assert len(identity) == 12
        assert core.parse(identity, TODAY) == identity

    def test_organisations_are_told_from_people(self):
        assert core.is_organisation(core.parse("556036-0793", TODAY))
        assert not core.is_organisation(core.parse("19121212-1212", TODAY))
