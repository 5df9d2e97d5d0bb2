from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    billing_mandate_id = fields.Many2one(
        "billing.mandate",
        string="Mandate",
        compute="_compute_billing_mandate_id",
        groups="billing_base.group_billing_user",
        help="By which the invoice can be drawn from the customer's account.",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_mandate_id(self):
        mandates = self._billing_mandates()
        for move in self:
            move.billing_mandate_id = mandates.get(move.id)

    # === ACTIONS === #

    def action_billing_mandate(self):
        """Open the mandate by which the invoice can be drawn."""
        self.ensure_one()
        return self.billing_mandate_id._get_records_action()

    # === BUSINESS METHODS === #

    def _billing_mandates(self):
        """Return the active mandates by which the invoices can be drawn.

        The customer's, in the currency of the invoice. AvtaleGiro knows a customer by
        the first digits of the KID, so an invoice with another KID is not drawn.

        :return: by id of the invoice, without those that have none; the one that has
            been active longest
        :rtype: dict[int, billing.mandate]
        """
        moves = self.filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted"
        )
        if not moves:
            return {}
        mandates = self.env["billing.mandate"].search(
            [
                ("partner_id", "in", moves.commercial_partner_id.ids),
                ("company_id", "in", moves.company_id.ids),
                ("state", "=", "active"),
            ],
            order="active_from, id",
        )
        by_customer = mandates.grouped(lambda one: (one.partner_id, one.company_id))
        found = {}
        for move in moves:
            for mandate in by_customer.get(
                (move.commercial_partner_id, move.company_id), ()
            ):
                if mandate._fits(move):
                    found[move.id] = mandate
                    break
        return found
