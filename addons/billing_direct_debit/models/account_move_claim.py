from odoo import fields, models
from odoo.tools import SQL

#: Signs that the reference of an Autogiro order has room for.
REFERENCE_WIDTH = 16
#: Columns of a claim that are written when it is made, with their types.
_COLUMNS = {
    "company_id": "integer",
    "agreement_id": "integer",
    "mandate_id": "integer",
    "move_id": "integer",
    "partner_id": "integer",
    "amount": "numeric",
    "currency_id": "integer",
    "date_asked": "date",
    "date_due": "date",
    "date": "date",
    "grace_until": "date",
    "reference": "varchar",
    "attempt": "integer",
    "previous_id": "integer",
    "notice": "varchar",
    "told_on": "date",
    "told_by": "varchar",
    "fixed_at": "timestamp",
}


class AccountMove(models.Model):
    """Making claims for invoices."""

    _inherit = "account.move"

    # === BUSINESS METHODS - LIFE CYCLE === #

    def _post(self, soft=True):
        """Override of `account`: what is issued to customers with a mandate is drawn.

        At once, so that the message that brings the invoice says so.
        """
        posted = super()._post(soft)
        # Who issues invoices need not know anything of mandates.
        posted.sudo().filtered(
            lambda move: move.move_type == "out_invoice"
        )._billing_claim_automatically()
        return posted

    def _invoice_paid_hook(self):
        """Override of `account`: what is paid is not drawn as well."""
        result = super()._invoice_paid_hook()
        self._billing_stop_claims("paid")
        return result

    def button_draft(self):
        """Override of `account`: what is no longer issued is not drawn."""
        posted = self.filtered(lambda move: move.state == "posted")
        result = super().button_draft()
        posted._billing_stop_claims("credited")
        return result

    def button_cancel(self):
        """Override of `account`: what is cancelled is not drawn."""
        result = super().button_cancel()
        self._billing_stop_claims("credited")
        return result

    def _billing_stop_claims(self, reason):
        """Take back the claims of invoices, unless this may be the debit itself."""
        claims_sudo = self._billing_open_claims()
        if claims_sudo:
            claims_sudo.filtered(
                lambda claim: (
                    claim.date > claim.company_id._billing_today()
                    or claim.state in ("planned", "batched")
                )
            )._cancel(reason)

    # === BUSINESS METHODS - CLAIMS === #

    def _billing_claim_automatically(self):
        """Draw those of the invoices that nothing speaks against.

        :return: the new claims
        :rtype: billing.debit.claim
        """
        if not self._billing_has_mandates():
            return self.env["billing.debit.claim"]
        obstacles = self._billing_debit_obstacles(automatic=True)
        return self.filtered(lambda move: not obstacles[move.id])._billing_make_claims()

    def _billing_draw(self, day=None, previous=None, told_on=None, told_by="page"):
        """Draw the invoices, as far as nothing speaks against it.

        Asked twice for the same, it does it once. A day earlier than the rules allow
        becomes the first that they do.

        :param date day: on which; the due date when left out
        :param previous: failed claims of the invoices that this is another try of
        :param date told_on: when the customers were told of the day, if they were
        :param str told_by: how, see ``billing.debit.claim``
        :return: the open claims of the invoices, new or not
        :rtype: billing.debit.claim
        """
        obstacles = self._billing_debit_obstacles()
        self.filtered(lambda move: not obstacles[move.id])._billing_make_claims(
            day, previous, told_on, told_by
        )
        return self._billing_open_claims().with_env(self.env)

    # === HELPERS === #

    def _billing_has_mandates(self):
        """Whether any of the customers has direct debit; cheap for those who do not."""
        if not self:
            return False
        return bool(
            self.env["billing.mandate"]
            .sudo()
            .search_count(
                [
                    ("partner_id", "in", self.commercial_partner_id.ids),
                    ("state", "=", "active"),
                ],
                limit=1,
            )
        )

    def _billing_make_claims(self, day=None, previous=None, told_on=None, told_by=None):
        """Write claims for invoices that nothing speaks against, in one statement.

        :return: the new claims, in superuser mode
        :rtype: billing.debit.claim
        """
        claims_sudo = self.env["billing.debit.claim"].sudo()
        if not self:
            return claims_sudo
        mandates = self._billing_mandates()
        attempts = self._billing_attempts()
        previous_by_move = {
            claim.move_id.id: claim.id for claim in (previous or claims_sudo).sudo()
        }
        clocks, rows = {}, []
        # The oldest first: of those with one reference only the first is drawn now.
        for move in self.sorted(lambda one: (one.invoice_date, one.id)):
            mandate = mandates[move.id].sudo()
            agreement = mandate.agreement_id
            if agreement not in clocks:
                clocks[agreement] = agreement._clock()
            vals = move._billing_claim_vals(
                mandate, clocks[agreement], day, told_on, told_by
            )
            vals["attempt"] = attempts.get(move.id, 0) + 1
            vals["previous_id"] = previous_by_move.get(move.id)
            rows.append(vals)
        # The rows carry ids of records that may only be in memory yet.
        self.env.flush_all()
        created = self.env.execute_query(
            SQL(
                """
                INSERT INTO billing_debit_claim
                       (%(columns)s, state, is_unreachable, create_uid, write_uid,
                        create_date, write_date)
                SELECT %(columns)s, 'planned', FALSE, %(uid)s, %(uid)s, %(now)s,
                       %(now)s
                  FROM unnest(%(values)s) AS claim (%(columns)s)
           ON CONFLICT DO NOTHING
             RETURNING id
                """,
                columns=SQL(", ").join(map(SQL.identifier, _COLUMNS)),
                values=SQL(", ").join(
                    SQL("%s::%s[]", [row[name] for row in rows], SQL(kind))
                    for name, kind in _COLUMNS.items()
                ),
                now=fields.Datetime.now(),
                uid=self.env.uid,
            )
        )
        made = claims_sudo.browse([claim_id for (claim_id,) in created])
        self.invalidate_recordset(["billing_claim_ids"], flush=False)
        made._log("debit.planned", key="planned")
        made._on_planned()
        return made

    def _billing_claim_vals(self, mandate, clock, day, told_on, told_by):
        """Return the values of a claim for the invoice, but for its number of tries."""
        self.ensure_one()
        agreement = mandate.agreement_id
        due = self.invoice_date_due or None
        wish = day or due or clock.today
        notice = agreement._notice_of(mandate, max(wish, clock.today), clock)
        if agreement.telling == "elsewhere" and not told_on:
            told_on, told_by = self.invoice_date or clock.today, "elsewhere"
        date = clock.earliest(
            bank_notice=notice == "bank",
            told_on=(told_on or clock.today) if notice == "us" else None,
            not_before=wish,
        )
        return {
            "company_id": self.company_id.id,
            "agreement_id": agreement.id,
            "mandate_id": mandate.id,
            "move_id": self.id,
            "partner_id": mandate.partner_id.id,
            "amount": self.amount_residual,
            "currency_id": self.currency_id.id,
            "date_asked": wish,
            "date_due": due,
            "date": date,
            "grace_until": agreement._grace(clock, date),
            "reference": self._billing_claim_reference(agreement),
            "notice": notice,
            "told_on": told_on,
            "told_by": told_by if told_on else None,
            "fixed_at": self.company_id._billing_now(),
        }

    def _billing_claim_reference(self, agreement):
        """Return what the bank gives back with the answer."""
        self.ensure_one()
        reference = self.payment_reference or ""
        if agreement.scheme == "avtalegiro":
            return reference
        text = "".join(reference.split())
        if text and len(text) <= REFERENCE_WIDTH and text.isascii():
            return text
        return f"M{self.id}"

    def _billing_attempts(self):
        """Return how often the invoices were drawn, without what was cancelled.

        :rtype: dict[int, int]
        """
        self.env["billing.debit.claim"].flush_model(["move_id", "attempt", "state"])
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT move_id, MAX(attempt) FROM billing_debit_claim
                        WHERE move_id = ANY(%s) AND state <> 'cancelled'
                        GROUP BY move_id""",
                    list(self.ids),
                )
            )
        )
