import html as escaping

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import mail_text

MAIL = """
<html><head><title>x</title><style>p { color: red }</style></head><body>
<div style="padding: 24px">
  <p>Hi Kari &amp; Ola,</p>
  <p>Please pay <strong>653,07&nbsp;kr</strong>
     by <b>15 November</b>.</p>
  <p>Invoice INV/1<br/>Reference number: 0012345687</p>
  <ul><li>one</li><li>two <em>words</em></li></ul>
  <p><a href="https://x.example/my/invoices/7?access_token=a-b_c&amp;d=1">
    See <b>it</b>
  </a></p>
  <!-- nothing -->
  <div>Fjordlys AS</div><div><a href='https://x.example'>https://x.example</a></div>
</div></body></html>
"""


def test_a_mail_reads_as_it_looks():
    assert mail_text.plain(MAIL) == (
        "Hi Kari & Ola,\n\n"
        "Please pay 653,07\N{NO-BREAK SPACE}kr by 15 November.\n\n"
        "Invoice INV/1\nReference number: 0012345687\n\n"
        "- one\n- two words\n\n"
        "See it: https://x.example/my/invoices/7?access_token=a-b_c&d=1\n\n"
        "Fjordlys AS\nhttps://x.example"
    )


def test_personal_links_are_not_kept():
    text = "See https://x.example/nb/my/invoices/7?access_token=a-B_9.\nBye"
    assert mail_text.without_tokens(text) == (
        "See https://x.example/nb/my/invoices/7.\nBye"
    )


words = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Z"), blacklist_characters="<>"),
    min_size=1,
    max_size=12,
)


@given(st.lists(words, min_size=1, max_size=8))
def test_no_word_is_lost_or_changed(paragraphs):
    markup = "".join(f"<p>{escaping.escape(word)}</p>" for word in paragraphs)
    assert mail_text.plain(markup) == "\n\n".join(paragraphs)


@given(st.text(max_size=300))
def test_anything_can_be_read(text):
    plain = mail_text.plain(text)
    assert "\n\n\n" not in plain
    assert mail_text.plain(f"<p>{escaping.escape(text)}</p>") is not None


@given(st.text(max_size=100))
def test_a_text_without_links_stays(text):
    if "access_token" not in text:
        assert mail_text.without_tokens(text) == text
