"""Diary of what was handed to a mail server, read after a crash.

A server takes a message with its answer to the end of DATA, and SMTP has no way of
asking later whether it did. So a batch writes down, line by line and outside the
database, which keys it is about to hand over, that one is being handed over, and what
the server answered. If the process dies, all but the one message in the middle are
known: those before it have their answer, those after it were never sent.

The last lines of a diary may be lost with the power of the machine, so that what is not
in it proves something only as long as the machine has not been started anew.
"""

import json
from collections.abc import Iterable

#: Handing over may have begun; the server's answer is not known.
UNKNOWN = "unknown"
#: Certainly not handed over.
UNTOUCHED = "untouched"
#: The server answered.
ANSWERED = "answered"


def line_of_batch(keys: Iterable[str], machine: str) -> str:
    """Return the line that opens a batch: everything it is going to send.

    :param keys: of the attempts
    :param machine: what names this machine since it was started, ``""`` = not known
    """
    return json.dumps({"batch": list(keys), "machine": machine}) + "\n"


def line_of_start(key: str) -> str:
    """Return the line written before the message goes out."""
    return json.dumps({"start": key}) + "\n"


def line_of_answer(key: str, answer: dict) -> str:
    """Return the line written after the server answered.

    :param answer: what :func:`read` gives back, a dict that JSON can hold
    """
    return json.dumps({"end": key, "answer": answer}) + "\n"


def read(lines: Iterable[str], machine: str) -> dict[str, tuple[str, dict]]:
    """Return what is known of each key in a diary.

    A line that the crash cut short, or that is no line of ours, tells nothing.

    :param lines: the diary, with their ends
    :param machine: as in :func:`line_of_batch`, of the reader
    :rtype: dict[str, tuple[str, dict]]
    :return: by key: one of the constants, and the answer (``{}`` if there is none)
    """
    known: dict[str, tuple[str, dict]] = {}
    for line in lines:
        entry = _entry(line)
        complete = machine and entry.get("machine") == machine
        for key in entry.get("batch", ()):
            known.setdefault(key, (UNTOUCHED if complete else UNKNOWN, {}))
        if "start" in entry:
            known[entry["start"]] = (UNKNOWN, {})
        if "end" in entry:
            known[entry["end"]] = (ANSWERED, entry["answer"])
    return known


def _entry(line: str) -> dict:
    if not line.endswith("\n"):
        return {}
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(entry, dict):
        return {}
    batch = entry.get("batch", [])
    fits = isinstance(batch, list) and all(isinstance(key, str) for key in batch)
    fits &= isinstance(entry.get("start", ""), str)
    fits &= isinstance(entry.get("end", ""), str)
    fits &= "end" not in entry or isinstance(entry.get("answer"), dict)
    return entry if fits else {}
