"""What the tests of the customer's page share."""

from lxml import html

from odoo import Command
from odoo.tests import new_test_user

from ...common import KvittHttpCase
from ..billing_base.common import LinkCase

PHONE = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) "
    "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
}


class PageCase(LinkCase, KvittHttpCase):
    """A customer with two invoices, a personal link to the first, and a login."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.link = cls.links._issue([{"move_id": cls.invoice.id, "key": "page"}])
        cls.token = cls.link._token()
        cls.portal_user = new_test_user(
            cls.env, login="page_kari", groups="base.group_portal", lang="en_US"
        )
        cls.portal_user.partner_id.parent_id = cls.kari
        cls.stranger = new_test_user(
            cls.env, login="page_stranger", groups="base.group_portal", lang="en_US"
        )
        cls.env["billing.link.guess"].sudo().search([]).unlink()

    def open(
        self, token=None, move=None, path="", headers=None, method="GET", **params
    ):
        """Open the page of an invoice; without a token as who is signed in."""
        if token:
            params["access_token"] = token
        return self.url_open(
            f"/my/invoices/{(move or self.invoice).id}{path}",
            params=params,
            headers=PHONE if headers is None else headers,
            method=method,
            allow_redirects=False,
        )

    def page(self, *args, **kwargs):
        """Return the page as a tree, after a look that it is one."""
        answer = self.open(*args, **kwargs)
        self.assertEqual(answer.status_code, 200)
        return html.fromstring(answer.content)

    def title(self, page=None):
        """Return the sentence that the page begins with."""
        found = (page if page is not None else self.page(self.token)).xpath("//h1")
        self.assertEqual(len(found), 1)
        return " ".join(found[0].text_content().split())

    @classmethod
    def pay(cls, amount, move=None, day="2026-11-12"):
        """Have a payment come for an invoice."""
        move = move or cls.invoice
        wizard = (
            cls.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"amount": amount, "payment_date": day})
        )
        return wizard._create_payments()

    @classmethod
    def bill(cls):
        """Return an invoice of a supplier's."""
        bill = cls.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": cls.kari.id,
                "invoice_date": "2026-11-02",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Paper", "price_unit": 9.0, "tax_ids": False}
                    )
                ],
            }
        )
        bill.action_post()
        return bill
