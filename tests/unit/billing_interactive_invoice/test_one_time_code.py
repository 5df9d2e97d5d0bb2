from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import one_time_code as codes

NOW = datetime(2026, 11, 22, 12)
numbers = st.integers(0, codes.CODES - 1)
texts = st.text(min_size=1, max_size=30)


def challenge(code="123456", **values):
    return codes.Challenge(
        **{
            "digest": codes.digest("secret", "salt", code),
            "expires_at": NOW + codes.LIFETIME,
            **values,
        }
    )


def judge(challenge, code="123456", now=NOW):
    return codes.judge(challenge, codes.digest("secret", "salt", code), now)


@given(numbers)
def test_every_number_is_a_code_of_its_own_that_can_be_typed_as_it_is_shown(number):
    code = codes.make(number)
    assert len(code) == codes.DIGITS
    assert int(code) == number
    assert codes.clean(codes.shown(code)) == code


@pytest.mark.parametrize("number", [-1, codes.CODES])
def test_no_code_is_longer_or_shorter(number):
    with pytest.raises(ValueError, match="number below"):
        codes.make(number)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123-456", "123456"),
        ("123\u00a0456", "123456"),
        ("000000", "000000"),
        ("12345", ""),
        ("1234567", ""),
        ("12345a", ""),
        ("١٢٣٤٥٦", ""),
        ("", ""),
        (None, ""),
        (["123456"], ""),
        ("1 2 3 4 5 6" + " " * 40, ""),
    ],
)
def test_what_was_typed(typed, code):
    assert codes.clean(typed) == code


@given(texts, texts, numbers)
def test_the_digest_tells_codes_apart_and_holds_none(secret, salt, number):
    code = codes.make(number)
    other = codes.make((number + 1) % codes.CODES)
    made = codes.digest(secret, salt, code)
    assert made == codes.digest(secret, salt, code)
    assert made != codes.digest(secret, salt, other)
    assert made != codes.digest(secret, salt + "x", code)
    assert made != codes.digest(secret + "x", salt, code)
    assert len(made) == 64


@pytest.mark.parametrize("parts", [("", "salt"), ("secret", ""), (None, "salt")])
def test_without_a_secret_there_is_no_digest(parts):
    with pytest.raises(ValueError, match="a secret and salt"):
        codes.digest(*parts, "123456")


def test_the_right_code_is_right_and_another_is_wrong():
    assert judge(challenge()) == codes.RIGHT
    assert judge(challenge(), "123457") == codes.WRONG
    assert judge(challenge(), "") == codes.WRONG


@given(st.integers(0, 20), st.timedeltas(timedelta(0), timedelta(hours=1)))
def test_a_right_code_helps_neither_late_nor_after_five_tries(tries, later):
    verdict = judge(challenge(tries=tries), now=NOW + later)
    in_time = later < codes.LIFETIME
    assert (verdict == codes.RIGHT) == (in_time and tries < codes.TRIES)
    if not in_time:
        assert verdict == codes.EXPIRED


def test_a_code_is_used_once_but_for_a_double_click():
    used = challenge(used_at=NOW)
    assert judge(used, now=NOW + timedelta(seconds=59)) == codes.RIGHT
    assert judge(used, now=NOW + codes.REPEAT) == codes.USED
    assert judge(used, "654321", NOW) == codes.WRONG


def test_how_many_tries_are_left():
    assert [codes.tries_left(tries) for tries in (0, 4, 5, 9)] == [5, 1, 0, 0]


@pytest.mark.parametrize(
    ("channel", "address", "masked"),
    [
        ("email", "kari.nordmann@gmail.com", "k•••@g•••.com"),
        ("email", "k@x.no", "k•••@x•••.no"),
        ("email", "k@localhost", "k•••@•••"),
        ("email", "post@mail.firma.co.uk", "p•••@m•••.uk"),
        ("sms", "+4790012347", "••• 47"),
        ("sms", "12345", "•••"),
    ],
)
def test_what_is_shown_of_an_address(channel, address, masked):
    assert codes.mask(channel, address) == masked


@given(st.emails())
def test_of_an_e_mail_address_two_letters_and_the_ending_are_shown(address):
    masked = codes.mask("email", address)
    ending = address.rpartition(".")[2]
    kept = masked.removesuffix(f".{ending}").replace("•", "").replace("@", "")
    assert len(kept) <= 2


@given(st.from_regex(r"\+[0-9]{6,15}", fullmatch=True))
def test_of_a_telephone_number_two_digits_are_shown(number):
    assert sum(char.isdigit() for char in codes.mask("sms", number)) == 2
