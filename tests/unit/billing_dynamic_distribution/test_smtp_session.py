"""How far a message came, told by a real mail server."""

import os
import smtplib
import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from odoo.addons.billing_dynamic_distribution.adapters import handover_diary
from odoo.addons.billing_dynamic_distribution.adapters.smtp_session import SmtpSession
from odoo.addons.billing_dynamic_distribution.core import handover, smtp

from ...mail_server import MailServer

KARI, OLA = "kari@kunde.example", "ola@kunde.example"
KEYS = ["0" * 32, "1" * 32, "2" * 32]


@pytest.fixture
def server():
    with MailServer() as server:
        yield server


@pytest.fixture
def session(server):
    def connect():
        connection = smtplib.SMTP("127.0.0.1", server.port, timeout=5)
        connection.ehlo()
        return connection

    session = SmtpSession(connect)
    yield session
    session.quit()


def content(text="Hello"):
    message = EmailMessage(policy=SMTP)
    message["Message-Id"] = "<1@company.example>"
    message["Subject"] = "Faktura på 653,07 kr"
    message.set_content(text)
    return message.as_bytes()


def send(session, to=KARI, text="Hello", **values):
    return session.send("bounce@company.example", to, content(text), **values)


def test_taken(server, session):
    answer = send(session, envelope_id=KEYS[0])
    assert answer.is_taken and not answer.is_uncertain
    [mail] = server.received
    assert mail.recipients == [KARI]
    assert mail.sender == "bounce@company.example"
    assert mail.envelope_id == KEYS[0]
    assert mail.message["Subject"] == "Faktura på 653,07 kr"


def test_every_line_arrives_as_it_was(server, session):
    text = "One\n.\n..two\n.three\n\nLast\n"
    send(session, text=text)
    assert server.received[0].body("plain").replace("\r\n", "\n") == text


def test_one_connection_for_many(server, session):
    assert all(send(session).is_taken for _time in range(20))
    assert server.sessions == 1
    assert server.counts()[KARI] == 20


def test_refused_and_put_off_stop_nobody_else(server, session):
    server.answer(OLA, "550 5.1.1 no such user", "450 4.2.0 later", "")
    answers = [
        send(session, OLA),
        send(session, OLA),
        send(session),
        send(session, OLA),
    ]
    assert [answer.code for answer in answers] == [550, 450, 250, 250]
    assert [answer.stage for answer in answers[:2]] == [smtp.RECIPIENT] * 2
    assert server.counts() == {KARI: 1, OLA: 1}
    assert server.sessions == 1


def test_silence_after_the_message_is_uncertain(server, session):
    server.drop_after_data(OLA)
    answer = send(session, OLA)
    assert answer.is_uncertain and not answer.is_taken
    # It had it, indeed; and who comes next gets a connection of its own.
    assert server.counts()[OLA] == 1
    assert send(session).is_taken
    assert server.sessions == 2


def test_a_server_that_wants_nothing_of_us(server, session):
    server.answer_sender("550 5.7.1 you are not welcome")
    answer = send(session)
    assert (answer.stage, answer.code) == (smtp.SENDER, 550)
    server.answer_sender(None)
    assert send(session).is_taken


def test_a_connection_that_died_meanwhile_is_opened_anew(server, session):
    assert send(session).is_taken
    server.stop()
    server.start()
    assert send(session).is_taken
    assert server.counts()[KARI] == 2


def test_a_server_that_is_gone(server, session):
    assert send(session).is_taken
    server.stop()
    answer = send(session)
    assert answer.stage == smtp.CONNECT
    assert not answer.is_taken and not answer.is_uncertain
    # The others of the batch do not wait for it once more.
    server.start()
    with pytest.raises(OSError):
        session.connect()


def test_closing_for_maintenance_is_tried_once_more(server, session):
    server.answer_sender("421 4.3.2 closing")
    answer = send(session)
    assert (answer.stage, answer.code) == (smtp.SENDER, 421)
    assert server.sessions == 2
    assert server.received == []


def test_what_is_too_big_is_refused_beforehand(server, session):
    answer = session.send("a@company.example", KARI, b"x" * 40_000_000)
    assert answer.stage == smtp.SENDER
    verdict = smtp.classify_reply(answer.code, answer.text, answer.stage)
    assert (verdict.kind, verdict.address) == ("hard", None)


# The diary


def test_a_diary_is_read_after_a_crash(tmp_path):
    diary = handover_diary.HandoverDiary(tmp_path / "db", 7)
    diary.open(KEYS)
    diary.start(KEYS[0])
    diary.end(KEYS[0], {"event": "sent"})
    diary.start(KEYS[1])
    # The process is gone here: nothing closes the file.

    def look_up(key, directory="db", worker=7):
        return handover_diary.look_up(tmp_path / directory, worker, key)

    assert look_up(KEYS[0]) == (handover.ANSWERED, {"event": "sent"})
    assert look_up(KEYS[1]) == (handover.UNKNOWN, {})
    assert look_up(KEYS[2]) == (handover.UNTOUCHED, {})
    assert look_up("3" * 32) is None
    assert look_up(KEYS[0], worker=8) is None
    assert look_up(KEYS[0], "other") is None
    handover_diary.remove(tmp_path / "db", {7})
    assert look_up(KEYS[0]) is None


def test_workers_are_asked_for_when_they_rest(tmp_path):
    for worker in (7, 8, 8):
        handover_diary.HandoverDiary(tmp_path, worker).open(KEYS)
    (tmp_path / "x-1.jsonl").touch()
    now = time.time()
    assert handover_diary.workers(tmp_path, now - 3600) == set()
    for path in [*tmp_path.glob("7-*"), next(tmp_path.glob("8-*"))]:
        os.utime(path, (0, 0))
    # One file of worker 8 is new: it is at work.
    assert handover_diary.workers(tmp_path, now - 3600) == {7}
    assert handover_diary.workers(tmp_path / "none", now) == set()
