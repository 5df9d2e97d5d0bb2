from odoo import api, models

from ..core import letters

#: Reports of ours whose address is in the window besides invoices.
LETTERS = (
    "billing_dynamic_distribution.report_cover_letter",
    "billing_dynamic_distribution.report_cover_letter_sample",
)
#: From the window's edge to the address: letters slip in their envelopes.
WINDOW_MARGIN = 4.0


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _billing_page_style(self, report, paper):
        """Extension of `billing_base`: the address of letters is in the window."""
        style = super()._billing_page_style(report, paper)
        company_sudo = self.env.company.sudo()
        if (
            report
            and company_sudo.billing_letter_provider
            and company_sudo.billing_letter_place_address
            and (
                report.report_name in self._billing_letter_reports()
                or self._is_invoice_report(report)
            )
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

    @api.model
    def _billing_letter_reports(self):
        """Return names of reports that go out in envelopes with a window.

        Besides those of invoices. Extended by addons with letters of their own.

        :rtype: tuple[str, ...]
        """
        return LETTERS
