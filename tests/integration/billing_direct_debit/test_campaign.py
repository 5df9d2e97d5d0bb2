"""Customers who would gain by direct debit: found, shown, told once, counted."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import UserError

from .campaign_common import TODAY, DebitFigures


class TestCampaign(DebitFigures):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.late = cls.customer("Kari Sen")
        cls.punctual = cls.customer("Per Presis")
        cls.has_it = cls.customer("Ida Avtale")
        cls.gave_up = cls.customer("Ole Slutt")
        cls.shy = cls.customer("Siv Stille", offers=False)
        cls.deaf = cls.customer("Dag Uten", email=False)
        cls.disputed = cls.customer("Tor Tvist")
        cls.rare = cls.customer("Una Sjelden")
        cls.bills(
            cls.late,
            cls.has_it,
            cls.gave_up,
            cls.shy,
            cls.deaf,
            cls.disputed,
            late=2,
        )
        cls.bills(cls.punctual)
        cls.bills(cls.rare, count=2, late=2)
        cls.mandate(cls.has_it)
        cls.mandate(cls.gave_up, "ended", ended_on=date(2026, 6, 1), ended_by="payer")
        cls._new_invoices(
            partner=cls.disputed, invoice_date="2026-09-01"
        )._billing_place_hold("Meter is wrong")
        # Tests do not commit.
        cls.startClassPatcher(
            patch.object(
                cls.env.registry["ir.cron"],
                "_commit_progress",
                lambda cron, *_args, **_values: cron.env.flush_all() or float("inf"),
            )
        )

    def campaign(self, **values):
        return self.env["billing.debit.campaign"].create(
            {
                "name": "Autumn",
                "company_id": self.company.id,
                "agreement_id": self.agreement.id,
                "holdout_share": 0,
                **values,
            }
        )

    def work(self, day=TODAY):
        self.env["billing.debit.campaign"].with_context(
            billing_date=day
        )._cron_send_offers()
        self.env.invalidate_all()

    def why(self, campaign):
        return {
            offer.partner_id: offer.reason or offer.state
            for offer in campaign.offer_ids
        }

    def mails(self, partner):
        return self.env["mail.mail"].sudo().search([("email_to", "=", partner.email)])

    def test_who_would_gain_and_who_is_left_alone(self):
        campaign = self.campaign()
        campaign.action_prepare()
        self.assertEqual(
            self.why(campaign),
            {
                self.late: "planned",
                self.gave_up: "ended",
                self.shy: "no_consent",
                self.deaf: "no_address",
                self.disputed: "trouble",
            },
        )
        kari = campaign.offer_ids.filtered(lambda one: one.partner_id == self.late)
        self.assertEqual((kari.gain, kari.invoices, kari.invoices_late), ("late", 3, 2))
        self.assertIn("5 customers would gain", campaign.summary)
        self.assertIn("did not agree to offers (1)", campaign.summary)
        # Everybody who pays by hand, and on the other ground.
        campaign.write({"for_manual": True, "basis": "customer"})
        self.assertFalse(campaign.prepared_at, "what was seen is no longer so")
        self.assertFalse(campaign.offer_ids)
        campaign.action_prepare()
        why = self.why(campaign)
        self.assertEqual(why[self.punctual], "planned")
        self.assertEqual(why[self.shy], "planned")
        self.assertNotIn(self.rare, why)
        self.assertNotIn(self.has_it, why)

    def test_who_is_reminded_often(self):
        campaign = self.campaign(for_late=False, reminder_count=2)
        moves = self.env["account.move"].search(
            [
                ("commercial_partner_id", "=", self.punctual.id),
                ("move_type", "=", "out_invoice"),
            ]
        )
        self.env["billing.event"]._log(
            [{"kind": "hold.placed", "move_id": move.id} for move in moves[:2]]
        )
        with patch.object(
            self.env.registry["billing.debit.campaign"],
            "_reminder_kinds",
            lambda _self: {"hold.placed"},
        ):
            campaign.action_prepare()
        self.assertEqual(campaign.offer_ids.partner_id, self.punctual)
        self.assertEqual(campaign.offer_ids.gain, "reminded")

    def test_told_once_and_counted(self):
        campaign = self.campaign()
        with self.assertRaisesRegex(UserError, "nobody to tell"):
            campaign.action_send()
        campaign.action_prepare()
        with self.assertRaisesRegex(UserError, "A manager"):
            campaign.with_user(self.user).action_send()
        campaign.action_send()
        self.work()
        self.work()
        [mail] = self.mails(self.late)
        offer = campaign.offer_ids.filtered("sent_at")
        self.assertEqual(offer.partner_id, self.late)
        self.assertEqual(campaign.state, "done")
        self.assertIn("AvtaleGiro", mail.body_html)
        self.assertIn(f"/my/invoices/{offer.move_id.id}?access_token=", mail.body_html)
        self.assertIn(offer._decline_url(), mail.body_html)
        self.assertEqual(
            self.env["billing.event"].search_count(
                [("kind", "=", "debit.offered"), ("partner_id", "=", self.late.id)]
            ),
            1,
        )
        with self.assertRaisesRegex(UserError, "begun"):
            campaign.basis = "customer"
        with self.assertRaisesRegex(UserError, "has to stay"):
            campaign.unlink()
        # Nobody hears of it twice within the months between offers.
        again = self.campaign(name="Once more")
        again.action_prepare()
        self.assertEqual(self.why(again)[self.late], "asked")
        # The customer signs up: the campaign's merit, once.
        self.assertFalse(campaign.signup_count)
        mandate = self.mandate(
            self.late, "sent", signed_at=offer.sent_at + timedelta(days=3)
        )
        self.work()
        self.assertEqual(offer.mandate_id, mandate)
        self.assertEqual(campaign.signup_count, 1)
        self.assertIn("1 signed up", campaign.summary)
        row = self.env["billing.debit.signup.report"].search(
            [("mandate_id", "=", mandate.id)]
        )
        self.assertEqual(row.campaign_id, campaign)

    def test_what_changed_since_the_preview_counts(self):
        campaign = self.campaign(for_manual=True)
        campaign.action_prepare()
        campaign.offer_ids.filtered(
            lambda one: one.partner_id == self.punctual
        ).with_user(self.user).action_leave_out()
        campaign.action_send()
        self.mandate(self.late)
        self.work()
        why = self.why(campaign)
        self.assertEqual(why[self.late], "has_mandate")
        self.assertEqual(why[self.punctual], "staff")
        self.assertFalse(self.mails(self.late) + self.mails(self.punctual))

    def test_nobody_is_told_at_night_or_after_a_stop(self):
        campaign = self.campaign()
        campaign.action_prepare()
        campaign.action_send()
        # A Sunday.
        self.work(date(2026, 10, 4))
        self.assertEqual(self.why(campaign)[self.late], "planned")
        self.assertEqual(campaign.state, "sending")
        campaign.action_stop()
        self.work(date(2026, 10, 5))
        self.assertEqual(self.why(campaign)[self.late], "stopped")
        self.assertFalse(self.mails(self.late))

    def test_those_who_are_not_told_are_compared_with(self):
        names = ("Ann", "Bo", "Cai", "Dan", "Eva", "Fia", "Gro", "Hal")
        self.bills(*(self.customer(f"{name} Sen") for name in names), late=2)
        campaign = self.campaign(holdout_share=50)
        campaign.action_prepare()
        held = campaign.offer_ids.filtered(lambda one: one.reason == "held_out")
        self.assertTrue(0 < len(held) < 9, len(held))
        campaign.action_send()
        self.work()
        self.assertFalse(held.filtered("sent_at"))
        self.mandate(
            held[0].partner_id,
            "sent",
            signed_at=campaign.started_at + timedelta(days=1),
        )
        self.work()
        self.assertTrue(held[0].mandate_id)
        self.assertFalse(campaign.signup_count, "nobody told them")
        self.assertIn("who were not told", campaign.summary)

    def test_a_customer_says_no_for_good(self):
        campaign = self.campaign()
        campaign.action_prepare()
        campaign.action_send()
        self.work()
        offer = campaign.offer_ids.filtered("sent_at")
        token = offer._decline_token()
        offers = self.env["billing.debit.offer"]
        self.assertFalse(offers._find(offer.id, token[:-1] + "-"))
        self.assertFalse(offers._find(offer.id, "é" * 22))
        self.assertEqual(offers._find(offer.id, token), offer)
        offer._decline()
        offer._decline()
        self.assertEqual(self.late.billing_debit_no_offers_on, TODAY)
        self.assertFalse(
            any(self.late.billing_contact_point_ids.mapped("consent_marketing"))
        )
        self.assertTrue(
            all(self.late.billing_contact_point_ids.mapped("consent_billing"))
        )
        again = self.campaign(basis="customer", quiet_months=0)
        again.action_prepare()
        self.assertEqual(self.why(again)[self.late], "said_no")

    def test_only_the_own_company_sees_it(self):
        campaign = self.campaign()
        campaign.action_prepare()
        elsewhere = self._create_company(name="Elsewhere AS")
        stranger = self._new_user(
            "stranger", "billing_base.group_billing_manager", elsewhere
        )
        for model in ("billing.debit.campaign", "billing.debit.offer"):
            self.assertFalse(self.env[model].with_user(stranger).search([]))
