import hashlib
import io
import itertools
import json

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL

from odoo.addons.billing_base.core.reference import normalise

from ..core.errors import BankFileError
from ..core.messages import Message
from ..core.money import decimals
from ..core.recognise import open_bank_file

# Rows sent to the database at a time while a file is read.
INSERT_SIZE = 2000

PAYMENT_COLUMNS = (
    "file_id",
    "position",
    "journal_id",
    "company_id",
    "currency_id",
    "amount",
    "booking_date",
    "value_date",
    "bank_entry",
    "bank_collective",
    "bank_reference",
    "end_to_end_id",
    "mandate_reference",
    "reference",
    "reference_key",
    "reference_values",
    "text",
    "payer_name",
    "payer_account",
    "payment_type",
    "import_key",
    "raw",
    "state",
    "create_uid",
    "write_uid",
)


class BillingBankFile(models.Model):
    """One file of a bank, read whole or refused whole."""

    _name = "billing.bank.file"
    _description = "Bank File"
    _order = "id desc"

    name = fields.Char(string="File Name", required=True, readonly=True)
    checksum = fields.Char(string="SHA-256", required=True, readonly=True)
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    state = fields.Selection(
        selection=[("imported", "Imported"), ("refused", "Refused")],
        required=True,
        readonly=True,
    )
    reason = fields.Text(string="Refused Because", readonly=True)
    format = fields.Char(readonly=True)
    message_id = fields.Char(string="Message Id", readonly=True)
    summary = fields.Json(readonly=True)
    payment_ids = fields.One2many(
        comodel_name="billing.payment", inverse_name="file_id", readonly=True
    )
    payment_count = fields.Integer(string="Imported Payments", readonly=True)
    duplicate_count = fields.Integer(
        string="Duplicates",
        help="Transactions of this file that had been imported before.",
        readonly=True,
    )
    duplicate_positions = fields.Json(readonly=True)
    pending_count = fields.Integer(
        string="Waiting", compute="_compute_outcome_counts", help="Not decided yet."
    )
    settled_count = fields.Integer(
        string="Reconciled", compute="_compute_outcome_counts"
    )
    assigned_count = fields.Integer(
        string="On Account", compute="_compute_outcome_counts"
    )
    review_count = fields.Integer(string="To Review", compute="_compute_outcome_counts")

    _checksum_unique = models.UniqueIndex(
        "(company_id, checksum) WHERE state = 'imported'",
        "This file has been imported before.",
    )

    # === COMPUTE METHODS === #

    def _compute_outcome_counts(self):
        counts = {
            (file.id, state): count
            for file, state, count in self.env["billing.payment"]._read_group(
                [("file_id", "in", self.ids)], ["file_id", "state"], ["__count"]
            )
        }
        # Few files hold money that another importer has brought.
        repeated = self.filtered("duplicate_count")
        if repeated:
            for file, count in self.env["billing.payment"]._read_group(
                [("file_id", "in", repeated.ids), ("repeats_id", "!=", False)],
                ["file_id"],
                ["__count"],
            ):
                counts[file.id, "reconciled"] -= count
        for file in self:
            file.pending_count = counts.get((file.id, "new"), 0)
            file.settled_count = sum(
                counts.get((file.id, state), 0) for state in ("reconciled", "partial")
            )
            file.assigned_count = counts.get((file.id, "assigned"), 0)
            file.review_count = sum(
                counts.get((file.id, state), 0) for state in ("proposed", "unmatched")
            )

    # === ACTIONS === #

    def action_open_payments(self):
        """Open the payments of the file."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "billing.payment",
            "view_mode": "list,kanban,form",
            "domain": [("file_id", "=", self.id)],
        }

    # === BUSINESS METHODS === #

    @api.model
    def _import(self, source, name, journal=None, told=None):
        """Read a bank file and keep its transactions as payments.

        Reads in one pass and writes as it goes, all in the present transaction: on an
        error the caller rolls back, so that nothing of a bad file stays. Payments are
        only stored here; ``billing.payment._process_next`` decides and books them.

        :param source: binary file object or bytes
        :param name: the name to speak of the file by
        :param journal: the bank journal the file must belong to; found by the
            account numbers in the file when not given
        :param told: :class:`collections.Counter` that is given how many messages the
            file holds, by what became of them
        :return: (file record, list of (position, payment id, was seen before)); the
            file record is the earlier one when these very bytes were imported before
        :raises BankFileError: when the file is refused
        """
        if isinstance(source, bytes):
            source = io.BytesIO(source)
        # Recognised before it is read through for the checksum: what is no bank file
        # is refused at once, whatever its size.
        known = {
            "settings": self.env["billing.table.format"]._settings(name, journal),
            "extensions": self._extensions(),
        }
        open_bank_file(source, name, **known)
        source.seek(0)
        checksum = hashlib.file_digest(source, "sha256").hexdigest()
        source.seek(0)
        reader = open_bank_file(source, name, **known)
        journal = journal or self.env["account.journal"].browse(reader.journal_id)
        journals = JournalFinder(self.env, name, journal)
        items = iter(reader)
        first = next(items, None)
        if first:
            company = journals.find(first).company_id
            items = itertools.chain([first], items)
        else:
            company = journal[:1].company_id if journal else self.env.company
        file_sudo = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("checksum", "=", checksum),
                ("state", "=", "imported"),
            ]
        )
        repeated = bool(file_sudo)
        file_sudo = file_sudo or self._create_imported(
            {
                "name": name,
                "checksum": checksum,
                "company_id": company.id,
                "state": "imported",
                "format": reader.format,
            }
        )
        seen = []
        while rows := list(itertools.islice(items, INSERT_SIZE)):
            messages = [item for item in rows if isinstance(item, Message)]
            if messages:
                counts = file_sudo._store_messages(messages, journals)
                if told is not None:
                    told.update(counts)
                rows = [item for item in rows if not isinstance(item, Message)]
            seen += file_sudo._store(rows, journals)
        file_sudo._replace_sums()
        elsewhere = file_sudo._take_over_lines()
        if not repeated:
            summary = reader.summary
            seen = [(at, id_, known or id_ in elsewhere) for at, id_, known in seen]
            duplicates = [position for position, _id, known in seen if known]
            file_sudo.write(
                {
                    "message_id": summary.message_id,
                    "summary": {
                        "transactions": summary.transactions,
                        "entries": summary.entries,
                        "totals": summary.totals,
                        "accounts": list(summary.accounts),
                        "skipped": summary.skipped,
                        "day": summary.day and summary.day.isoformat(),
                    },
                    "payment_count": len(seen) - len(duplicates),
                    "duplicate_count": len(duplicates),
                    "duplicate_positions": duplicates,
                }
            )
        return self.browse(file_sudo.id), seen

    def _create_imported(self, vals):
        """Create the record of a file nobody imported before.

        :raises ConcurrencyError: somebody imported it since this transaction began
        """
        try:
            with self.env.cr.savepoint():
                return self.sudo().create(vals)
        except psycopg2.errors.UniqueViolation as error:
            raise ConcurrencyError(
                "the same file was imported at the same moment"
            ) from error

    @api.model
    def _extensions(self):
        """What other addons read in the files of banks.

        :return: list of :class:`~..core.messages.Extension`
        """
        return []

    def _store_messages(self, messages, journals):
        """Keep what a bank tells beside money. An addon with an extension does it here,
        in few statements for all.

        :param messages: list of :class:`~..core.messages.Message`
        :param journals: the :class:`JournalFinder` of this file
        :return: dict of what became of them to their number; ``repeated`` are those
            that were known
        """
        raise NotImplementedError

    def _store(self, transactions, journals):
        """Insert transactions that are not there yet, in one statement.

        :param transactions: list of :class:`~..core.types.Transaction`
        :param journals: the :class:`JournalFinder` of this file
        :return: list of (position, payment id, was seen before), in order
        """
        self.ensure_one()
        detailed = self._find_detailed(transactions, journals)
        sums = [item for item in transactions if item.position in detailed]
        transactions = [item for item in transactions if item.position not in detailed]
        seen = [(item.position, detailed[item.position], True) for item in sums]
        return sorted(seen + self._insert(transactions, journals))

    def _find_detailed(self, transactions, journals):
        """Sums without details whose payments another file has brought already.

        Norwegian banks send the payments of a KID agreement in camt.054, and the
        same money as one sum, with the same reference, in camt.053.

        :return: dict of position to the id of one of the payments
        """
        sums = {
            (journals.find(item).id, reference, item.booking_date): item
            for item in transactions
            if not item.collective
            and item.raw.get("transaction") == {}
            and (reference := item.raw["entry"].get("AcctSvcrRef"))
        }
        if not sums:
            return {}
        self.env.cr.execute(
            SQL(
                """
                SELECT journal_id, raw->'entry'->>'AcctSvcrRef', booking_date,
                       sum(amount), min(id)
                  FROM billing_payment
                 WHERE bank_collective AND booking_date IN %s AND journal_id IN %s
                   AND raw->'entry'->>'AcctSvcrRef' IN %s
                 GROUP BY 1, 2, 3
                """,
                tuple({date for _journal, _reference, date in sums}),
                tuple({journal_id for journal_id, _reference, _date in sums}),
                tuple({reference for _journal, reference, _date in sums}),
            )
        )
        detailed = {}
        for *key, total, payment_id in self.env.cr.fetchall():
            item = sums.get(tuple(key))
            if item and round(total * 10 ** decimals(item.currency)) == item.amount:
                detailed[item.position] = payment_id
        return detailed

    def _insert(self, transactions, journals):
        """Insert transactions but those whose key is there; see :meth:`_store`."""
        if not transactions:
            return []
        keys = []
        rows = []
        for transaction in transactions:
            journal = journals.find(transaction)
            keys.append((journal.id, transaction.fingerprint))
            rows.append(self._prepare_payment_row(transaction, journal))
        inserted = {
            (journal_id, key): payment_id
            for payment_id, journal_id, key in self.env.cr.execute_values(
                f"INSERT INTO billing_payment ({', '.join(PAYMENT_COLUMNS)},"
                " create_date, write_date) VALUES %s"
                " ON CONFLICT (journal_id, import_key) DO NOTHING"
                " RETURNING id, journal_id, import_key",
                rows,
                template=(
                    f"({', '.join(['%s'] * len(PAYMENT_COLUMNS))},"
                    " now() at time zone 'UTC', now() at time zone 'UTC')"
                ),
                page_size=len(rows),
                fetch=True,
            )
        }
        known = {}
        missing = [key for key in keys if key not in inserted]
        if missing:
            self.env.cr.execute(
                SQL(
                    "SELECT journal_id, import_key, id FROM billing_payment"
                    " WHERE (journal_id, import_key) IN %s",
                    tuple(missing),
                )
            )
            known = {
                (journal_id, key): payment_id
                for journal_id, key, payment_id in self.env.cr.fetchall()
            }
        self.env["billing.payment"].invalidate_model()
        return [
            (transaction.position, inserted.get(key) or known[key], key in known)
            for transaction, key in zip(transactions, keys, strict=True)
        ]

    def _prepare_payment_row(self, transaction, journal):
        """Values of one payment, in the order of ``PAYMENT_COLUMNS``."""
        currency = _currency(journal)
        reference = transaction.reference
        return (
            self.id,
            transaction.position,
            journal.id,
            journal.company_id.id,
            currency.id,
            transaction.amount / 10 ** decimals(transaction.currency),
            transaction.booking_date,
            transaction.value_date,
            f"{self.id}/{transaction.entry}",
            transaction.collective,
            transaction.bank_reference or None,
            transaction.end_to_end_id or None,
            transaction.mandate_id or None,
            reference or None,
            normalise(reference) or None,
            json.dumps(
                [
                    {"value": item.value, "amount": item.amount, "kind": item.kind}
                    for item in transaction.references
                ]
            ),
            " ".join(transaction.texts) or None,
            transaction.payer_name or None,
            transaction.payer_account or None,
            transaction.kind or None,
            transaction.fingerprint,
            json.dumps(transaction.raw),
            "new",
            self.env.uid,
            self.env.uid,
        )

    @api.model
    def _refuse(self, name, source, error, company=None):
        """Keep a refused file's name and the reason where staff can see them.

        :param name: file name
        :param source: binary file object or bytes
        :param error: the :class:`~..core.errors.BankFileError`
        :param company: the company to show it in
        :return: the file record, the earlier one when it was refused before
        """
        if isinstance(source, bytes):
            source = io.BytesIO(source)
        vals = {
            "name": name,
            "checksum": hashlib.file_digest(source, "sha256").hexdigest(),
            "company_id": (company or self.env.company).id,
            "state": "refused",
            "reason": str(error),
        }
        domain = [(field, "=", value) for field, value in vals.items()]
        return self.sudo().search(domain, limit=1) or self.sudo().create(vals)


class JournalFinder:
    """Finds the bank journal of an account in a file, and refuses what fits none."""

    def __init__(self, env, name, journal=None):
        """
        :param env: Odoo environment
        :param name: file name, for messages
        :param journal: the only journals allowed, or None for any
        """
        self.env = env
        self.name = name
        self.journal = journal
        self.found = {}

    def find(self, transaction):
        """
        :param transaction: :class:`~..core.types.Transaction`, or a
            :class:`~..core.messages.Message`
        :return: its ``account.journal``
        :raises BankFileError: wrong account or wrong currency
        """
        key = (transaction.account, transaction.giro, transaction.currency)
        if key not in self.found:
            self.found[key] = self._find(transaction)
        return self.found[key]

    def _find(self, transaction):
        candidates = self.journal or self.env["account.journal"].search(
            [
                ("type", "=", "bank"),
                ("company_id", "in", self.env.companies.ids),
            ]
        )
        journal = candidates.filtered(
            lambda item: item._billing_has_account(transaction.account)
        )
        if transaction.giro and len(journal) != 1:
            # An account nobody entered, or one that several journals share: the giro
            # number the money was sent to tells.
            journal = (journal or candidates).filtered(
                lambda item: item._billing_has_account(transaction.giro)
            ) or journal
        if len(journal) > 1:
            # A giro number takes money in several currencies, a journal keeps one.
            journal = (
                journal.filtered(
                    lambda item: _currency(item).name == transaction.currency
                )
                or journal
            )
        if not journal and self.journal:
            # A journal named by the user that has no account number yet can take it,
            # but it is the journal of one account only.
            taken = set(self.found.values())
            journal = self.journal.filtered(
                lambda item: not item.bank_account_id and item not in taken
            )
        if not journal:
            raise self._error(
                transaction, "account", self._no_journal_message(transaction)
            )
        if len(journal) > 1:
            raise self._error(
                transaction,
                "account",
                f"account {transaction.account} belongs to several bank journals: "
                f"{', '.join(journal.mapped('code'))}; name the journal to use",
            )
        currency = _currency(journal)
        if currency.name != transaction.currency:
            raise self._error(
                transaction,
                "currency",
                f"journal {journal.code} is kept in {currency.name}, "
                f"the file in {transaction.currency}",
            )
        return journal

    def _error(self, transaction, field, message):
        return BankFileError(
            message, file=self.name, line=transaction.line, field=field
        )

    def _no_journal_message(self, transaction):
        account = transaction.account
        if transaction.giro:
            account = f"{account} (giro number {transaction.giro})"
        if self.journal:
            return (
                f"the file is for account {account}, which is not the account of "
                f"journal {self.journal[0].code}"
            )
        return (
            f"no bank journal has account {account}; set the account number (or the "
            "bankgiro number) on the journal, or name the journal to use"
        )


def _currency(journal):
    """Currency the journal is kept in."""
    return journal.currency_id or journal.company_id.currency_id
