import collections
import functools

from odoo import api, models
from odoo.service.model import retrying

from ..core import decision
from ..core.errors import BankFileError

# Payments read back at a time when the result is written out.
REPORT_SIZE = 1000


class BillingImportCommand(models.AbstractModel):
    """The work behind ``odoo billing_import``, apart from arguments and output."""

    _name = "billing.import.command"
    _description = "Bank File Import Command"

    @api.model
    def _run(self, paths, journal_code, write, write_error):
        """Import, match and report files one after the other.

        Each file is imported in one transaction and its payments are booked in many,
        so that a stop at any point loses nothing; the same command again goes on.

        :param paths: list of :class:`pathlib.Path`
        :param journal_code: code of the only bank journal allowed, or None
        :param write: called with a dict for each payment, then with the summary
        :param write_error: called with a line of text for each refused file
        :return: number of refused files
        """
        command = self.with_context(
            allowed_company_ids=self.env["res.company"].search([]).ids
        )
        counts = {"files": 0, "refused": 0, "payments": 0}
        for path in paths:
            told = collections.Counter()
            try:
                file, seen = command._import_file(path, journal_code, told)
            except BankFileError as error:
                error.file = str(path)
                write_error(str(error))
                counts["refused"] += 1
                continue
            counts["files"] += 1
            for outcome, number in told.items():
                for name in ("answers", f"answers_{outcome}"):
                    counts[name] = counts.get(name, 0) + number
            for record in command._report(path, file, seen):
                counts["payments"] += 1
                counts[record["outcome"]] = counts.get(record["outcome"], 0) + 1
                write(record)
        write({"summary": counts})
        return counts["refused"]

    def _import_file(self, path, journal_code, told=None):
        """Import one file and process its payments, committing as it goes.

        :param told: see ``billing.bank.file._import``
        :return: (file record, list of (position, payment id, was done before))
        """
        env = self.env
        try:
            source = path.open("rb")
        except OSError as error:
            raise BankFileError(
                f"cannot be read: {error.strerror}", file=str(path), field="file"
            ) from error
        with source:
            file, seen = retrying(
                functools.partial(
                    self._import_source, source, path, journal_code, told
                ),
                env,
            )
        process = functools.partial(env["billing.payment"]._process_next, file)
        while retrying(process, env)[0]:
            # What is committed need not stay in memory.
            env.invalidate_all()
        return file, seen

    def _import_source(self, source, path, journal_code, told):
        source.seek(0)
        # The second try of a file starts to count anew.
        told = collections.Counter() if told is None else told
        told.clear()
        files = self.env["billing.bank.file"]
        file, seen = files._import(
            source, path.name, self._find_journal(path, journal_code), told
        )
        # What an interrupted run left undone is done now and reported as such.
        unfinished = set(
            self.env["billing.payment"]
            .search([("file_id", "=", file.id), ("state", "=", "new")])
            .ids
        )
        return file, [
            (position, payment_id, known and payment_id not in unfinished)
            for position, payment_id, known in seen
        ]

    def _find_journal(self, path, code):
        """The bank journals with a code; one of them fits the file's account.

        :raises BankFileError: no bank journal has the code
        """
        journals = self.env["account.journal"]
        if not code:
            return journals
        journals = journals.search([("code", "=", code), ("type", "=", "bank")])
        if not journals:
            raise BankFileError(
                f"there is no bank journal with code {code}",
                file=path.name,
                field="journal",
            )
        return journals

    def _report(self, path, file, seen):
        """What became of each transaction of a file.

        :return: iterator of dicts, one for each transaction in the file's order
        """
        for start in range(0, len(seen), REPORT_SIZE):
            chunk = seen[start : start + REPORT_SIZE]
            payments = self.env["billing.payment"].browse([row[1] for row in chunk])
            for (position, _id, known), payment in zip(chunk, payments, strict=True):
                yield {
                    "file": str(path),
                    "position": position,
                    "bank_reference": payment.bank_reference or "",
                    "amount": payment.amount,
                    "currency": payment.currency_id.name,
                    "reference": payment.reference or "",
                    "payer_name": payment.payer_name or "",
                    "payer_account": payment.payer_account or "",
                    "statement_line_id": payment.statement_line_id.id,
                    "counterpart_line_ids": payment.counterpart_line_ids.ids,
                    "outcome": self._outcome(payment, known),
                    "invoice_ids": payment._outcome_invoices().ids,
                    "probability": payment.probability,
                    "reasons": [self._seen_before(payment)]
                    if known
                    else payment._explanation(),
                }
            self.env.invalidate_all()

    @api.model
    def _outcome(self, payment, known):
        """Outcome in the words of the command line."""
        if known:
            return "duplicate"
        # What Odoo refused to book waits like a payment nothing is known of.
        if payment.error:
            return decision.UNMATCHED
        # On account: credited to the customer, the invoice still to be decided.
        if payment.state == decision.ASSIGNED:
            return decision.PROPOSED
        return payment.state

    def _seen_before(self, payment):
        """Where a transaction that was known came from."""
        return self.env._(
            "imported before from %(file)s, no. %(position)s",
            file=payment.file_id.name,
            position=payment.position,
        )
