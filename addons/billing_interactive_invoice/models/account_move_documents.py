from odoo import models

from ..core.section import Section


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_page_sections(self, visitor):
        """Override: the invoice on paper, privacy, and whether the page is real."""
        sections = super()._billing_page_sections(visitor)
        sections.append(
            Section(
                "documents",
                "billing_interactive_invoice.page_documents",
                sequence=100,
            )
        )
        return sections
