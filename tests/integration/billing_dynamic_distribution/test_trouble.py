"""A channel that fails for everybody, and a text that cannot be rendered."""

from datetime import timedelta
from unittest.mock import patch

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import (
    NOT_RECEIVED,
    ChannelError,
    Outcome,
)

from .common import MONDAY, DistributionCase

REFUSED = Outcome(
    state.FAILED_HARD,
    code="account",
    reason="The account is closed",
    address_fault=False,
)
NOBODY = Outcome(state.FAILED_HARD, code="550", reason="No such mailbox")


class TroubleCase(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_trouble_count = 4
        cls.plan = cls.create_plan(
            ("email", 0, "not_paid"),
            ("letter", 3, "not_opened"),
            name="Costly",
            trigger="asked",
        )
        cls.customers = cls.env["res.partner"].concat(
            *(
                cls.create_customer(f"Customer {n}", f"c{n}@example.com")
                for n in range(14)
            )
        )

    def begin(self, count, first=0):
        moves = self.env["account.move"].concat(
            *(
                self.create_invoice(partner)
                for partner in self.customers[first : first + count]
            )
        )
        moves.action_post()
        moves._billing_distribute("asked")
        return moves

    def runs(self, moves):
        return self.env["billing.distribution.run"].search(
            [("move_id", "in", moves.ids)]
        )

    def open_troubles(self):
        return self.env["billing.distribution.trouble"].search(
            [("company_id", "=", self.company.id), ("ended_at", "=", False)]
        )

    def alerts(self):
        return self.env["billing.event"].search(
            [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
        )

    def go_on(self, **passed):
        with self.at(MONDAY + timedelta(**passed)):
            self.send()


class TestChannelTrouble(TroubleCase):
    def fail(self, outcome=REFUSED):
        """Let e-mail be down for everybody."""
        self.counter.answers.extend(
            (lambda attempt: outcome if attempt.channel == "email" else None)
            for _call in range(200)
        )

    def down(self, count=8):
        with self.at(0):
            moves = self.begin(count)
            self.fail()
            self.send()
        return moves

    def test_a_channel_that_is_down_does_not_send_letters_to_everybody(self):
        moves = self.down()
        self.assertNotIn("letter", self.counter.channels())
        [trouble] = self.open_troubles()
        self.assertRecordValues(
            trouble,
            [{"channel": "email", "content_id": False, "code": "account"}],
        )
        runs = self.runs(moves)
        self.assertEqual(set(runs.mapped("state")), {"waiting"})
        self.assertEqual(set(runs.mapped("channel")), {"email"})
        self.assertEqual(set(runs.mapped("reason_code")), {"trouble"})
        self.assertEqual(trouble.waiting_count, len(moves))
        # Failing for everybody says nothing of an address.
        points = self.env["billing.contact.point"].search(
            [("partner_id", "in", self.customers.ids), ("channel", "=", "email")]
        )
        self.assertFalse(points.filtered(lambda p: p.state in ("failing", "blocked")))

    def test_managers_are_told_once(self):
        before = self.alerts()
        self.down()
        self.go_on(minutes=20)
        [alert] = self.alerts() - before
        self.assertIn("E-mail", alert.payload["job"])
        self.assertIn("The account is closed", alert.payload["error"])

    def test_only_a_few_try_again_and_when_they_get_through_all_follow(self):
        moves = self.down(12)
        calls = len(self.counter.calls)
        self.go_on(minutes=5)
        self.assertEqual(len(self.counter.calls), calls)
        self.go_on(minutes=16)
        self.assertEqual(len(self.counter.calls), calls + 5)
        self.assertTrue(self.open_troubles())
        self.counter.answers.clear()
        calls = len(self.counter.calls)
        self.go_on(hours=1)
        self.assertFalse(self.open_troubles())
        self.assertEqual(len(self.counter.calls), calls + 12)
        self.assertEqual(set(self.counter.channels()), {"email"})
        self.assertEqual(set(self.runs(moves).mapped("step_id.channel")), {"letter"})

    def test_what_becomes_due_meanwhile_waits_too(self):
        self.down()
        calls = len(self.counter.calls)
        with self.at(MONDAY + timedelta(minutes=5)):
            later = self.begin(3, first=9)
            self.send()
        self.assertEqual(len(self.counter.calls), calls)
        self.assertEqual(set(self.runs(later).mapped("reason_code")), {"trouble"})

    def test_who_was_not_tried_yet_tries_first(self):
        # Some have a fault of their own, and the channel works.
        with self.at(0):
            self.begin(8)
            self.fail(NOBODY)
            self.send()
        self.assertTrue(self.open_troubles())
        with self.at(MONDAY + timedelta(minutes=5)):
            later = self.begin(2, first=9)
            self.counter.answers.clear()
            bad = set(self.customers[:8].mapped("email"))
            self.counter.answers.extend(
                (lambda attempt: NOBODY if attempt.address in bad else None)
                for _call in range(100)
            )
            self.send()
        self.go_on(minutes=40)
        self.assertFalse(self.open_troubles())
        # The others have a fault of their own after all.
        self.assertEqual(self.counter.channels().count("letter"), 8)
        self.assertEqual(set(self.attempts_of(later[0]).mapped("state")), {state.SENT})

    def test_some_failures_are_no_trouble(self):
        with self.at(0):
            moves = self.begin(8)
            self.counter.answers.extend([REFUSED, None] * 4)
            self.send()
        self.assertFalse(self.open_troubles())
        self.assertEqual(self.counter.channels().count("letter"), 4)
        self.assertFalse(
            self.runs(moves).filtered(lambda run: run.reason_code == "trouble")
        )

    def test_a_worker_that_died_says_nothing_of_the_channel(self):
        with self.at(0):
            moves = self.begin(8)
            self.sender._plan_batch("email")
            channel = self.env["billing.channel"]._get("email")
            self.sender._prepare_batch(channel, "email", 4711)
            attempts = self.attempts_of(moves)
            for attempt in attempts:
                self.counter.known[attempt.key] = Outcome(
                    state.FAILED_SOFT, code=NOT_RECEIVED, address_fault=False
                )
        self.assertEqual(set(attempts.mapped("state")), {"calling"})
        self.go_on(minutes=2)
        self.assertEqual(set(attempts.mapped("state")), {"failed_soft"})
        self.assertFalse(self.open_troubles())

    def test_a_provider_that_loses_everything_is_in_trouble(self):
        with self.at(0):
            moves = self.begin(8)
            self.fail(Outcome(state.UNCERTAIN, reason="silence"))
            self.send()
            attempts = self.attempts_of(moves)
            for attempt in attempts:
                self.counter.known[attempt.key] = Outcome(
                    state.FAILED_SOFT, code=NOT_RECEIVED, address_fault=False
                )
        self.assertEqual(set(attempts.mapped("state")), {"uncertain"})
        channel = type(self.env["billing.channel"]._get("email"))
        with (
            patch.object(channel, "_can_look_up", True),
            self.at(MONDAY + timedelta(minutes=2)),
        ):
            self.sender._cron_settle()
        self.assertEqual(set(attempts.mapped("state")), {"failed_soft"})
        self.assertTrue(self.open_troubles())

    def test_nobody_waits_where_it_is_switched_off(self):
        self.company.billing_trouble_count = 0
        self.down()
        self.assertFalse(self.open_troubles())
        self.assertEqual(self.counter.channels().count("letter"), 8)

    def test_staff_let_all_go_on_by_the_rules_of_the_plan(self):
        self.down()
        with self.at(MONDAY + timedelta(minutes=5)):
            clerk = new_test_user(
                self.env,
                "clerk_of_trouble",
                groups="billing_base.group_billing_user",
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
            )
            trouble = self.open_troubles()
            trouble.with_user(clerk).action_stop_waiting()
            self.send()
        self.assertEqual(trouble.ending, "staff")
        self.assertFalse(self.open_troubles())
        self.assertEqual(self.counter.channels().count("letter"), 8)

    def test_after_some_days_it_goes_on_without_the_channel(self):
        before = self.alerts()
        self.down()
        with self.at(2.9):
            self.sender._cron_settle()
            self.send()
        self.assertNotIn("letter", self.counter.channels())
        with self.at(3.1):
            self.sender._cron_settle()
            self.send()
        self.assertEqual(self.counter.channels().count("letter"), 8)
        self.assertFalse(self.open_troubles())
        self.assertEqual(len(self.alerts() - before), 2)

    def test_staff_try_again_now(self):
        self.down()
        calls = len(self.counter.calls)
        self.counter.answers.clear()
        with self.at(MONDAY + timedelta(minutes=1)):
            self.open_troubles().action_try()
            self.send()
        # Those that failed wait for their time; what is due tries.
        self.assertGreaterEqual(len(self.counter.calls), calls)
        self.go_on(minutes=20)
        self.assertFalse(self.open_troubles())

    def test_messages_written_down_before_wait_as_they_are(self):
        channel = self.env["billing.channel"]._get("email")
        with patch.object(type(channel), "_batch_size", 4):
            moves = self.down(12)
            self.assertEqual(len(self.counter.calls), 4)
            planned = self.attempts_of(moves[-1])
            self.assertEqual(planned.state, state.PLANNED)
            self.counter.answers.clear()
            self.go_on(minutes=20)
        self.assertEqual(planned.state, state.SENT)
        self.assertFalse(self.open_troubles())
        self.assertEqual(len(self.attempts_of(moves[-1])), 1)

    def test_what_waited_does_not_ring_at_night(self):
        channel = self.env["billing.channel"]._get("email")
        evening = MONDAY.replace(hour=19, minute=50)
        with patch.object(type(channel), "_batch_size", 4):
            with self.at(evening):
                moves = self.begin(8)
                self.fail()
                self.send()
            self.counter.answers.clear()
            calls = len(self.counter.calls)
            # 21.20 in Norway.
            with self.at(evening + timedelta(minutes=30)):
                self.send()
            self.assertEqual(len(self.counter.calls), calls)
            with self.at(MONDAY + timedelta(days=1)):
                self.send()
        self.assertEqual(
            set(self.runs(moves).mapped("last_item_id.attempt_id.state")), {"sent"}
        )

    def test_reported_as_failed_after_all_were_taken(self):
        with self.at(0):
            plan = self.create_plan(
                ("sms", 0, "not_paid"), ("letter", 3, "not_opened"), name="By SMS"
            )
            moves = self.env["account.move"].concat(
                *(self.create_invoice(partner) for partner in self.customers[:6])
            )
            moves.action_post()
            self.send()
        runs = self.runs(moves).filtered(lambda run: run.plan_id == plan)
        attempts = runs.last_item_id.attempt_id
        with self.at(MONDAY + timedelta(minutes=2)):
            attempts._apply(state.FAILED_HARD, reason="Out of credit")
            self.send()
        [trouble] = self.open_troubles()
        self.assertTrue(trouble.is_late)
        self.assertNotIn("letter", self.counter.channels())
        # That the next ones are taken says nothing.
        self.go_on(minutes=20)
        self.assertTrue(self.open_troubles())
        probes = runs.last_item_id.attempt_id.filtered(lambda a: a.state == "sent")
        self.assertTrue(0 < len(probes) <= 5)
        with self.at(MONDAY + timedelta(minutes=25)):
            probes[0]._apply(state.DELIVERED)
            self.send()
        self.assertFalse(self.open_troubles())
        self.assertNotIn("letter", self.counter.channels())

    def test_another_company_and_another_channel_go_on(self):
        self.down()
        with self.at(MONDAY + timedelta(minutes=5)):
            move = self.create_invoice()
            move.action_post()
            move._billing_queue_attempts("letter")
            self.send()
        self.assertEqual(self.counter.channels()[-1], "letter")


class TestBrokenText(TroubleCase):
    def broken(self, whom=None):
        """Let e-mails not be rendered, all of them or those to some."""
        model = type(self.env["billing.channel"]._get("email"))
        prepare = model._prepare

        def broken(channel, attempt):
            if attempt.channel == "email" and (
                whom is None or attempt.recipient_id in whom
            ):
                raise ChannelError("soft", "text", "object has no colour")
            return prepare(channel, attempt)

        return patch.object(model, "_prepare", broken)

    def test_a_text_broken_for_all_fails_nothing(self):
        with self.at(0), self.broken():
            moves = self.begin(6)
            self.send()
        self.assertEqual(self.counter.calls, [])
        self.assertEqual(set(self.attempts_of(moves[0]).mapped("state")), {"planned"})
        self.assertEqual(set(self.runs(moves).mapped("state")), {"sending"})
        [trouble] = self.open_troubles()
        self.assertEqual(
            trouble.content_id, self.plan.live_version_id.step_ids[0].text_id
        )
        self.assertEqual(trouble.waiting_count, 6)
        self.assertEqual(
            trouble.action_open_waiting()["domain"],
            [("id", "in", self.runs(moves).sorted().ids)],
        )
        with self.broken():
            self.go_on(days=4)
        self.assertEqual(self.counter.calls, [])
        self.go_on(days=5)
        self.assertEqual(self.counter.channels(), ["email"] * 6)
        self.assertFalse(self.open_troubles())

    def test_managers_are_told_of_plan_step_and_error_once(self):
        before = self.alerts()
        with self.at(0), self.broken():
            self.begin(6)
            self.send()
        [alert] = self.alerts() - before
        self.assertIn("Costly", alert.payload["job"])
        self.assertIn("step 1", alert.payload["job"])
        self.assertIn("no colour", alert.payload["error"])

    def test_mended_words_reach_those_who_wait(self):
        with self.at(0), self.broken():
            moves = self.begin(6)
            self.send()
        broken_text = self.plan.live_version_id.step_ids[0].text_id
        first = self.plan.live_version_id
        with self.at(MONDAY + timedelta(minutes=1)):
            self.content.sms_body = "Mended {{ object.page_urls }}"
            self.content.action_use_in_plans()
            self.send()
        attempts = self.attempts_of(moves[0])
        self.assertEqual(attempts.mapped("state"), ["sent"])
        self.assertNotEqual(attempts.content_id, broken_text)
        self.assertIn("Mended", attempts.content_id.sms_body)
        self.assertNotIn(broken_text, first.step_ids.text_id)
        self.assertFalse(self.open_troubles())

    def test_a_fault_of_one_invoice_stays_with_it(self):
        with self.at(0), self.broken(self.customers[0]):
            moves = self.begin(6)
            self.send()
        self.assertFalse(self.open_troubles())
        self.assertEqual(len(self.counter.calls), 5)
        self.assertEqual(self.attempts_of(moves[0]).state, "failed_soft")

    def test_faults_of_many_wait_and_the_others_get_theirs(self):
        with self.at(0), self.broken(self.customers[:4]):
            moves = self.begin(8)
            self.send()
            self.assertEqual(len(self.counter.calls), 4)
            [trouble] = self.open_troubles()
            self.assertEqual(trouble.waiting_count, 4)
            self.begin(2, first=8)
            self.send()
        self.assertEqual(len(self.counter.calls), 6)
        self.go_on(minutes=20)
        self.assertEqual(len(self.counter.calls), 10)
        self.assertEqual(self.attempts_of(moves[0]).state, "sent")
        self.assertFalse(self.open_troubles())

    def test_what_nobody_foresaw_is_no_different(self):
        model = type(self.env["billing.channel"]._get("email"))

        def broken(channel, attempt):
            raise ZeroDivisionError("layout")

        logger = "odoo.addons.billing_dynamic_distribution.models"
        with (
            self.at(0),
            patch.object(model, "_prepare", broken),
            mute_logger(
                f"{logger}.billing_channel",
                f"{logger}.billing_distribution_sender_calls",
            ),
        ):
            self.begin(5)
            self.send()
        self.assertEqual(self.counter.calls, [])
        self.assertIn("layout", self.open_troubles().reason)
