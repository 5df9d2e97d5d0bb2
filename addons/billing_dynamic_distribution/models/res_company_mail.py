from odoo import fields, models


class ResCompany(models.Model):
    """E-mail: what is learned from it, and how failures find their way back."""

    _inherit = "res.company"

    billing_email_tagged_return = fields.Boolean(
        string="Tagged Return Address",
        help="Each e-mail gets a return address of its own, such as "
        "bounce+billing-…@your-domain. Use it if your mail server delivers such "
        "addresses: then even reports that name nothing else are understood.",
    )
    billing_email_pixel = fields.Boolean(
        string="Read Tracking in E-mails",
        help="E-mails to customers who agreed to it carry an invisible picture that "
        "tells when they are opened. Without it, an e-mail counts as opened when the "
        "customer visits the page of the invoice.",
    )
