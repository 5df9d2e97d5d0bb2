"""What the process tests share: databases, files, and Odoo as its users run it.

The fixtures that go with it are in ``conftest.py``.
"""

import contextlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from kvitt_dev import odoo_log  # noqa: E402

from tools.payment_generator.camt054 import Camt054Writer, Options  # noqa: E402
from tools.payment_generator.payments import Payment, Truth  # noqa: E402

# The Norwegian demo company and its account at the bank.
COMPANY = "Fjordlys AS"
ACCOUNT = "15035149098"
ODOO = str(ROOT / "bin" / "odoo")


def query(database, text, *args):
    """Run one statement, at once and for good.

    :return: the rows, empty when the statement has none
    """
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(text, args)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@contextlib.contextmanager
def cloned(variable, purpose, template=None):
    """Make a database for one test, and drop it whoever is still connected.

    :param variable: environment variable that names the database to copy
    :param purpose: a word for the name of the copy
    :param template: the database to copy, instead of the one named there
    """
    named = os.environ.get(variable, "")
    assert named, "run this with `make test`: it makes the databases to copy"
    template = template or named
    name = f"{named.rpartition('_')[0]}_{purpose}_{os.getpid()}"
    query("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    query("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield name
    finally:
        query("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')


def odoo(*args, script="", log=None, timeout=600):
    """Run Odoo in a process of its own, to its end.

    :param args: its command line
    :param script: what it reads on standard input, as `odoo shell` does
    :param log: file that gets what it says; a warning or an error there fails the test
    :param timeout: seconds it may take
    :return: the ended process
    """
    result = subprocess.run(
        [ODOO, *args],
        input=script,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if log:
        with open(log, "a", encoding="utf-8") as said:
            said.write(result.stderr)
        complaints = odoo_log.complaints(log)
        assert not complaints, "\n".join(complaints)
    assert result.returncode == 0, result.stderr[-3000:]
    return result


def open_invoices(database, limit):
    """Invoices of the demo company that are open and have a reference.

    :return: list of (id, name, reference, open amount in øre)
    """
    return query(
        database,
        """
        SELECT move.id, move.name, move.payment_reference,
               round(move.amount_residual * 100)::int
          FROM account_move move JOIN res_company company
            ON company.id = move.company_id
         WHERE company.name = %s AND move.move_type = 'out_invoice'
           AND move.state = 'posted' AND move.payment_state = 'not_paid'
           AND move.payment_reference IS NOT NULL
         ORDER BY move.id LIMIT %s
        """,
        COMPANY,
        limit,
    )


def a_payment(amount, reference="", message="", end_to_end_id="1", payer_name=None):
    """A payment into the demo company's account, amount in øre."""
    return Payment(
        amount=amount,
        currency="NOK",
        reference=reference,
        message=message,
        payer_name=payer_name or "Kari Nordmann",
        payer_account="",
        end_to_end_id=end_to_end_id,
        truth=Truth("exact", (), (), 0, reference),
    )


def write_camt(stream, message_id, entries):
    """Write a camt.054 file of the demo company's account.

    :param stream: text file to write to
    :param message_id: the bank's id of the file
    :param entries: lists of payments, each list one entry of the bank
    """
    writer = Camt054Writer(
        stream, Options(ACCOUNT, "NOK", date(2026, 11, 2), message_id)
    )
    writer.start()
    for payments in entries:
        writer.entry(payments)
    writer.end()
