"""The continuous integration's run: every check, from a fresh clone."""

import os
import sys
import time
from collections.abc import Callable

from . import i18n, lint, postgres, testing, wheels
from .testing import Counts
from .ui import SetupError, say


def _one(check: Callable[[list[str]], int]) -> Counts:
    """Run a check that has no counts of its own: it is one test."""
    failed = 1 if check([]) else 0
    return {"passed": 1 - failed, "failed": failed}


def ci(args: list[str]) -> int:
    """Run all checks to their end, so that one run tells all that is wrong.

    Ends with the line ``N passed, N failed``.
    """
    # Whatever starts Odoo from here on should not see a terminal's language.
    os.environ["LC_ALL"] = "C.UTF-8"
    stages: list[tuple[str, Callable[[], Counts]]] = [
        ("lint", lambda: _one(lint.lint)),
        ("tests without database", testing.unit_counts),
        ("wheels", lambda: _one(wheels.wheels)),
        ("translations", lambda: _one(i18n.i18n)),
        # What `make test` does, less the tests without database above.
        ("make test", testing.database_counts),
    ]
    results = []
    for name, stage in stages:
        say(f"\n======== {name}")
        start = time.monotonic()
        try:
            counts = stage()
        except SetupError as error:
            say(f"kvitt: {error}")
            counts = {"passed": 0, "failed": 1}
        results.append((name, counts, time.monotonic() - start))
    postgres.stop()
    say("")
    for name, counts, seconds in results:
        verdict = "FAILED" if counts["failed"] else "ok"
        say(f"{name:24} {verdict:7} {counts['passed']:5} passed  {seconds:6.0f} s")
    sys.stderr.flush()
    testing.closing_line(*(counts for _name, counts, _seconds in results))
    return 1 if any(counts["failed"] for _name, counts, _seconds in results) else 0
