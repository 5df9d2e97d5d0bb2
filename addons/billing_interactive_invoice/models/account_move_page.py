from odoo import models

from ..core.section import Section


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_has_page(self):
        """Return whether the customer's page of the invoice is drawn by us.

        It is for invoices and credit notes to customers that are out; all others keep
        Odoo's page.

        :rtype: bool
        """
        self.ensure_one()
        return self.is_sale_document() and self.state != "draft"

    def _billing_page_sections(self, visitor):
        """Return the sections of the customer's page that there are now.

        Addons and subjects extend it in files of their own: call ``super()`` and
        append :class:`core.section.Section` objects. What has nothing to show appends
        nothing. The invoice is in superuser mode, in the language of the page and in
        its company.

        :param core.visitor_rights.Visitor visitor: who looks
        :return: in no particular order
        :rtype: list[core.section.Section]
        """
        self.ensure_one()
        sections = []
        cards = self._billing_ordered_customer_cards()[self.id]
        if cards:
            sections.append(
                Section(
                    "cards",
                    "billing_interactive_invoice.page_cards",
                    {"cards": cards},
                    sequence=30,
                )
            )
        return sections

    def _billing_page_data(self, visitor):
        """Return what scripts on the page need to know, as ``data-`` attributes.

        Extend it as :meth:`_billing_page_sections`.

        :param core.visitor_rights.Visitor visitor: who looks
        :return: value by name, the name without ``data-``
        :rtype: dict[str, str]
        """
        self.ensure_one()
        return {}

    def _billing_page_words(self):
        """Return the words that scripts on the page say, in its language.

        Extend it as :meth:`_billing_page_sections`; scripts find them in
        ``kvitt.words``.

        :return: text by key; ``{name}`` stands for what the script puts in
        :rtype: dict[str, str]
        """
        return {
            "copied": self.env._("Copied"),
            "copy_failed": self.env._("Press long on the number to copy it."),
            "changed": self.env._("The invoice has just been updated."),
            "sending": self.env._("One moment …"),
            "not_sent": self.env._(
                "That did not get through. Check your connection and try again; "
                "nothing is sent twice."
            ),
        }
