from markupsafe import Markup

from odoo import api, fields, models


class BillingWaiverTry(models.TransientModel):
    """Tells what the rules would do with a fee of one customer, rule by rule."""

    _name = "billing.waiver.try"
    _description = "Try the Waiver Rules"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", string="Customer")
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        compute="_compute_move_id",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id), ('state', '=', 'posted'),"
        " ('move_type', '=', 'out_invoice'),"
        " ('commercial_partner_id', 'child_of', partner_id or [])]",
    )
    day = fields.Date(
        required=True, default=lambda self: self.env.company._billing_today()
    )
    amount = fields.Monetary(string="Fee", required=True, default=35)
    is_waived = fields.Boolean(compute="_compute_answer")
    answer = fields.Html(compute="_compute_answer", sanitize=False)

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_move_id(self):
        """Begin with what the customer owes for longest, else with the last invoice."""
        moves = self.env["account.move"]
        for one in self:
            family = one.partner_id.commercial_partner_id
            if not family or one.move_id.commercial_partner_id == family:
                continue
            domain = [
                ("company_id", "=", one.company_id.id),
                ("commercial_partner_id", "=", family.id),
                ("state", "=", "posted"),
                ("move_type", "=", "out_invoice"),
                ("billing_claim_id", "=", False),
            ]
            one.move_id = moves.search(
                [*domain, ("amount_residual", ">", 0)],
                order="invoice_date_due, id",
                limit=1,
            ) or moves.search(domain, order="invoice_date desc, id desc", limit=1)

    @api.depends("move_id", "day", "amount")
    def _compute_answer(self):
        for one in self:
            one.is_waived = False
            one.answer = False
            if not (one.move_id and one.day):
                continue
            move_id = one.move_id._origin.id or one.move_id.id
            [decision] = (
                self.env["billing.waiver"]
                ._decide(one.company_id, one.day, {move_id: one.amount})
                .values()
            )
            one.is_waived = decision.waive
            one.answer = one._words(decision)

    # === HELPERS === #

    def _words(self, decision):
        """Return the decision as staff read it: yes or no, and why, rule by rule."""
        self.ensure_one()
        rules = self.env["billing.waiver.rule"].browse
        if decision.exemption:
            exception_sudo = (
                self.env["billing.waiver.exception"].sudo().browse(decision.exemption)
            )
            head = self.env["billing.waiver"]._exception_ground(exception_sudo)
        elif decision.rule:
            head = rules(decision.rule).sudo()._staff_sentence()
        else:
            head = self.env._("No rule fits.")
        verdict = (
            self.env._("Yes, the fee is forgiven.")
            if decision.waive
            else self.env._("No, the fee stays.")
        )
        passed = Markup("").join(
            Markup("<li><b>%s</b><br/>%s</li>")
            % (
                rules(tried.rule).sudo()._staff_sentence(),
                rules(tried.rule).sudo()._why_not(tried.codes),
            )
            for tried in decision.tried
        )
        body = Markup('<p class="h4">%s</p><p>%s</p>') % (verdict, head)
        if passed:
            body += Markup("<p>%s</p><ul>%s</ul>") % (
                self.env._("Passed over before:"),
                passed,
            )
        return body
