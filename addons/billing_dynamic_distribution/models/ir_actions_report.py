from odoo import api, models

from ..core import letters

#: From the window's edge to the address: letters slip in their envelopes.
WINDOW_MARGIN = 4.0


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _billing_page_style(self, report, paper):
        """Extension of `billing_base`: the address of invoices is in the window."""
        style = super()._billing_page_style(report, paper)
        company_sudo = self.env.company.sudo()
        if (
            report
            and company_sudo.billing_letter_provider
            and company_sudo.billing_letter_place_address
            and self._is_invoice_report(report)
        ):
            style += letters.window_style(
                company_sudo._billing_letter_window(),
                margin=WINDOW_MARGIN,
                page=paper.width,
                top=paper.top,
                left=paper.left,
                scale=paper.scale,
            )
        return style
