"""Swedish accounts: what people type, and what a bank would send back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_direct_debit.core import swedish_account as core


def mod11_ten(digits):
    return sum(int(d) * w for d, w in zip(digits, range(10, 0, -1), strict=True)) % 11


class TestParse:
    def test_a_bank_is_known_by_its_clearing_number(self):
        for clearing, bank in (
            ("1100", "Nordea"),
            ("1200", "Danske Bank"),
            ("3400", "Länsförsäkringar Bank"),
            ("5999", "SEB"),
            ("7000", "Swedbank"),
        ):
            number = next(
                f"{value:07}"
                for value in range(1, 200)
                if mod11_ten(clearing[1:] + f"{value:07}") == 0
            )
            assert core.parse(clearing, number).bank == bank

    def test_dashes_and_spaces_do_not_matter(self):
        account = core.parse(" 33 00 ", "121212-1212")
        assert account == core.SwedishAccount("3300", "1212121212", "Nordea")
        assert account.field == "3300001212121212"

    def test_the_fifth_digit_of_swedbank_is_checked_and_left_out(self):
        account = core.parse("8327-9", "1 234 567-8")
        assert account.clearing == "8327"
        assert account.field == "8327000012345678"
        with pytest.raises(core.AccountError) as caught:
            core.parse("83278", "12345678")
        assert caught.value.code == "clearing"

    def test_a_bank_that_is_not_known_is_taken_by_its_form(self):
        account = core.parse("9999", "1234567")
        assert account.bank == ""
        assert account.field == "9999000001234567"

    @pytest.mark.parametrize(
        "clearing, number, code",
        [
            ("", "1234567", "empty"),
            ("5000", "", "empty"),
            ("SEB", "1234567", "letters"),
            ("5000", "12E4567", "letters"),
            ("5000", "١٢٣٤٥٦٧", "letters"),
            ("500", "1234567", "clearing"),
            ("50001", "1234567", "clearing"),
            ("0999", "1234567", "clearing"),
            ("5000", "123456", "length"),
            ("5000", "12345678", "length"),
            ("5000", "0000000", "length"),
            ("9999", "1", "length"),
            ("9999", "1234567890123", "length"),
            ("6000", "1234567", "length"),
            ("5000", "1234567", "check"),
            ("3300", "1212121213", "check"),
        ],
    )
    def test_says_what_is_wrong(self, clearing, number, code):
        with pytest.raises(core.AccountError) as caught:
            core.parse(clearing, number)
        assert caught.value.code == code

    @given(st.text(max_size=20), st.text(max_size=20))
    def test_takes_an_account_or_says_why_not(self, clearing, number):
        try:
            account = core.parse(clearing, number)
        except core.AccountError:
            return
        assert len(account.field) == 16
        assert account.field.isdecimal()
        again = core.of_field(account.field)
        assert again.clearing == account.clearing
        assert again.number == account.number.lstrip("0")

    @given(st.integers(1, 9_999_999), st.integers(0, 6), st.integers(1, 9))
    def test_one_wrong_digit_is_found(self, value, place, more):
        number = f"{value:07}"
        wrong = list(number)
        wrong[place] = str((int(wrong[place]) + more) % 10)
        try:
            core.parse("5000", number)
        except core.AccountError:
            return
        with pytest.raises(core.AccountError):
            core.parse("5000", "".join(wrong))


class TestOfField:
    @pytest.mark.parametrize("field", ["", "1" * 15, "1" * 17, "3300x01212121212"])
    def test_sixteen_digits_and_nothing_else(self, field):
        with pytest.raises(core.AccountError):
            core.of_field(field)
