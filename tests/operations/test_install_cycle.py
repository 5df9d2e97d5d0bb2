"""Each addon alone on an empty database: installs, leaves cleanly, comes back.

Runs Odoo as its users do, in processes of its own, on clones of a database that
has the `base` addon only; `make test` names it in KVITT_BARE_DATABASE.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))

from kvitt_dev import odoo_log, paths  # noqa: E402

BARE = os.environ.get("KVITT_BARE_DATABASE", "")
# A bridge needs the other side: test_oca_bridge.py.
ADDONS = sorted(paths.manifests(bridges=False))


def _execute(database, query, *args):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, args)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def _with_dependencies(addon):
    """Return the addon and those of ours that come with it."""
    manifest = ROOT / "addons" / addon / "__manifest__.py"
    depends = ast.literal_eval(manifest.read_text(encoding="utf-8"))["depends"]
    names = {addon}
    for name in depends:
        if name in ADDONS:
            names |= _with_dependencies(name)
    return names


@pytest.fixture
def database():
    assert BARE, "run this with `make test`: it makes the empty database"
    name = f"{BARE.rpartition('_')[0]}_cycle_{os.getpid()}"
    _execute("postgres", f'DROP DATABASE IF EXISTS "{name}"')
    _execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{BARE}"')
    yield name
    _execute("postgres", f'DROP DATABASE "{name}"')


def _odoo(log, *args):
    result = subprocess.run(
        [str(ROOT / "bin" / "odoo"), *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    with open(log, "a", encoding="utf-8") as said:
        said.write(result.stderr)
    complaints = odoo_log.complaints(log)
    assert not complaints, "\n".join(complaints)
    assert result.returncode == 0, result.stderr[-3000:]


def _state(database, addon):
    rows = _execute(
        database, "SELECT state FROM ir_module_module WHERE name = %s", addon
    )
    return rows[0][0] if rows else None


def _left_behind(database, addons):
    """Return tables and metadata that an uninstalled addon should have taken along."""
    found = _execute(
        database,
        "SELECT module || '.' || name FROM ir_model_data WHERE module = ANY(%s)",
        sorted(addons),
    )
    found += _execute(
        database,
        "SELECT tablename FROM pg_tables"
        " WHERE schemaname = 'public' AND starts_with(tablename, 'billing_')",
    )
    return [row[0] for row in found]


@pytest.mark.parametrize("addon", ADDONS)
def test_installs_alone_uninstalls_and_reinstalls(addon, database, tmp_path):
    log = tmp_path / "odoo.log"
    install = ("-d", database, "-i", addon, "--stop-after-init", "--no-http")
    ours = _with_dependencies(addon)

    _odoo(log, *install)
    assert _state(database, addon) == "installed"

    _odoo(log, "module", "uninstall", "-d", database, *sorted(ours))
    assert _state(database, addon) == "uninstalled"
    assert _left_behind(database, ours) == []

    _odoo(log, *install)
    assert _state(database, addon) == "installed"
