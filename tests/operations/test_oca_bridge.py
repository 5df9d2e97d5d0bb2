"""The bridge to the OCA's reconciliation, with the OCA's addon beside it.

The addon is AGPL and comes with none of ours: it is fetched from the package index into
the cache, where the benchmarks keep the peers. Where that cannot be done the test fails
and says so; nobody shall believe that it ran.
"""

import pytest

from benchmarks.scratch import BenchError, peers_path

from .processes import ROOT, odoo, query

ADDON = "billing_kid_match_account_reconcile_oca"


def test_the_bridge_installs_itself_works_and_leaves(bare_database, tmp_path):
    try:
        peers = peers_path()
    except BenchError as error:
        pytest.fail(f"without the OCA's addon nothing was tested: {error}")
    log = tmp_path / "odoo.log"
    common = (
        f"--addons-path={ROOT / 'addons'},{peers}",
        *("-d", bare_database, "--stop-after-init", "--no-http"),
    )
    odoo(*common, "-i", "billing_kid_match,account_reconcile_oca", log=log)
    states = query(
        bare_database, "SELECT state FROM ir_module_module WHERE name = %s", ADDON
    )
    assert states == [("installed",)]
    said = odoo(
        *(*common, "-u", ADDON, "--test-enable", "--test-tags", f"/{ADDON}"), log=log
    ).stderr
    assert "0 failed, 0 error(s) of 7 tests" in said, said[-3000:]
