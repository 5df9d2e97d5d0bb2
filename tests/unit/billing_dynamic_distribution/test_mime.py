"""What is put together by hand is read back by the standard library."""

import email
import email.policy
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import mime

texts = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"),
    max_size=400,
)
lines = st.lists(
    st.sampled_from([".", "..", ".x", "=20", "--abc--", "å" * 90, " ", "x" * 200, ""])
)
bodies = st.one_of(texts, st.builds("\n".join, lines))


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.default)


def normal(text):
    return "\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


@given(html=bodies, text=bodies)
def test_both_bodies_come_through(html, text):
    data = mime.compose(mime.header("Subject", "x"), html, text, "b0undary")
    message = parse(data)
    assert message.get_content_type() == "multipart/alternative"
    plain, rich = message.iter_parts()
    for part, wanted in ((plain, text), (rich, html)):
        assert part.get_payload(decode=True).decode().replace("\r\n", "\n") == (
            normal(wanted)
        )
    assert message.get_body(("html",)) is not None


@given(html=bodies, text=bodies)
def test_lines_are_ascii_and_short(html, text):
    data = mime.compose(b"", html, text, "b0undary")
    assert data.isascii()
    for line in data.split(b"\r\n"):
        assert len(line) <= 78
        assert b"\n" not in line


@given(subject=texts)
def test_subjects_come_through_on_one_line(subject):
    value = mime.encoded_words(subject, "Subject")
    message = parse(mime.header("Subject", value) + b"\r\n")
    assert list(message.keys()) == ["Subject"]
    printable = "".join(c if c.isprintable() else " " for c in subject)
    assert str(message["Subject"]).split() == printable.split()
    assert all(len(line) <= 78 for line in f"Subject: {value}".split("\r\n"))


def test_a_norwegian_subject():
    subject = "Faktura på 653,07 kr, forfall 15. november 2026 – fra Fjordlys Øst AS"
    value = mime.encoded_words(subject, "Subject")
    assert value.isascii()
    assert str(parse(mime.header("Subject", value) + b"\r\n")["Subject"]) == subject
    assert mime.encoded_words("Invoice 17", "Subject") == "Invoice 17"


@given(name=texts)
def test_names_come_through(name):
    value = mime.address(name, "kari@kunde.example", "To")
    message = parse(mime.header("To", value) + b"\r\n")
    assert list(message.keys()) == ["To"]
    [found] = message["To"].addresses
    assert found.addr_spec == "kari@kunde.example"
    # The parser of some Pythons puts a space between two encoded words.
    printable = "".join(c for c in name if c.isprintable() and c != " ")
    assert found.display_name.replace(" ", "") == printable
    assert all(len(line) <= 78 or " " not in line for line in value.split("\r\n"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", "kari@kunde.example"),
        ("Kari Nordmann", '"Kari Nordmann" <kari@kunde.example>'),
        ('Kari "K" \\ N', '"Kari \\"K\\" \\\\ N" <kari@kunde.example>'),
    ],
)
def test_addresses(name, value):
    assert mime.address(name, "kari@kunde.example", "To") == value


@pytest.mark.parametrize("value", ["x\r\nBcc: a@b.example", "x\nBcc: y", "x\r\n\r\nz"])
def test_no_header_can_bring_another(value):
    with pytest.raises(ValueError, match="another header"):
        mime.header("Subject", value)


@given(
    name=st.text(
        st.characters(blacklist_categories=("Cs", "Cc", "Z", "C"),
                      blacklist_characters='"\\/'),
        min_size=1, max_size=30,
    ),
    content=st.binary(max_size=2000),
)  # fmt: skip
def test_files_come_through(name, content):
    data = mime.compose(
        mime.header("Subject", "x"), "<p>Hi</p>", "Hi", "b0undary",
        [(f"{name}.pdf", content, "application/pdf"), ("b", b"2", "nonsense")],
    )  # fmt: skip
    message = parse(data)
    first, second = message.iter_attachments()
    assert first.get_filename() == f"{name}.pdf"
    assert first.get_content_type() == "application/pdf"
    assert first.get_content() == content
    assert second.get_content_type() == "application/octet-stream"
    assert message.get_body(("plain",)).get_content().strip() == "Hi"


def test_dates():
    assert (
        mime.date(datetime(2026, 11, 22, 4, 5, tzinfo=timezone.utc))
        == "Sun, 22 Nov 2026 04:05:00 +0000"
    )
