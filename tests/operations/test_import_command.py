"""`bin/odoo billing_import` as its users run it: in processes that may meet or die."""

import json
import os
import signal
import subprocess
import time

import psycopg2
import pytest

from .processes import ODOO, a_payment, open_invoices, query, write_camt

KEYS = {
    "file", "position", "bank_reference", "amount", "currency", "reference",
    "payer_name", "payer_account", "statement_line_id", "counterpart_line_ids",
    "outcome", "invoice_ids", "probability", "reasons",
}  # fmt: skip


def start(database, *args):
    """Start the command in a process group of its own, so that all of it dies."""
    return subprocess.Popen(
        [ODOO, "billing_import", "-d", database, "--json", *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process):
    out, err = process.communicate(timeout=300)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


@pytest.fixture
def bank_file(database, tmp_path):
    """A file over the open invoices of the demo company, and some strangers."""
    invoices = open_invoices(database, 60)
    paid = [(reference, amount) for _id, _name, reference, amount in invoices]
    strangers = [("", 1000 + number) for number in range(40)]
    payments = [
        a_payment(
            amount,
            reference,
            message="" if reference else f"Takk {number}",
            end_to_end_id=str(number),
        )
        for number, (reference, amount) in enumerate(paid + strangers)
    ]
    path = tmp_path / "bank.xml"
    with path.open("w", encoding="utf-8") as stream:
        entries = [payments[: len(paid)], *([item] for item in payments[len(paid) :])]
        write_camt(stream, "COMMAND-1", entries)
    return path, [row[0] for row in invoices], payments


def check_books(database, invoices, payments):
    """Every payment is there once, booked once; every invoice is paid once."""
    rows = query(
        database,
        """
        SELECT count(*), count(DISTINCT position), count(statement_line_id),
               sum(amount)
          FROM billing_payment payment JOIN billing_bank_file file
            ON file.id = payment.file_id
         WHERE file.message_id = 'COMMAND-1'
        """,
    )
    total = sum(payment.amount for payment in payments) / 100
    assert rows == [(len(payments),) * 3 + (pytest.approx(total),)]
    [[booked]] = query(
        database,
        """
        SELECT sum(line.amount) FROM account_bank_statement_line line
         WHERE line.id IN (SELECT statement_line_id FROM billing_payment payment
                             JOIN billing_bank_file file ON file.id = payment.file_id
                            WHERE file.message_id = 'COMMAND-1')
        """,
    )
    assert float(booked) == pytest.approx(total)
    states = query(
        database,
        "SELECT payment_state, count(*) FROM account_move"
        " WHERE id = ANY(%s) GROUP BY 1",
        invoices,
    )
    assert states == [("paid", len(invoices))]
    [[events]] = query(
        database,
        "SELECT count(*) FROM billing_event"
        " WHERE kind = 'payment.reconciled' AND move_id = ANY(%s)",
        invoices,
    )
    assert events == len(invoices)


def test_the_lines_on_standard_output_are_as_agreed(database, bank_file, tmp_path):
    path, invoices, payments = bank_file
    bad = tmp_path / "bad.xml"
    bad.write_text(path.read_text(encoding="utf-8")[:5000], encoding="utf-8")
    code, records, err = finish(start(database, str(bad), str(path)))
    *lines, summary = records
    assert code == 2
    assert f"{bad}:" in err
    assert all(set(line) == KEYS for line in lines)
    assert [line["position"] for line in lines] == list(range(1, len(payments) + 1))
    assert {line["file"] for line in lines} == {str(path)}
    assert [line["invoice_ids"] for line in lines[: len(invoices)]] == [
        [move_id] for move_id in invoices
    ]
    assert all(len(line["counterpart_line_ids"]) == 1 for line in lines[:5])
    doubtful = {line["outcome"] for line in lines[len(invoices) :]}
    assert doubtful <= {"proposed", "unmatched"}
    assert summary["summary"]["payments"] == len(payments)
    assert summary["summary"]["refused"] == 1
    check_books(database, invoices, payments)

    code, records, _err = finish(start(database, str(path)))
    assert code == 0
    assert {line["outcome"] for line in records[:-1]} == {"duplicate"}
    check_books(database, invoices, payments)


def test_two_workers_with_the_same_file_at_once(database, bank_file):
    path, invoices, payments = bank_file
    workers = [start(database, str(path)) for _ in range(2)]
    for worker in workers:
        code, records, err = finish(worker)
        assert code == 0, err
        assert len(records) == len(payments) + 1
    check_books(database, invoices, payments)


# The last statement of a worker that has begun to write a batch into the books.
BOOKING = (
    "SELECT count(*) > 0 FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    """ AND query ~ '(INSERT INTO|UPDATE) "account_(move|bank|partial)'"""
)
STORED = (
    "SELECT count(*) > 0 FROM billing_payment payment"
    " JOIN billing_bank_file file ON file.id = payment.file_id"
    " WHERE file.message_id = 'COMMAND-1'"
)
BOOKED = STORED + " AND payment.statement_line_id IS NOT NULL"
OTHERS = (
    "SELECT count(*) = 0 FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def wait_for(database, condition, worker=None):
    """Ask until a condition holds; a worker that ends before it fails the test."""
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline:
                cursor.execute(condition)
                if cursor.fetchone()[0]:
                    return
                assert worker is None or worker.poll() is None, "it ended before"
                time.sleep(0.005)
    finally:
        connection.close()
    raise AssertionError(f"never came true: {condition}")


def test_killed_at_any_point_the_same_command_goes_on(database, bank_file):
    path, invoices, payments = bank_file
    # Right after the payments are stored; at the first write into the books; later
    # in the same batch.
    for condition, seconds in ((STORED, 0.0), (BOOKING, 0.0), (BOOKING, 0.4)):
        worker = start(database, str(path))
        wait_for(database, condition, worker)
        time.sleep(seconds)
        assert worker.poll() is None, "it was done before it could be killed"
        os.killpg(worker.pid, signal.SIGKILL)
        worker.communicate()
        wait_for(database, OTHERS)
        # What was stored stays; of the batch that was being booked there is nothing.
        assert query(database, STORED) == [(True,)]
        assert query(database, BOOKED) == [(False,)]
    code, records, err = finish(start(database, str(path)))
    assert code == 0, err
    assert len(records) == len(payments) + 1
    check_books(database, invoices, payments)
