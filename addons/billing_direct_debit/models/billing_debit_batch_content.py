from itertools import islice

from odoo import models
from odoo.tools import SQL, formatLang

from ..core import autogiro_out, avtalegiro, latin1
from ..core.autogiro_records import CancelOrder, PaymentOrder

#: Claims that are read together: the file is written as a stream.
CHUNK_SIZE = 5_000
#: Records that a preview shows.
PREVIEW_LINES = 60


class BillingDebitBatch(models.Model):
    """What a batch says to the bank."""

    _inherit = "billing.debit.batch"

    # === BUSINESS METHODS === #

    def _write_file(self, day, number, assignment):
        """Return the file, as a stream.

        :param date day: of writing
        :param int number: of the transmission
        :param int assignment: of the assignment in it
        :return: iterator of bytes
        :raises core.avtalegiro.TransmissionError: a value does not fit
        :raises core.autogiro_out.AutogiroOrderError: the same
        """
        self.ensure_one()
        agreement_sudo = self.agreement_id.sudo()
        if agreement_sudo.scheme == "avtalegiro":
            return avtalegiro.write_transmission(
                avtalegiro.Transmission(
                    number,
                    agreement_sudo.sender_number or "",
                    [
                        avtalegiro.Assignment(
                            self.kind,
                            assignment,
                            agreement_sudo.account_number or "",
                            self._avtalegiro_lines(),
                        )
                    ],
                    agreement_sudo.recipient_number or avtalegiro.NETS,
                )
            )
        parts = {
            "mandates": self._mandate_orders,
            "claims": self._payment_orders,
            "cancellations": self._cancel_orders,
        }
        names = {"claims": "payments", "cancellations": "changes"}
        return autogiro_out.write_orders(
            autogiro_out.OrderFile(
                day,
                agreement_sudo.customer_number or "",
                agreement_sudo.bankgiro_number or "",
                **{names.get(self.kind, self.kind): parts[self.kind]()},
            ),
            agreement_sudo._seal_key() or None,
        )

    def _avtalegiro_lines(self):
        """Return claims or cancellations as ``core.avtalegiro.ClaimLine`` values."""
        cancels = self.kind == "cancellations"
        wants_lines = self.agreement_id.has_specification and not cancels
        for rows in self._read_claims():
            lines = {}
            if wants_lines:
                lines = self._specifications([row for row in rows if row["bank"]])
            for row in rows:
                yield avtalegiro.ClaimLine(
                    number=row["number"],
                    due=row["date"],
                    amount_ore=row["amount"],
                    kid=row["reference"],
                    short_name=latin1.fit(row["partner"], avtalegiro.SHORT_NAME_WIDTH),
                    external_reference=latin1.fit(
                        row["invoice"], avtalegiro.EXTERNAL_REFERENCE_WIDTH
                    ),
                    bank_notice=row["bank"] and not cancels,
                    specification=lines.get(row["move_id"], ()),
                )

    def _payment_orders(self):
        """Return claims as orders to draw money (TK82)."""
        for rows in self._read_claims():
            for row in rows:
                yield PaymentOrder(
                    payer_number=row["payer_number"],
                    amount_ore=row["amount"],
                    day=row["date"],
                    reference=row["reference"],
                )

    def _cancel_orders(self):
        """Return cancellations of single orders (TK25)."""
        for rows in self._read_claims():
            for row in rows:
                yield CancelOrder(
                    payer_number=row["payer_number"],
                    day=row["date"],
                    amount_ore=row["amount"],
                    reference=row["reference"],
                )

    def _mandate_orders(self):
        """Return messages about mandates (TK03, TK04, TK05)."""
        for request_sudo in self.sudo().request_ids.sorted("id"):
            yield request_sudo._line()

    # === HELPERS === #

    def _read_claims(self):
        """Return what the file says of its claims, chunk by chunk, in their order.

        Before the batch is frozen they are counted as they would be.

        :return: iterator of lists of dicts; amounts in whole øre
        """
        cancels = self.kind == "cancellations"
        self.env.flush_all()
        batch = SQL("claim.cancel_batch_id" if cancels else "claim.batch_id")
        number = SQL("claim.cancel_number" if cancels else "claim.transaction_number")
        last, done = 0, 0
        while True:
            rows = self.env.execute_query_dict(
                SQL(
                    """SELECT claim.id, %(number)s AS number, claim.date,
                              round(claim.amount * 100)::bigint AS amount,
                              claim.reference, claim.notice = 'bank' AS bank,
                              claim.move_id, partner.lang,
                              COALESCE(partner.name, '') AS partner,
                              COALESCE(move.name, '') AS invoice,
                              COALESCE(mandate.payer_number, '') AS payer_number
                         FROM billing_debit_claim AS claim
                         JOIN billing_mandate AS mandate
                           ON mandate.id = claim.mandate_id
                         JOIN res_partner AS partner ON partner.id = claim.partner_id
                         JOIN account_move AS move ON move.id = claim.move_id
                        WHERE %(batch)s = %(id)s AND claim.id > %(last)s
                        ORDER BY claim.id
                        LIMIT %(limit)s""",
                    number=number,
                    batch=batch,
                    id=self.id,
                    last=last,
                    limit=CHUNK_SIZE,
                )
            )
            if not rows:
                return
            for count, row in enumerate(rows, done + 1):
                row["number"] = row["number"] or count
            yield rows
            last, done = rows[-1]["id"], done + len(rows)

    def _specifications(self, rows):
        """Return what the bank's notice says of invoices, in their customers' language.

        :param rows: of :meth:`_read_claims`
        :rtype: dict[int, tuple[str, ...]]
        """
        if not rows:
            return {}
        company = self.company_id
        langs = {row["move_id"]: row["lang"] or company.partner_id.lang for row in rows}
        found = {}
        for move_id, name, total in self.env.execute_query(
            SQL(
                """SELECT move_id, name, price_total FROM account_move_line
                    WHERE move_id = ANY(%s) AND display_type = 'product'
                    ORDER BY move_id, sequence, id""",
                list(langs),
            )
        ):
            amount = formatLang(
                self.with_context(lang=langs[move_id]).env,
                total,
                currency_obj=self.currency_id,
            )
            text = " ".join((name or "").split())
            found.setdefault(move_id, []).append(f"{text}: {amount}")
        return {
            move_id: avtalegiro.specification(lines) for move_id, lines in found.items()
        }

    def _render_preview(self):
        """Return the first lines of the file, or why it cannot be written."""
        self.ensure_one()
        batch_sudo = self.sudo()
        if not batch_sudo.count:
            return ""
        if batch_sudo.file_hash:
            lines = batch_sudo._raw().splitlines()
            return _shown(lines[:PREVIEW_LINES])
        agreement_sudo = batch_sudo.agreement_id
        try:
            stream = batch_sudo._write_file(
                batch_sudo.company_id._billing_today(),
                agreement_sudo.transmission_number + 1,
                agreement_sudo.assignment_number + 1,
            )
            lines = b"".join(islice(stream, PREVIEW_LINES)).splitlines()
        except ValueError as error:
            return self.env._("It cannot be written yet: %(problem)s", problem=error)
        return _shown(lines[:PREVIEW_LINES])


def _shown(lines):
    """Return records as text."""
    return "\n".join(line.decode("iso-8859-1") for line in lines)
