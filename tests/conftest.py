"""Makes both ways of running work: with a database, and without any.

``make test`` names a database in ``ODOO_RC``; ``pytest -p no:odoo tests/unit``
needs none: the addons are then only importable as ``odoo.addons.<addon>``.
"""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("KVITT_HOME") or ROOT / ".kvitt")

try:
    import odoo
except ImportError:
    sys.path.insert(0, str(CACHE / "odoo/usr/lib/python3/dist-packages"))
    import odoo


def _make_addons_importable():
    from odoo.modules.module import initialize_sys_path
    from odoo.tools import config

    # Odoo makes a folder below this; keep it out of the user's home.
    config["data_dir"] = str(CACHE / "data")
    config["addons_path"] = [str(ROOT / "addons")]
    initialize_sys_path()


def pytest_configure(config):
    if not config.pluginmanager.hasplugin("odoo"):
        _make_addons_importable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config, items):
    """Run the browser tests last: they take longest and tell least on a failure."""
    result = yield
    items.sort(key=lambda item: "tours" in Path(item.fspath).parts)
    return result


def pytest_terminal_summary(terminalreporter):
    """A skipped test proves nothing: name it loudly where skips are refused."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("KVITT_FAIL_ON_SKIP") == "1":
        terminalreporter.section("skipped tests are failures here")
        for report in skipped:
            terminalreporter.line(f"{report.nodeid}: {report.longrepr[-1]}")


def pytest_sessionfinish(session, exitstatus):
    """Turn a run with skipped tests into a failed one in `make test` and the CI."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("KVITT_FAIL_ON_SKIP") == "1" and not exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# The plugin of pytest-odoo needs Odoo before it reads a database name.
assert odoo
