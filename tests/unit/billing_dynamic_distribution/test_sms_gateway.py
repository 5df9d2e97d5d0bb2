"""What is said to an SMS gateway and how its answers are read."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import sms_gateway

VALUES = {
    "username": "kvitt",
    "password": "p&ss=word",
    "sender": "Fjordlys",
    "to": "+4799887766",
    "text": "Å betale: 100 % – {to} & ferdig",
    "coding": "2",
    "key": "0" * 32,
    "report_url": "https://x.example/billing/sms/report/00?secret=ab",
}
ACCEPTED = sms_gateway.KANNEL_ACCEPTED


def test_kannel_gets_what_its_guide_asks_for():
    filled = sms_gateway.fill(sms_gateway.KANNEL_PARAMETERS, VALUES)
    url, body = sms_gateway.request_of("get", "http://127.0.0.1:13013/sendsms", filled)
    assert body is None
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "username": "kvitt",
        "password": "p&ss=word",
        "from": "Fjordlys",
        "to": "+4799887766",
        # What the customer's text holds is never taken for a placeholder.
        "text": "Å betale: 100 % – {to} & ferdig",
        "charset": "UTF-8",
        "coding": "2",
        "dlr-mask": "31",
        "dlr-url": VALUES["report_url"] + "&status=%d&reply=%A&reference=%F",
    }
    assert "dlr-url=https%3A%2F%2Fx.example" in url
    assert "status%3D%25d" in url


def test_a_form_is_posted_without_a_query():
    url, body = sms_gateway.request_of(
        "post", "https://gw.example/send?account=7", [("text", "æ &"), ("to", "+47")]
    )
    assert url == "https://gw.example/send?account=7"
    assert body == b"text=%C3%A6+%26&to=%2B47"


def test_a_query_of_the_address_stays():
    url, _body = sms_gateway.request_of(
        "get", "https://gw.example/send?account=7", [("to", "1")]
    )
    assert url == "https://gw.example/send?account=7&to=1"


def test_without_a_sender_the_parameter_is_left_out():
    filled = sms_gateway.fill(sms_gateway.KANNEL_PARAMETERS, {**VALUES, "sender": ""})
    assert "from" not in dict(filled)


@given(
    st.fixed_dictionaries(
        {name: st.text(max_size=40) for name in sms_gateway.PLACEHOLDERS}
    )
)
def test_whatever_the_values_are_they_arrive(values):
    template = "\n".join(f"p_{name}={{{name}}}" for name in sorted(values))
    filled = sms_gateway.fill(template, values)
    assert dict(filled) == {f"p_{k}": v for k, v in values.items() if v}
    url, _none = sms_gateway.request_of("get", "http://gw.example/", filled)
    query = urlsplit(url).query
    assert parse_qsl(query, keep_blank_values=True) == filled


def test_comments_and_blank_lines():
    assert sms_gateway.parameters("# Kannel\n\n to = {to} \nflag=1") == [
        ("to", "{to}"),
        ("flag", "1"),
    ]


@pytest.mark.parametrize(
    ("template", "problem"),
    [("to", "to"), ("=x", "=x"), ("to={phone}", "{phone}"), ("a={}", "{}")],
)
def test_a_template_that_cannot_work_is_refused(template, problem):
    with pytest.raises(ValueError, match=re.escape(problem)):
        sms_gateway.parameters(template)


@pytest.mark.parametrize(
    ("sender", "problem"),
    [
        ("Fjordlys", ""),
        ("Fjord-lys AS"[:11], ""),
        ("26112", ""),
        ("+4799887766", ""),
        ("123456789012345", ""),
        ("1234567890123456", "digits"),
        ("12", "digits"),
        ("+", "signs"),
        ("Fjordlys Strøm", "long"),
        ("Strøm", "signs"),
        ("A!", "signs"),
        ("12-34", "signs"),
        (" Fjordlys", "signs"),
        ("", "signs"),
    ],
)
def test_senders(sender, problem):
    assert sms_gateway.sender_problem(sender) == problem


@given(st.text(max_size=20))
def test_a_good_sender_fits_the_field_of_the_standard(sender):
    if not sms_gateway.sender_problem(sender):
        assert sender.isascii()
        assert len(sender) <= 11 or sender.lstrip("+").isdigit()


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ("Fjordlys AS", "Fjordlys AS"),
        ("Fjordlys Strøm og Nett AS", "Fjordlys"),
        ("Ålesund Kraftverk", "Alesund"),
        ("Østfoldenergileveransen", "Ostfoldener"),
        ("Kæmpe & Sønn", "Kaempe Sonn"),
        ("17", ""),
        ("株式会社", ""),
        ("", ""),
    ],
)
def test_a_company_s_name_as_sender(name, sender):
    assert sms_gateway.sender_of_name(name) == sender


@given(st.text(max_size=60))
def test_whatever_the_name_its_sender_is_good(name):
    sender = sms_gateway.sender_of_name(name)
    assert not sender or not sms_gateway.sender_problem(sender)


@pytest.mark.parametrize("body", ["0: Accepted for delivery", "3: Queued for later"])
def test_what_kannel_takes_is_sent(body):
    assert sms_gateway.read_answer(202, body, ACCEPTED) == sms_gateway.Answer("sent")


def test_the_gateways_own_number_of_the_message():
    answer = sms_gateway.read_answer(
        200, '{"id": "ab-17"}', r'"id":\s*"(?P<reference>[^"]+)"'
    )
    assert (answer.event, answer.reference) == ("sent", "ab-17")


@pytest.mark.parametrize(
    ("status", "body", "event", "code"),
    [
        (202, "Sent.", "uncertain", "gateway_answer"),
        (200, "<html>Login</html>", "uncertain", "gateway_answer"),
        (500, "", "uncertain", "gateway_500"),
        (502, "Bad Gateway", "uncertain", "gateway_502"),
        (504, "Gateway Time-out", "uncertain", "gateway_504"),
        (503, "Temporal failure, try again later.", "failed_soft", "gateway_503"),
        (429, "slow down", "failed_soft", "gateway_429"),
        (302, "", "failed_soft", "gateway_302"),
        (403, "Authorization failed for sendsms", "failed_soft", "gateway_403"),
        (403, "invalid number of credentials", "failed_soft", "gateway_403"),
        (404, "Unknown request.", "failed_soft", "gateway_404"),
        (400, "Invalid recipient", "failed_hard", "number"),
        (422, "The number is unallocated", "failed_hard", "number"),
    ],
)
def test_answers(status, body, event, code):
    answer = sms_gateway.read_answer(status, body, ACCEPTED)
    assert (answer.event, answer.code) == (event, code)


@given(st.integers(100, 599), st.text(max_size=300))
def test_an_answer_is_never_sent_without_the_agreed_words(status, body):
    answer = sms_gateway.read_answer(status, body, ACCEPTED)
    assert answer.event in ("sent", "failed_soft", "failed_hard", "uncertain")
    if answer.event == "sent":
        assert 200 <= status < 300
        assert re.search(ACCEPTED, body)
    else:
        assert answer.code
        assert "\n" not in answer.reason


@pytest.mark.parametrize(
    ("status", "reply", "event", "code"),
    [
        ("1", "", "delivered", ""),
        ("8", "ACK/", "sent", ""),
        ("4", "", "sent", ""),
        ("2", "", "failed_soft", "undelivered"),
        ("2", "stat:EXPIRED err:000", "failed_soft", "expired"),
        ("2", "Absent subscriber", "failed_soft", "expired"),
        ("2", "stat:UNDELIV err: Unknown Subscriber", "failed_hard", "number"),
        (
            "16",
            "NACK/0x0000000b/Invalid Destination Address",
            "failed_hard",
            "number",
        ),
        ("16", "NACK/0x00000058/Throttling error", "failed_soft", "rejected"),
        ("16", "Receiver opted out", "failed_hard", "number"),
        (" 1 ", "", "delivered", ""),
    ],
)
def test_reports(status, reply, event, code):
    report = sms_gateway.read_report(status, reply, "ref")
    assert (report.event, report.code, report.reference) == (event, code, "ref")


@pytest.mark.parametrize("status", ["", "0", "32", "%d", "delivered", "1 OR 1=1"])
def test_a_status_nobody_knows_says_nothing(status):
    assert sms_gateway.read_report(status) is None


@pytest.mark.parametrize(
    ("status", "reply", "of_the_number"),
    [
        ("2", "stat:EXPIRED", True),
        ("2", "stat:UNDELIV", True),
        ("16", "Unknown subscriber", True),
        ("16", "NACK/0x00000045/Submit failed", False),
    ],
)
def test_whose_fault_a_report_says_it_is(status, reply, of_the_number):
    assert sms_gateway.read_report(status, reply).address_fault is of_the_number


@pytest.mark.parametrize(
    ("status", "body", "of_the_number"),
    [
        (403, "Authorization failed for sendsms", False),
        (503, "Temporal failure, try again later.", False),
        (400, "Invalid receiver", True),
    ],
)
def test_whose_fault_an_answer_says_it_is(status, body, of_the_number):
    answer = sms_gateway.read_answer(status, body, ACCEPTED)
    assert answer.address_fault is of_the_number


def test_a_failure_without_words_still_says_something():
    assert sms_gateway.read_report("2").reason == "status 2"


def test_secrets_do_not_reach_the_log():
    text = "Authorization failed for user kvitt password hunter2"
    assert sms_gateway.without_secrets(text, ["hunter2", ""]).endswith("password ***")
