"""The continuous integration's run: every check, from a fresh clone."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from . import browser, kannel, lint, postgres, runtime, testing, wheels
from .databases import Databases
from .paths import ROOT
from .testing import Counts
from .ui import SetupError, say

#: A stage's name, how many tests of it passed and failed, and its seconds.
Result = tuple[str, Counts, float]


def _one(check: Callable[[list[str]], int]) -> Counts:
    """Run a check that has no counts of its own: it is one test."""
    return _counts(1 if check([]) else 0)


def _counts(failed: int) -> Counts:
    return {"passed": 1 - failed, "failed": failed}


def _timed(name: str, stage: Callable[[], Counts]) -> Result:
    start = time.monotonic()
    try:
        counts = stage()
    except SetupError as error:
        say(f"kvitt: {error}")
        counts = _counts(1)
    return name, counts, time.monotonic() - start


def _prepare() -> Counts:
    runtime.ensure()
    browser.ensure()
    kannel.ensure()
    return {"passed": 0, "failed": 0}


def _template() -> str:
    """Make the tests' database beside other stages; return its name."""
    return Databases(runtime.ensure()).template()


def _translations() -> tuple[Result, str]:
    """Check the translations beside other stages.

    :return: the result, and what the check printed
    """
    command = [str(ROOT / "tools" / "kvitt"), "i18n"]
    start = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.monotonic() - start
    counts = _counts(1 if done.returncode else 0)
    return ("translations", counts, seconds), done.stdout


def ci(args: list[str]) -> int:
    """Run all checks to their end, so that one run tells all that is wrong.

    Ends with the line ``N passed, N failed``.

    :param args: ``--nightly`` for the tests that take long, too
    """
    nightly = "--nightly" in args
    # Whatever starts Odoo from here on should not see a terminal's language.
    os.environ["LC_ALL"] = "C.UTF-8"
    begun = time.monotonic()
    say("\n======== environment")
    results = [_timed("environment", _prepare)]
    with ThreadPoolExecutor() as pool:
        # Installing addons keeps one core busy and waits for the next file at times.
        beside = pool.submit(_translations)
        template = pool.submit(_template)
        stages: list[tuple[str, Callable[[], Counts]]] = [
            ("lint", lambda: _one(lint.lint)),
            (
                "tests without database",
                lambda: testing.unit_counts(nightly=nightly),
            ),
            ("wheels", lambda: _one(wheels.wheels)),
        ]
        for name, stage in stages:
            say(f"\n======== {name}")
            results.append(_timed(name, stage))
        say("\n======== translations")
        try:
            result, output = beside.result()
            say(output)
        except SetupError as error:
            say(f"kvitt: {error}")
            result = ("translations", _counts(1), 0.0)
        results.append(result)
        # Where it could not be made, the tests say why.
        template.exception()
    # What `make test` does, less the tests without database above.
    say("\n======== make test")
    results.append(
        _timed("make test", lambda: testing.database_counts(nightly=nightly))
    )
    postgres.stop()
    say("")
    for name, counts, seconds in results:
        verdict = "FAILED" if counts["failed"] else "ok"
        say(f"{name:24} {verdict:7} {counts['passed']:5} passed  {seconds:6.0f} s")
    say(f"{'in all':46} {time.monotonic() - begun:6.0f} s")
    sys.stderr.flush()
    testing.closing_line(*(counts for _name, counts, _seconds in results))
    return 1 if any(counts["failed"] for _name, counts, _seconds in results) else 0
