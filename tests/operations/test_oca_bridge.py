"""The bridge to the OCA's reconciliation, and lines that the OCA's importers made.

The OCA's addons are AGPL and come with none of ours: they are fetched from the package
index into the cache, where the benchmarks keep the peers. Where that cannot be done the
test fails and says so; nobody shall believe that it ran.
"""

import pytest

from benchmarks.scratch import PEERS, BenchError, peers_path

from .processes import ROOT, odoo, query

ADDON = "billing_kid_match_account_reconcile_oca"
OCA = "account_reconcile_oca,account_statement_import_camt"
IMPORTERS = (
    "odoo-addon-account-statement-import-base==19.0.1.0.0.8",
    "odoo-addon-account-statement-import-camt==19.0.1.0.0.8",
    "odoo-addon-account-statement-import-file==19.0.1.0.0.5",
)


@pytest.mark.nightly
def test_the_bridge_installs_itself_and_works(accounting_database, tmp_path):
    try:
        peers = peers_path(PEERS + IMPORTERS, "oca")
    except BenchError as error:
        pytest.fail(f"without the OCA's addons nothing was tested: {error}")
    said = odoo(
        f"--addons-path={ROOT / 'addons'},{peers}",
        *("-d", accounting_database, "--stop-after-init", "--no-http"),
        *("-i", f"billing_kid_match,{OCA}"),
        *("--test-enable", "--test-tags", f"/{ADDON},statement_import/{ADDON}"),
        log=tmp_path / "odoo.log",
    ).stderr
    states = query(
        accounting_database,
        "SELECT state FROM ir_module_module WHERE name = %s",
        ADDON,
    )
    assert states == [("installed",)]
    assert "0 failed, 0 error(s) of 14 tests" in said, said[-3000:]
