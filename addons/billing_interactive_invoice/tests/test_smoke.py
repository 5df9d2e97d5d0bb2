"""Does the addon work in this database? ``--test-tags /billing_interactive_invoice``.

The full suite stands in ``tests/`` of the repository.
"""

from odoo.tests import TransactionCase, tagged


@tagged("standard", "post_install", "-at_install")
class TestBillingInteractiveInvoice(TransactionCase):
    def test_a_ticket_of_nobody_admits_nobody(self):
        presences = self.env["billing.page.presence"]
        for ticket in ("", "forged", "1.2.3", None):
            self.assertFalse(presences._admit(ticket))

    def test_style_and_script_of_the_page_can_be_made(self):
        links = self.env["ir.qweb"]._get_asset_links("billing_interactive_invoice.page")
        self.assertEqual(
            {link.rpartition(".")[2] for link in links},
            {"css", "js"},
        )

    def test_a_draft_has_no_page(self):
        self.assertFalse(self.env["account.move"].new()._billing_has_page())
