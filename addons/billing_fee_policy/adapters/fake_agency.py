"""An agency that nobody is behind: for try-outs, demonstrations and tests.

It knows no more than a real one: it fetches what lies in the outbox, checks it, and
puts an answer into the directory of answers.
"""

import csv
import io
import shutil
from datetime import datetime
from pathlib import Path

from ..core import agency_answer, agency_file

_COLUMNS = (*agency_answer.NEEDED, *agency_answer.OPTIONAL)


class FakeAgency:
    """One agency at its directory.

    :param path: of the directory it shares with the company
    """

    def __init__(self, path):
        self.path = Path(path)

    def work(self, at: datetime) -> list[agency_file.Batch]:
        """Fetch and answer every batch that lies in the outbox.

        Claims are accepted, but for those of debtors without an address; what is to be
        given back is given back.

        :param at: now, UTC and naive
        :return: the batches
        :raises FormatError: one is damaged; it stays where it is
        """
        outbox = self.path / "outbox"
        found = []
        for folder in sorted(outbox.iterdir()) if outbox.is_dir() else ():
            batch = agency_file.read(
                {file.name: file.read_bytes() for file in folder.iterdir()}
            )
            rows = [self._on_case(case) for case in batch.cases]
            rows += [
                (message.key, agency_answer.RECALLED)
                for message in batch.messages
                if message.kind == agency_file.WITHDRAW
            ]
            # The answer first: fetched twice, it is answered twice, and that is well.
            self.answer(batch.name, rows, at)
            shutil.rmtree(folder)
            found.append(batch)
        return found

    def answer(self, name, rows, at):
        """Put an answer into the directory.

        :param str name: of the file, without its ending
        :param rows: key, status, and if wanted reason, reference and amount, of each
        :param datetime at: when, UTC and naive
        """
        if not rows:
            return
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=";")
        writer.writerow(_COLUMNS)
        moment = f"{at.isoformat(timespec='seconds')}Z"
        for key, status, *rest in rows:
            writer.writerow((key, status, moment, *rest))
        answers = self.path / "answers"
        answers.mkdir(parents=True, exist_ok=True)
        work = answers / f"{name}.part"
        work.write_text(buffer.getvalue(), encoding="utf-8")
        work.rename(answers / f"{name}.csv")

    def _on_case(self, case):
        if not case.debtor.address:
            return (case.key, agency_answer.REJECTED, "The debtor has no address.")
        return (case.key, agency_answer.ACCEPTED, "", f"K-{case.key[:8].upper()}")
