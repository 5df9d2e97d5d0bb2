"""Makes both ways of running work: with a database, and without any.

``make test`` names a database in ``ODOO_RC``; ``pytest -p no:odoo tests/unit``
needs none: the addons are then only importable as ``odoo.addons.<addon>``.
"""

import gc
import json
import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("kvitt", settings(), deadline=None)
settings.register_profile("daily", settings.get_profile("kvitt"), max_examples=40)
settings.load_profile("kvitt")

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("KVITT_HOME") or ROOT / ".kvitt")

# Each of several processes has a database, and so a configuration, of its own.
_own_rc = os.environ.get("ODOO_RC", "") + os.environ.get("PYTEST_XDIST_WORKER", "")
if os.path.isfile(_own_rc):
    os.environ["ODOO_RC"] = _own_rc

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


class OnDatabase:
    """What all tests with a database have, those in the addons' own folders too."""

    @pytest.fixture(scope="session", autouse=True)
    def load_registry(self):
        """Load the registry once, and put there what nearly every class starts from.

        Takes the place of pytest-odoo's fixture, which would copy the database for
        each process with tools an embedded or distant server does not bring along.
        """
        from odoo.modules.registry import Registry
        from odoo.tests.common import get_db_name

        from tests import common

        threading.current_thread().testing = True
        with Registry(get_db_name()).cursor() as cr:
            cr.execute(
                "SELECT 1 FROM ir_config_parameter WHERE key = %s", [common.READY]
            )
            ready = cr.rowcount
        if not ready:
            odoo.tools.config["test_enable"] = True
            common.make_ready()
            odoo.tools.config["test_enable"] = False
        # Nothing of the registry ever goes: looking through it again and again for
        # what may be thrown away would take a good part of the time.
        gc.collect()
        gc.freeze()


def pytest_configure(config):
    if config.pluginmanager.hasplugin("odoo"):
        config.pluginmanager.register(OnDatabase())
    else:
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
    """Count for `make test`, and turn a run with skipped tests into a failed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not reporter:
        return
    count = {name: len(reports) for name, reports in reporter.stats.items() if name}
    refused = os.environ.get("KVITT_FAIL_ON_SKIP") == "1" and count.get("skipped", 0)
    if refused and not exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    target = os.environ.get("KVITT_COUNTS")
    if target:
        failed = sum(count.get(name, 0) for name in ("failed", "error"))
        failed += count.get("subtests failed", 0) + refused
        counts = {"passed": count.get("passed", 0), "failed": failed}
        Path(target).write_text(json.dumps(counts), encoding="utf-8")


# The plugin of pytest-odoo needs Odoo before it reads a database name.
assert odoo
