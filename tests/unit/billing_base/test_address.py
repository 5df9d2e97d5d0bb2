import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core import address

common = st.sampled_from(address.COMMON_DOMAINS)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("kari@gmial.com", "kari@gmail.com"),
        ("kari@gmail.con", "kari@gmail.com"),
        ("kari@gmai.com", "kari@gmail.com"),
        ("kari@gmaill.com", "kari@gmail.com"),
        ("ola@hotmial.no", "ola@hotmail.no"),
        ("ola@onlin.no", "ola@online.no"),
        ("a@b@outlok.com", "a@b@outlook.com"),
    ],
)
def test_a_slip_in_a_common_domain_is_put_right(written, meant):
    assert address.suggest_email(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "kari@gmail.com",
        "kari@fjordlys.example",
        # Two letters too few could be anything.
        "kari@gml.com",
        # hotmail.no and hotmail.se are equally near.
        "kari@hotmail.ne",
        "gmial.com",
        "@gmial.com",
        "",
    ],
)
def test_what_may_be_meant_is_left_alone(written):
    assert address.suggest_email(written) is None


@given(common)
def test_a_common_domain_is_never_doubted(domain):
    assert address.suggest_email(f"kari@{domain}") is None


@given(common, st.integers(0, 20), st.sampled_from("abcxyz"))
def test_a_suggestion_has_the_same_name_and_a_common_domain(domain, at, letter):
    written = f"kari.n@{domain[:at]}{letter}{domain[at:]}"
    suggestion = address.suggest_email(written)
    if suggestion:
        local, _at, suggested = suggestion.partition("@")
        assert local == "kari.n"
        assert suggested in address.COMMON_DOMAINS
        assert suggested != written.partition("@")[2]


def test_a_postal_address_is_one_line_without_gaps():
    parts = ["  Fjellveien   12", False, "", "6899 Lysvik,", " , ", None, "NO"]
    assert address.one_line(parts) == "Fjellveien 12, 6899 Lysvik, NO"
    assert address.one_line([]) == ""


@given(st.lists(st.one_of(st.none(), st.just(False), st.text())))
def test_one_line_is_one_line_and_stays_as_it_is(parts):
    line = address.one_line(parts)
    assert "\n" not in line
    assert address.one_line([line]) == line


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("0192:987654321", "0192:987654321"),
        (" 0192: 987 654 321 ", "0192:987654321"),
        ("0007:5567321707", "0007:5567321707"),
        ("9908:NO987", "9908:no987"),
        ("987654321", None),
        ("192:987654321", None),
        ("0192:", None),
        ("0192:98/7", None),
    ],
)
def test_a_peppol_participant_has_scheme_and_id(written, normal):
    assert address.peppol(written) == normal


def test_ids_lose_their_spaces():
    assert address.compact(" ola.nordmann #12 AB\t") == "ola.nordmann#12AB"
