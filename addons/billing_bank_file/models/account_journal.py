import logging
import re
import time
from pathlib import Path

from odoo import fields, models

from ..core.errors import BankFileError

_logger = logging.getLogger(__name__)

# A file younger than this may still be on its way into the directory.
SETTLE_SECONDS = 30
# How transfer programs name files that are not complete yet.
INCOMPLETE_SUFFIXES = (".part", ".tmp", ".filepart", ".swp")


class AccountJournal(models.Model):
    _inherit = "account.journal"

    billing_collective = fields.Boolean(
        string="Book Sure Payments Collectively",
        help="Payments that the bank books in one sum, and that are sure, become items "
        "of one statement line instead of a line each. Doubtful ones always get a line "
        "of their own.",
        default=True,
    )
    billing_watch_directory = fields.Char(
        string="Watched Directory",
        help="Files put here are imported on a schedule. What was read is moved to "
        "the folder «done», what was refused to «refused» with the reason beside it.",
        groups="base.group_system",
        copy=False,
    )

    # === BUSINESS METHODS === #

    def _cron_billing_watch(self):
        """Import the files that lie in the watched directories, one by one."""
        journals = self.sudo().search([("billing_watch_directory", "!=", False)])
        waiting = [
            (journal, path)
            for journal in journals
            for path in journal._billing_waiting_files()
        ]
        for index, (journal, path) in enumerate(waiting, start=1):
            journal._billing_import_watched(path)
            if not self.env["ir.cron"]._commit_progress(
                1, remaining=len(waiting) - index
            ):
                break

    def _billing_waiting_files(self):
        """Complete files in the journal's watched directory, oldest first.

        :return: list of :class:`pathlib.Path`
        """
        self.ensure_one()
        directory = Path(self.billing_watch_directory)
        if not directory.is_dir():
            self.company_id._billing_alert(
                self.env._(
                    "Watched directory of journal %(journal)s",
                    journal=self.display_name,
                ),
                self.env._(
                    "The directory %(directory)s does not exist.", directory=directory
                ),
            )
            return []
        now = time.time()
        found = []
        for path in directory.iterdir():
            if (
                path.is_file()
                and not path.is_symlink()
                and not path.name.startswith(".")
                and path.suffix.lower() not in INCOMPLETE_SUFFIXES
                and now - path.stat().st_mtime >= SETTLE_SECONDS
            ):
                found.append(path)
        return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))

    def _billing_import_watched(self, path):
        """Import one file and put it aside.

        The file is moved after the payments are safe in the database. When the move
        does not happen, the next run finds every payment known and moves the file.

        :param path: :class:`pathlib.Path` of the file
        """
        files = self.env["billing.bank.file"].with_context(
            allowed_company_ids=self.company_id.ids
        )
        try:
            with self.env.cr.savepoint(), path.open("rb") as source:
                files._import(source, path.name, self)
        except BankFileError as error:
            files._refuse(path.name, path.read_bytes(), error, self.company_id)
            _logger.info("Bank file refused: %s", error)
            target = _move_aside(path, "refused")
            target.with_name(f"{target.name}.reason.txt").write_text(
                f"{error}\n", encoding="utf-8"
            )
        else:
            self.env.ref("billing_bank_file.ir_cron_process")._trigger()
            self.env.cr.postcommit.add(lambda: _move_aside(path, "done"))

    # === HELPERS === #

    def _billing_has_account(self, account):
        """Whether the journal keeps the books of an account.

        :param account: account number as in a bank file, letters and digits only
        :return: bool
        """
        self.ensure_one()
        own = self.bank_account_id.sanitized_acc_number
        return bool(own) and _bare_account(own) == _bare_account(account)


def _bare_account(account):
    """Account number in one form: the national number where an IBAN contains it.

    A Norwegian IBAN is «NO», two check digits and the eleven-digit account number.
    Bankgiro numbers are written with and without leading zeros.

    >>> _bare_account("NO93 8601 1117 947"), _bare_account("8601.11.17947")
    ('86011117947', '86011117947')
    """
    account = re.sub(r"[^0-9A-Z]", "", account.upper())
    if re.fullmatch(r"NO\d{13}", account):
        return account[4:]
    return account.lstrip("0") if account.isdigit() and len(account) < 11 else account


def _move_aside(path, folder):
    """Move a file into a folder beside it, never over another file.

    :return: the new path
    """
    directory = path.parent / folder
    directory.mkdir(exist_ok=True)
    target = directory / path.name
    number = 1
    while target.exists():
        number += 1
        target = directory / f"{path.stem}.{number}{path.suffix}"
    return path.rename(target)
