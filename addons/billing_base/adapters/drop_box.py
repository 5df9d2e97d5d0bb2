"""A directory that a partner fetches files from and puts its answers in.

::

    outbox/<batch>/          complete batches, for the partner to fetch and remove
    answers/                 what the partner answers
    answers/read/            answers that have been read
    .work/<batch>/           a batch in the making; never fetched
    .journal/<batch>.json    keys of every batch that was ever begun; never fetched

A batch is in ``.work`` until one rename puts it into ``outbox``. Who wants to know what
became of a key after a crash looks in the journal: a batch that is no longer in
``.work`` has been published, fetched or not.
"""

import json
import os
import shutil
from pathlib import Path

_OUTBOX, _ANSWERS, _READ = "outbox", "answers", "answers/read"
_WORK, _JOURNAL, _VOID = ".work", ".journal", ".void"
_ANSWER_TYPES = (".csv", ".json", ".txt")


class DropBox:
    """One company's directory at one partner.

    :param path: where it is; made when it is not there
    """

    def __init__(self, path):
        self.path = Path(path)

    def prepare(self):
        """Make the directories.

        :raises OSError: they cannot be made
        """
        for name in (_OUTBOX, _READ, _WORK, _JOURNAL, _VOID):
            (self.path / name).mkdir(parents=True, exist_ok=True)

    # === SENDING === #

    def publish_files(self, batch, keys, files):
        """Put a batch into the outbox, all of it or nothing.

        :param str batch: its name
        :param keys: what is in it, by which :meth:`find` knows it again
        :param files: pairs of a name and its content as bytes
        :return: None
        :raises OSError: nothing was published
        """
        self.prepare()
        work = self.path / _WORK / batch
        work.mkdir()
        for name, data in files:
            _write(work / name, data)
        _sync(work)
        _sync(work.parent)
        # Before it can be fetched, so that it stays known afterwards.
        journal = self.path / _JOURNAL / f"{batch}.json"
        _write(journal, json.dumps({"keys": list(keys)}).encode())
        _sync(journal.parent)
        os.rename(work, self.path / _OUTBOX / batch)

    def settle(self):
        """Write down for good that batches were published, as far as the disk does.

        :raises OSError: the disk does not answer; they are published all the same
        """
        _sync(self.path / _OUTBOX)
        _sync(self.path / _WORK)

    def find(self, key):
        """Return the name of the batch that a key was published in, or None.

        A batch that never got out is put aside, so that whoever was making it cannot
        publish it any more: afterwards the answer stays true.

        :param str key: one of those that the batch was made with; an unfinished batch
            is known by it when it stands in its name, or begins that of a file
        :raises OSError: the directory cannot be read
        """
        for batch in self._batches_with(key):
            if not self._put_aside(batch):
                return batch
        return None

    def _batches_with(self, key):
        """Return the names of the batches that ever were to hold a key."""
        work, journal = self.path / _WORK, self.path / _JOURNAL
        names = {file.parent.name for file in work.glob(f"*/{key}*")}
        names |= {folder.name for folder in work.glob(f"*{key}*")}
        names |= {
            file.stem
            for file in journal.glob("*.json")
            if key in file.read_text(encoding="utf-8")
        }
        return sorted(names)

    def _put_aside(self, batch):
        """Remove a batch that never got out; return whether it was one."""
        void = self.path / _VOID / batch
        try:
            os.rename(self.path / _WORK / batch, void)
        except FileNotFoundError:
            if not void.exists():
                return False
        (self.path / _JOURNAL / f"{batch}.json").unlink(missing_ok=True)
        shutil.rmtree(void)
        return True

    # === ANSWERS === #

    def answers(self):
        """Return the files of answers that have not been read, by name.

        :rtype: list[pathlib.Path]
        """
        folder = self.path / _ANSWERS
        if not folder.is_dir():
            return []
        return sorted(
            file
            for file in folder.iterdir()
            if file.is_file() and file.suffix.lower() in _ANSWER_TYPES
        )

    def put_away(self, file):
        """Put a file of answers with those that have been read.

        :param pathlib.Path file: one of :meth:`answers`
        """
        target = self.path / _READ / file.name
        number = 0
        while target.exists():
            number += 1
            target = self.path / _READ / f"{file.stem}-{number}{file.suffix}"
        os.rename(file, target)


def _write(path, data):
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
