"""Saying no to offers: a page without scripts, signed by its address."""

from ... import common
from .campaign_common import DebitFigures


class TestDeclineOffers(DebitFigures, common.KvittHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kari = cls.customer("Kari Sen")
        cls.bills(cls.kari, late=2)
        campaign = cls.env["billing.debit.campaign"].create(
            {"name": "Autumn", "agreement_id": cls.agreement.id, "holdout_share": 0}
        )
        campaign.action_prepare()
        cls.offer = campaign.offer_ids

    def test_asked_first_and_done_by_a_button(self):
        path = f"/billing/offers/{self.offer.id}/{self.offer._decline_token()}"
        asked = self.url_open(path)
        self.assertIn("No more offers?", asked.text)
        self.assertIn("form-action 'self'", asked.headers["Content-Security-Policy"])
        self.assertFalse(self.kari.billing_debit_no_offers_on, "a link does nothing")
        done = self.opener.post(self.base_url() + path, timeout=30)
        self.assertIn("You get no more offers", done.text)
        self.env.invalidate_all()
        self.assertTrue(self.kari.billing_debit_no_offers_on)

    def test_nobody_elses(self):
        path = f"/billing/offers/{self.offer.id}/{'A' * 22}"
        self.assertEqual(self.url_open(path).status_code, 404)
