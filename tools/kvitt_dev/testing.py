"""Running the tests: without a database, and on a clone of the template."""

import json
import os
import subprocess
import sys
from pathlib import Path

from . import browser, kannel, odoo_log, runtime
from .databases import PREFIX, Databases
from .paths import ADDONS, CACHE, LOGS, ROOT, TESTS, bridges
from .postgres import free_port
from .ui import say

REPORTS = CACHE / "reports"
# How many tests of a run passed and failed.
Counts = dict[str, int]


#: Tests that run Odoo in processes of their own.
OPERATIONS = "tests/operations"
#: Tests with browsers of their own, in front of a server of their own.
BROWSER = "tests/browser"
#: Tests that run at the same time, each in a process and on a database of its own.
WORKERS = min(max(os.cpu_count() or 2, 2), 4)
#: On a database: each waits for PostgreSQL, the disk or a browser about a sixth of the
#: time, in which one more has a processor to itself.
ON_DATABASE = WORKERS + 1
#: Leaves out what only `make nightly` runs: installing and removing every addon,
#: killing workers again and again, every screen in every state; and looks for less
#: long for what breaks a property. Whoever names such a test gets all of it.
DAILY = ["-m", "not nightly", "--hypothesis-profile=daily"]


def _pytest(
    rt: runtime.Runtime,
    name: str,
    args: list[str],
    *,
    filtered: bool,
    **env: str,
) -> tuple[int, Counts]:
    """Run pytest; return its exit code and how many passed and failed.

    :param filtered: the caller chose tests, so that choosing none is no failure.
    """
    REPORTS.mkdir(exist_ok=True)
    report = REPORTS / f"{name}-{os.getpid()}.json"
    command = [
        str(rt.python), "-m", "pytest",
        "-o", f"cache_dir={CACHE / 'pytest'}", "--durations=20",
        f"--junitxml={REPORTS / name}.xml", *args,
    ]  # fmt: skip
    environment = {
        **rt.environment(),
        "KVITT_FAIL_ON_SKIP": "1",
        "KVITT_COUNTS": str(report),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(CACHE / "hypothesis"),
        **env,
    }
    code = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
    ).returncode
    counts = {"passed": 0, "failed": 0}
    if report.is_file():
        counts = json.loads(report.read_text())
        report.unlink()
    nothing_chosen = code == 5 and filtered
    if code and not counts["failed"] and not nothing_chosen:
        counts["failed"] = 1
    return code, counts


def closing_line(*all_counts: Counts) -> None:
    passed = sum(counts["passed"] for counts in all_counts)
    failed = sum(counts["failed"] for counts in all_counts)
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed", flush=True)


def _run_unit(
    rt: runtime.Runtime, args: list[str], nightly: bool = False
) -> tuple[int, Counts]:
    spread = ["-n", str(WORKERS), *_chosen(nightly), "tests/unit"]
    options = ["-p", "no:odoo", *([] if _named(args) else spread), *args]
    return _pytest(rt, "unit", options, filtered=bool(args))


def unit(args: list[str]) -> int:
    """Run the tests that need no database."""
    return _run_unit(runtime.ensure(), args)[0]


def _run_on_database(
    rt: runtime.Runtime, args: list[str], nightly: bool = False
) -> tuple[int, Counts]:
    """Run the tests named, or all, each worker on a clone of the template.

    Tests that are named run in one process, so that their output can be followed.
    """
    kannel.ensure()
    for old in LOGS.glob("test*-*.log"):
        if not Path(f"/proc/{old.stem.rpartition('-')[2]}").exists():
            old.unlink()
    named = _named(args)
    databases = Databases(rt)
    # pytest-xdist calls its workers gw0, gw1, …: what follows the database's kind.
    workers = [""] if named else [f"gw{nth}" for nth in range(ON_DATABASE)]
    names = {worker: databases.test_clone(worker) for worker in workers}
    rc = CACHE / f"{PREFIX}_test_{os.getpid()}.conf"
    configs = {worker: rc.with_suffix(f".conf{worker}") for worker in workers}
    logs = {}
    for worker, name in names.items():
        logs[worker] = LOGS / f"{name.removeprefix(PREFIX + '_').replace('_', '-')}.log"
        runtime.write_config(
            configs[worker],
            rt.server,
            db_name=name,
            dbfilter=f"^{name}$",
            logfile=str(logs[worker]),
            http_port=str(free_port()),
            max_cron_threads="0",
            screenshots=str(LOGS / "screenshots"),
        )
    chosen = bool(args)
    if not named:
        # The process that hands out the tests reads one too, and runs none.
        rc.write_bytes(configs[workers[0]].read_bytes())
        spread = ["-n", str(ON_DATABASE), "--dist", "loadscope"]
        args = [*spread, *_chosen(nightly), *map(str, _folders()), *args]
    try:
        code, counts = _pytest(
            rt,
            "database",
            ["--odoo-http", "--odoo-log-level=info", *args],
            filtered=chosen,
            ODOO_RC=str(rc),
            PATH=browser.on_path(rt.environment()["PATH"]),
        )
    finally:
        for path in {rc, *configs.values()}:
            path.unlink(missing_ok=True)
        for name in names.values():
            if os.environ.get("KEEP") == "1":
                say(f"    kept the database {name}")
            else:
                databases.drop(name)
    for log in logs.values():
        found = odoo_log.complaints(log)
        if found:
            print(f"\nOdoo's log has {len(found)} warnings or errors ({log}):")
            for text in found[:20]:
                print("  " + text.replace("\n", "\n    "))
            counts["failed"] += 1
            code = code or 1
    return code, counts


def _named(args: list[str]) -> list[str]:
    """Return those of the arguments that name tests."""
    return [arg for arg in args if Path(arg.split("::")[0]).exists()]


def _chosen(nightly: bool) -> list[str]:
    return [] if nightly else DAILY


def _folders() -> list[Path]:
    """Return the folders with tests that need a database."""
    found = [
        *sorted(TESTS.glob("integration/billing_*/")),
        *sorted(TESTS.glob("tours/billing_*/")),
        *sorted(ADDONS.glob("*/tests/")),
    ]
    # Bridges to other people's addons are tested with these, in tests/operations.
    return [path for path in found if path.parent.name not in bridges()]


def _run_operations(
    rt: runtime.Runtime, args: list[str], nightly: bool = False
) -> tuple[int, Counts]:
    """Run the tests named, or all, that run Odoo in processes of their own."""
    databases = Databases(rt)
    # What a file starts, it starts once.
    spread = ["-n", str(WORKERS), "--dist", "loadfile", *_chosen(nightly), OPERATIONS]
    return _pytest(
        rt,
        "operations",
        ["-p", "no:odoo", *([] if _named(args) else spread), *args],
        filtered=bool(args),
        KVITT_BARE_DATABASE=databases.bare(),
        KVITT_TEMPLATE_DATABASE=databases.template(),
    )


def _run_browser(
    rt: runtime.Runtime, args: list[str], nightly: bool = False
) -> tuple[int, Counts]:
    """Run the tests with people in browsers of their own, in front of a real server."""
    browser.ensure()
    spread = ["-n", str(WORKERS), "--dist", "loadscope", *_chosen(nightly), BROWSER]
    return _pytest(
        rt,
        "browser",
        ["-p", "no:odoo", *([] if _named(args) else spread), *args],
        filtered=bool(args),
        KVITT_TEMPLATE_DATABASE=Databases(rt).template(),
    )


def unit_counts(*, nightly: bool = False) -> Counts:
    """Run the tests without database; return the counts."""
    return _run_unit(runtime.ensure(), [], nightly)[1]


def database_counts(args: list[str] | None = None, *, nightly: bool = False) -> Counts:
    """Run everything that needs a database; return the counts.

    :param args: pytest's options; those with processes and browsers of their own run
        without any
    :param nightly: whether what takes long runs, too
    """
    rt = runtime.ensure()
    browser.ensure()
    say("==> Tests on a database, with browser")
    results = [_run_on_database(rt, args or [], nightly)[1]]
    if not args:
        say("==> Odoo in processes of its own")
        results.append(_run_operations(rt, [], nightly)[1])
        say("==> Customers and staff in browsers of their own")
        results.append(_run_browser(rt, [], nightly)[1])
    return {key: sum(counts[key] for counts in results) for key in ("passed", "failed")}


def nightly(args: list[str]) -> int:
    """Run all tests, those that take long among them."""
    say("==> Tests without database")
    results = [unit_counts(nightly=True), database_counts(nightly=True)]
    closing_line(*results)
    return 1 if any(counts["failed"] for counts in results) else 0


def test(args: list[str]) -> int:
    """Run the tests, or those that the arguments name on a clone of the template."""
    named = _named(args)
    for folder, run in ((BROWSER, _run_browser), (OPERATIONS, _run_operations)):
        if any(arg.startswith(folder) for arg in named):
            return run(runtime.ensure(), args)[0]
    if named:
        return _run_on_database(runtime.ensure(), args)[0]
    say("==> Tests without database")
    results = [_run_unit(runtime.ensure(), args)[1], database_counts(args)]
    closing_line(*results)
    return 1 if any(counts["failed"] for counts in results) else 0


def bench(args: list[str]) -> int:
    """Run the benchmarks with Odoo and the server at hand."""
    rt = runtime.ensure()
    Databases(rt).template()
    env = {**rt.environment(), "KVITT_TEMPLATE": Databases(rt).template()}
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), env["PYTHONPATH"]])
    command = [str(rt.python), "-m", "benchmarks", *args]
    return subprocess.run(command, cwd=ROOT, env=env).returncode


def shell_env(args: list[str]) -> int:
    """Print the environment the children get, for use in a shell."""
    import shlex

    rt = runtime.ensure()
    env = rt.environment()
    for name in ("PYTHONPATH", "PATH", "ODOO_RC", *rt.server.environment()):
        print(f"export {name}={shlex.quote(env[name])}")
    return 0
