from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import self_service
from .billing_request import ACTIVITY, EVENTS, IN_FORCE

#: Requests looked at, and parts told of, between two commits.
BATCH_SIZE = 200


class BillingRequest(models.Model):
    """What becomes of requests by themselves: kept, not kept, found, told of."""

    _inherit = "billing.request"

    # === BUSINESS METHODS - THE CUSTOMER === #

    def _may_withdraw(self):
        """Whether the customer may take it back: what waits, and what was told us.

        A due date that was moved, a plan and a promise stand; they end by paying.
        """
        self.ensure_one()
        return self.state == "waiting" or (
            self.kind == "claim" and self.state == "active"
        )

    def _withdraw(self):
        """Take back what a customer asked for, reported or objected to."""
        self.ensure_one()
        self.sudo().write(
            {"state": "withdrawn", "check_on": False, "hold_until": False}
        )
        self._log(f"{EVENTS[self.kind]}.withdrawn", actor="customer")
        self.sudo().activity_unlink([ACTIVITY])

    # === BUSINESS METHODS - THE MONEY === #

    def _settle(self):
        """End what was arranged about invoices that are paid.

        An objection stays: who pays under protest still wants an answer.
        """
        self.filtered(lambda request: request.kind != "dispute")._close(
            "done",
            {
                "promise": "promise.kept",
                "split": "instalment.done",
                "claim": "claim_paid.found",
            },
        )

    def _look_for_payment(self):
        """Look for the payments that customers told us of.

        What was found ends the request; what probably is it waits for a person.

        :return: None
        """
        for request in self:
            found = request._find_payment()
            # The payment may be booked before anybody told of it.
            received = request.open_amount - request.move_id.amount_residual
            enough = request.currency_id.compare_amounts(received, request.amount) >= 0
            if request.state in IN_FORCE and (
                enough or request.move_id.amount_residual <= 0
            ):
                request._close("done", {"claim": "claim_paid.found"})
            elif found and request.state == "active":
                request._wait_for_staff()

    def _find_payment(self):
        """Look for the payment of one request among those that found no invoice.

        The base knows no payments. Addons that match extend it: they book what is
        certain by their own rules, never because a customer says so.

        :return: whether a payment was found that a person should look at
        :rtype: bool
        """
        self.ensure_one()
        return False

    # === BUSINESS METHODS - SCHEDULED === #

    @api.model
    def _cron_follow_up(self):
        """Look after what customers arranged, company by company."""
        companies_sudo = self.env["res.company"].sudo().search([])
        companies_sudo._billing_each(
            self.env._("What customers arranged"), self._follow_up_company
        )

    @api.model
    def _follow_up_company(self, company):
        """Look after what customers of one company arranged.

        :param company: the ``res.company``, in superuser mode
        :return: None
        """
        requests_sudo = self.sudo().with_company(company)
        today = company._billing_today()
        while requests_sudo._follow_up_next(company, today):
            self.env["ir.cron"]._commit_progress()
        while requests_sudo._tell_next_parts(company, today):
            self.env["ir.cron"]._commit_progress()

    @api.model
    def _follow_up_next(self, company, today):
        """Look at the next requests whose day has come.

        Each gets another day, or another state, so that it is not found again; those
        that somebody is deciding on are passed over until the next run.

        :return: how many
        :rtype: int
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM billing_request
                 WHERE company_id = %s AND state = 'active' AND check_on <= %s
                 ORDER BY check_on, id LIMIT %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                company.id,
                today,
                BATCH_SIZE,
            )
        )
        requests = self.browse(request_id for (request_id,) in rows)
        paid = requests.filtered(
            lambda request: (
                request.kind in ("promise", "split")
                and request.move_id.amount_residual <= 0
            )
        )
        paid._settle()
        by_kind = (requests - paid).grouped("kind")
        nothing = self.browse()
        by_kind.get("deferral", nothing)._close("done")
        by_kind.get("promise", nothing)._break("promise.broken")
        by_kind.get("split", nothing)._follow_plans(today)
        by_kind.get("claim", nothing)._follow_claims()
        return len(requests)

    def _follow_plans(self, today):
        """Look whether the parts of plans arrived in time."""
        progress = self._progress()
        missed = self.filtered(
            lambda plan: any(
                part.state == self_service.PART_MISSED for part in progress[plan.id]
            )
        )
        missed._break("instalment.missed")
        (self - missed)._plan_checks()

    def _follow_claims(self):
        """Look once more for what customers say they paid, then ask a person."""
        self._look_for_payment()
        self.filtered(lambda request: request.state == "active")._wait_for_staff()

    def _break(self, event):
        """End what was not kept, and tell the customers kindly."""
        self._close("broken")
        self._log(event)
        for request in self:
            request._tell("billing_interactive_invoice.mail_template_request_broken")

    @api.model
    def _tell_next_parts(self, company, today):
        """Tell customers of the next parts that will be due soon.

        That a part was told of is kept with the message, in one transaction: nobody is
        told twice, and nobody is forgotten.

        :return: how many parts were looked at
        :rtype: int
        """
        days = company.billing_page_remind_days
        if not days:
            return 0
        self.env["billing.request.part"].flush_model()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT part.id
                  FROM billing_request_part AS part
                  JOIN billing_request AS request ON request.id = part.request_id
                 WHERE part.company_id = %s AND part.told_at IS NULL
                   AND part.day BETWEEN %s AND %s
                   AND request.state = 'active'
                 ORDER BY part.day, part.id LIMIT %s
                   FOR NO KEY UPDATE OF part SKIP LOCKED
                """,
                company.id,
                today,
                today + timedelta(days=days),
                BATCH_SIZE,
            )
        )
        parts = self.env["billing.request.part"].browse(part_id for (part_id,) in rows)
        parts.write({"told_at": fields.Datetime.now()})
        for part in parts:
            if part.state != self_service.PART_PAID:
                part._tell()
        return len(parts)
