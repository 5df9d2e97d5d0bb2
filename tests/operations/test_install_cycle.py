"""Each addon alone on an empty database: installs, leaves cleanly, comes back.

Runs Odoo as its users do, in processes of its own, on clones of a database that
has the `base` addon only; `make test` names it in KVITT_BARE_DATABASE. The addons that
build on ours start where Odoo's own ones that our base names are there already.
"""

import ast

import pytest
from kvitt_dev import paths

from .processes import ROOT, odoo, query

# A bridge needs the other side: test_oca_bridge.py.
ADDONS = sorted(paths.manifests(bridges=False))


def _with_dependencies(addon):
    """Return the addon and those of ours that come with it."""
    manifest = ROOT / "addons" / addon / "__manifest__.py"
    depends = ast.literal_eval(manifest.read_text(encoding="utf-8"))["depends"]
    names = {addon}
    for name in depends:
        if name in ADDONS:
            names |= _with_dependencies(name)
    return names


def _state(database, addon):
    rows = query(database, "SELECT state FROM ir_module_module WHERE name = %s", addon)
    return rows[0][0] if rows else None


def _left_behind(database, addons):
    """Return tables and metadata that an uninstalled addon should have taken along."""
    found = query(
        database,
        "SELECT module || '.' || name FROM ir_model_data WHERE module = ANY(%s)",
        sorted(addons),
    )
    found += query(
        database,
        "SELECT tablename FROM pg_tables"
        " WHERE schemaname = 'public' AND starts_with(tablename, 'billing_')",
    )
    return [row[0] for row in found]


@pytest.mark.parametrize("addon", ADDONS)
def test_installs_alone_uninstalls_and_reinstalls(addon, request, tmp_path):
    ours = _with_dependencies(addon)
    database = request.getfixturevalue(
        "bare_database" if ours == {addon} else "accounting_database"
    )
    log = tmp_path / "odoo.log"
    install = ("-d", database, "-i", addon, "--stop-after-init", "--no-http")

    odoo(*install, log=log)
    assert _state(database, addon) == "installed"

    odoo("module", "uninstall", "-d", database, *sorted(ours), log=log)
    assert _state(database, addon) == "uninstalled"
    assert _left_behind(database, ours) == []

    odoo(*install, log=log)
    assert _state(database, addon) == "installed"
