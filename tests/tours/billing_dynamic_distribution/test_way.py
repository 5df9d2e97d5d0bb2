"""A clerk follows invoices on their way, and puts right what does not get through."""

import pytest

from odoo.tests import new_test_user

from odoo.addons.billing_dynamic_distribution.core.channel import Outcome

from ...common import KvittHttpCase
from ...integration.billing_dynamic_distribution.common import DistributionCase

ADDON = "/odoo/action-billing_dynamic_distribution"
INVOICES = "/odoo/action-account.action_move_out_invoice_type"


class WayTourCase(DistributionCase, KvittHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tours look for English words, whatever else the database speaks.
        cls.env["res.lang"]._activate_lang("en_US")
        # Whatever the hour.
        cls.company.billing_quiet_hours = False
        cls.email_sms_letter()
        new_test_user(
            cls.env,
            "tour_way",
            "billing_base.group_billing_user",
            name="Tour Clerk",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
            lang="en_US",
        )

    def sent(self, partner=None, outcome=None):
        """An invoice whose first e-mail came to something, and its run."""
        if outcome:
            self.counter.answers.append(outcome)
        move, run = self.post(partner)
        self.send()
        return move, run

    def stuck(self, name, email):
        """An invoice that could reach its customer in no way, and its run."""
        partner = self.create_customer(name, email, phone=False, street=False)
        failed = Outcome("failed_hard", code="5.1.1", reason="No such mailbox")
        move, run = self.sent(partner, failed)
        self.assertEqual(run.state, "stuck")
        return move, run


class TestWay(WayTourCase):
    def test_follow_an_invoice(self):
        move, run = self.sent()
        self.start_tour(
            f"{INVOICES}/{move.id}", "billing_distribution_way", login="tour_way"
        )
        self.env.invalidate_all()
        self.assertEqual((run.state, run.step_id.channel), ("stopped", "letter"))
        self.assertEqual(
            [(a.channel, a.origin) for a in self.attempts_of(move)],
            [("email", "plan"), ("email", "manual")],
        )
        self.assertEqual(self.kinds(move).count("delivery.skipped"), 1)

    @pytest.mark.nightly
    def test_put_addresses_right(self):
        kari, _run = self.stuck("Kari Hansen", "kari@gmial.com")
        ola, _run = self.stuck("Ola Hansen", "ola@feil.example")
        self.start_tour(
            f"{ADDON}.action_billing_contact_point_bounced",
            "billing_distribution_bounce",
            login="tour_way",
        )
        self.env.invalidate_all()
        self.counter.calls.clear()
        self.send()
        self.assertEqual(
            {address for _channel, address, _key in self.counter.calls},
            {"kari@gmail.com", "ola@riktig.example"},
        )
        self.assertEqual(len(self.counter.calls), 2)
        self.assertEqual((kari + ola).partner_id.mapped("email"),
                         ["kari@gmail.com", "ola@riktig.example"])  # fmt: skip

    @pytest.mark.nightly
    def test_what_is_stuck(self):
        found, went = self.stuck("Har Adresse", "har@feil.example")
        found.partner_id.street = "Fjellveien 12"
        _move, stopped = self.stuck("Per Uten", "per@feil.example")
        self.start_tour(
            f"{ADDON}.action_billing_distribution_run_stuck",
            "billing_distribution_stuck",
            login="tour_way",
        )
        self.env.invalidate_all()
        self.assertEqual((went.state, went.channel), ("waiting", "letter"))
        self.assertEqual((stopped.state, stopped.reason_code), ("stopped", "staff"))


@pytest.mark.nightly
class TestWayOnPhone(WayTourCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_put_an_address_right(self):
        move, run = self.stuck("Per Uten", "per@feil.example")
        self.start_tour(
            f"{INVOICES}/{move.id}", "billing_distribution_way_phone", login="tour_way"
        )
        self.env.invalidate_all()
        self.assertEqual(run.state, "stopped")
        self.assertEqual(move.partner_id.email, "per@riktig.example")
