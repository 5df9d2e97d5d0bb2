"""Reports of mail servers, as the servers of the world write them."""

import email
import email.policy
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import bounce, mail_key

KEY = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2
MESSAGE_ID = f"<billing-{KEY}@company.example>"
ORIGINAL = f"""\
Message-Id: {MESSAGE_ID}
X-Billing-Attempt: {KEY}
From: Fjordlys <faktura@company.example>
To: Kari Nordmann <Kari@kunde.example>
Subject: =?utf-8?q?Faktura_p=C3=A5_653=2C07_kr?=
"""


def dsn(
    fields,
    original=f"--B\nContent-Type: message/rfc822\n\n{ORIGINAL}\nHi\n",
    head="",
    per_message="Reporting-MTA: dns; mx.kunde.example\n",
    text="Sorry.",
):
    return f"""\
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.kunde.example>
To: bounce@company.example
Auto-Submitted: auto-replied
Message-Id: <report@mx.kunde.example>
{head}MIME-Version: 1.0
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

{text}

--B
Content-Type: message/delivery-status

{per_message}
{fields}
{original}
--B--
"""


FAILED = """\
Final-Recipient: rfc822; kari@kunde.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <kari@kunde.example>: User
    unknown
"""


def read(text, policy=email.policy.SMTP):
    """As Odoo parses it, with either policy."""
    return bounce.read(email.message_from_string(text, policy=policy))


@pytest.fixture(params=[email.policy.SMTP, email.policy.compat32], ids=["new", "old"])
def policy(request):
    return request.param


def test_a_whole_report(policy):
    [report] = read(dsn(FAILED), policy)
    assert report == bounce.Report(
        bounce.FAILED,
        recipient="kari@kunde.example",
        status="5.1.1",
        diagnostic="550 5.1.1 <kari@kunde.example>: User unknown",
        keys=(KEY,),
        message_ids=(MESSAGE_ID,),
    )


def test_headers_only(policy):
    original = f"--B\nContent-Type: text/rfc822-headers\n\n{ORIGINAL}\n"
    [report] = read(dsn(FAILED, original), policy)
    assert report.keys == (KEY,)


def test_without_the_message_the_envelope_id_tells(policy):
    [report] = read(
        dsn(FAILED, "", per_message=f"Original-Envelope-Id: {KEY}\n"), policy
    )
    assert report.keys == (KEY,)
    assert report.message_ids == ()


def test_without_the_message_the_tagged_address_tells(policy):
    text = dsn(FAILED, "").replace(
        "To: bounce@company.example", f"To: bounce+billing-{KEY}@company.example"
    )
    assert read(text, policy)[0].keys == (KEY,)


def test_without_the_message_the_text_tells(policy):
    [report] = read(dsn(FAILED, "", text=f"About your {MESSAGE_ID} of today"), policy)
    assert report.keys == (KEY,)


def test_without_any_mark_the_recipient_is_left(policy):
    [report] = read(dsn(FAILED, ""), policy)
    assert (report.keys, report.recipient) == ((), "kari@kunde.example")


def test_the_message_itself_goes_before_what_is_quoted(policy):
    text = f"Refers to <billing-{OTHER}@company.example>"
    assert read(dsn(FAILED, text=text), policy)[0].keys == (KEY, OTHER)


def test_a_forwarded_address_is_the_one_we_wrote_to(policy):
    fields = FAILED.replace("kari@kunde", "k.nordmann@elsewhere")
    fields = "Original-Recipient: rfc822;Kari@kunde.example\n" + fields
    assert read(dsn(fields), policy)[0].recipient == "kari@kunde.example"


@pytest.mark.parametrize(
    ("action", "kind"),
    [("Failed", bounce.FAILED), ("delayed", bounce.DELAYED),
     ("delivered", bounce.DELIVERED)],
)  # fmt: skip
def test_actions(action, kind, policy):
    [report] = read(dsn(FAILED.replace("failed", action)), policy)
    assert report.kind == kind


@pytest.mark.parametrize("action", ["relayed", "expanded", "danced"])
def test_the_next_server_is_not_the_customer(action, policy):
    assert read(dsn(FAILED.replace("failed", action)), policy) == ()


@pytest.mark.parametrize(
    ("status", "kind"),
    [("5.2.2", bounce.FAILED), ("4.4.1", bounce.DELAYED), ("2.0.0", bounce.DELIVERED)],
)
def test_the_status_tells_where_the_action_is_missing(status, kind, policy):
    fields = FAILED.replace("Action: failed\n", "").replace("5.1.1", status)
    [report] = read(dsn(fields), policy)
    assert (report.kind, report.status) == (kind, status)


def test_several_recipients(policy):
    second = FAILED.replace("kari@", "ola@").replace("failed", "delayed")
    reports = read(dsn(f"{FAILED}\n{second}"), policy)
    assert [(report.kind, report.recipient) for report in reports] == [
        (bounce.FAILED, "kari@kunde.example"),
        (bounce.DELAYED, "ola@kunde.example"),
    ]


def test_an_out_of_office_answer_to_the_return_address(policy):
    text = f"""\
From: Kari <kari@kunde.example>
To: bounce@company.example
Return-Path: <>
Auto-Submitted: auto-replied
In-Reply-To: {MESSAGE_ID}
Subject: =?utf-8?q?Frav=C3=A6r=3A_Faktura?=

I am away, your message with error 550 5.1.1 can wait.
"""
    [report] = read(text, policy)
    assert (report.kind, report.keys) == (bounce.AUTO_REPLY, (KEY,))


@pytest.mark.parametrize(
    "head",
    ["Subject: Automatisk svar: Faktura", "Subject: Out of Office", "X-Autoreply: yes",
     "Subject: Automatic reply: Invoice", "Precedence: auto_reply",
     "Subject: =?iso-8859-1?q?Fr=E5nvaro?="],
)  # fmt: skip
def test_automatic_answers_of_old_programs(head, policy):
    [report] = read(f"From: kari@kunde.example\n{head}\n\nAway\n", policy)
    assert report.kind == bounce.AUTO_REPLY


@pytest.mark.parametrize(
    "head",
    ["Subject: Re: Invoice", "Subject: My invoice was undeliverable",
     "Auto-Submitted: no\nSubject: Out of office", "Subject: 550 5.1.1 what is this?",
     "From: postmaster@kunde.example\nSubject: Our new address"],
)  # fmt: skip
def test_people_are_no_machines(head, policy):
    text = f"From: kari@kunde.example\nIn-Reply-To: {MESSAGE_ID}\n{head}\n\nHello\n"
    if head.startswith("From:"):
        text = text.partition("\n")[2]
    assert read(text, policy) == ()


QMAIL = f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.kunde.example
To: bounce@company.example
Subject: failure notice

Hi. This is the qmail-send program at mx.kunde.example.

<kari@kunde.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{ORIGINAL}
Hi
"""


def test_qmail(policy):
    [report] = read(QMAIL, policy)
    assert report.kind == bounce.FAILED
    assert report.recipient == "kari@kunde.example"
    assert report.status == "5.1.1"
    assert report.diagnostic == "Sorry, no mailbox here by that name. (#5.1.1)"
    assert report.keys == (KEY,)


def test_exim(policy):
    text = f"""\
Return-path: <>
From: Mail Delivery System <Mailer-Daemon@mx.kunde.example>
X-Failed-Recipients: kari@kunde.example
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

  kari@kunde.example
    SMTP error from remote mail server after RCPT TO:<kari@kunde.example>:
    550 5.1.1 unknown user

{ORIGINAL}
"""
    [report] = read(text, policy)
    assert (report.kind, report.recipient) == (bounce.FAILED, "kari@kunde.example")
    assert report.diagnostic == "550 5.1.1 unknown user"
    assert report.keys == (KEY,)


def test_a_warning_is_not_yet_a_failure(policy):
    text = QMAIL.replace("failure notice", "Warning: could not send message: delayed")
    text = text.replace("Warning:", "Undelivered so far, warning:")
    assert read(text, policy)[0].kind == bounce.DELAYED


def arf(
    kind="abuse", original=f"--B\nContent-Type: message/rfc822\n\n{ORIGINAL}\nHi\n"
):
    return f"""\
From: <abusedesk@kunde.example>
To: bounce@company.example
MIME-Version: 1.0
Subject: FW: Faktura
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: text/plain

This is an email abuse report.

--B
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: <Kari@kunde.example>

{original}
--B--
"""


def test_a_complaint(policy):
    [report] = read(arf(), policy)
    assert report.kind == bounce.COMPLAINT
    assert report.recipient == "kari@kunde.example"
    assert report.diagnostic == "abuse"
    assert report.keys == (KEY,)


def test_a_complaint_that_is_none(policy):
    assert read(arf("not-spam"), policy)[0].kind == bounce.DELIVERED


SAMPLES = [dsn(FAILED), dsn(FAILED, ""), QMAIL, arf(), arf("x", "")]


@given(st.binary(max_size=600))
def test_any_bytes_are_read(data):
    bounce.read(email.message_from_bytes(data, policy=email.policy.SMTP))
    bounce.read(email.message_from_bytes(data))


@settings(max_examples=300, deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    seed=st.integers(0, 2**32),
    cuts=st.integers(1, 6),
    old=st.booleans(),
)
def test_damaged_reports_are_read(sample, seed, cuts, old):
    """Whatever is lost or mixed up on the way, no report stops the mail gateway."""
    dice = random.Random(seed)
    data = bytearray(sample.encode())
    for _cut in range(cuts):
        at = dice.randrange(len(data))
        how = dice.randrange(3)
        if how == 0:
            del data[at : at + dice.randrange(60)]
        elif how == 1:
            data[at : at + 1] = dice.randbytes(dice.randrange(4))
        else:
            data[at:at] = data[: dice.randrange(80)]
        if not data:
            break
    rules = email.policy.compat32 if old else email.policy.SMTP
    for report in bounce.read(email.message_from_bytes(bytes(data), policy=rules)):
        assert report.kind
        assert "\n" not in report.diagnostic
        assert all(mail_key.bare_key(key) == key for key in report.keys)


@given(key=st.text("0123456789abcdef", min_size=32, max_size=32))
def test_the_key_is_found_whatever_it_is(key):
    assert read(dsn(FAILED).replace(KEY, key))[0].keys == (key,)
