from odoo import api, fields, models


class BillingTableColumn(models.Model):
    """One column of a bank's table, and what it holds."""

    _name = "billing.table.column"
    _description = "Column of a Table of Bank Payments"
    _order = "sequence, id"

    format_id = fields.Many2one(
        comodel_name="billing.table.format",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer()
    name = fields.Char(string="Heading", readonly=True)
    role = fields.Selection(selection="_selection_role", string="Holds")

    @api.model
    def _selection_role(self):
        """What a column may hold, in the words of people who read bank statements."""
        _ = self.env._
        words = {
            "booking_date": _("Booking date"),
            "value_date": _("Value date"),
            "amount": _("Amount, with sign"),
            "money_in": _("Money in"),
            "money_out": _("Money out"),
            "direction": _("In or out (word or sign)"),
            "currency": _("Currency"),
            "reference": _("KID or OCR number"),
            "text": _("Text or message"),
            "payer_name": _("Name of the payer"),
            "payer_account": _("Account of the payer"),
            "bank_reference": _("The bank's own reference"),
            "balance": _("Balance after the payment"),
            "own_account": _("Our own account"),
            "status": _("Status (booked or pending)"),
        }
        return list(words.items())
