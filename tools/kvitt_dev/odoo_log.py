"""What Odoo's log says must be nothing: warnings and errors fail a run."""

import re
from pathlib import Path

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ (WARNING|ERROR|CRITICAL) ")
# Known lines that say nothing about Kvitt, each with its reason.
ALLOWED = [
    (
        r"'crypt' is deprecated and slated for removal",
        "passlib on Python 3.11 and 3.12, not ours to change",
    ),
    (
        r"DeprecationWarning.*odoo/addons/(?!billing_)",
        "deprecations inside Odoo's own addons",
    ),
    (
        r"odoo/addons/bus/websocket\.py:\d+: DeprecationWarning: Queue\(0\)",
        "gevent's word to Odoo's bus, in the process that holds the websockets",
    ),
]


def complaints(log: Path) -> list[str]:
    """Return the warnings and errors of a log, each with its traceback.

    :param log: a file written by Odoo's own logging.
    """
    if not log.is_file():
        return [f"{log} was not written"]
    found: list[str] = []
    collecting = False
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if LINE.match(line):
            found.append(line)
            collecting = True
        elif re.match(r"^\d{4}-\d\d-\d\d ", line):
            collecting = False
        elif collecting:
            found[-1] += "\n" + line
    return [
        text
        for text in found
        if not any(re.search(pattern, text) for pattern, _reason in ALLOWED)
    ]
