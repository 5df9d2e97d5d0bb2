"""A browser, and somebody to sit in front of it."""

import base64

from odoo.tests import new_test_user

from ..common import KvittHttpCase
from ..integration.billing_bank_file import common


class TourCase(common.BankFileCase, KvittHttpCase):
    """Tours in a Norwegian company with invoices that carry a KID.

    Odoo's own console errors fail a tour, so each also proves that its screens are
    free of them.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tours look for English words, whatever else the database speaks.
        cls.env["res.lang"]._activate_lang("en_US")

    @classmethod
    def new_user(cls, login, *groups):
        """Somebody of the company who reads English."""
        return new_test_user(
            cls.env,
            login,
            ",".join(groups),
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
            lang="en_US",
        )

    def serve(self, url, content):
        """Put a file where the browser can get it.

        :param url: absolute path on the server
        :param content: bytes
        """
        self.env["ir.attachment"].create(
            {
                "name": url.rsplit("/", 1)[-1],
                "type": "binary",
                "url": url,
                "datas": base64.b64encode(content),
                "public": True,
            }
        )
