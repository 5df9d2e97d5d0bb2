import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import message_text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>Hi</p><p>you<br/>two</p>", "Hi\n\nyou\ntwo"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div><div>a</div></div>\n <div>b<br></div><div>c</div>", "a\nb\nc"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("<p>one\n  two</p>", "one two"),
        ("<pre>one\ntwo</pre>", "one\ntwo"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<b>bo</b>ld", "bold"),
        ("", ""),
        ("<p><br></p>", ""),
    ],
)
def test_blocks_become_lines(body, text):
    assert message_text.plain(body) == text


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "<style>p{}</style>",
        "<!-- secret -->",
        "<div><script>x<p>y</p></script></div>",
        '<span data-o-mail-quote="1">&gt; earlier</span>',
        "<title>t</title>",
    ],
)
def test_what_is_no_word_of_the_message_is_left_out(body):
    assert message_text.plain(f"<p>Hi</p>{body}<p>bye</p>") == "Hi\n\nbye"


@pytest.mark.parametrize(
    "head",
    [
        "On Mon, 23 Nov 2026 at 12:00, Fjordlys AS <post@fjordlys.example> wrote:",
        "Den man. 23. nov. 2026 kl. 12:00 skrev Fjordlys AS <post@fjordlys.example>:",
        "Den mån 23 nov. 2026 kl 12:00 skrev Fjordljus AB:",
        "man. 23. nov. 2026 kl. 12:00 skrev Fjordlys:",
        "Fjordlys AS <post@fjordlys.example> skrev 23. november:",
        "-----Original Message-----",
        "-------- Videresendt melding --------",
    ],
)
def test_nothing_is_repeated_of_what_a_reply_quotes(head):
    head = head.replace("<", "&lt;").replace(">", "&gt;")
    body = f"<p>Thank you</p><p>{head}</p><p>We answered you</p>"
    assert message_text.plain(body) == "Thank you"


def test_lines_that_a_mail_program_marked_are_left_out():
    assert message_text.plain("<pre>yes\n> did you?\nreally</pre>") == "yes\nreally"


def test_a_sentence_that_begins_like_a_quote_stays():
    text = "On Monday my neighbour wrote a letter: what now?"
    assert message_text.plain(f"<p>{text}</p>") == text


def test_signs_that_turn_text_around_are_left_out():
    assert message_text.plain("<p>invoice\u202efdp.exe\u200b</p>") == "invoicefdp.exe"


def test_no_message_is_endless():
    text = message_text.plain("<p>" + "a" * 50_000 + "</p>")
    assert len(text) == message_text.MAX_LENGTH
    assert text.endswith("…")


def test_depth_is_up_to_who_wrote_it():
    body = "<div>" * 5000 + "deep" + "</div>" * 5000
    assert message_text.plain(f"<p>Hi</p>{body}").startswith("Hi")


@given(body=st.text(max_size=300))
def test_whatever_comes_is_text_without_control_characters(body):
    text = message_text.plain(body)
    assert not any(ord(char) < 32 and char != "\n" for char in text)
    assert text == text.strip()


@given(text=st.text(max_size=200))
def test_cut_at_addresses_it_is_still_the_same_text(text):
    pieces = message_text.pieces(text)
    assert "".join(piece for piece, _is_link in pieces) == text


def test_addresses_end_where_the_sentence_does():
    assert message_text.pieces("See https://a.example/b?c=1. Thanks") == [
        ("See ", False),
        ("https://a.example/b?c=1", True),
        (". Thanks", False),
    ]
    assert message_text.pieces("javascript:alert(1)") == [
        ("javascript:alert(1)", False)
    ]


@given(text=st.text(max_size=300), length=st.integers(2, 100))
def test_a_preview_is_one_short_line(text, length):
    line = message_text.preview(text, length)
    assert len(line) <= length
    assert "\n" not in line
