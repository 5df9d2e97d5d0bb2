import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import mail_key

keys = st.text("0123456789abcdef", min_size=32, max_size=32)
domains = st.text(string.ascii_lowercase + "-.", min_size=1, max_size=20)
locals_ = st.text(string.ascii_lowercase + ".+-", min_size=1, max_size=20)
KEY = "0123456789abcdef" * 2


@given(key=keys, domain=domains)
def test_a_message_id_gives_its_key_back(key, domain):
    text = mail_key.message_id(key, domain)
    assert text.startswith("<") and text.endswith(f"@{domain}>")
    assert mail_key.keys_in(f"In-Reply-To: {text}\r\n") == (key,)
    assert mail_key.keys_in(text.upper()) == (key,)


@given(key=keys, local=locals_, domain=domains)
def test_a_tagged_address_gives_its_key_and_its_address_back(key, local, domain):
    tagged = mail_key.tagged_address(f"{local}@{domain}", key)
    assert key in mail_key.keys_in(tagged)
    assert mail_key.untagged_address(tagged) == f"{local}@{domain}"


@given(local=locals_, domain=domains)
def test_another_address_stays_as_it_is(local, domain):
    assert mail_key.untagged_address(f"{local}@{domain}") == f"{local}@{domain}"


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text):
    assert isinstance(mail_key.keys_in(text), tuple)
    assert mail_key.bare_key(text) in ("", text.strip().strip("<>").lower())
    mail_key.untagged_address(text)


def test_the_header_is_found_in_quoted_text():
    assert mail_key.keys_in(f"> Subject: x\n> X-Billing-Attempt: {KEY}\n") == (KEY,)
    assert mail_key.bare_key(f" {KEY.upper()} ") == KEY


def test_what_is_longer_or_elsewhere_is_no_key():
    assert mail_key.keys_in(f"billing-{KEY}0@x") == ()
    assert mail_key.keys_in(f"xbilling-{KEY}@x") == ()
    assert mail_key.keys_in(KEY) == ()
    assert mail_key.bare_key(KEY[:-1]) == ""


def test_only_keys_become_message_ids():
    with pytest.raises(ValueError, match="not the key"):
        mail_key.message_id("17", "x.example")
