from odoo import fields, models

from .billing_page_presence import TOLD_FOR


class ResCompany(models.Model):
    _inherit = "res.company"

    def _billing_open_pages(self):
        """Return the invoices of the companies whose pages somebody has open.

        :return: in superuser mode
        :rtype: account.move
        """
        return (
            self.env["billing.page.presence"]
            .sudo()
            .search(
                [
                    ("company_id", "in", self.ids),
                    ("seen_at", ">", fields.Datetime.now() - TOLD_FOR),
                ]
            )
            .move_id
        )
