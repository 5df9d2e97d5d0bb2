from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import colour

#: Colour of the page when a company has none.
DEFAULT_COLOUR = "#17527a"


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_page_colour = fields.Char(
        string="Page Colour",
        help="Colour of buttons and links on the customer's page, such as #17527A. "
        "Left empty it is the colour of your documents. It is made darker or lighter "
        "where it could not be read otherwise.",
    )
    billing_page_privacy_url = fields.Char(
        string="Privacy Page",
        help="Address of the page that tells customers what you keep of them. It is "
        "linked at the end of each invoice's page.",
    )

    @api.constrains("billing_page_colour")
    def _check_billing_page_colour(self):
        for company in self:
            if company.billing_page_colour and not colour.parse(
                company.billing_page_colour
            ):
                raise ValidationError(
                    self.env._("Write a colour as in #17527A: # and six digits.")
                )

    @api.constrains("billing_page_privacy_url")
    def _check_billing_page_privacy_url(self):
        for company in self:
            url = company.billing_page_privacy_url
            if url and not url.startswith("https://"):
                raise ValidationError(
                    self.env._("The address of the privacy page begins with https://.")
                )

    def _billing_page_colour(self):
        """Return the colour of the company's pages as ``#rrggbb``.

        :rtype: str
        """
        company_sudo = self.sudo()
        return (
            colour.parse(company_sudo.billing_page_colour)
            or colour.parse(company_sudo.primary_color)
            or DEFAULT_COLOUR
        )
