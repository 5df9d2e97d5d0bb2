from itertools import count
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core.page import (
    FormState,
    Page,
    personalise,
)

tokens = st.text(min_size=1, max_size=30)


@given(tokens, st.sampled_from(["", "/sv", "/nb"]), st.text(max_size=10))
def test_what_an_address_says_can_be_read_again(token, prefix, said):
    page = Page(17, prefix=prefix, lang="sv_SE", access_token=token)
    address = urlsplit(page.url("live", section="pay", said=said))
    assert address.path == f"{prefix}/my/invoices/17/live"
    assert address.fragment == "pay"
    query = parse_qs(address.query)
    assert query["access_token"] == [token]
    assert query.get("said", [""]) == [said]


def test_who_is_signed_in_has_addresses_without_a_token():
    page = Page(17)
    assert page.url() == "/my/invoices/17"
    assert page.url(section="help") == "/my/invoices/17#help"
    assert page.action_url("promise") == "/my/invoices/17/promise"
    assert Page(17, access_token="t").action_url("promise").endswith("/promise")


def test_another_language_is_the_same_page_under_another_prefix():
    page = Page(17, prefix="/sv", lang="sv_SE", access_token="t")
    assert page.lang_url("nb") == "/nb/my/invoices/17?access_token=t"


def test_each_form_gets_a_value_of_its_own():
    form = '<input name="csrf_token" value="%CSRF%"/><input value="%NONCE%"/>'
    html = personalise(form * 2, "secret", (f"n{i}" for i in count()))
    assert html.count('value="secret"') == 2
    assert 'value="n0"' in html
    assert 'value="n1"' in html
    assert "%" not in html


@given(st.text())
def test_text_of_others_is_left_alone(text):
    escaped = text.replace("&", "&amp;").replace('"', "&#34;").replace("<", "&lt;")
    html = f"<p>{escaped}%CSRF% %NONCE%</p>"
    assert personalise(html, "secret", iter(())) == html


def test_a_refused_form_keeps_what_was_typed():
    form = FormState("promise", "Too late.", {"day": "2026-12-24"})
    assert form.error("promise") == "Too late."
    assert form.error("dispute") == ""
    assert form.typed("promise", "day", "2026-12-01") == "2026-12-24"
    assert form.typed("promise", "amount", 5) == 5
    assert form.typed("dispute", "day", "2026-12-01") == "2026-12-01"
    assert FormState().error("promise") == ""
