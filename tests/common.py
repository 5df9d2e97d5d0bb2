"""Base classes of the tests that need Odoo.

The tags make Odoo treat them as its own standard tests run after installation;
without ``standard`` it would let real network requests through.
"""

from odoo.tests import HttpCase, TransactionCase, tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon


@tagged("standard", "post_install", "-at_install")
class KvittCase(TransactionCase):
    """A test on the demo database, rolled back at its end."""


@tagged("standard", "post_install", "-at_install")
class KvittHttpCase(HttpCase):
    """A test with Odoo's web server and, for tours, a browser."""


@tagged("standard", "post_install", "-at_install")
class KvittAccountCase(AccountTestInvoicingCommon):
    """A test in a company of its own with a Norwegian chart of accounts."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("no")
    def setUpClass(cls):
        super().setUpClass()
