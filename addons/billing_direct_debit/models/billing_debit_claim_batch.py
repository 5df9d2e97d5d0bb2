from datetime import datetime, time

from odoo import api, fields, models
from odoo.tools import SQL

from .billing_debit_claim import OPEN, OUT


class BillingDebitClaim(models.Model):
    """Claims on their way into a file, and out of it again."""

    _inherit = "billing.debit.claim"

    # === BUSINESS METHODS - BATCHES === #

    @api.model
    def _fill_batches(self, agreement):
        """Put what is to go to the bank now into batches, and approve them where the
        agreement says so.

        :param agreement: in superuser mode
        :return: the batches
        :rtype: billing.debit.batch
        """
        batches_sudo = self.env["billing.debit.batch"].sudo()
        batches = batches_sudo
        if agreement.scheme == "autogiro":
            batches |= self._fill_mandates(agreement)
        batches |= self._fill_cancellations(agreement)
        batches |= self._fill_claims(agreement)
        batches._compute_totals()
        if agreement.delivery == "automatic":
            batches.filtered(lambda batch: batch.state == "draft")._approve()
        return batches

    @api.model
    def _fill_mandates(self, agreement):
        """Put messages about mandates that wait into a batch."""
        batches_sudo = self.env["billing.debit.batch"].sudo()
        requests_sudo = (
            self.env["billing.mandate.request"]
            .sudo()
            .search(
                [
                    ("agreement_id", "=", agreement.id),
                    ("state", "=", "waiting"),
                    ("batch_id", "=", False),
                ]
            )
        )
        if not requests_sudo:
            return batches_sudo
        batch_sudo = batches_sudo._open_batch(agreement, "mandates")
        requests_sudo.batch_id = batch_sudo
        return batch_sudo

    @api.model
    def _fill_cancellations(self, agreement):
        """Put cancellations that wait into a batch."""
        batches_sudo = self.env["billing.debit.batch"].sudo()
        claims_sudo = self.sudo().search(
            [
                ("agreement_id", "=", agreement.id),
                ("cancel_state", "=", "waiting"),
                ("cancel_batch_id", "=", False),
                # Not those that are in a file on its way.
                ("state", "in", OUT),
            ]
        )
        clock = agreement._clock()
        # The claim is to be with the scheme first, so the day after where there is one.
        midnight = agreement._to_utc(datetime.combine(clock.today, time()))
        tomorrow = clock.calendar.add_bank_days(clock.today, 1)
        claims_sudo = claims_sudo.filtered(
            lambda claim: (
                claim.batch_id.delivered_at < midnight
                or clock.cancel_deadline(claim.date).date() < tomorrow
            )
        )
        if not claims_sudo:
            return batches_sudo
        batch_sudo = batches_sudo._open_batch(agreement, "cancellations")
        claims_sudo.cancel_batch_id = batch_sudo
        return batch_sudo

    @api.model
    def _fill_claims(self, agreement):
        """Put claims whose time has come into a batch, in one statement.

        Those of which the customer was not told in time stay.
        """
        batches_sudo = self.env["billing.debit.batch"].sudo()
        clock = agreement._clock()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT date, notice = 'bank' FROM billing_debit_claim
                    WHERE agreement_id = %s AND state = 'planned'""",
                agreement.id,
            )
        )
        ready = [
            (day, bank, clock.notice_deadline(day))
            for day, bank in rows
            if clock.in_time(day, bank)
            and clock.should_go(day, agreement.send_margin, bank)
        ]
        if not ready:
            return batches_sudo
        where = SQL(
            """claim.agreement_id = %(agreement)s AND claim.state = 'planned'
               AND EXISTS (
                   SELECT FROM unnest(%(days)s::date[], %(banks)s::boolean[],
                                      %(deadlines)s::date[])
                               AS ready (day, bank, deadline)
                    WHERE ready.day = claim.date
                      AND ready.bank = (claim.notice = 'bank')
                      AND (claim.notice <> 'us' OR claim.told_on <= ready.deadline))""",
            agreement=agreement.id,
            days=[row[0] for row in ready],
            banks=[row[1] for row in ready],
            deadlines=[row[2] for row in ready],
        )
        if not self.env.execute_query(
            SQL("SELECT 1 FROM billing_debit_claim AS claim WHERE %s LIMIT 1", where)
        ):
            return batches_sudo
        batch_sudo = batches_sudo._open_batch(agreement, "claims")
        batch_sudo.flush_recordset()
        self.env.execute_query(
            SQL(
                """UPDATE billing_debit_claim AS claim
                      SET state = 'batched', batch_id = %s
                    WHERE %s RETURNING claim.id""",
                batch_sudo.id,
                where,
            )
        )
        self.invalidate_model(["state", "batch_id"], flush=False)
        batch_sudo.invalidate_recordset(["claim_ids"], flush=False)
        return batch_sudo

    def _unbatch(self):
        """Take claims out of batches that have not gone."""
        inside = self.filtered(
            lambda claim: claim.state == "batched" and claim._is_inside()
        )
        batches = inside.batch_id
        inside.write({"state": "planned", "batch_id": False, "transaction_number": 0})
        batches._compute_totals()

    def _unbatch_late(self):
        """Take out of batches what would be too late by now; it gets another day."""
        self.fetch(["date", "notice", "agreement_id", "state", "batch_id"])
        clocks = {one: one._clock() for one in self.agreement_id}
        late = self.filtered(
            lambda claim: (
                claim.state == "batched"
                and not clocks[claim.agreement_id].in_time(
                    claim.date, claim.notice == "bank"
                )
            )
        )
        late._unbatch()

    def _cancel_again(self):
        """Let claims be drawn, or be cancelled anew, whose cancellation was refused.

        An invoice that has a new claim meanwhile gives it up, unless the bank has it.
        """
        others = (
            self.search(
                [
                    ("agreement_id", "in", self.agreement_id.ids),
                    ("reference", "in", self.mapped("reference")),
                    ("state", "in", OPEN),
                ]
            )
            - self
        )
        inside = others.filtered(lambda claim: claim._is_inside())
        taken = set((others - inside).mapped("reference"))
        doubled = self.filtered(
            lambda claim: claim.state == "cancelled" and claim.reference in taken
        )
        inside._drop("changed", "system")
        (self - doubled)._write_all(
            SQL(
                """state = CASE WHEN state = 'cancelled' THEN 'delivered'
                                ELSE state END,
                   cancel_state = 'waiting', cancel_batch_id = NULL,
                   cancel_number = 0"""
            ),
            SQL("cancel_state IN ('sent', 'done')"),
        )
        doubled._log("debit.cancel_late", key="late")

    # === HELPERS === #

    def _write_all(self, values, where):
        """Change many claims in one statement.

        :param values: the assignments, as ``SQL``
        :param where: which of the claims, as ``SQL``
        :return: ids of those that were changed
        :rtype: list[int]
        """
        if not self:
            return []
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """UPDATE billing_debit_claim
                      SET %(values)s, write_uid = %(uid)s, write_date = %(now)s
                    WHERE id = ANY(%(ids)s) AND %(where)s RETURNING id""",
                values=values,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                ids=self.ids,
                where=where,
            )
        )
        self.invalidate_recordset(flush=False)
        return [claim_id for (claim_id,) in rows]
