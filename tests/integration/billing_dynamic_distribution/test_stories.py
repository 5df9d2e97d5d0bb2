"""User stories: an invoice finds its way."""

from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import ChannelError, Outcome

from .common import MONDAY, DistributionCase


class TestInvoiceFindsItsWay(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.email_sms_letter()

    def post_on_monday(self, **values):
        with self.at(0):
            move, run = self.post(**values)
            self.send()
        return move, run

    def test_kari_gets_an_email_when_her_invoice_is_issued(self):
        move, run = self.post_on_monday()
        self.assertEqual(self.counter.channels(), ["email"])
        [attempt] = self.attempts_of(move)
        self.assertRecordValues(
            attempt,
            [
                {
                    "state": "sent",
                    "address": "kari@example.com",
                    "cost": 0.5,
                    "partner_id": self.kari.id,
                    "sent_at": MONDAY,
                }
            ],
        )
        self.assertRecordValues(
            run,
            [{"state": "waiting", "channel": "sms", "next_at": MONDAY + timedelta(3)}],
        )
        self.assertEqual(
            self.kinds(move), ["invoice.posted", "run.started", "delivery.sent"]
        )

    def test_kari_does_not_open_it_and_gets_sms_then_a_letter(self):
        move, run = self.post_on_monday()
        self.go_to(2)
        self.assertEqual(self.counter.channels(), ["email"])
        self.go_to(3)
        self.assertEqual(self.counter.channels(), ["email", "sms"])
        self.go_to(5)
        self.assertEqual(self.counter.channels(), ["email", "sms", "letter"])
        self.assertEqual((run.state, run.reason_code), ("done", "sent"))
        self.go_to(30)
        self.assertEqual(len(self.counter.calls), 3)

    def test_kari_opens_the_email_and_is_left_in_peace(self):
        move, run = self.post_on_monday()
        with self.at(1):
            link = self.attempts_of(move).item_ids.link_id
            self.assertEqual(link.res_id, self.attempts_of(move).id)
            self.attempts_of(move)._apply("opened")
        self.assertEqual((run.state, run.reason_code), ("done", "opened"))
        self.go_to(3)
        self.assertEqual(self.counter.channels(), ["email"])
        self.assertIn("delivery.opened", self.kinds(move))

    def test_a_bounced_email_is_followed_by_sms_at_once(self):
        self.counter.answers.append(
            Outcome(state.FAILED_HARD, code="550", reason="no such user")
        )
        move, run = self.post_on_monday()
        self.assertEqual(self.counter.channels(), ["email", "sms"])
        point = self.attempts_of(move)[0].contact_point_id
        self.assertEqual(point.state, "blocked")
        self.assertIn("delivery.bounced", self.kinds(move))

    def test_a_bounce_that_comes_a_day_later_brings_the_sms_forward(self):
        move, run = self.post_on_monday()
        with self.at(1):
            self.attempts_of(move)._apply("failed_hard", reason="mailbox is gone")
            self.assertEqual(run.next_at, MONDAY + timedelta(1))
            self.send()
        self.assertEqual(self.counter.channels(), ["email", "sms"])
        # The letter follows two days after the SMS, not after the e-mail.
        self.assertEqual(run.next_at, MONDAY + timedelta(3))

    def test_her_second_address_is_tried_before_the_next_channel(self):
        self.env["billing.contact.point"].create(
            {
                "partner_id": self.kari.id,
                "channel": "email",
                "address": "kari.work@example.com",
                "sequence": 90,
            }
        )
        self.counter.answers.append(Outcome(state.FAILED_HARD, reason="no such user"))
        self.post_on_monday()
        self.assertEqual(
            [address for _channel, address, _key in self.counter.calls],
            ["kari@example.com", "kari.work@example.com"],
        )

    def test_a_full_mailbox_is_tried_again_then_the_sms_steps_in(self):
        for _time in range(4):
            self.counter.answers.append(
                Outcome(state.FAILED_SOFT, code="452", reason="mailbox full")
            )
        move, run = self.post_on_monday()
        self.assertEqual((run.channel, run.retry), ("email", 1))
        self.assertEqual(run.next_at, MONDAY + timedelta(minutes=30))
        self.go_to(MONDAY + timedelta(minutes=29))
        self.assertEqual(self.counter.channels(), ["email"])
        for minutes in (30, 90, 210):
            self.go_to(MONDAY + timedelta(minutes=minutes))
        self.assertEqual(self.counter.channels(), ["email"] * 4 + ["sms"])
        self.assertEqual(len(set(self.attempts_of(move).mapped("key"))), 5)

    def test_a_server_that_is_down_costs_nobody_an_sms(self):
        for _time in range(5):
            self.counter.answers.append(
                Outcome(state.FAILED_SOFT, reason="refused", address_fault=False)
            )
        move, run = self.post_on_monday()
        for minutes in (5, 15, 35, 75, 135):
            self.go_to(MONDAY + timedelta(minutes=minutes))
        self.assertEqual(self.counter.channels(), ["email"] * 6)
        self.assertEqual(self.attempts_of(move)[-1].state, "sent")
        self.assertEqual(self.attempts_of(move).contact_point_id.state, "unverified")

    def test_what_is_paid_is_not_asked_for_again(self):
        move, run = self.post_on_monday()
        with self.at(1):
            self.pay(move)
        self.assertEqual((run.state, run.reason_code), ("done", "paid"))
        self.go_to(3)
        self.assertEqual(self.counter.channels(), ["email"])

    def test_a_customer_without_email_gets_the_sms_at_once(self):
        ola = self.create_customer("Ola Nordmann", phone="+47 406 54 321")
        move, run = self.post_on_monday(partner=ola)
        self.assertEqual(self.counter.channels(), ["sms"])
        self.assertIn("delivery.skipped", self.kinds(move))

    def test_nobody_can_be_reached_and_staff_hear_of_it(self):
        # Neither e-mail nor telephone, and the letter cannot be made.
        nobody = self.create_customer("Ingen", phone=False, street=False, city=False)
        letter = type(self.env["billing.channel"]._get("letter"))
        with patch.object(letter, "_is_available", lambda *_args: False):
            move, run = self.post_on_monday(partner=nobody)
        self.assertEqual(run.state, "stuck")
        self.assertIn("run.stuck", self.kinds(move))
        self.assertEqual(self.counter.calls, [])

    def test_a_message_nobody_knows_anything_of_is_not_sent_again(self):
        self.counter.answers.append(Outcome(state.UNCERTAIN, reason="time-out"))
        move, run = self.post_on_monday()
        self.assertEqual((run.state, run.next_at), ("waiting", MONDAY + timedelta(3)))
        self.go_to(1)
        self.assertEqual(self.counter.channels(), ["email"])
        self.go_to(3)
        self.assertEqual(self.counter.channels(), ["email", "sms"])

    def test_what_cannot_be_rendered_is_never_handed_over(self):
        email = type(self.env["billing.channel"]._get("email"))

        def broken(*_args):
            raise ChannelError("hard", "text", "the template is empty")

        with patch.object(email, "_prepare", broken):
            move, run = self.post_on_monday()
        self.assertEqual(self.counter.channels(), ["sms"])
        self.assertEqual(self.attempts_of(move)[0].state, "failed_hard")
        self.assertFalse(self.attempts_of(move)[0].called_at)

    def test_several_invoices_of_one_customer_are_one_message(self):
        with self.at(0):
            moves = self.create_invoice() + self.create_invoice(amount=500)
            moves.action_post()
            self.send()
        [call] = self.counter.calls
        attempts = self.attempts_of(moves[0])
        self.assertEqual(attempts.item_ids.move_id, moves)
        self.assertEqual(len(attempts.item_ids.link_id), 2)
        self.assertEqual(attempts, self.attempts_of(moves[1]))

    def test_one_of_two_bundled_invoices_is_paid_and_the_other_goes_on(self):
        with self.at(0):
            moves = self.create_invoice() + self.create_invoice(amount=500)
            moves.action_post()
            self.send()
        with self.at(1):
            self.pay(moves[0])
        self.go_to(3)
        self.assertEqual(self.attempts_of(moves[0]).mapped("channel"), ["email"])
        self.assertEqual(self.attempts_of(moves[1]).mapped("channel"), ["email", "sms"])

    def test_nothing_goes_out_at_night(self):
        night = datetime(2026, 11, 23, 21, 30)  # half past ten in Norway
        with self.at(night):
            move, run = self.post()
            self.send()
        self.assertEqual(self.counter.calls, [])
        self.assertEqual(run.next_at, datetime(2026, 11, 24, 7))
        self.go_to(datetime(2026, 11, 24, 7))
        self.assertEqual(self.counter.channels(), ["email"])

    def test_the_customer_s_own_clock_decides(self):
        self.kari.tz = "America/New_York"
        with self.at(0):  # four in the morning there
            move, run = self.post()
            self.send()
        self.assertEqual(self.counter.calls, [])
        self.assertEqual(run.next_at, datetime(2026, 11, 23, 13))

    def test_a_plan_edited_while_invoices_are_on_their_way(self):
        move, run = self.post_on_monday()
        draft = self.plan._get_draft()
        draft.step_ids.filtered(lambda s: s.channel == "sms").unlink()
        draft._publish()
        with self.at(1):
            other, other_run = self.post(
                partner=self.create_customer("Per", "p@example.com")
            )
            self.send()
        self.assertEqual(other_run.version_id, draft)
        self.assertEqual(other_run.channel, "letter")
        # The first one finishes the version it began with.
        self.go_to(3)
        self.assertEqual(self.attempts_of(move).mapped("channel"), ["email", "sms"])

    def test_a_hold_lets_everything_wait_and_nothing_is_lost(self):
        with self.at(0):
            move, run = self.post()
            move._billing_place_hold("meter", blocks={"distribution"})
            self.send()
        self.assertEqual(self.counter.calls, [])
        self.assertEqual(run.reason_code, "hold")
        self.assertIn("delivery.postponed", self.kinds(move))
        self.go_to(1)
        self.assertEqual(self.counter.calls, [])
        with self.at(1):
            move.action_billing_release_holds()
        self.go_to(2)
        self.assertEqual(self.counter.channels(), ["email"])

    def test_caps_keep_a_customer_from_being_flooded(self):
        self.company.billing_cap_email_day = 2
        for number in range(3):
            with self.at(MONDAY + timedelta(minutes=number)):
                move, run = self.post(amount=100 + number)
                self.send()
        self.assertEqual(len(self.counter.calls), 2)
        self.assertEqual(run.reason_code, "cap")
        self.go_to(run.next_at)
        self.assertEqual(len(self.counter.calls), 3)

    def test_staff_stop_skip_and_send_again(self):
        move, run = self.post_on_monday()
        with self.at(1):
            run.action_skip()
            self.assertEqual(run.channel, "letter")
            run.action_stop()
            self.assertEqual((run.state, run.reason_code), ("stopped", "staff"))
            run.action_resume()
            self.assertEqual(run.state, "waiting")
            self.attempts_of(move).action_resend()
            self.send("email")
        self.assertEqual(self.counter.channels(), ["email", "email"])
        self.assertEqual(self.attempts_of(move)[-1].origin, "manual")
        self.assertEqual(self.attempts_of(move)[-1].state, "sent")

    def test_an_invoice_reset_to_draft_is_not_sent_and_goes_on_when_posted(self):
        move, run = self.post_on_monday()
        with self.at(1):
            move.button_draft()
            self.assertEqual((run.state, run.reason_code), ("stopped", "reset"))
            self.go_to(3)
            self.assertEqual(self.counter.channels(), ["email"])
            move.action_post()
        self.assertEqual(run.state, "waiting")
        self.assertEqual(self.run_of(move), run)

    def test_an_invoice_that_comes_back_changed_is_told_of_anew(self):
        move, run = self.post_on_monday()
        with self.at(1):
            move.button_draft()
            move.invoice_line_ids.price_unit = 1500
            move.action_post()
            self.send()
        self.assertNotEqual(self.run_of(move), run)
        self.assertEqual(self.counter.channels(), ["email", "email"])
        self.assertEqual(run.state, "stopped")

    def test_a_due_date_that_moves_is_told_of(self):
        move, run = self.post_on_monday()
        with self.at(0):
            changed = self.create_plan(
                ("preferred", 0, "not_paid"), trigger="changed", name="Changed"
            )
            untold, _run = self.post(partner=self.create_customer("Per", "p@x.example"))
            (move + untold).invoice_date_due = date(2026, 12, 21)
            self.assertEqual(self.run_of(move).plan_id, changed)
            self.assertEqual(self.run_of(untold).plan_id, self.plan)
            move.invoice_date_due = date(2026, 12, 21)
            self.send()
        self.assertEqual(self.counter.channels().count("email"), 3)
        self.go_to(3)
        # The first run noticed what the customer knows by now: no third message.
        self.assertEqual(run.planned_due, date(2026, 12, 21))
        self.assertEqual(len(self.attempts_of(move)), 3)

    def test_the_same_report_twice_changes_nothing(self):
        move, run = self.post_on_monday()
        attempt = self.attempts_of(move)
        with self.at(1):
            attempt._apply("delivered", dedup="r1")
            before = self.kinds(move)
            attempt._apply("delivered", dedup="r1")
            attempt._apply("sent")
        self.assertEqual(self.kinds(move), before)
        self.assertEqual(attempt.state, "delivered")


class TestFriendlyReminders(DistributionCase):
    def plan_day(self, moment):
        with self.at(moment):
            self.planner._cron_plan()
            self.send()

    def post_quietly(self, due, partner=None):
        with self.at(0):
            move = self.create_invoice(partner, due=due)
            move.action_post()
        return move

    def test_three_days_before_and_on_the_due_date(self):
        with self.at(0):
            self.create_plan(
                ("last_opened", 0, "not_paid"),
                trigger="before_due",
                trigger_days=3,
                is_reminder=True,
                name="Before",
            )
            self.create_plan(
                ("last_opened", 0, "not_paid"),
                trigger="on_due",
                is_reminder=True,
                name="On",
            )
        move = self.post_quietly(date(2026, 12, 4))
        for day in range(1, 14):
            self.plan_day(day)
        runs = self.env["billing.distribution.run"].search([("move_id", "=", move.id)])
        self.assertEqual(
            sorted(runs.mapped("trigger_key")),
            ["before_due:2026-12-04:3", "on_due:2026-12-04"],
        )
        self.assertEqual(self.counter.channels(), ["email", "email"])
        self.assertEqual(
            self.attempts_of(move).mapped("planned_at"),
            [datetime(2026, 12, 1, 9), datetime(2026, 12, 4, 9)],
        )

    def test_the_reminder_comes_by_the_channel_last_opened(self):
        with self.at(0):
            self.create_plan(("last_opened", 0, "not_paid"), trigger="on_due")
            old = self.post_quietly(date(2026, 12, 24))
            [attempt] = old._billing_queue_attempts("sms")
            self.send("sms")
            attempt._apply("opened")
        move = self.post_quietly(date(2026, 11, 26))
        self.plan_day(3)
        self.assertEqual(self.attempts_of(move).mapped("channel"), ["sms"])

    def test_the_customer_s_wish_comes_before_the_order_of_addresses(self):
        with self.at(0):
            self.create_plan(("preferred", 0, "not_paid"))
            points = self.kari.billing_contact_point_ids
            points.filtered(lambda p: p.channel == "sms").sequence = 1
            move, _run = self.post()
            self.send()
        self.assertEqual(self.counter.channels(), ["sms"])

    def test_a_promise_holds_the_reminder_but_not_the_invoice(self):
        with self.at(0):
            self.email_sms_letter()
            self.create_plan(
                ("email", 0, "not_paid"), trigger="on_due", is_reminder=True, name="On"
            )
            move, run = self.post(due=date(2026, 11, 23))
            move._billing_place_hold("promised", blocks={"reminder"})
        self.plan_day(0)
        [sent] = self.attempts_of(move)
        self.assertEqual(sent.item_ids.run_id.plan_id.trigger, "posted")
        reminder = self.run_of(move)
        self.assertEqual((reminder.state, reminder.reason_code), ("waiting", "hold"))

    def test_who_pays_in_time_is_not_reminded(self):
        with self.at(0):
            self.create_plan(("email", 0, "not_paid"), trigger="on_due")
        move = self.post_quietly(date(2026, 11, 26))
        with self.at(2):
            self.pay(move)
        self.plan_day(3)
        self.assertEqual(self.counter.calls, [])
        self.assertFalse(self.run_of(move))

    def test_planning_twice_reminds_once(self):
        with self.at(0):
            self.create_plan(("email", 0, "not_paid"), trigger="on_due")
        self.post_quietly(date(2026, 11, 26))
        self.plan_day(3)
        self.plan_day(MONDAY + timedelta(days=3, hours=1))
        self.plan_day(4)
        self.assertEqual(len(self.counter.calls), 1)

    def test_a_server_that_stood_still_for_a_day_catches_up(self):
        with self.at(0):
            self.create_plan(
                ("email", 0, "not_paid"), trigger="after_due", trigger_days=1
            )
        self.post_quietly(date(2026, 11, 24))
        self.plan_day(4)
        self.assertEqual(len(self.counter.calls), 1)

    def test_what_is_due_today_is_not_said_to_be_due_soon(self):
        with self.at(0):
            self.create_plan(
                ("email", 0, "not_paid"), trigger="before_due", trigger_days=2
            )
        late = self.post_quietly(date(2026, 11, 26))
        in_time = self.post_quietly(date(2026, 11, 27))
        # The server stood still on Tuesday and Wednesday.
        self.plan_day(3)
        self.assertFalse(self.attempts_of(late))
        self.assertEqual(len(self.attempts_of(in_time)), 1)

    def test_a_plan_that_goes_live_does_not_dig_up_what_was_before(self):
        self.post_quietly(date(2026, 11, 24))
        with self.at(2):
            self.create_plan(("email", 0, "not_paid"), trigger="on_due")
        self.plan_day(2)
        self.assertEqual(self.counter.calls, [])

    def test_the_first_plan_that_fits_is_the_invoice_s(self):
        with self.at(0):
            big = self.create_plan(
                ("letter", 0, "not_paid"),
                trigger="on_due",
                domain="[('amount_total', '>=', 5000)]",
                sequence=1,
                name="Big",
            )
            rest = self.create_plan(
                ("email", 0, "not_paid"), trigger="on_due", sequence=2, name="Rest"
            )
        small = self.post_quietly(date(2026, 11, 26))
        with self.at(0):
            large = self.create_invoice(due=date(2026, 11, 26), amount=9000)
            large.action_post()
        self.plan_day(3)
        self.assertEqual(self.run_of(large).plan_id, big)
        self.assertEqual(self.run_of(small).plan_id, rest)
        self.assertEqual(
            self.env["billing.distribution.run"].search_count(
                [("move_id", "in", (small + large).ids)]
            ),
            2,
        )

    def test_a_failed_debit_brings_a_new_debit_then_an_sms_with_the_link(self):
        with self.at(0):
            self.create_plan(
                ("debit", 0, "not_paid"),
                ("sms", 2, "not_paid"),
                trigger="debit_failed",
            )
            move = self.create_invoice()
            move.action_post()
            [run] = move._billing_distribute("debit_failed", "claim-17")
            # Noticed twice, it is still one failed debit.
            self.assertFalse(move._billing_distribute("debit_failed", "claim-17"))
            self.send()
        # No addon makes debits here: the step is left out, with the reason.
        self.assertIn("delivery.skipped", self.kinds(move))
        self.assertEqual(self.counter.channels(), ["sms"])
        [attempt] = self.attempts_of(move)
        self.assertIn("access_token=", attempt.preview)


class TestSendAndPrint(DistributionCase):
    def test_what_staff_sent_themselves_is_not_sent_again(self):
        with self.at(0):
            self.email_sms_letter()
            move, run = self.post()
            [attempt] = move._billing_record_sent("email", address="kari@example.com")
            self.send()
        self.assertEqual(self.counter.calls, [])
        self.assertEqual((attempt.state, attempt.origin), ("sent", "odoo"))
        self.assertEqual((run.state, run.channel), ("waiting", "sms"))
        self.go_to(3)
        self.assertEqual(self.counter.channels(), ["sms"])

    def test_a_queued_message_waits_for_the_morning(self):
        with self.at(datetime(2026, 11, 23, 22)):
            move, _run = self.post()
            move._billing_queue_attempts("sms", origin="odoo")
            self.send()
            self.assertEqual(self.counter.calls, [])
        self.go_to(datetime(2026, 11, 24, 7))
        self.assertEqual(self.counter.channels(), ["sms"])
