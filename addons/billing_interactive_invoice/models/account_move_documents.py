from odoo import models
from odoo.tools import format_date

from ..core.section import Section


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_page_sections(self, visitor):
        """Override: the invoice on paper, privacy, and whether the page is real."""
        sections = super()._billing_page_sections(visitor)
        link_sudo = self.env["billing.link"].sudo().browse(visitor.link_id or [])
        sections.append(
            Section(
                "documents",
                "billing_interactive_invoice.page_documents",
                {
                    "link_until": format_date(self.env, link_sudo.expires_at)
                    if link_sudo
                    else "",
                },
                sequence=100,
            )
        )
        return sections
