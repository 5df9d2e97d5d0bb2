"""Progress and errors, always on standard error: standard output is for data."""

import os
import sys
import time
from contextlib import contextmanager

QUIET = False


class SetupError(Exception):
    """Something a person has to change; its text is shown without a traceback."""


def say(text: str) -> None:
    """Print one line of progress unless the caller asked for silence."""
    if not QUIET:
        print(text, file=sys.stderr, flush=True)


@contextmanager
def step(text: str):
    """Announce a step and how long it took."""
    say(f"==> {text}")
    start = time.monotonic()
    yield
    say(f"    done in {time.monotonic() - start:.1f} s")


def in_ci() -> bool:
    """Whether this run is the continuous integration's."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")
