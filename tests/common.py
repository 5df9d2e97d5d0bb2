"""Base classes of the tests that need Odoo.

The tags make Odoo treat them as its own standard tests run after installation;
without ``standard`` it would let real network requests through.
"""

from odoo.tests import HttpCase, TransactionCase, tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.billing_base.printing import chromium


class Prints:
    """Lets the browser go that a test printed with: Odoo wants no process left."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(chromium.close)


@tagged("standard", "post_install", "-at_install")
class KvittCase(Prints, TransactionCase):
    """A test on the demo database, rolled back at its end."""


@tagged("standard", "post_install", "-at_install")
class KvittHttpCase(Prints, HttpCase):
    """A test with Odoo's web server and, for tours, a browser."""


@tagged("standard", "post_install", "-at_install")
class KvittAccountCase(Prints, AccountTestInvoicingCommon):
    """A test in a company of its own with a Norwegian chart of accounts."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("no")
    def setUpClass(cls):
        super().setUpClass()
