import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import audience
from odoo.addons.billing_interactive_invoice.core.audience import (
    Facts,
    Rule,
    parse_postcodes,
    postcode_key,
    unmet,
)

ids = st.frozensets(st.integers(1, 5), max_size=3)
languages = st.sampled_from(["nb_NO", "sv_SE", "en_US"])
postcodes = st.integers(0, 9999).map("{:04}".format)
amounts = st.integers(0, 5000).map(lambda ore: ore / 100)
facts = st.builds(
    Facts,
    tags=ids,
    postcode=st.just("") | postcodes,
    categories=ids,
    customer=st.sampled_from(["person", "company"]),
    invoice=st.sampled_from([audience.PAID, audience.NOT_DUE, audience.OVERDUE]),
    amount=amounts,
    language=languages,
)
#: One condition each, that somebody could meet.
conditions = {
    "tags": ids.filter(bool),
    "excluded_tags": ids.filter(bool),
    "postcodes": st.lists(postcodes, min_size=1, max_size=3).map(
        lambda codes: parse_postcodes(",".join(codes))
    ),
    "categories": ids.filter(bool),
    "customer": st.sampled_from(["person", "company"]),
    "invoice": st.sampled_from(sorted(audience.INVOICE_STATES)),
    "amount_from": amounts,
    "amount_to": amounts,
    "languages": st.frozensets(languages, min_size=1),
}
CONDITION_OF = {
    "tags": "segment",
    "excluded_tags": "excluded",
    "postcodes": "postcode",
    "categories": "product",
    "customer": "customer",
    "invoice": "invoice",
    "amount_from": "amount",
    "amount_to": "amount",
    "languages": "language",
}
rules = st.fixed_dictionaries({}, optional=conditions).map(lambda kw: Rule(**kw))


@given(facts)
def test_a_rule_without_conditions_is_for_everybody(one):
    assert unmet(Rule(), one) == ()


@given(rules, facts)
def test_each_condition_is_judged_by_itself(rule, one):
    """All of them together leave out exactly whom one of them leaves out."""
    alone = set()
    for field in dataclasses.fields(Rule):
        value = getattr(rule, field.name)
        if value != field.default:
            alone |= set(unmet(Rule(**{field.name: value}), one))
            assert set(unmet(Rule(**{field.name: value}), one)) <= {
                CONDITION_OF[field.name]
            }
    assert set(unmet(rule, one)) == alone


@given(rules, facts)
def test_what_is_not_met_is_told_once_and_in_order(rule, one):
    told = unmet(rule, one)
    assert list(told) == sorted(set(told), key=audience.CONDITIONS.index)


@given(rules, st.data(), facts)
def test_another_condition_never_lets_anybody_in(rule, data, one):
    name = data.draw(st.sampled_from(sorted(conditions)))
    if getattr(rule, name) not in (None, "", (), frozenset()):
        return
    narrower = dataclasses.replace(rule, **{name: data.draw(conditions[name])})
    if not unmet(narrower, one):
        assert not unmet(rule, one)


@given(ids.filter(bool), facts)
def test_a_segment_is_either_asked_for_or_left_out(tags, one):
    wanted = not unmet(Rule(tags=tags), one)
    left_out = bool(unmet(Rule(excluded_tags=tags), one))
    assert wanted == left_out


@given(facts)
def test_every_invoice_is_paid_or_to_be_paid_and_never_both(one):
    def meets(state):
        return not unmet(Rule(invoice=state), one)

    assert meets("unpaid") != meets(audience.PAID)
    assert meets("unpaid") == (meets(audience.NOT_DUE) or meets(audience.OVERDUE))
    assert not (meets(audience.NOT_DUE) and meets(audience.OVERDUE))


# === POSTCODES === #


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999))
def test_a_range_holds_what_lies_between_its_ends(first, last, code):
    first, last = sorted((first, last))
    (found,) = parse_postcodes(f"{first:04}-{last:04}")
    assert (f"{code:04}" in found) == (first <= code <= last)


@given(st.integers(10000, 99999), st.sampled_from(["{}", "{} ", "SE-{}", "SE {}"]))
def test_a_postcode_is_the_same_however_it_is_written(code, form):
    apart = f"{code // 100} {code % 100:02}"
    assert postcode_key(form.format(apart)) == postcode_key(str(code)) == str(code)


@given(st.text())
def test_the_compared_form_stays_as_it_is(text):
    assert postcode_key(postcode_key(text)) == postcode_key(text)


@given(st.lists(postcodes, min_size=1), postcodes)
def test_a_list_holds_what_one_of_its_entries_holds(codes, other):
    ranges = parse_postcodes("; ".join(codes) + ",\n")
    assert any(other in codes for codes in ranges) == (other in codes)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("55*", ["5500", "55", "5599"], ["4500", "1550", ""]),
        ("0150 – 0299", ["0150", "0299", "0200"], ["0300", "0149", "150", ""]),
        ("999 10-999 19", ["99910", "99915"], ["99920", "9991"]),
        ("NO-0150-0299", ["0200"], ["0300"]),
        ("NO-0150", ["0150"], ["0151"]),
        ("SE-99*", ["99910"], ["98910"]),
        ("SW1A*", ["SW1A1AA"], ["SW1B1AA"]),
        ("sw1a 1aa", ["SW1A1AA"], ["SW1A1AB"]),
    ],
)
def test_entries_as_staff_write_them(text, inside, outside):
    (found,) = parse_postcodes(text)
    assert [code for code in inside if code not in found] == []
    assert [code for code in outside if code in found] == []


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        "5*5*",
        "0299-0150",
        "150-0299",
        "-",
        "AB-0299x-3",
        "0150-0299-3",
        "Oslo",
        "NO-Oslo",
    ],
)
def test_an_entry_that_says_nothing_is_refused_by_its_name(entry):
    with pytest.raises(ValueError) as caught:
        parse_postcodes(f"0150, {entry}")
    assert caught.value.args == (entry,)


@pytest.mark.parametrize("text", ["", None, " ,\n;"])
def test_no_entry_no_range(text):
    assert parse_postcodes(text) == ()


def test_who_has_no_postcode_is_in_no_place():
    rule = Rule(postcodes=parse_postcodes("0*"))
    assert unmet(rule, Facts(postcode="")) == ("postcode",)
