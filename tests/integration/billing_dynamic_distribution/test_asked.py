"""A customer asks for another channel: what nobody saw yet goes there, once."""

from odoo.tests import new_test_user

from .common import DistributionCase


class TestAsked(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kari = cls.kari.with_company(cls.company)
        cls.plan = cls.create_plan(
            ("email", 0, "not_paid"), ("letter", 3, "not_opened")
        )
        cls.asked = cls.create_plan(
            ("preferred", 0, "not_paid"), trigger="asked", name="Asked"
        )

    def sent_by_email(self):
        with self.at(0):
            move, run = self.post()
            self.send()
        self.assertEqual(self.attempts_of(move).channel, "email")
        return move, run

    def runs_of(self, move):
        return self.env["billing.distribution.run"].search(
            [("move_id", "=", move.id), ("plan_id", "=", self.asked.id)]
        )

    def test_what_nobody_opened_goes_by_the_channel_that_is_chosen(self):
        move, run = self.sent_by_email()
        with self.at(1):
            self.kari.invoice_sending_method = "sms"
            self.send()
        self.assertEqual(self.attempts_of(move).mapped("channel"), ["email", "sms"])
        # The letter that was to follow is not needed any more.
        self.assertEqual((run.state, run.reason_code), ("stopped", "asked"))
        self.assertEqual(run.reason, "The customer asked for another channel")

    def test_once_for_each_channel(self):
        move, _run = self.sent_by_email()
        with self.at(1):
            for method in ("sms", "letter", "sms", "sms"):
                self.kari.invoice_sending_method = method
                self.send()
        self.assertEqual(
            self.attempts_of(move).mapped("channel"), ["email", "sms", "letter"]
        )
        self.assertEqual(
            set(self.runs_of(move).mapped("trigger_key")), {"asked:sms", "asked:letter"}
        )

    def test_who_changes_their_mind_before_it_is_sent_gets_one_message(self):
        move, _run = self.sent_by_email()
        with self.at(1):
            self.kari.invoice_sending_method = "sms"
            self.kari.invoice_sending_method = "letter"
            self.send()
        self.assertEqual(self.attempts_of(move).mapped("channel"), ["email", "letter"])

    def test_what_was_seen_or_paid_stays_where_it_is(self):
        seen, _run = self.sent_by_email()
        self.attempts_of(seen)._apply("opened")
        paid, _run = self.sent_by_email()
        self.pay(paid)
        with self.at(1):
            self.kari.invoice_sending_method = "sms"
        self.assertFalse(self.runs_of(seen) | self.runs_of(paid))

    def test_a_first_message_that_goes_there_anyway_is_enough(self):
        with self.at(0):
            move, run = self.post()
            self.assertEqual(run.channel, "email")
            self.kari.invoice_sending_method = "letter"
            self.assertTrue(self.runs_of(move))
            self.assertEqual(run.state, "stopped")
            self.plan.active = False
            self.create_plan(("preferred", 0, "not_paid"))
            other, _run = self.post()
            self.kari.invoice_sending_method = "sms"
        self.assertFalse(self.runs_of(other))

    def test_another_order_of_addresses_is_a_wish_too(self):
        move, _run = self.sent_by_email()
        points = self.kari.billing_contact_point_ids
        with self.at(1):
            points.filtered(lambda point: point.channel == "letter").sequence = 50
            self.assertFalse(self.runs_of(move))
            points.filtered(lambda point: point.channel == "sms").sequence = 1
            self.send()
        self.assertEqual(self.attempts_of(move).mapped("channel"), ["email", "sms"])

    def test_an_address_that_is_not_there_cannot_be_asked_for(self):
        move, _run = self.sent_by_email()
        self.kari.phone = False
        with self.at(1):
            self.kari.invoice_sending_method = "sms"
            self.kari.invoice_sending_method = "manual"
        self.assertFalse(self.runs_of(move))

    def test_the_customer_does_it_on_the_portal(self):
        move, run = self.sent_by_email()
        user = new_test_user(self.env, "kari-on-portal", "base.group_portal")
        user.partner_id.write({"parent_id": self.kari.id})
        with self.at(1):
            self.kari.with_user(user).sudo().write({"invoice_sending_method": "sms"})
        self.assertTrue(self.runs_of(move))
        event = self.env["billing.event"].search(
            [("move_id", "=", move.id), ("kind", "=", "run.stopped")]
        )
        self.assertEqual(event.actor, "customer")
        self.assertEqual(run.state, "stopped")

    def test_many_customers_cost_no_more_queries_than_one(self):
        def change(customers):
            customers.invalidate_recordset()
            before = self.env.cr.sql_log_count
            with self.at(1):
                customers.write({"invoice_sending_method": "letter"})
                self.env.flush_all()
            return self.env.cr.sql_log_count - before

        customers = self.env["res.partner"].with_company(self.company)
        for number in range(6):
            customer = self.create_customer(
                f"Customer {number}", f"c{number}@x.example"
            )
            customers |= customer.with_company(self.company)
            with self.at(0):
                self.post(customer)
        with self.at(0):
            self.send()
        one = change(customers[:1])
        self.assertLessEqual(change(customers[1:]), one + 8)
        self.assertEqual(
            self.env["billing.distribution.run"].search_count(
                [("plan_id", "=", self.asked.id)]
            ),
            6,
        )

    def test_without_a_plan_for_it_nothing_happens(self):
        move, run = self.sent_by_email()
        self.asked.active = False
        with self.at(1):
            self.kari.invoice_sending_method = "sms"
        self.assertEqual(self.run_of(move), run)
        self.assertEqual(run.state, "waiting")
