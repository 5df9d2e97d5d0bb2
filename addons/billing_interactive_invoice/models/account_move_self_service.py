from dateutil.relativedelta import relativedelta

from odoo import fields, models

from ..core import self_service
from .billing_request import IN_FORCE

#: Requests that leave the customer in peace, so that what is overdue is no debt that
#: speaks against them.
_SPARED = ("split", "promise", "claim", "dispute")


class AccountMove(models.Model):
    """What customers arranged about an invoice, and what they may still arrange."""

    _inherit = "account.move"

    billing_request_ids = fields.One2many(
        "billing.request",
        "move_id",
        string="Customer's Requests",
        groups="billing_base.group_billing_user",
    )
    billing_request_count = fields.Integer(
        string="Requests",
        compute="_compute_billing_request_count",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_request_count(self):
        counts = dict(
            self.env["billing.request"]._read_group(
                [("move_id", "in", self.ids)], ["move_id"], ["__count"]
            )
        )
        for move in self:
            move.billing_request_count = counts.get(move, 0)

    # === ACTIONS === #

    def action_billing_requests(self):
        """Open what the customer arranged, asked for or objected to."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_interactive_invoice.billing_request_action"
        )
        action["domain"] = [("move_id", "=", self.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS - LIFE CYCLE === #

    def _invoice_paid_hook(self):
        """Override of `account`: who has paid has kept what was promised."""
        result = super()._invoice_paid_hook()
        self._billing_requests_in_force()._settle()
        return result

    def button_cancel(self):
        """Override of `account`: nothing is asked of a cancelled invoice any more."""
        result = super().button_cancel()
        self._billing_requests_in_force()._close("done")
        return result

    # === BUSINESS METHODS - WHAT IS IN FORCE === #

    def _billing_requests_in_force(self):
        """Return what is arranged, or waits for an answer, in superuser mode.

        :rtype: billing.request
        """
        return (
            self.env["billing.request"]
            .sudo()
            .search([("move_id", "in", self.ids), ("state", "in", IN_FORCE)])
        )

    def _billing_agreements(self):
        """Return what is arranged, asked for or objected to, in batch.

        :return: newest first, by invoice id; invoices without any have none
        :rtype: dict[int, list[core.self_service.Agreement]]
        """
        agreements = {move_id: [] for move_id in self.ids}
        requests_sudo = self._billing_requests_in_force()
        for request_sudo, agreement in zip(
            requests_sudo, requests_sudo._to_agreements(), strict=True
        ):
            agreements[request_sudo.move_id.id].append(agreement)
        return agreements

    def _billing_payment_plans(self):
        """Return how the plans stand by which invoices are paid in parts, in batch.

        :return: parts by invoice id; invoices without a plan in force are left out
        :rtype: dict[int, tuple[core.self_service.PartState]]
        """
        plans_sudo = self._billing_requests_in_force().filtered(
            lambda request: request.kind == "split" and request.state == "active"
        )
        progress = plans_sudo._progress()
        return {
            plan_sudo.move_id.id: progress[plan_sudo.id] for plan_sudo in plans_sudo
        }

    def _billing_holds(self):
        """Extend `billing_base` with what customers arranged, reported or object to."""
        holds = super()._billing_holds()
        today = {company: company._billing_today() for company in self.company_id}
        if not today:
            return holds
        requests_sudo = (
            self.env["billing.request"]
            .sudo()
            .search(
                [
                    ("move_id", "in", self.ids),
                    "|",
                    ("state", "in", IN_FORCE),
                    ("hold_until", ">=", min(today.values())),
                ]
            )
        )
        by_request = requests_sudo._to_holds()
        for request_sudo in requests_sudo:
            hold = by_request.get(request_sudo.id)
            if hold and hold.is_active(today[request_sudo.company_id]):
                holds[request_sudo.move_id.id].append(hold)
        return holds

    # === BUSINESS METHODS - DUE DATE === #

    def _billing_set_due_date(self, day):
        """Let posted invoices be due on another day.

        The open items of the customer follow. Amounts, accounts and dates of the
        entries stay what they are, so no lock date and no hash stands against it; that
        is also why Odoo lets its users do the same.

        :param date day: the new due date
        :return: None
        """
        for move in self:
            before = move.invoice_date_due
            items = move.line_ids.filtered(
                lambda item, before=before: (
                    item.display_type == "payment_term"
                    and not item.reconciled
                    and (
                        not item.date_maturity
                        or item.date_maturity == before
                        or item.date_maturity < day
                    )
                )
            )
            items.write({"date_maturity": day})
        self.with_context(skip_is_manually_modified=True).write(
            {"invoice_date_due": day}
        )

    # === BUSINESS METHODS - OFFERS === #

    def _billing_self_service_facts(self):
        """Return what the rules of self-service look at.

        :rtype: core.self_service.Facts
        """
        self.ensure_one()
        company = self.company_id
        today = company._billing_today()
        requests_sudo = self.env["billing.request"].sudo()
        own = requests_sudo.search([("move_id", "=", self.id)])
        in_force = own.filtered(lambda request: request.state in IN_FORCE)
        granted = own.filtered(
            lambda request: (
                request.kind == "deferral" and request.state in ("active", "done")
            )
        )
        counts = dict(
            requests_sudo._read_group(
                [
                    ("partner_id", "=", self.commercial_partner_id.id),
                    ("company_id", "=", company.id),
                    ("kind", "in", ("deferral", "split")),
                    ("state", "in", ("active", "done", "broken")),
                    ("asked_on", ">", today - relativedelta(years=1)),
                ],
                ["kind"],
                ["__count"],
            )
        )
        is_payable = self.move_type == "out_invoice" and self.state == "posted"
        unit = 10**self.currency_id.decimal_places
        company_unit = 10**company.currency_id.decimal_places
        return self_service.Facts(
            today=today,
            due=self.invoice_date_due or today,
            first_due=min(
                granted.filtered("old_day").mapped("old_day"),
                default=self.invoice_date_due or today,
            ),
            residual=round(self.amount_residual * unit) if is_payable else 0,
            value=round(abs(self.amount_residual_signed) * company_unit),
            unit=unit,
            overdue=round(self._billing_overdue_debt(today) * company_unit),
            deferrals=counts.get("deferral", 0),
            splits=counts.get("split", 0),
            promises=len(own.filtered(lambda request: request.kind == "promise")),
            broken=any(request.state == "broken" for request in own),
            arranged=any(
                request.kind in ("split", "promise")
                or (request.kind == "deferral" and request.state == "waiting")
                for request in in_force
            ),
            disputed=any(request.kind in ("dispute", "claim") for request in in_force),
            handed_over=self.id in self._billing_collections(),
            debited=self.id in self._billing_debits(),
        )

    def _billing_overdue_debt(self, today):
        """Return what the customer should have paid by now, in company currency.

        Without what is promised, paid in parts, said to be paid or objected to.
        """
        self.ensure_one()
        overdue_sudo = self.sudo().search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("move_type", "in", ("out_invoice", "out_receipt")),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("invoice_date_due", "<", today),
            ]
        )
        spared_sudo = (
            overdue_sudo._billing_requests_in_force()
            .filtered(lambda request: request.kind in _SPARED)
            .move_id
        )
        return sum((overdue_sudo - spared_sudo).mapped("amount_residual_signed"))

    def _billing_self_service_offers(self):
        """Return what the customer may arrange about the invoice now.

        :return: by kind of the request; kinds that make no sense here are left out
        :rtype: dict[str, core.self_service.Offer]
        """
        self.ensure_one()
        rules = self.company_id._billing_self_service_rules()
        facts = self._billing_self_service_facts()
        return {
            "deferral": self_service.defer_offer(rules, facts),
            "split": self_service.split_offer(
                rules, facts, self.company_id._bank_calendar()
            ),
            "promise": self_service.promise_offer(rules, facts),
        }

    def _billing_may_claim(self):
        """Whether «I have paid» makes sense for the invoice."""
        self.ensure_one()
        return (
            self.company_id.billing_page_claim
            and self.move_type == "out_invoice"
            and self.state == "posted"
            and self.amount_residual > 0
        )

    def _billing_may_dispute(self):
        """Whether the invoice can be objected to; also when it is paid."""
        self.ensure_one()
        return (
            self.company_id.billing_page_dispute
            and self.move_type == "out_invoice"
            and self.state == "posted"
        )
