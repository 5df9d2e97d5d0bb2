"""Workers die, gateways fall silent: nothing is lost, nothing is sent twice.

The gateway is a process of its own that counts what arrives. Workers are processes that
are killed without notice, by ``kill -9``.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from .processes import ODOO, ROOT

HERE = Path(__file__).with_name("deliveries")


class Gateway:
    """The counting gateway, from start to end."""

    def __init__(self, folder, faults=0, seed=19):
        self.port_file = folder / "port"
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(HERE / "counting_gateway.py"),
                str(self.port_file),
                str(seed),
                str(faults),
            ]
        )

    def __enter__(self):
        for _time in range(200):
            if self.port_file.is_file() and self.port_file.read_text():
                self.port = int(self.port_file.read_text())
                return self
            time.sleep(0.05)
        raise AssertionError("the gateway did not start")

    def __exit__(self, *_exception):
        self.process.kill()
        self.process.wait()

    def received(self):
        """What arrived: tuples of key and invoices, as often as they came."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/received") as answer:
            return json.load(answer)

    def per_invoice(self):
        """How often each invoice arrived."""
        return Counter(
            invoice for _key, text in self.received() for invoice in text.split(",")
        )


def run(database, gateway, timeout=900, **order):
    """Let workers work, and return what they say."""
    result = subprocess.run(
        [ODOO, "shell", "-d", database, "--no-http", "--log-level=error"],
        input=f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        + (HERE / "workers.py").read_text(encoding="utf-8"),
        env={**os.environ, "ORDER": json.dumps({"port": gateway.port, **order})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    lines = [line for line in result.stdout.splitlines() if line.startswith("RESULT ")]
    assert lines, result.stderr[-4000:]
    assert "WORKER" not in result.stderr, result.stderr[-4000:]
    return json.loads(lines[0].removeprefix("RESULT "))


@pytest.mark.parametrize(("point", "arrived"), [("before call", 0), ("after call", 1)])
def test_a_worker_dies_around_the_call(database, tmp_path, point, arrived):
    """Between the commit and the call, and between the call and its outcome."""
    with Gateway(tmp_path) as gateway:
        told = run(
            database, gateway, task="one_death", point=point, customers=5, invoices=5
        )
        received = gateway.per_invoice()
    assert told["killed"]
    # The messages of the batch were written down before the first call.
    assert told["after death"]["attempts"] == {"calling": 5}
    assert told["after death"]["runs"] == {"sending": 5}
    # The next worker asks about them. What the gateway never got is sent again, under
    # a key of its own; what it got is not.
    attempts = told["after the next worker"]["attempts"]
    assert attempts.pop("failed_soft", 0) == 5 - arrived
    if arrived:
        assert attempts == {"sent": 1}
    assert len(received) == arrived
    assert set(received.values()) <= {1}


def test_two_workers_on_one_queue(database, tmp_path):
    with Gateway(tmp_path) as gateway:
        told = run(database, gateway, task="two_workers", customers=300, invoices=600)
        received = gateway.received()
        per_invoice = gateway.per_invoice()
    assert told["ends"] == [0, 0]
    assert told["runs"] == {"done": 600}
    # Two invoices of a customer are one message, though two workers were at it.
    assert len(received) == 300
    assert len(per_invoice) == 600
    assert set(per_invoice.values()) == {1}


def test_a_gateway_that_falls_silent_after_it_took_the_message(database, tmp_path):
    """And one that drops the line, or is busy: one message out of three."""
    with Gateway(tmp_path, faults=33) as gateway:
        told = run(database, gateway, task="two_workers", customers=60, invoices=60)
        per_invoice = gateway.per_invoice()
    assert told["runs"] == {"done": 60}
    assert told["attempts"]["sent"] == 60
    assert len(per_invoice) == 60
    assert set(per_invoice.values()) == {1}


def test_workers_that_die_at_any_moment(database, tmp_path):
    """A thousand messages; ``KVITT_FAULTY_MESSAGES=10000`` for ten times as many."""
    count = int(os.environ.get("KVITT_FAULTY_MESSAGES", "1000"))
    with Gateway(tmp_path, faults=3) as gateway:
        told = run(
            database,
            gateway,
            task="mayhem",
            customers=count,
            invoices=count,
            seed=19,
            deaths=max(count // 100, 5),
        )
        received = gateway.received()
        per_invoice = gateway.per_invoice()
    assert told["deaths"] >= 5, told
    assert told["runs"] == {"done": count}, told
    lost = count - len(per_invoice)
    doubled = sum(times - 1 for times in per_invoice.values())
    assert (lost, doubled) == (0, 0), told
    assert len(received) == count
    # Every message that arrived is one that is known to be sent, under its own key.
    assert told["attempts"]["sent"] == count
    print(told)
