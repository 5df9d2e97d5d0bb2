from odoo import fields, models


class BillingInstallation(models.Model):
    """One line of a customer's contract that has a number of its own.

    A metering point, a broadband connection, a subscription. Customers know these
    numbers from their meter or their letter, and state them when they pay or write.
    """

    _name = "billing.installation"
    _description = "Installation"
    _order = "partner_id, number"
    _rec_name = "number"
    _check_company_auto = True

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    number = fields.Char(
        required=True,
        help="Meter or installation number, such as the 18 digits of a metering point.",
    )
    name = fields.Char(string="Description", help="Such as the address or the product.")
    active = fields.Boolean(default=True)

    _number_unique = models.UniqueIndex(
        "(company_id, number) WHERE active",
        "Another installation has this number.",
    )
    _number_idx = models.Index("(number)")
