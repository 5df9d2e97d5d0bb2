from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..core import debit_limit, failure
from ..core.claim_life import OPEN


class BillingMandate(models.Model):
    """What is learnt from the debits of a mandate: its limit, and when to stop."""

    _inherit = "billing.mandate"

    failures_in_row = fields.Integer(
        string="Failed in a Row",
        readonly=True,
        copy=False,
        help="Latest invoices that could not be debited from the customer's account.",
    )
    paused_on = fields.Date(
        readonly=True,
        copy=False,
        help="Since then nothing is debited: too many debits in a row failed.",
    )
    learnt_limit = fields.Monetary(
        string="Refused in a Month",
        readonly=True,
        copy=False,
        help="Lowest sum in one calendar month that the bank did not let through, as "
        "far as is known. 0: nothing is known.",
    )
    highest_paid = fields.Monetary(
        string="Most in a Month",
        readonly=True,
        copy=False,
        help="Highest sum that was debited in one calendar month.",
    )

    # === ACTIONS === #

    def action_resume(self):
        """Debit again from customers that were paused (button)."""
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about debits."))
        self.check_access("read")
        self._resume(actor="staff")

    # === BUSINESS METHODS === #

    def _learn_from_claims(self):
        """Note what the claims tell of limits, and pause who fails too often.

        A file of the bank may tell of many thousand mandates: rows are read and written
        together, and only those that change.

        :return: None
        """
        if not self:
            return
        limits = self._debit_limits()
        in_row = self._count_failures()
        names = ["failures_in_row", "highest_paid", "learnt_limit"]
        self.flush_recordset([*names, "paused_on", "agreement_id"])
        units = self._units()
        rows = []
        for mandate_id, agreement_id, *known in self.env.execute_query(
            SQL(
                """SELECT id, agreement_id, COALESCE(failures_in_row, 0),
                          COALESCE(highest_paid, 0)::float,
                          COALESCE(learnt_limit, 0)::float
                     FROM billing_mandate
                    WHERE id = ANY(%s)
                    ORDER BY id
                      FOR NO KEY UPDATE""",
                self.ids,
            )
        ):
            limit, unit = limits[mandate_id], units[agreement_id]
            learnt = [
                in_row.get(mandate_id, 0),
                round(limit.paid * unit, 6),
                round((limit.refused or 0) * unit, 6),
            ]
            if learnt != [known[0], round(known[1], 6), round(known[2], 6)]:
                rows.append((mandate_id, *learnt))
        if rows:
            self.env.execute_query(
                SQL(
                    """UPDATE billing_mandate AS mandate
                          SET failures_in_row = learnt.failures,
                              highest_paid = learnt.paid,
                              learnt_limit = learnt.refused
                         FROM unnest(%s::integer[], %s::integer[], %s::numeric[],
                                     %s::numeric[])
                              AS learnt (id, failures, paid, refused)
                        WHERE mandate.id = learnt.id
                    RETURNING mandate.id""",
                    *(list(column) for column in zip(*rows, strict=True)),
                )
            )
            self.browse(row[0] for row in rows).invalidate_recordset(names, flush=False)
        self._pause(self.browse(in_row))

    def _pause(self, failing):
        """Pause those of the mandates whose debits failed too often in a row.

        :param failing: mandates whose latest debit failed
        """
        paused_sudo = failing.sudo().filtered(
            lambda mandate: (
                not mandate.paused_on
                and 0 < mandate.agreement_id.pause_after <= mandate.failures_in_row
            )
        )
        for company, mandates in paused_sudo.grouped("company_id").items():
            mandates.paused_on = company._billing_today()
        paused_sudo._log_pauses("mandate.paused")

    def _resume(self, actor="system"):
        """Debit again from customers that were paused.

        :param str actor: as in ``billing.event``
        :return: None
        """
        paused_sudo = self.sudo().filtered("paused_on")
        paused_sudo.write({"paused_on": False, "failures_in_row": 0})
        paused_sudo._log_pauses("mandate.resumed", actor)

    def _debit_limits(self):
        """Return what is known of the limits of mandates, in the smallest unit.

        :return: by id
        :rtype: dict[int, core.debit_limit.Limit]
        """
        tried = defaultdict(list)
        self.env["billing.debit.claim"].flush_model()
        self.flush_recordset(["limit_amount", "agreement_id"])
        units = self._units()
        for (
            mandate_id,
            agreement_id,
            day,
            amount,
            state,
            reason,
        ) in self.env.execute_query(
            SQL(
                """SELECT mandate_id, agreement_id, date, amount, state, reason_code
                         FROM billing_debit_claim
                        WHERE mandate_id = ANY(%s)
                          AND state IN ('paid', 'failed', 'rejected')""",
                self.ids,
            )
        ):
            tried[mandate_id].append(
                debit_limit.Tried(
                    day,
                    round(float(amount) / units[agreement_id]),
                    "" if state == "paid" else reason or failure.BANK,
                )
            )
        asked = self.env.execute_query(
            SQL(
                """SELECT id, agreement_id, COALESCE(limit_amount, 0)::float
                     FROM billing_mandate WHERE id = ANY(%s)""",
                self.ids,
            )
        )
        return {
            mandate_id: debit_limit.learn(
                tried[mandate_id], round(amount / units[agreement_id]) or None
            )
            for mandate_id, agreement_id, amount in asked
        }

    @api.model
    def _units(self):
        """Return the smallest unit of what is drawn, by id of the agreement."""
        agreements_sudo = (
            self.env["billing.debit.agreement"]
            .sudo()
            .with_context(active_test=False)
            .search([])
        )
        return {
            agreement.id: agreement.currency_id.rounding or 0.01
            for agreement in agreements_sudo
        }

    def _drawn_by_month(self, but=None):
        """Return what is, or will be, drawn by mandates in each month.

        :param but: ``account.move`` records that are left out
        :return: by mandate id and (year, month), in the smallest unit
        :rtype: dict[int, dict[tuple[int, int], int]]
        """
        drawn = defaultdict(lambda: defaultdict(int))
        self.env["billing.debit.claim"].flush_model()
        units = self._units()
        for mandate_id, agreement_id, day, amount in self.env.execute_query(
            SQL(
                """SELECT mandate_id, agreement_id, date_trunc('month', date)::date,
                          SUM(amount)
                     FROM billing_debit_claim
                    WHERE mandate_id = ANY(%s) AND state = ANY(%s)
                      AND move_id <> ALL(%s)
                    GROUP BY 1, 2, 3""",
                self.ids,
                [*OPEN, "paid"],
                but.ids if but else [],
            )
        ):
            drawn[mandate_id][debit_limit.month_of(day)] += round(
                float(amount) / units[agreement_id]
            )
        return drawn

    # === HELPERS === #

    def _count_failures(self):
        """Return how many of the latest invoices could not be debited, by mandate id.

        What was ours or the bank's fault does not count, nor what is not known yet.
        """
        rows = self.env.execute_query(
            SQL(
                """WITH latest AS (
                       SELECT DISTINCT ON (mandate_id, move_id)
                              mandate_id, id, date, state
                         FROM billing_debit_claim
                        WHERE mandate_id = ANY(%s)
                          AND (state = 'paid' OR state IN ('failed', 'rejected')
                               AND COALESCE(reason_code, '') <> ALL(%s))
                        ORDER BY mandate_id, move_id, attempt DESC)
                   SELECT mandate_id, COUNT(*)
                     FROM latest
                    WHERE state <> 'paid'
                      AND NOT EXISTS (
                          SELECT FROM latest AS paid
                           WHERE paid.mandate_id = latest.mandate_id
                             AND paid.state = 'paid'
                             AND (paid.date, paid.id) > (latest.date, latest.id))
                    GROUP BY mandate_id""",
                self.ids,
                [*failure.NOT_THE_PAYER, ""],
            )
        )
        return dict(rows)

    def _log_pauses(self, kind, actor="system"):
        self.env["billing.event"]._log(
            [
                {
                    "kind": kind,
                    "partner_id": mandate.partner_id.commercial_partner_id.id,
                    "company_id": mandate.company_id.id,
                    "actor": actor,
                    "payload": {
                        "mandate_id": mandate.id,
                        "scheme": dict(
                            mandate._fields["scheme"]._description_selection(self.env)
                        ).get(mandate.scheme, ""),
                        "count": mandate.failures_in_row,
                    },
                }
                for mandate in self.sudo()
            ]
        )
