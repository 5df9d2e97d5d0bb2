import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core import token

texts = st.text(min_size=1, max_size=40)


@given(texts, texts, texts)
def test_a_token_needs_no_quoting_and_comes_out_the_same_again(secret, scope, key):
    made = token.derive(secret, scope, key)
    assert token.looks_like(made)
    assert made == token.derive(secret, scope, key)


@given(st.lists(st.tuples(texts, texts, texts), min_size=2, max_size=5, unique=True))
def test_another_secret_scope_or_key_gives_another_token(parts):
    assert len({token.derive(*part) for part in parts}) == len(parts)


def test_where_scope_ends_and_key_begins_matters():
    assert token.derive("s", "a", "bc") != token.derive("s", "ab", "c")
    assert token.derive("s", "a", "1:bc") != token.derive("s", "a:1", "bc")


@pytest.mark.parametrize(
    "parts", [("", "a", "b"), ("s", "", "b"), ("s", "a", ""), (None, "a", "b")]
)
def test_nothing_is_derived_from_nothing(parts):
    with pytest.raises(ValueError, match="needs a secret, a scope and a key"):
        token.derive(*parts)


@given(st.text(max_size=30))
def test_only_the_form_of_a_token_is_looked_up(text):
    alphabet = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert token.looks_like(text) == (len(text) == 22 and set(text) <= alphabet)


@pytest.mark.parametrize("value", [None, 0, b"A" * 22, ["A" * 22], "Å" * 22, "A" * 36])
def test_what_is_no_text_of_that_form_is_no_token(value):
    assert not token.looks_like(value)


def test_the_digest_is_plain_sha_256():
    made = token.derive("secret", "billing.link", "17:key")
    assert token.digest(made) == hashlib.sha256(made.encode()).hexdigest()
