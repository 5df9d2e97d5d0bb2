"""A worker dies while reminders are made and sent: none is lost, none comes twice."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from .processes import ODOO, ROOT, query

WORKER = Path(__file__).with_name("reminder_worker.py")
POINTS = (
    "written, not committed",
    "a batch committed",
    "queued, not committed",
    "before the next one",
    "",
)


def _work(database, **order):
    """Let a worker work; returns how its process ended."""
    return subprocess.run(
        [ODOO, "shell", "-d", database, "--no-http", "--log-level=error"],
        input=f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        + WORKER.read_text(encoding="utf-8"),
        env={**os.environ, "ORDER": json.dumps(order)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def _count(database, text):
    [(count,)] = query(database, text)
    return count


@pytest.mark.nightly
def test_a_worker_that_dies_reminds_nobody_twice(database):
    states = []
    for nth, point in enumerate(POINTS):
        result = _work(database, kill=point, set_up=not nth)
        killed = result.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
        assert killed == bool(point), result.stderr[-3000:]
        states.append(
            dict(
                query(
                    database,
                    """SELECT reminder.state, count(*)::int
                         FROM billing_reminder AS reminder
                         JOIN res_partner AS partner
                           ON partner.id = reminder.commercial_partner_id
                        WHERE partner.ref = 'KILL' GROUP BY 1""",
                )
            )
        )
    # Each point is where it says it is.
    assert states == [
        {},
        {"approved": 1},
        {"approved": 4},
        {"approved": 3, "sent": 1},
        {"sent": 4},
    ]
    assert (
        _count(
            database,
            """SELECT array_agg(found) FROM (
               SELECT count(*)::int AS found FROM billing_reminder_line AS line
                 JOIN account_move AS move ON move.id = line.move_id
                 JOIN res_partner AS partner
                   ON partner.id = move.commercial_partner_id
                WHERE partner.ref = 'KILL' GROUP BY move.id) AS per_invoice""",
        )
        == [1] * 8
    )
    assert (
        _count(
            database,
            """SELECT array_agg(found) FROM (
               SELECT count(*)::int AS found FROM mail_mail
                WHERE email_to LIKE 'purret%%@kunde.example'
             GROUP BY email_to) AS per_customer""",
        )
        == [1] * 4
    )
    assert query(
        database,
        """SELECT count(*)::int, sum(charge.amount)::int FROM billing_charge AS charge
             JOIN res_partner AS partner ON partner.id = charge.partner_id
            WHERE partner.ref = 'KILL' AND charge.kind = 'fee'""",
    ) == [(4, 4 * 38)]
    assert (
        _count(
            database,
            """SELECT count(*)::int FROM billing_event AS event
                 JOIN res_partner AS partner ON partner.id = event.partner_id
                WHERE partner.ref = 'KILL' AND event.kind = 'reminder.sent'""",
        )
        == 8
    )
