import logging
import os
import re
import stat
import time
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.billing_base.core.reference import check_passes

from ..core.errors import BankFileError

_logger = logging.getLogger(__name__)

# A file younger than this may still be on its way into the directory.
SETTLE_SECONDS = 30
# Statement lines matched while the user waits; the schedule does the rest.
AT_ONCE = 200
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
    billing_details_elsewhere = fields.Boolean(
        string="Details Come in Another File",
        help="The bank reports sums in camt.053 and their payments in another file, "
        "such as OCR giro. A sum and payments that add up to it, on the same day, are "
        "then the same money although the bank names no common reference.",
    )
    billing_giro_numbers = fields.Char(
        string="Bankgiro and Plusgiro Numbers",
        help="Swedish giro numbers that pay into this account, separated by commas. "
        "Files that name only the giro number find their journal by it.",
        copy=False,
    )
    billing_match_lines = fields.Boolean(
        string="Match Lines from Other Importers",
        help="Money in on this journal that another importer, a bank feed or a person "
        "entered is matched too, as long as nobody has reconciled it.",
        default=True,
    )
    billing_watch_directory = fields.Char(
        string="Watched Directory",
        help="Files put here are imported on a schedule. What was read is moved to "
        "the folder «done», what was refused to «refused» with the reason beside it.",
        groups="base.group_system",
        copy=False,
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("billing_giro_numbers")
    def _check_billing_giro_numbers(self):
        for journal in self:
            for number in _giro_numbers(journal.billing_giro_numbers):
                if len(number) > 8 or not check_passes(number, "mod10"):
                    raise ValidationError(
                        self.env._(
                            "%(number)s is no bankgiro or plusgiro number: its last "
                            "digit does not agree with the others.",
                            number=number,
                        )
                    )

    # === ACTIONS === #

    def action_billing_match_lines(self):
        """Match the open statement lines of the journals now, not on schedule.

        :raises AccessError: for others than billing users
        """
        payments = self.env["billing.payment"]
        payments.check_access("read")
        self.env["billing.booking"]._check_may_decide(payments)
        self.check_access("read")
        taken = payments.sudo()._adopt_lines(self)
        payments.sudo()._process_next(limit=AT_ONCE)
        self.env.ref("billing_bank_file.ir_cron_adopt").sudo()._trigger()
        return {
            "type": "ir.actions.act_window",
            "res_model": "billing.payment",
            "view_mode": "list,kanban,form",
            "domain": [("id", "in", taken.ids)],
            "name": self.env._("Payments from Statement Lines"),
        }

    # === BUSINESS METHODS === #

    def _cron_billing_watch(self):
        """Import the files that lie in the watched directories, one by one.

        Several journals of a company may share a directory: a file goes to the one
        that has its account. A file that cannot be imported now stays for the next
        run and stops no other.
        """
        journals = self.sudo().search([("billing_watch_directory", "!=", False)])
        waiting = [
            (group, path)
            for group in journals.grouped(
                lambda item: (item.company_id, item.billing_watch_directory)
            ).values()
            for path in group._billing_waiting_files()
        ]
        for index, (group, path) in enumerate(waiting, start=1):
            remaining = len(waiting) - index
            try:
                group._billing_import_watched(path)
                time_left = self.env["ir.cron"]._commit_progress(1, remaining=remaining)
            except (ConcurrencyError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                # Somebody else imports it at this moment.
                self.env.cr.rollback()
                continue
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Bank file %s cannot be imported", path)
                group._billing_watch_alert(error)
                time_left = self.env["ir.cron"]._commit_progress(1, remaining=remaining)
            if not time_left:
                break

    def _billing_waiting_files(self):
        """Complete files in the directory the journals watch, oldest first.

        :return: list of :class:`pathlib.Path`
        """
        directory = Path(self[0].billing_watch_directory)
        if not directory.is_dir():
            self._billing_watch_alert(
                self.env._(
                    "The directory %(directory)s does not exist.", directory=directory
                )
            )
            return []
        try:
            paths = list(directory.iterdir())
        except OSError as error:
            self._billing_watch_alert(error)
            return []
        now = time.time()
        found = []
        for path in paths:
            try:
                status = path.lstat()
            except FileNotFoundError:
                # Another worker put it aside meanwhile.
                continue
            if (
                stat.S_ISREG(status.st_mode)
                and not path.name.startswith(".")
                and path.suffix.lower() not in INCOMPLETE_SUFFIXES
                and now - status.st_mtime >= SETTLE_SECONDS
            ):
                found.append((status.st_mtime, path.name, path))
        return [path for _time, _name, path in sorted(found)]

    def _billing_watch_alert(self, error):
        """Tell the managers that the directory of the journals needs a person."""
        journal = self[0]
        journal.company_id._billing_alert(
            self.env._(
                "Watched directory of journal %(journal)s",
                journal=journal.display_name,
            ),
            error,
        )

    def _billing_import_watched(self, path):
        """Import one file and put it aside.

        The file is moved after the payments are safe in the database. When the move
        does not happen, the next run finds every payment known and moves the file. So
        does one that was replaced or grew while it was read: it stays, and is read
        again.

        :param path: :class:`pathlib.Path` of the file
        :raises OSError: the file cannot be read
        """
        files = self.env["billing.bank.file"].with_context(
            allowed_company_ids=self.company_id.ids
        )
        name = os.fsencode(path.name).decode(errors="replace")
        with path.open("rb") as source:
            seen = _identity(os.fstat(source.fileno()))
            try:
                with self.env.cr.savepoint():
                    files._import(source, name, self)
            except BankFileError as error:
                source.seek(0)
                files._refuse(name, source, error, self.company_id)
                _logger.info("Bank file refused: %s", error)
                folder, reason = "refused", str(error)
            else:
                self.env.ref("billing_bank_file.ir_cron_process")._trigger()
                folder, reason = "done", ""
        self.env.cr.postcommit.add(lambda: _put_aside(path, seen, folder, reason))

    # === HELPERS === #

    def _billing_told_by_day(self, withdrawals=False):
        """The journals whose sums get their details in files of another kind.

        :param withdrawals: those on which such files tell of money out too
        :return: ``account.journal`` records
        """
        if withdrawals:
            return self.browse()
        return self.filtered("billing_details_elsewhere")

    def _billing_has_account(self, account):
        """Whether the journal keeps the books of an account.

        :param account: account or giro number as in a bank file, letters and digits
            only
        :return: bool
        """
        self.ensure_one()
        own = self.bank_account_id.sanitized_acc_number
        bare = bare_account(account)
        return bool(own and bare_account(own) == bare) or (
            bare in _giro_numbers(self.billing_giro_numbers)
        )


def bare_account(account):
    """Account number in one form: the national number where an IBAN contains it.

    A Norwegian IBAN is «NO», two check digits and the eleven-digit account number; a
    Swedish one «SE», two check digits, three for the bank and the account number with
    zeros before it. Bankgiro numbers are written with and without leading zeros.

    >>> bare_account("NO93 8601 1117 947"), bare_account("8601.11.17947")
    ('86011117947', '86011117947')
    >>> bare_account("SE45 5000 0000 0583 9825 7466"), bare_account("5839-8257466")
    ('58398257466', '58398257466')
    """
    account = re.sub(r"[^0-9A-Z]", "", account.upper())
    if re.fullmatch(r"NO\d{13}", account):
        return account[4:]
    if re.fullmatch(r"SE\d{22}", account):
        return account[7:].lstrip("0")
    return account.lstrip("0") if account.isdigit() and len(account) < 11 else account


def _giro_numbers(text):
    """Giro numbers in what the user wrote, digits without leading zeros.

    >>> _giro_numbers("991-2346, 5050-1055")
    ['9912346', '50501055']
    """
    parts = re.split(r"[,;\n]", text or "")
    digits = (re.sub(r"\D", "", part).lstrip("0") for part in parts)
    return [number for number in digits if number]


def _identity(status):
    """What tells whether a file is still the one that was read."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _put_aside(path, seen, folder, reason):
    """Move a file that was read, unless it is another one by now.

    :param path: :class:`pathlib.Path` of the file
    :param seen: its :func:`_identity` when it was opened
    :param folder: name of the folder beside it
    :param reason: text to leave beside the file, empty for none
    """
    if not path.exists() or _identity(path.lstat()) != seen:
        return
    target = _move_aside(path, folder)
    if reason:
        target.with_name(f"{target.name}.reason.txt").write_text(
            f"{reason}\n", encoding="utf-8"
        )


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
