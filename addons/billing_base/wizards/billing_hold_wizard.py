from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..core import hold as core_hold


class BillingHoldWizard(models.TransientModel):
    """Puts one or many invoices on hold."""

    _name = "billing.hold.wizard"
    _description = "Put Invoices on Hold"

    move_ids = fields.Many2many("account.move", string="Invoices", required=True)
    reason = fields.Char(required=True)
    date_until = fields.Date(
        string="Until", help="Last day of the hold. Empty: until somebody releases it."
    )
    block_fee = fields.Boolean(string="No fees or interest", default=True)
    block_reminder = fields.Boolean(string="No reminders", default=True)
    block_handover = fields.Boolean(string="No collection", default=True)
    block_distribution = fields.Boolean(string="No sending at all")

    # === ACTIONS === #

    def action_place(self):
        """Place the holds and close the form."""
        self.ensure_one()
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff can place a hold."))
        self.move_ids.check_access("write")
        wrong = self.move_ids.filtered(
            lambda move: move.move_type != "out_invoice" or move.state == "cancel"
        )
        if wrong:
            raise UserError(
                self.env._(
                    "%(invoice)s cannot be put on hold. Choose customer invoices that "
                    "are not cancelled.",
                    invoice=wrong[0].display_name,
                )
            )
        self.move_ids._billing_place_hold(
            self.reason,
            until=self.date_until or None,
            blocks={what for what in core_hold.BLOCKS if self[f"block_{what}"]},
        )
        return {"type": "ir.actions.act_window_close"}
