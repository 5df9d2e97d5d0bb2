"""The diary of ``core.handover`` as files, one for each batch.

They lie in Odoo's data directory, which workers on several machines share, and carry
the number of the worker in their name. A file stays until everything in it is settled
and committed: what a crash left is read by whoever asks for one of its keys.
"""

import os
import uuid
from pathlib import Path

from ..core import handover

#: Linux gives every start of a machine a name of its own.
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SUFFIX = ".jsonl"


def machine():
    """Return what names this machine since it was started, ``""`` = not known."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class HandoverDiary:
    """The diary of one batch.

    :param directory: where the diaries of a database lie; made when it is not there
    :param int worker: number of the worker
    """

    def __init__(self, directory, worker):
        self._directory = Path(directory)
        self._path = self._directory / f"{worker}-{uuid.uuid4().hex}{_SUFFIX}"
        self._file = None

    def open(self, keys):
        """Begin: from here on nothing is handed over that is not written down.

        :param keys: of the attempts of the batch
        :raises OSError: it cannot be written
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        self._file = os.open(
            self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600
        )
        self._write(handover.line_of_batch(keys, machine()))

    def start(self, key):
        """Write down that a message is handed over now."""
        self._write(handover.line_of_start(key))

    def end(self, key, answer):
        """Write down what the server answered.

        :param dict answer: what JSON can hold
        """
        self._write(handover.line_of_answer(key, answer))

    def close(self):
        """End the writing; the file stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, line):
        os.write(self._file, line.encode())


def look_up(directory, worker, key):
    """Return what the diaries of a worker say of a key.

    :return: as :func:`core.handover.read` says it, None if no diary names the key
    :rtype: tuple[str, dict] | None
    """
    here = machine()
    for path in _files(directory, worker):
        try:
            with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
                found = handover.read(lines, here).get(key)
        except FileNotFoundError:
            # Everything in it was settled meanwhile.
            continue
        if found:
            return found
    return None


def workers(directory, before):
    """Return the workers whose diaries were all last written before a moment.

    :param float before: seconds since 1970
    :rtype: set[int]
    """
    old, busy = set(), set()
    for path in _files(directory):
        try:
            is_old = path.stat().st_mtime < before
        except FileNotFoundError:
            continue
        number = path.name.partition("-")[0]
        if number.isdecimal():
            (old if is_old else busy).add(int(number))
    return old - busy


def remove(directory, numbers):
    """Remove the diaries of workers.

    :param numbers: of the workers
    :return: None
    """
    for number in numbers:
        for path in _files(directory, number):
            path.unlink(missing_ok=True)


def _files(directory, worker="*"):
    return Path(directory).glob(f"{worker}-*{_SUFFIX}")
