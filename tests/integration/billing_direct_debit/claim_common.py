"""Companies whose customers are debited, and a directory in which the bank fetches."""

import shutil
import tempfile
from datetime import date, datetime
from pathlib import Path

from .failure_common import DUE, FailureCase

#: Monday on which invoices are issued.
ISSUED = date(2026, 11, 23)
#: Thursday: four bank days before the debit, two of them to spare.
SENT = date(2026, 11, 27)


class ClaimCase(FailureCase):
    """Customers with mandates, and jobs that put files into a directory."""

    is_test = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.agreement.sudo().write(
            {
                "directory": str(cls.folder / "bank"),
                "delivery": "automatic",
            }
        )
        if not cls.is_norway:
            cls.agreement.sudo().seal_key = "1234567890ABCDEF1234567890ABCDEF"
        cls.batches = cls.env["billing.debit.batch"].sudo()
        cls.planner = cls.env["billing.debit.planner"]

    def setUp(self):
        super().setUp()
        # What a test put on the disk is not rolled back.
        self.addCleanup(shutil.rmtree, self.folder / "bank", ignore_errors=True)

    # === BUILDERS === #

    def issue(self, partner=None, due=DUE, amount=1000, day=ISSUED, **values):
        """An invoice that is issued on a day."""
        with self.on(day):
            move = self.create_invoice(
                partner,
                due,
                amount,
                currency_id=self.currency.id,
                invoice_date=day,
                **values,
            )
            move.action_post()
        return move

    def claim_of(self, move):
        """The latest claim of an invoice."""
        return self.claims.sudo().search(
            [("move_id", "=", move.id)], order="id desc", limit=1
        )

    # === DAYS === #

    def on(self, day, hour=9, minute=0):
        """Freeze the clock on a day; 9 by UTC is ten o'clock in winter."""
        return self.at(datetime(day.year, day.month, day.day, hour, minute))

    def run_on(self, day, hour=9):
        """Let the job run on a day."""
        with self.on(day, hour):
            self.planner._run(self.company.sudo())
            self.env.flush_all()

    # === THE BANK === #

    @property
    def outbox(self):
        return self.folder / "bank" / "outbox"

    def fetch(self):
        """Fetch the files as the bank does, and take them away.

        :return: the records of each, the earliest first
        """
        found = []
        folders = self.outbox.glob("*") if self.outbox.exists() else ()
        for folder in sorted(folders):
            for file in folder.iterdir():
                found.append(file.read_bytes().decode("iso-8859-1").splitlines())
            shutil.rmtree(folder)
        return found

    def receipt(self, *lines):
        """Let the bank, or who carries its papers, put a receipt into the directory."""
        answers = self.folder / "bank" / "answers"
        answers.mkdir(parents=True, exist_ok=True)
        (answers / "receipt.csv").write_text(
            "\n".join(["transmission;status;text", *lines])
        )
