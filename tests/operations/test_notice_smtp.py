"""A customer hears of a repaired reference: from bank file to a real SMTP server."""

import email
import email.policy
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import psycopg2
import pytest
from aiosmtpd.controller import Controller

from tools.payment_generator.camt054 import Camt054Writer, Options
from tools.payment_generator.payments import Payment, Truth

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = os.environ.get("KVITT_TEMPLATE_DATABASE", "")
ACCOUNT = "15035149098"
ADDRESS = "kari.nordmann@kunde.example"

PREPARE = """
company = env["res.company"].search([("name", "=", "Fjordlys AS")])
company.write({
    "email": "faktura@fjordlys.example",
    "billing_match_repair": True,
    "billing_match_tell_repaired": True,
})
env["res.lang"]._activate_lang("nb_NO")
move = env["account.move"].browse(%(move)s)
move.partner_id.write({"email": %(address)r, "lang": "nb_NO"})
env["ir.mail_server"].search([]).active = False
env["ir.mail_server"].create({
    "name": "Test",
    "smtp_host": "127.0.0.1",
    "smtp_port": %(port)s,
    "smtp_encryption": "none",
})
env.cr.commit()
"""
TELL = """
env["billing.payment.notice"]._cron_send()
env.cr.commit()
"""
SEND = """
env["ir.cron"]._billing_run(None, print)
env["mail.mail"].process_email_queue()
env.cr.commit()
"""


class Inbox:
    """What a mail server got."""

    def __init__(self):
        self.messages = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd
        self.messages.append(
            (
                envelope.rcpt_tos,
                email.message_from_bytes(envelope.content, policy=email.policy.default),
            )
        )
        return "250 OK"


def query(database, text, *args):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(text, args)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture
def database():
    assert TEMPLATE, "run this with `make test`: it makes the template database"
    name = f"{TEMPLATE.rpartition('_')[0]}_smtp_{os.getpid()}"
    query("postgres", f'DROP DATABASE IF EXISTS "{name}"')
    query("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
    yield name
    query("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def inbox():
    inbox = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        inbox.port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port)
    controller.start()
    yield inbox
    controller.stop()


def odoo(*args, script=None):
    result = subprocess.run(
        [str(ROOT / "bin" / "odoo"), *args],
        input=script or "",
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result


def bank_file(path, reference, amount):
    """A file with one payment whose reference has a wrong digit."""
    damaged = reference[:5] + str((int(reference[5]) + 5) % 10) + reference[6:]
    with path.open("w", encoding="utf-8") as stream:
        writer = Camt054Writer(
            stream, Options(ACCOUNT, "NOK", date(2026, 11, 2), "SMTP-1")
        )
        writer.start()
        writer.entry(
            [
                Payment(
                    amount=amount,
                    currency="NOK",
                    reference=damaged,
                    message="",
                    payer_name="Kari Nordmann",
                    payer_account="",
                    end_to_end_id="1",
                    truth=Truth("wrong", (), (), 0, reference),
                )
            ]
        )
        writer.end()
    return damaged


def test_a_repaired_reference_is_told_once(database, inbox, tmp_path):
    [(move_id, name, reference, amount)] = query(
        database,
        """
        SELECT move.id, move.name, move.payment_reference,
               round(move.amount_residual * 100)::int
          FROM account_move move JOIN res_company company
            ON company.id = move.company_id
         WHERE company.name = 'Fjordlys AS' AND move.move_type = 'out_invoice'
           AND move.state = 'posted' AND move.payment_state = 'not_paid'
           AND move.payment_reference IS NOT NULL
         ORDER BY move.id LIMIT 1
        """,
    )
    shell = ("shell", "-d", database, "--no-http")
    odoo(
        *shell,
        script=PREPARE % {"move": move_id, "address": ADDRESS, "port": inbox.port},
    )
    path = tmp_path / "bank.xml"
    damaged = bank_file(path, reference, amount)
    odoo("billing_import", "-d", database, str(path))
    assert query(database, "SELECT state FROM billing_payment_notice") == [("waiting",)]
    assert inbox.messages == []

    # Two workers at once, and both jobs once more after that.
    with ThreadPoolExecutor() as workers:
        list(workers.map(lambda script: odoo(*shell, script=script), [TELL, TELL]))
    odoo(*shell, script=SEND)
    odoo(*shell, script=SEND)

    # Odoo's demo data has mail of its own waiting, for its users.
    [message] = [message for to, message in inbox.messages if to == [ADDRESS]]
    assert "faktura@fjordlys.example" in message["From"]
    body = message.get_body(("html",)).get_content()
    assert 'lang="nb-NO"' in body
    for text in (name, reference, damaged, f"/my/invoices/{move_id}?access_token="):
        assert text in body
    assert query(
        database, "SELECT count(*) FROM billing_event WHERE kind = %s",
        "payment.told_repaired",
    ) == [(1,)]  # fmt: skip
