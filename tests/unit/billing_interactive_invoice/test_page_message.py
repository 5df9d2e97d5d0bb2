import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import page_message
from odoo.addons.billing_interactive_invoice.core.page_message import (
    MOST,
    Message,
    Reader,
    choose,
    family,
    is_address,
    paragraphs,
    withheld,
)

KINDS = ["notice", "notice_outage", "notice_price", "tip", "tip_app", "offer"]
messages = st.lists(
    st.builds(
        Message,
        id=st.integers(1, 30),
        kind=st.sampled_from(KINDS),
        urgent=st.booleans(),
        sequence=st.integers(1, 3),
        cap_days=st.integers(0, 3),
    ),
    unique_by=lambda message: message.id,
    max_size=12,
)
readers = st.builds(
    Reader,
    may_offer=st.booleans(),
    demanded=st.booleans(),
    seen_days=st.dictionaries(st.integers(1, 30), st.integers(0, 4)),
    closed=st.frozensets(st.integers(1, 30)),
)


@given(messages, readers)
def test_the_page_never_carries_more_than_it_may(them, reader):
    urgent, below = choose(them, reader)
    shown = urgent + below
    assert len(shown) <= MOST
    assert len({message.id for message in shown}) == len(shown)
    fit = [message for message in them if withheld(message, reader) is None]
    assert len(shown) == min(MOST, len(fit))


@given(messages, readers)
def test_nothing_that_is_withheld_is_shown(them, reader):
    for message in sum(choose(them, reader), []):
        assert message.id not in reader.closed
        if message.cap_days:
            assert reader.seen_days.get(message.id, 0) < message.cap_days


@given(messages, readers)
def test_nobody_is_offered_anything_without_consent_or_beside_a_demand(them, reader):
    offered = [m for m in sum(choose(them, reader), []) if family(m.kind) == "offer"]
    if offered:
        assert reader.may_offer
        assert not reader.demanded


@given(messages, readers)
def test_service_before_tips_before_offers(them, reader):
    urgent, below = choose(them, reader)
    for part in (urgent, below):
        places = [page_message.FAMILIES.index(family(m.kind)) for m in part]
        assert places == sorted(places)
    assert all(m.urgent and family(m.kind) == "notice" for m in urgent)
    assert not any(m.urgent and family(m.kind) == "notice" for m in below)


@given(messages, readers, st.randoms(use_true_random=False))
def test_the_order_they_come_in_decides_nothing(them, reader, random):
    shuffled = list(them)
    random.shuffle(shuffled)
    assert choose(shuffled, reader) == choose(them, reader)


@given(messages, readers)
def test_closing_what_is_shown_makes_room_and_takes_nothing_else_away(them, reader):
    shown = sum(choose(them, reader), [])
    if not shown:
        return
    after = Reader(
        reader.may_offer,
        reader.demanded,
        reader.seen_days,
        reader.closed | {shown[0].id},
    )
    left = sum(choose(them, after), [])
    assert shown[0] not in left
    assert [message for message in shown[1:] if message not in left] == []


def test_the_newer_of_two_alike_comes_first():
    older, newer = Message(1, "tip"), Message(2, "tip")
    assert choose([older, newer], Reader()) == ([], [newer, older])


@pytest.mark.parametrize(
    ("message", "reader", "reason"),
    [
        (Message(1, "tip"), Reader(), None),
        (Message(1, "notice_outage"), Reader(demanded=True), None),
        (Message(1, "offer"), Reader(), "consent"),
        (Message(1, "offer"), Reader(may_offer=True), None),
        (Message(1, "offer"), Reader(may_offer=True, demanded=True), "demand"),
        (Message(1, "tip", cap_days=2), Reader(seen_days={1: 1}), None),
        (Message(1, "tip", cap_days=2), Reader(seen_days={1: 2}), "cap"),
        (Message(1, "tip"), Reader(seen_days={1: 99}), None),
        (Message(1, "notice"), Reader(closed=frozenset({1})), "closed"),
    ],
)
def test_why_a_message_is_not_shown(message, reader, reason):
    assert withheld(message, reader) == reason


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a?b=c#d",
        "http://example.com",
        "mailto:post@example.com",
        "tel:+4740612300",
        "/my/invoices",
        "/",
    ],
)
def test_addresses_that_a_button_may_lead_to(url):
    assert is_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        None,
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//example.com",
        "/\\example.com",
        "\\\\example.com",
        "https://",
        "https:example.com",
        "mailto:",
        "www.example.com",
        "https://exa mple.com",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_address(url):
    assert not is_address(url)


@given(st.text())
def test_paragraphs_lose_no_word(text):
    found = paragraphs(text)
    assert [word for lines in found for line in lines for word in line.split()] == (
        text.split()
    )
    assert all(lines and all(lines) for lines in found)


def test_an_empty_line_ends_a_paragraph():
    assert paragraphs("a\nb\n\n\n c ") == [["a", "b"], ["c"]]
