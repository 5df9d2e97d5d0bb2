"""What staff see of an invoice's way, and what they do about it."""

from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.billing_dynamic_distribution.core.channel import Outcome

from .common import MONDAY, DistributionCase

FAILED = Outcome("failed_hard", code="5.1.1", reason="No such mailbox")


class WayCase(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.email_sms_letter()
        cls.clerk = new_test_user(
            cls.env,
            "way_clerk",
            groups="billing_base.group_billing_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            tz="Europe/Oslo",
        )
        cls.way = cls.env["billing.distribution.way"].with_user(cls.clerk)

    def load(self, record):
        self.env.invalidate_all()
        return self.way.load(record._name, record.id)

    def fail(self, *answers):
        """The next calls of channels end like that."""
        self.counter.answers.extend(answers)

    def stuck(self, partner=None, **values):
        """An invoice that reaches its customer in no way, and its run."""
        partner = partner or self.create_customer(
            "Per Uten", "per@exmaple.com", phone=False, street=False
        )
        with self.at(0):
            self.fail(FAILED)
            move, run = self.post(partner, **values)
            self.send()
        self.assertEqual(run.state, "stuck")
        return move, run

    def bounced_point(self, move):
        return self.attempts_of(move)[0].contact_point_id


class TestWay(WayCase):
    def test_what_is_sent_and_what_comes_next(self):
        with self.at(0):
            move, run = self.post()
            self.send()
        with self.at(1):
            way = self.load(move)
        self.assertEqual(way["state"], "sent")
        self.assertIn("has not been opened yet", way["sentence"])
        [message] = [e for e in way["entries"] if e["type"] == "message"]
        self.assertEqual(
            (message["channel"], message["address"], message["state"]),
            ("email", "kari@example.com", "sent"),
        )
        self.assertIn("0.50", message["cost"].replace(",", "."))
        self.assertTrue(message["can_resend"])
        [ahead] = way["ahead"]
        self.assertEqual(ahead["next"]["channel"], "sms")
        self.assertEqual(ahead["next"]["address"], "+4740612345")
        self.assertEqual(ahead["next"]["at"], "2026-11-26 09:00:00")
        [why] = ahead["next"]["why"]
        self.assertTrue(why.startswith("3 days after the message of"), why)
        self.assertFalse(ahead["next"]["forecast"])
        [later] = ahead["later"]
        self.assertEqual((later["channel"], later["when"]), ("letter", "2 days later"))
        self.assertEqual({c["channel"] for c in ahead["channels"]}, {"email", "letter"})
        self.assertTrue(ahead["can_stop"] and ahead["can_skip"] and ahead["can_hurry"])
        self.assertFalse(ahead["can_resume"])
        self.assertEqual(self.load(run)["entries"], way["entries"])

    def test_who_opened_it(self):
        with self.at(0):
            move, _run = self.post()
            self.send()
            link = self.attempts_of(move).item_ids.link_id
            visits = self.env["billing.link.visit"].sudo()
            for verdict, reason in (("machine", "scanner"), ("person", "looked")):
                visits.create(
                    {
                        "link_id": link.id,
                        "move_id": move.id,
                        "company_id": self.company.id,
                        "visited_at": datetime(2026, 11, 23, 10),
                        "verdict": verdict,
                        "reason": reason,
                        "device": "phone",
                    }
                )._tell()
            way = self.load(move)
        [message] = [e for e in way["entries"] if e["type"] == "message"]
        self.assertEqual(message["state"], "opened")
        self.assertEqual(
            message["opened"], "Opened by a person (1): Looked at the page, Phone"
        )
        self.assertIn("Opened by a machine (1)", message["machine"])
        self.assertIn("Kari Nordmann opened it on", way["sentence"])
        self.assertEqual(way["state"], "opened")
        self.assertFalse(way["ahead"])

    def test_why_it_is_not_sent_now(self):
        friday_night = datetime(2026, 11, 27, 20, 30)
        with self.at(friday_night):
            _move, run = self.post()
            [ahead] = self.load(run)["ahead"]
            self.assertEqual(ahead["next"]["at"], "2026-11-28 08:00:00")
            self.assertEqual(
                ahead["next"]["why"],
                ["Not earlier: nobody is written to at night or on days off."],
            )

    def test_a_hold_is_told(self):
        with self.at(0):
            move, _run = self.post()
            move._billing_place_hold(
                "Meter is checked", date(2026, 11, 25), blocks={"distribution"}
            )
            self.send()
            way = self.load(move)
        [ahead] = way["ahead"]
        [hold] = ahead["next"]["holds"]
        self.assertIn("Meter is checked", hold)
        self.assertEqual(ahead["next"]["why"], ["On hold."])
        self.assertEqual(
            [e["title"].split(": ")[-1] for e in way["entries"]], ["On hold"]
        )

    def test_a_step_that_will_be_left_out(self):
        mute = self.create_customer("Ola", "ola@example.com", phone=False)
        with self.at(0):
            _move, run = self.post(mute)
            self.send()
            [ahead] = self.load(run)["ahead"]
        self.assertEqual(ahead["next"]["forecast"], "It will be left out: No address.")
        self.assertEqual(ahead["next"]["address"], "")

    def test_a_cap_that_will_be_reached(self):
        self.company.billing_cap_sms_day = 1
        with self.at(0):
            move, _run = self.post()
            self.send()
        with self.at(3):
            move._billing_queue_attempts("sms")
            self.sender._call_all("sms")
            [ahead] = self.load(move)["ahead"]
        self.assertIn("the customer gets no more messages", ahead["next"]["forecast"])

    def test_a_virtual_channel_is_found_out(self):
        self.create_plan(
            ("preferred", 0, "not_paid"), sequence=1, domain="[('ref', '=', 'x')]"
        )
        with self.at(0):
            _move, run = self.post(ref="x")
            self.assertEqual(run.channel, "preferred")
            [ahead] = self.load(run)["ahead"]
        self.assertEqual(ahead["next"]["channel"], "email")
        self.assertEqual(ahead["next"]["address"], "kari@example.com")

    def test_a_settled_invoice_has_nothing_ahead(self):
        with self.at(0):
            move, _run = self.post()
            self.send()
            self.pay(move)
            way = self.load(move)
        self.assertEqual((way["ahead"], way["channels"]), ([], []))
        self.assertEqual(way["sentence"], "It is settled. Nothing more is sent.")
        self.assertFalse(any(e.get("can_resend") for e in way["entries"]))

    def test_an_invoice_that_got_stuck(self):
        move, run = self.stuck()
        with self.at(1):
            way = self.load(move)
        self.assertEqual(way["state"], "stuck")
        self.assertIn("It does not get through to Per Uten", way["sentence"])
        [ahead] = way["ahead"]
        self.assertIsNone(ahead["next"])
        self.assertTrue(ahead["can_resume"] and ahead["can_stop"])
        self.assertEqual(ahead["reason"], run.reason)
        self.assertEqual(ahead["failing"]["address"], "per@exmaple.com")
        self.assertFalse(
            [e for e in way["entries"] if e.get("can_resend")],
            "there is no address that works",
        )

    def test_the_number_of_queries_does_not_grow_with_the_messages(self):
        with self.at(0):
            move, _run = self.post()
            self.send()
            self.load(move)
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env.invalidate_all()
            self.way.load("account.move", move.id)
            few = self.cr.sql_log_count - before
            for _number in range(8):
                move._billing_queue_attempts("email")
                self.sender._call_all("email")
            self.env.invalidate_all()
            with self.assertQueryCount(few):
                way = self.way.load("account.move", move.id)
        self.assertEqual(len([e for e in way["entries"] if e["type"] == "message"]), 9)

    def test_the_state_of_many_invoices_is_one_query(self):
        with self.at(0):
            moves = self.env["account.move"].concat(
                *(self.post(amount=100 + number)[0] for number in range(5))
            )
            self.send()
        self.attempts_of(moves[1])._apply("delivered")
        self.attempts_of(moves[2])._apply("opened")
        self.env.flush_all()
        moves.invalidate_recordset(["billing_distribution_state"])
        with self.assertQueryCount(1):
            states = moves.mapped("billing_distribution_state")
        # One customer, one message: opened is opened for all it was about.
        self.assertEqual(set(states), {"opened"})
        self.assertFalse(self.create_invoice().billing_distribution_state)


class TestButtons(WayCase):
    def test_skip_pressed_twice_leaves_out_one_step(self):
        with self.at(0):
            move, run = self.post()
            self.send()
            seen = run.stamp
            mine = run.with_user(self.clerk).with_context(billing_seen=seen)
            self.assertIsNone(mine.action_skip())
            self.assertEqual(run.channel, "letter")
            answer = mine.action_skip()
        self.assertEqual(answer["params"]["type"], "warning")
        self.assertEqual(run.channel, "letter")
        self.assertEqual(self.kinds(move).count("delivery.skipped"), 1)
        event = self.env["billing.event"].search([("kind", "=", "delivery.skipped")])
        self.assertEqual((event.actor, event.user_id), ("staff", self.clerk))
        self.assertIn("Left out by hand", event.display_text)

    def test_send_now_goes_out_once(self):
        with self.at(0):
            move, run = self.post()
            self.send()
        with self.at(1):
            mine = run.with_user(self.clerk).with_context(billing_seen=run.stamp)
            mine.action_send_now()
            mine.action_send_now()
            self.send()
        self.assertEqual(self.counter.channels(), ["email", "sms"])
        self.assertEqual(self.kinds(move).count("run.hurried"), 1)

    def test_send_now_keeps_quiet_hours(self):
        with self.at(0):
            _move, run = self.post()
            self.send()
        with self.at(datetime(2026, 11, 24, 22)):
            run.with_user(self.clerk).action_send_now()
            self.send()
            self.assertEqual(self.counter.channels(), ["email"])
        self.assertEqual(run.next_at, datetime(2026, 11, 25, 7))

    def test_another_channel_for_the_next_step(self):
        with self.at(0):
            move, run = self.post()
            self.send()
        with self.at(1):
            mine = run.with_user(self.clerk).with_context(billing_seen=run.stamp)
            mine.action_send_by("letter")
            self.assertEqual(mine.action_send_by("letter")["params"]["type"], "warning")
            self.send()
        self.assertEqual(self.counter.channels(), ["email", "letter"])
        self.assertEqual(self.kinds(move).count("run.rerouted"), 1)
        # The plan goes on behind that step.
        self.assertEqual(
            (run.channel, run.next_at), ("letter", MONDAY + timedelta(days=3))
        )

    def test_a_channel_without_an_address_is_refused(self):
        _move, run = self.stuck()
        with self.at(1), self.assertRaisesRegex(UserError, "SMS"):
            run.with_user(self.clerk).action_send_by("sms")
        self.assertEqual(run.state, "stuck")

    def test_a_stuck_invoice_goes_by_letter_and_its_plan_is_done(self):
        partner = self.create_customer(
            "Per", "per@example.com", phone=False, street=False
        )
        move, run = self.stuck(partner)
        partner.write({"street": "Fjellveien 12"})
        with self.at(1):
            self.assertTrue(run.can_letter)
            run.with_user(self.clerk).action_send_by_letter()
            self.send()
        self.assertEqual(self.counter.channels(), ["email", "letter"])
        self.assertEqual(run.state, "done")
        self.assertEqual(move.billing_distribution_state, "sent")

    def test_a_message_is_sent_again_once(self):
        with self.at(0):
            move, _run = self.post()
            self.send()
            first = self.attempts_of(move).with_user(self.clerk)
            self.assertEqual(first.action_resend()["params"]["type"], "success")
            self.assertEqual(first.action_resend()["params"]["type"], "warning")
            self.assertTrue(first.is_resent)
            self.send()
            self.assertEqual(self.counter.channels(), ["email", "email"])
            # The newer message can be sent again, too.
            second = self.attempts_of(move)[-1].with_user(self.clerk)
            self.assertFalse(second.is_resent)
            second.action_resend()
            self.send()
        self.assertEqual(len(self.counter.calls), 3)

    def test_sending_by_hand_twice_on_one_screen_sends_once(self):
        with self.at(0):
            move, run = self.post()
            self.send()
            run.action_stop()
            seen = self.load(move)["seen"]
            mine = move.with_user(self.clerk).with_context(billing_seen=seen)
            self.assertEqual(
                mine.action_billing_send_by("sms")["params"]["type"], "success"
            )
            self.assertEqual(
                mine.action_billing_send_by("sms")["params"]["type"], "warning"
            )
            self.send()
        self.assertEqual(self.counter.channels(), ["email", "sms"])
        self.assertEqual(self.kinds(move).count("delivery.asked"), 1)

    def test_what_is_paid_is_not_sent_again(self):
        with self.at(0):
            move, _run = self.post()
            self.send()
            self.pay(move)
            self.attempts_of(move).with_user(self.clerk).action_resend()
            self.send()
        self.assertEqual(len(self.counter.calls), 1)


class TestStuck(WayCase):
    def stuck_list(self):
        return self.env["billing.distribution.run"].search(
            [("needs_somebody", "=", True), ("company_id", "=", self.company.id)]
        )

    def test_who_needs_somebody(self):
        _move, stuck = self.stuck()
        with self.at(0):
            waiting = self.post()[1]
            # Its job did not run.
            late = self.post(self.create_customer("Sen", "sen@example.com"))[1]
        with self.at(0):
            waiting.sudo().next_at = MONDAY + timedelta(days=10)
            self.assertEqual(self.stuck_list(), stuck)
        with self.at(1.5):
            self.assertEqual(self.stuck_list(), stuck + late)
            self.env.invalidate_all()
            self.assertIn("Should have gone out on", late.trouble_text)
            self.assertEqual(stuck.trouble_text, stuck.reason)
            self.assertEqual(
                self.env["billing.distribution.run"].search(
                    [
                        ("needs_somebody", "=", False),
                        ("company_id", "=", self.company.id),
                    ]
                ),
                waiting,
            )

    def test_groups_are_headed_by_reasons_in_words(self):
        _move, stuck = self.stuck()
        groups = stuck.with_user(self.clerk).formatted_read_group(
            [("id", "=", stuck.id)], ["reason_code"], ["__count"]
        )
        self.assertEqual([g["reason_code"] for g in groups], [stuck.reason])
        self.assertEqual(
            stuck.search(groups[0]["__extra_domain"] + [("id", "=", stuck.id)]), stuck
        )

    def test_a_selection_goes_out_in_a_number_of_queries_that_does_not_grow(self):
        def stuck_ones(count, first):
            partners = [
                self.create_customer(
                    f"Kunde {first + number}",
                    f"kunde{first + number}@example.com",
                    phone=False,
                    street=False,
                )
                for number in range(count)
            ]
            self.fail(*[FAILED] * count)
            with self.at(0):
                runs = self.env["billing.distribution.run"].concat(
                    *(self.post(partner)[1] for partner in partners)
                )
                self.send()
            self.assertEqual(set(runs.mapped("state")), {"stuck"})
            for partner in partners:
                partner.street = "Fjellveien 12"
            return runs.with_user(self.clerk)

        few, many = stuck_ones(3, 0), stuck_ones(12, 100)
        with self.at(1):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertIsNone(few.action_send_by_letter())
            self.env.flush_all()
            count = self.cr.sql_log_count - before
            self.env.invalidate_all()
            with self.assertQueryCount(count):
                self.assertIsNone(many.action_send_by_letter())
                self.env.flush_all()
            self.send()
        self.assertEqual(self.counter.channels().count("letter"), 15)

    def test_a_selection_passes_over_who_has_no_address(self):
        _move, lost = self.stuck()
        partner = self.create_customer(
            "Har adresse", "har@example.com", phone=False, street=False
        )
        _move, found = self.stuck(partner)
        partner.street = "Fjellveien 12"
        with self.at(1):
            answer = (lost + found).with_user(self.clerk).action_send_by_letter()
        self.assertEqual(answer["params"]["type"], "warning")
        self.assertIn("1 done", answer["params"]["message"])
        self.assertEqual((lost.state, found.state), ("stuck", "waiting"))

    def test_somebody_is_asked_for_an_address_once(self):
        _move, run = self.stuck()
        partner = run.partner_id
        tasks = partner._billing_address_tasks()
        tasks.unlink()
        for kind in ("success", "info"):
            answer = run.with_user(self.clerk).action_ask_for_address()
            self.assertEqual(answer["params"]["type"], kind)
        self.assertEqual(len(partner._billing_address_tasks()), 1)
        partner.phone = "+47 406 99 999"
        self.assertFalse(partner._billing_address_tasks())


class TestBounces(WayCase):
    def test_the_list_says_what_is_wrong_and_whom_it_hits(self):
        move, _run = self.stuck()
        point = self.bounced_point(move).with_user(self.clerk)
        self.assertEqual(point.state, "blocked")
        self.assertEqual(point.failure_reason, "No such mailbox")
        self.assertEqual(point.failing_since, MONDAY)
        self.assertEqual((point.open_invoice_count, point.unreached_count), (1, 1))
        self.assertEqual(
            point.search(
                [
                    ("state", "in", ("failing", "blocked")),
                    ("partner_id", "=", move.partner_id.id),
                ]
            ),
            point,
        )

    def test_the_new_address_gets_what_did_not_arrive_once(self):
        move, run = self.stuck()
        point = self.bounced_point(move).with_user(self.clerk)
        with self.at(1):
            point.write({"new_address": "per@example.com"})
            # The same once more: a second click, another browser.
            point.write({"new_address": " Per@example.com "})
            self.assertEqual(move.partner_id.email, "per@example.com")
            self.assertFalse(point.active)
            self.assertEqual(point.replaced_by_id.address, "per@example.com")
            self.assertEqual(point.replaced_by_id.state, "unverified")
            self.assertEqual(point.resent_count, 1)
            self.assertIn("invoices sent again: 1", point.fix_text)
            answer = point.action_fix_and_resend()
            self.assertIn("per@example.com", answer["params"]["message"])
            self.send()
        self.assertEqual(
            [address for _channel, address, _key in self.counter.calls],
            ["per@exmaple.com", "per@example.com"],
        )
        # The plan goes on from there, as if it had gone there at once.
        self.assertEqual((run.state, run.channel), ("waiting", "sms"))
        self.assertEqual(self.kinds(move).count("delivery.resent"), 1)
        with self.at(2), self.assertRaisesRegex(UserError, "meanwhile"):
            point.write({"new_address": "other@example.com"})

    def test_the_address_that_was_meant_is_one_click(self):
        partner = self.create_customer("Kari", "kari@gmial.com", False, street=False)
        move, _run = self.stuck(partner)
        point = self.bounced_point(move).with_user(self.clerk)
        self.assertEqual(point.new_address, "kari@gmail.com")
        with self.at(1):
            point.action_fix_and_resend()
            point.action_use_suggestion()
            answer = point.action_fix_and_resend()
            self.assertIn("kari@gmail.com", answer["params"]["message"])
            self.send()
        self.assertEqual(partner.email, "kari@gmail.com")
        self.assertEqual(len(self.counter.calls), 2)

    def test_what_got_there_another_way_is_not_sent_again(self):
        with self.at(0):
            self.fail(FAILED)
            move, _run = self.post()
            # E-mail bounced, SMS at once.
            self.send()
            self.assertEqual(self.counter.channels(), ["email", "sms"])
            point = self.bounced_point(move)
            self.assertEqual(point.unreached_count, 0)
            point.write({"new_address": "kari.ny@example.com"})
            self.send()
        self.assertEqual(len(self.counter.calls), 2)
        self.assertEqual(point.resent_count, 0)

    def test_what_waits_for_the_next_channel_takes_the_new_address_instead(self):
        late = datetime(2026, 11, 23, 19, 59)
        with self.at(late):
            self.fail(FAILED)
            move, run = self.post()
            self.sender._cron_send("email")
        night = datetime(2026, 11, 23, 21)
        with self.at(night):
            run.sudo().next_at = datetime(2026, 11, 24, 7)
            self.assertEqual((run.state, run.channel), ("waiting", "sms"))
            point = self.bounced_point(move)
            self.assertEqual(point.unreached_count, 1)
            point.write({"new_address": "kari.ny@example.com"})
            self.assertEqual((run.channel, run.step_id.channel), ("email", "email"))
        self.go_to(datetime(2026, 11, 24, 9))
        self.assertEqual(
            [address for _channel, address, _key in self.counter.calls],
            ["kari@example.com", "kari.ny@example.com"],
        )

    def test_trying_again_sends_once(self):
        move, _run = self.stuck()
        point = self.bounced_point(move).with_user(self.clerk)
        with self.at(1):
            point.action_try_and_resend()
            point.action_try_and_resend()
            self.send()
        self.assertEqual(point.state, "unverified")
        self.assertEqual(len(self.counter.calls), 2)

    def test_the_form_asks_whether_to_send_again(self):
        move, _run = self.stuck()
        point = self.bounced_point(move)
        wizards = self.env["billing.contact.fix.wizard"].with_user(self.clerk)
        with self.at(1):
            wizard = wizards.create({"point_id": point.id})
            self.assertEqual((wizard.unreached_count, wizard.resend), (1, True))
            wizard.write({"address": "per@example.com", "resend": False})
            wizard.action_replace()
            self.send()
        self.assertEqual(len(self.counter.calls), 1)
        self.assertEqual(point.replaced_by_id.address, "per@example.com")

    def test_who_has_not_typed_an_address_is_asked_for_it(self):
        move, _run = self.stuck()
        point = self.bounced_point(move)
        action = point.action_fix_and_resend()
        self.assertEqual(action["res_model"], "billing.contact.fix.wizard")
        self.assertEqual(action["context"], {"default_point_id": point.id})

    def test_what_was_stopped_by_hand_stays_stopped(self):
        move, run = self.stuck()
        run.action_stop()
        point = self.bounced_point(move)
        self.assertEqual(point.unreached_count, 0)
        with self.at(1):
            point.write({"new_address": "per@example.com"})
            self.send()
        self.assertEqual(len(self.counter.calls), 1)

    def test_the_columns_of_a_list_are_a_few_queries(self):
        points = self.env["billing.contact.point"]
        for number in range(4):
            partner = self.create_customer(
                f"Nr {number}", f"nr{number}@example.com", False, street=False
            )
            points |= self.bounced_point(self.stuck(partner)[0])
        names = ("failing_since", "open_invoice_count", "unreached_count", "fix_text")
        points = points.with_user(self.clerk)
        points.read(names)
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        points[:1].read(names)
        count = self.cr.sql_log_count - before
        self.env.invalidate_all()
        with self.assertQueryCount(count):
            points.read(names)


class TestRights(WayCase):
    def test_only_billing_staff_of_the_company_may(self):
        with self.at(0):
            move, run = self.post()
            self.send()
        attempt = self.attempts_of(move)
        point = attempt.contact_point_id
        other = self.env["res.company"].create({"name": "Other"})
        accountant = new_test_user(
            self.env,
            "way_accountant",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        stranger = new_test_user(
            self.env,
            "way_stranger",
            groups="billing_base.group_billing_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        portal = new_test_user(self.env, "way_portal", groups="base.group_portal")
        way = self.env["billing.distribution.way"]
        for user in (accountant, stranger, portal):
            for call in (
                lambda user: way.with_user(user).load("account.move", move.id),
                lambda user: way.with_user(user).load(run._name, run.id),
                lambda user: run.with_user(user).action_stop(),
                lambda user: run.with_user(user).action_skip(),
                lambda user: run.with_user(user).action_send_now(),
                lambda user: run.with_user(user).action_resume(),
                lambda user: run.with_user(user).action_send_by("sms"),
                lambda user: run.with_user(user).action_ask_for_address(),
                lambda user: attempt.with_user(user).action_resend(),
                lambda user: move.with_user(user).action_billing_send_by("sms"),
            ):
                with self.assertRaises(AccessError, msg=user.login):
                    call(user)
        for user in (accountant, portal):
            for call in (
                lambda user: point.with_user(user).action_try_and_resend(),
                lambda user: point.with_user(user).write({"new_address": "a@b.no"}),
                lambda user: point.with_user(user).action_use_suggestion(),
            ):
                with self.assertRaises(AccessError, msg=user.login):
                    call(user)
        self.send()
        self.assertEqual(len(self.counter.calls), 1)

    def test_a_manager_may_what_a_clerk_may(self):
        manager = new_test_user(
            self.env,
            "way_manager",
            groups="billing_base.group_billing_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.at(0):
            _move, run = self.post()
            run.with_user(manager).action_stop()
            self.assertEqual(run.state, "stopped")
            run.with_user(manager).action_resume()
        self.assertEqual(run.state, "waiting")

    def test_the_sender_is_woken_for_what_is_due(self):
        with self.at(0):
            _move, run = self.post()
            self.send()
        with (
            self.at(1),
            patch.object(type(self.sender), "_trigger", autospec=True) as trigger,
        ):
            run.with_user(self.clerk).action_send_now()
        self.assertEqual(trigger.call_args.args[1], {"sms"})
