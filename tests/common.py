"""Base classes of the tests that need Odoo.

The tags make Odoo treat them as its own standard tests run after installation;
without ``standard`` it would let real network requests through.
"""

from odoo import Command
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


#: Companies with a chart of accounts that every run of the tests finds. Loading one
#: takes seconds, as long as many a class of tests; they are used as if just made.
READY = ("company_1_data", "company_2")


def make_companies(env):
    """Make what is missing of the companies that tests start from.

    :param env: of somebody who may do anything; the caller commits
    """
    country = env.ref("base.no")
    for name in READY:
        if not env["res.company"].search([("name", "=", name)]):
            company = env["res.company"].create(
                {
                    "name": name,
                    "country_id": country.id,
                    "currency_id": country.currency_id.id,
                }
            )
            env["account.chart.template"].try_loading(
                "no", company=company, install_demo=False
            )
            company.currency_id = country.currency_id


@tagged("standard", "post_install", "-at_install")
class KvittAccountCase(Prints, AccountTestInvoicingCommon):
    """A test in a company of its own with a Norwegian chart of accounts."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("no")
    def setUpClass(cls):
        super().setUpClass()

    @classmethod
    def _create_company(cls, **values):
        ready = cls.env["res.company"]
        if values.keys() == {"name"}:
            ready = ready.sudo().search(
                [("name", "in", READY), ("id", "not in", cls.env.user.company_ids.ids)],
                order="id",
                limit=1,
            )
        if not ready:
            return super()._create_company(**values)
        ready.name = values["name"]
        cls.env.user.company_ids = [Command.link(ready.id)]
        return ready.sudo(False)
