"""Each addon alone on an empty database: installs, leaves cleanly, comes back.

Runs Odoo as its users do, in processes of its own, on clones of a database that
has the `base` addon only; `make test` names it in KVITT_BARE_DATABASE. The addons that
build on ours start where Odoo's own ones that our base names are there already. Those
that join two others go and come where the others stay, with books in them.
"""

import ast

import pytest
from kvitt_dev import paths

from .processes import ROOT, odoo, query


def _manifest(addon):
    file = ROOT / "addons" / addon / "__manifest__.py"
    return ast.literal_eval(file.read_text(encoding="utf-8"))


# One that joins ours with other people's needs these: test_oca_bridge.py.
OURS = sorted(paths.manifests(bridges=False))
JOINING = [addon for addon in OURS if _manifest(addon).get("auto_install")]
ADDONS = sorted(set(OURS) - set(JOINING))


def _with_dependencies(addon):
    """Return the addon and those of ours that come with it."""
    names = {addon}
    for name in _manifest(addon)["depends"]:
        if name in ADDONS:
            names |= _with_dependencies(name)
    return names


def _state(database, addon):
    rows = query(database, "SELECT state FROM ir_module_module WHERE name = %s", addon)
    return rows[0][0] if rows else None


def _metadata(database, addons):
    """Return what the database still calls these addons' own."""
    found = query(
        database,
        "SELECT module || '.' || name FROM ir_model_data WHERE module = ANY(%s)",
        sorted(addons),
    )
    return [row[0] for row in found]


def _tables(database):
    """Return our tables, each with its columns."""
    return query(
        database,
        "SELECT table_name, array_agg(column_name::text ORDER BY column_name)"
        "  FROM information_schema.columns"
        " WHERE table_schema = 'public' AND starts_with(table_name, 'billing_')"
        " GROUP BY table_name ORDER BY table_name",
    )


@pytest.mark.nightly
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
    assert _metadata(database, ours) == []
    assert _tables(database) == []

    odoo(*install, log=log)
    assert _state(database, addon) == "installed"


@pytest.mark.nightly
def test_those_that_join_two_others_leave_and_come_back(database, tmp_path):
    log = tmp_path / "odoo.log"
    before = _tables(database)

    odoo("module", "uninstall", "-d", database, *JOINING, log=log)
    assert {_state(database, addon) for addon in JOINING} == {"uninstalled"}
    assert _metadata(database, JOINING) == []

    names = ",".join(JOINING)
    odoo("-d", database, "-i", names, "--stop-after-init", "--no-http", log=log)
    assert {_state(database, addon) for addon in JOINING} == {"installed"}
    assert _tables(database) == before
