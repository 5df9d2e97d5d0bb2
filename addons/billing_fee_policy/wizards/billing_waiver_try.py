from markupsafe import Markup

from odoo import api, fields, models

from ..core import law


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
    amount = fields.Monetary(
        string="Fee", compute="_compute_answer", help="What the law allows at most."
    )
    is_free = fields.Boolean(compute="_compute_answer")
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

    @api.depends("move_id", "day")
    @api.depends_context("lang")
    def _compute_answer(self):
        packs = self.env["billing.law.pack"]
        for one in self:
            one.amount, one.is_free, one.answer = 0, False, False
            move = one.move_id._origin or one.move_id
            if not (move and one.day):
                continue
            move.check_access("read")
            verdict = law.fee(
                packs.sudo()._for(one.company_id, one.day),
                "reminder",
                move._billing_debts(one.day)[move.id],
                one.day,
            )
            ordinary = one.company_id._billing_ordinary_fee(one.day)
            amount = verdict.amount or (ordinary[0] if ordinary else 0)
            [decision] = (
                self.env["billing.waiver"]
                ._decide(one.company_id, one.day, {move.id: amount})
                .values()
            )
            one.amount = float(verdict.amount)
            one.is_free = decision.waive or not verdict.allowed
            one.answer = one._law_words(verdict) + one._rule_words(decision)

    # === HELPERS === #

    def _law_words(self, verdict):
        """Return what the law says about a fee, with its paragraphs."""
        self.ensure_one()
        reasons = self.env["billing.law.pack"]._words(verdict.reasons)
        head = (
            self.env._("The law allows a fee.")
            if verdict.allowed
            else self.env._("No, the law allows no fee.")
        )
        return Markup('<p class="h4">%s</p>%s') % (head, _list(reasons))

    def _rule_words(self, decision):
        """Return what the rules say, and why, rule by rule."""
        self.ensure_one()
        rules_sudo = self.env["billing.waiver.rule"].sudo()
        if decision.exemption:
            exceptions_sudo = self.env["billing.waiver.exception"].sudo()
            why = self.env["billing.waiver"]._exception_ground(
                exceptions_sudo.browse(decision.exemption)
            )
        elif decision.rule:
            why = rules_sudo.browse(decision.rule).sentence
        else:
            why = self.env._("No rule fits.")
        head = (
            self.env._("Yes, it is forgiven.")
            if decision.waive
            else self.env._("No rule forgives it.")
        )
        body = Markup('<p class="h4">%s</p><p>%s</p>') % (head, why)
        if not decision.tried:
            return body
        passed = [
            Markup("<b>%s</b><br/>%s")
            % (
                rules_sudo.browse(tried.rule).sentence,
                rules_sudo.browse(tried.rule)._why_not(tried.codes),
            )
            for tried in decision.tried
        ]
        return body + Markup("<p>%s</p>%s") % (
            self.env._("Passed over before:"),
            _list(passed),
        )


def _list(texts):
    items = Markup("").join(Markup("<li>%s</li>") % text for text in texts)
    return Markup("<ul>%s</ul>") % items if items else items
