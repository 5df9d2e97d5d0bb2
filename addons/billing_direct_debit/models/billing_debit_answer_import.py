import json
from collections import Counter

import psycopg2

from odoo import api, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL, mute_logger

from ..core import answers, mandates

ANSWER_COLUMNS = (
    "company_id",
    "agreement_id",
    "file_id",
    "line",
    "kind",
    "subject",
    "reference",
    "date",
    "amount",
    "currency_id",
    "code",
    "record",
    "key",
    "state",
    "reason_code",
    "reason_values",
    "mandate_id",
    "claim_id",
    "request_id",
    "partner_id",
    "guess_id",
    "create_uid",
    "write_uid",
)


class BillingDebitAnswer(models.Model):
    """Answers on their way from the file into the database."""

    _inherit = "billing.debit.answer"

    # === BUSINESS METHODS === #

    @api.model
    def _keep(self, file, messages, journals):
        """Apply what the bank tells and keep it, each record once.

        :param file: ``billing.bank.file`` it stands in
        :param messages: list of :class:`~odoo.addons.billing_bank_file.core.messages.
            Message`
        :param journals: the ``JournalFinder`` of the file
        :return: :class:`collections.Counter` of what became of them
        :raises BankFileError: the file is for another account
        :raises ConcurrencyError: the same record is read by somebody else just now
        """
        agreements = {}
        items = []
        for message in messages:
            journal = journals.find(message)
            place = (message.kind, message.account, journal)
            if place not in agreements:
                agreements[place] = self._agreement_of(message, journal)
            items.append(self._item(file, message, journal, agreements[place]))
        known = self._known_keys(items)
        told = Counter(repeated=sum(item["key"] in known for item in items))
        items = [item for item in items if item["key"] not in known]
        for item, result in zip(items, self._apply_items(items), strict=True):
            item.update(result)
            told[item["state"]] += 1
        self._insert_items(items)
        # A long file must not grow in memory.
        self.env.invalidate_all()
        return +told

    @api.model
    def _item(self, file, message, journal, agreement_id):
        """What is kept of a message.

        :return: dict of the columns that do not depend on what becomes of it
        """
        record = message.record
        currency = journal.currency_id or journal.company_id.currency_id
        minor = record.get("amount_ore")
        is_list = message.kind in answers.LISTS or (
            record.get("registration") == mandates.LISTED
        )
        return {
            "company_id": journal.company_id.id,
            "agreement_id": agreement_id,
            "file_id": file.id,
            "line": message.line,
            "kind": message.kind,
            "subject": record.get("kid") or record.get("payer_number") or None,
            "reference": record.get("reference") or None,
            "date": record.get("day") or None,
            "amount": None if minor is None else minor / 10**currency.decimal_places,
            "currency_id": currency.id,
            "code": answers.code_of(message.kind, record) or None,
            "record": record,
            # What a complete list says holds on the day it was made.
            "key": f"{message.fingerprint}:{file.id}"
            if is_list
            else message.fingerprint,
        }

    @api.model
    def _agreement_of(self, message, journal):
        """The agreement that a message belongs to.

        :return: id, or False when there is none
        """
        scheme = message.kind.partition("_")[0]
        agreements_sudo = (
            self.env["billing.debit.agreement"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [("company_id", "=", journal.company_id.id), ("scheme", "=", scheme)],
                order="active desc, sequence, id",
            )
        )
        exact = agreements_sudo.filtered(
            lambda agreement: agreement._has_account(message.account)
        )
        same = agreements_sudo.filtered(lambda item: item.journal_id == journal)
        return (exact or same)[:1].id

    @api.model
    def _known_keys(self, items):
        """The keys of answers that have been read before."""
        if not items:
            return set()
        rows = self.env.execute_query(
            SQL(
                "SELECT key FROM billing_debit_answer"
                " WHERE company_id IN %s AND key = ANY(%s)",
                tuple({item["company_id"] for item in items}),
                [item["key"] for item in items],
            )
        )
        return {key for (key,) in rows}

    @api.model
    def _insert_items(self, items):
        """Insert answers in one statement.

        :param items: list of dicts of :meth:`_item` with the result of
            :meth:`_apply_items`
        """
        if not items:
            return
        self._add_customers(items)
        rows = [
            tuple(
                json.dumps(item[name])
                if name in ("record", "reason_values")
                else item.get(name) or None
                for name in ANSWER_COLUMNS[:-2]
            )
            + (self.env.uid, self.env.uid)
            for item in items
        ]
        try:
            # The log would quote the records, accounts and all.
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self.env.cr.execute_values(
                    f"INSERT INTO billing_debit_answer ({', '.join(ANSWER_COLUMNS)},"
                    " create_date, write_date) VALUES %s",
                    rows,
                    template=(
                        f"({', '.join(['%s'] * len(ANSWER_COLUMNS))},"
                        " now() at time zone 'UTC', now() at time zone 'UTC')"
                    ),
                    page_size=len(rows),
                )
        except psycopg2.errors.UniqueViolation as error:
            raise ConcurrencyError(
                "the same answers are read at the same moment"
            ) from error

    @api.model
    def _add_customers(self, items):
        """Note whose mandates the answers are about."""
        mandates_sudo = (
            self.env["billing.mandate"]
            .sudo()
            .browse({item["mandate_id"] for item in items if item.get("mandate_id")})
        )
        customers = {mandate.id: mandate.partner_id.id for mandate in mandates_sudo}
        for item in items:
            item["partner_id"] = customers.get(item.get("mandate_id"))

    # === BUSINESS METHODS - COMPLETE LISTS === #

    @api.model
    def _compare_lists(self, file):
        """Ask somebody about mandates that a complete list does not name.

        A list may be of another account, or cut by whoever ordered it: nothing ends
        because of it until a person says so.

        :param file: ``billing.bank.file`` that was just read
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT answer.agreement_id, answer.kind, min(answer.id)
                  FROM billing_debit_answer AS answer
                 WHERE answer.file_id = %s AND answer.agreement_id IS NOT NULL
                   AND (answer.kind = %s
                        OR (answer.kind = %s
                            AND answer.record->>'registration' = %s))
                 GROUP BY answer.agreement_id, answer.kind
                """,
                file.id,
                answers.SE_REGISTER,
                answers.NO_MANDATE,
                str(mandates.LISTED),
            )
        )
        kinds = {kind: of for of, kind in answers.OF_LISTS.items()}
        items = []
        for agreement_id, kind, _first in rows:
            agreement = self.env["billing.debit.agreement"].browse(agreement_id)
            missing = self._missing_of(agreement, file)
            items.append(
                {
                    "company_id": agreement.company_id.id,
                    "agreement_id": agreement.id,
                    "file_id": file.id,
                    "line": 0,
                    "kind": kinds[kind],
                    "subject": file.name,
                    "record": {},
                    "key": f"list:{file.id}:{agreement.id}",
                    "state": "worklist" if missing else "applied",
                    "reason_code": "not_listed" if missing else None,
                    "reason_values": {"count": len(missing)},
                }
            )
        known = self._known_keys(items)
        self._insert_items([item for item in items if item["key"] not in known])

    def _missing_mandates(self):
        """The mandates that the complete list does not name and that still hold.

        :return: ``billing.mandate`` records
        """
        self.ensure_one()
        return self._missing_of(self.agreement_id, self.file_id)

    @api.model
    def _missing_of(self, agreement, file):
        """See :meth:`_missing_mandates`; what became active since is not missing."""
        self.env["billing.mandate"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT mandate.id
                  FROM billing_mandate AS mandate
                 WHERE mandate.agreement_id = %(agreement)s
                   AND mandate.state = 'active'
                   AND mandate.active_from < %(day)s
                   AND NOT EXISTS (
                       SELECT FROM billing_debit_answer AS answer
                        WHERE answer.file_id = %(file)s
                          AND answer.mandate_id = mandate.id)
                 ORDER BY mandate.id
                """,
                agreement=agreement.id,
                file=file.id,
                # A list may be read days after it was made.
                day=(file.summary or {}).get("day") or file.create_date.date(),
            )
        )
        return self.env["billing.mandate"].sudo().browse(row[0] for row in rows)
