"""The bridge to the OCA's reconciliation, with the OCA's addon beside it.

The addon is AGPL and comes with none of ours: it is fetched from the package index into
the cache, where the benchmarks keep the peers. Where that cannot be done the test fails
and says so; nobody shall believe that it ran.
"""

import os
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from kvitt_dev import odoo_log  # noqa: E402

from benchmarks.scratch import BenchError, peers_path  # noqa: E402

BARE = os.environ.get("KVITT_BARE_DATABASE", "")
ADDON = "billing_kid_match_account_reconcile_oca"


def _execute(database, query):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture
def database():
    assert BARE, "run this with `make test`: it makes the empty database"
    name = f"{BARE.rpartition('_')[0]}_oca_{os.getpid()}"
    _execute("postgres", f'DROP DATABASE IF EXISTS "{name}"')
    _execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{BARE}"')
    yield name
    _execute("postgres", f'DROP DATABASE "{name}"')


def _odoo(peers, log, *args):
    result = subprocess.run(
        [
            str(ROOT / "bin" / "odoo"),
            f"--addons-path={ROOT / 'addons'},{peers}",
            *args,
            "--stop-after-init",
            "--no-http",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    log.write_text(result.stderr, encoding="utf-8")
    complaints = odoo_log.complaints(log)
    assert not complaints, "\n".join(complaints)
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stderr


def test_the_bridge_installs_itself_works_and_leaves(database, tmp_path):
    try:
        peers = peers_path()
    except BenchError as error:
        pytest.fail(f"without the OCA's addon nothing was tested: {error}")
    log = tmp_path / "odoo.log"
    both = "billing_kid_match,account_reconcile_oca"
    _odoo(peers, log, "-d", database, "-i", both)
    states = _execute(
        database, f"SELECT state FROM ir_module_module WHERE name = '{ADDON}'"
    )
    assert states == [("installed",)]
    said = _odoo(
        peers,
        log,
        *("-d", database, "-u", ADDON, "--test-enable", "--test-tags", f"/{ADDON}"),
    )
    assert "0 failed, 0 error(s) of 7 tests" in said, said[-3000:]
