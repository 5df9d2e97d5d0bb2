"""What refusals of mail servers mean, as servers of the world word them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import smtp

REPLIES = [
    # code, text, stage → kind, address, code shown
    (550, "5.1.1 <kari@kunde.example>: Recipient address rejected: User unknown in "
          "virtual mailbox table", smtp.RECIPIENT, "hard", "hard", "5.1.1"),
    (550, "5.1.1 The email account that you tried to reach does not exist.",
     smtp.RECIPIENT, "hard", "hard", "5.1.1"),
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; not found", smtp.RECIPIENT, "hard",
     "hard", "5.1.10"),
    (550, "5.4.1 Recipient address rejected: Access denied", smtp.RECIPIENT, "hard",
     "hard", "5.4.1"),
    (550, "No such user here", smtp.RECIPIENT, "hard", "hard", "550"),
    (553, "sorry, that domain isn't in my list of allowed rcpthosts", smtp.RECIPIENT,
     "hard", "hard", "553"),
    (554, "delivery error: This user doesn't have a yahoo.com account - mailbox not "
          "found", smtp.CONTENT, "hard", "hard", "554"),
    (550, "5.7.13 account disabled", smtp.RECIPIENT, "hard", "hard", "5.7.13"),
    # The address is right; the message still has to go another way.
    (552, "5.2.2 Mailbox size limit exceeded", smtp.RECIPIENT, "hard", "soft", "5.2.2"),
    (550, "5.2.2 user is over quota", smtp.RECIPIENT, "hard", "soft", "5.2.2"),
    (552, "Quota exceeded (mailbox for user is full)", smtp.CONTENT, "hard", "soft",
     "552"),
    (554, "Transaction failed", smtp.RECIPIENT, "hard", "soft", "554"),
    (550, "5.4.6 routing loop detected", smtp.RECIPIENT, "hard", "soft", "5.4.6"),
    # Something is wrong with us or with what we wrote.
    (550, "5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus",
     smtp.RECIPIENT, "hard", None, "5.7.1"),
    (550, "5.7.26 This mail has been blocked because the sender is unauthenticated",
     smtp.CONTENT, "hard", None, "5.7.26"),
    (552, "5.3.4 Message too big for system", smtp.CONTENT, "hard", None, "5.3.4"),
    (552, "5.2.3 Message exceeds administrative limit", smtp.CONTENT, "hard", None,
     "5.2.3"),
    (554, "Message rejected as spam", smtp.RECIPIENT, "hard", None, "554"),
    (550, "Content not wanted", smtp.CONTENT, "hard", None, "550"),
    (501, "5.1.7 Bad sender address syntax", smtp.RECIPIENT, "hard", None, "5.1.7"),
    # Passing.
    (450, "4.2.0 <kari@kunde.example>: greylisted, try again later", smtp.RECIPIENT,
     "soft", None, "4.2.0"),
    (452, "4.2.2 mailbox full", smtp.RECIPIENT, "soft", "soft", "4.2.2"),
    (421, "4.7.0 too many connections", smtp.RECIPIENT, "soft", "soft", "4.7.0"),
    (451, "Local error in processing", smtp.RECIPIENT, "soft", "soft", "451"),
    # Before a recipient is named it is about us, and nothing has been handed over.
    (554, "No SMTP service here", smtp.CONNECT, "soft", None, "554"),
    (530, "5.7.0 Authentication required", smtp.SENDER, "soft", None, "5.7.0"),
    (553, "5.7.1 Sender address rejected: not owned by user", smtp.SENDER, "soft", None,
     "5.7.1"),
    (552, "5.3.4 Message size exceeds fixed limit", smtp.SENDER, "hard", None, "5.3.4"),
    # Not what a server may say, but what some do.
    (0, "", smtp.RECIPIENT, "soft", "soft", ""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "stage", "kind", "address", "shown"), REPLIES)
def test_replies_of_servers(code, text, stage, kind, address, shown):
    verdict = smtp.classify_reply(code, text, stage)
    assert (verdict.kind, verdict.address, verdict.code) == (kind, address, shown)


REPORTS = [
    # status, diagnostic → address, code shown
    ("5.1.1", "550 5.1.1 <x@y.example>: Recipient address rejected: User unknown",
     "hard", "5.1.1"),
    ("5.0.0", "550 unknown user", "hard", "5.0.0"),
    ("5.0.0", "550 5.2.2 over quota", "soft", "5.0.0"),
    ("5.4.4", "Host or domain name not found", "hard", "5.4.4"),
    ("4.4.7", "delivery temporarily suspended: connection timed out", "soft", "4.4.7"),
    ("4.4.1", "connect to mx.kunde.example: Connection refused", "soft", "4.4.1"),
    ("5.7.1", "550 spam message rejected", None, "5.7.1"),
    ("", "552 sorry, that message size exceeds my databytes limit (#5.3.4)", None,
     "5.3.4"),
    ("", "Sorry, no mailbox here by that name. (#5.1.1)", "hard", "5.1.1"),
    ("", "", "soft", ""),
]  # fmt: skip


@pytest.mark.parametrize(("status", "diagnostic", "address", "shown"), REPORTS)
def test_reports_of_failure_end_the_message_but_not_always_the_address(
    status, diagnostic, address, shown
):
    verdict = smtp.classify_report(status, diagnostic)
    assert verdict.kind == "hard"
    assert (verdict.address, verdict.code) == (address, shown)


texts = st.text(max_size=400)
statuses = st.builds(
    "{}.{}.{}".format,
    st.sampled_from("245"),
    st.integers(0, 999),
    st.integers(0, 999),
)


@given(
    code=st.integers(-1, 1000),
    text=st.one_of(texts, st.builds("{} {}".format, statuses, texts)),
    stage=st.sampled_from([smtp.CONNECT, smtp.SENDER, smtp.RECIPIENT, smtp.CONTENT]),
)
def test_every_answer_has_a_meaning(code, text, stage):
    verdict = smtp.classify_reply(code, text, stage)
    assert verdict.kind in ("soft", "hard")
    assert verdict.address in ("soft", "hard", None)
    assert len(verdict.reason) <= smtp.REASON_LENGTH
    assert "\n" not in verdict.reason
    # What retires an address is always a refusal of it for good.
    if verdict.address == "hard":
        assert verdict.kind == "hard"
        assert 500 <= code <= 599
        assert stage in (smtp.RECIPIENT, smtp.CONTENT)
    if verdict.kind == "hard":
        assert 500 <= code <= 599


@given(status=st.one_of(statuses, texts), diagnostic=texts)
def test_every_report_has_a_meaning(status, diagnostic):
    verdict = smtp.classify_report(status, diagnostic)
    assert verdict.kind == "hard"
    assert verdict.address in ("soft", "hard", None)


@given(subject=st.integers(0, 999), detail=st.integers(0, 999))
def test_passing_troubles_never_retire_an_address(subject, detail):
    assert smtp.classify_report(f"4.{subject}.{detail}", "try later").address != "hard"


@given(status=statuses, before=st.text(string.ascii_letters + " <>@", max_size=20))
def test_codes_are_found_within_a_text(status, before):
    assert smtp.enhanced_code(f"{before} ({status}) no") == status


def test_addresses_of_machines_are_no_codes():
    assert smtp.enhanced_code("connect to 5.1.1.10: refused") == ""
    assert smtp.reply_code("host 192.0.2.550 said: 421 4.3.2 closing") == 421
