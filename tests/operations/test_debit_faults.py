"""A worker dies between batch and file: nothing is lost, nothing goes twice."""

import hashlib
import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from .processes import ODOO, query

WORKER = Path(__file__).with_name("debit_worker.py")
POINTS = (
    "frozen, not committed",
    "frozen",
    "in the making",
    "published, not noted",
    "noted, not committed",
)


def _start(database, **order):
    """Start a worker."""
    process = subprocess.Popen(
        [ODOO, "shell", "-d", database, "--no-http", "--log-level=error"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "ORDER": json.dumps(order)},
        text=True,
    )
    process.stdin.write(WORKER.read_text(encoding="utf-8"))
    process.stdin.close()
    process.stdin = None
    return process


def _end(process, killed=False, may_give_way=False):
    """Wait for a worker's end, and look whether it is the one that was meant.

    :param bool may_give_way: whether it may leave the work to another one
    """
    _out, said = process.communicate(timeout=600)
    died = process.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert died == killed, said[-3000:]
    gave_way = may_give_way and "could not serialize access" in said
    assert killed or gave_way or not process.returncode, said[-3000:]


def _files(folder):
    """What the banks find, by scheme and name."""
    return {
        (path.parts[-4], path.name): path.read_bytes()
        for path in Path(folder).glob("*/outbox/*/*")
    }


def _check(database, folder, delivered):
    """Look at the books: each file is out once, as it was frozen."""
    rows = query(
        database,
        """SELECT agreement.scheme, batch.kind, batch.number, batch.file_hash,
                  batch.state
             FROM billing_debit_batch AS batch
             JOIN billing_debit_agreement AS agreement
               ON agreement.id = batch.agreement_id
            WHERE batch.approved_at > now() - interval '1 hour'
         ORDER BY batch.id""",
    )
    done = [row for row in rows if row[4] == "delivered"]
    assert len(done) >= delivered, rows
    files = _files(folder)
    hashes = Counter(hashlib.sha256(data).hexdigest() for data in files.values())
    assert set(hashes.values()) <= {1}, "the same file twice"
    assert {row[3] for row in done} <= hashes.keys()
    # What is out and not noted yet is noted by the next worker; nothing else is out.
    assert hashes.keys() <= {row[3] for row in rows if row[3]}
    for scheme in ("avtalegiro", "autogiro"):
        numbers = [
            number
            for (number,) in query(
                database,
                """SELECT batch.number FROM billing_debit_batch AS batch
                     JOIN billing_debit_agreement AS agreement
                       ON agreement.id = batch.agreement_id
                    WHERE agreement.scheme = %s AND batch.number > 0
                 ORDER BY batch.number""",
                scheme,
            )
        ]
        assert numbers == list(range(1, len(numbers) + 1)), "a gap, or used twice"
    return len(done)


@pytest.mark.nightly
def test_a_worker_that_dies_sends_no_file_twice(database, tmp_path):
    folder = str(tmp_path)
    for nth, point in enumerate(POINTS):
        _end(_start(database, kill=point, set_up=not nth, folder=folder), killed=True)
        _check(database, folder, 0)
    # Two come to finish what was left, at the same moment.
    for process in [_start(database, kill="", folder=folder) for _twice in range(2)]:
        _end(process, may_give_way=True)
    _end(_start(database, kill="", folder=folder))
    waiting = query(
        database,
        """SELECT name, state FROM billing_debit_batch
            WHERE state IN ('approved', 'delivering')""",
    )
    assert not waiting
    assert _check(database, folder, 3) == len(_files(folder))
    # Norway: claims. Sweden: mandates, claims.
    assert sorted(scheme for scheme, _name in _files(folder)) == [
        "autogiro",
        "autogiro",
        "avtalegiro",
    ]
    assert query(
        database,
        """SELECT count(*)::int FROM billing_debit_claim AS claim
             JOIN billing_debit_batch AS batch ON batch.id = claim.batch_id
            WHERE batch.state IN ('approved', 'delivering')
               OR claim.state = 'batched' AND batch.state <> 'draft'""",
    ) == [(0,)]
    # Every claim is told of once, whichever worker came so far.
    assert not query(
        database,
        """SELECT payload->>'claim_id', count(*) FROM billing_event
            WHERE kind = 'debit.delivered'
         GROUP BY 1 HAVING count(*) > 1""",
    )
    drawn = Counter(
        line[49:74].strip()
        for data in _files(folder).values()
        for line in data.decode("iso-8859-1").split("\r\n")
        if line[:4] == "NY21" and line[6:8] == "30"
    )
    assert len(drawn) == 4
    assert set(drawn.values()) == {1}
