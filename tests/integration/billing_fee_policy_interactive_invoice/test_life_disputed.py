"""A claim that the customer objects to on the page waits for the answer."""

from unittest.mock import patch

from odoo import SUPERUSER_ID

from odoo.addons.billing_interactive_invoice.core.visitor_rights import Visitor

from ..billing_fee_policy.life_common import LifeCase


class TestDisputedLife(LifeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_page_case_user_id = cls.user
        cls.startClassPatcher(
            patch.object(
                cls.env.registry["mail.mail"], "send_after_commit", lambda _mails: None
            )
        )

    def object(self, claim, day):
        """What the customer writes on the page of the invoice."""
        move_sudo = claim.with_user(SUPERUSER_ID).with_context(
            billing_date=day, lang="en_US"
        )
        visitor = Visitor("link", partner_id=self.kari.id)
        move_sudo._billing_dispute(visitor, "usage", "The meter says 4 120.")
        request = self.env["billing.request"].search([("move_id", "=", claim.id)])
        return request.with_user(self.user)

    def test_held_until_it_is_answered_and_resumed_afterwards(self):
        claim = self.bill(self.kari)
        self.assertEqual(self.live(claim, 3)[0], "soft")
        request = self.object(claim, self.day(10))
        for day in (14, 20, 60):
            self.assertIsNone(self.live(claim, day), day)
        self.assertEqual(self.books(self.kari), (1249.0, 0.0, 0.0))
        # 9 April; the customer was in the wrong and has until the 16th.
        request = request.with_context(billing_date=self.day(66))
        request.write({"answer": "We read it again: 4 120.", "pay_until": self.day(73)})
        request.action_decline()
        for day in (66, 73):
            self.assertIsNone(self.live(claim, day), day)
        # Fourteen days end on the first of May, a Friday, so that it is Monday.
        self.assertEqual(self.live(claim, 74), ("reminder", 38.0, 0.0, self.day(91)))
        self.assertEqual(self.books(self.kari), (1287.0, 38.0, 0.0))

    def test_between_reminder_and_notice(self):
        claim = self.bill(self.kari)
        for day in (3, 14):
            self.assertTrue(self.live(claim, day))
        self.object(claim, self.day(28))
        for day in (31, 50, 200):
            self.assertIsNone(self.live(claim, day), day)
        self.assertFalse(self.ready(200))
        self.assertEqual(self.books(self.kari), (1287.0, 38.0, 0.0))
        self.assertEqual(self.story(claim, "dispute."), ["dispute.opened"])
