"""Debits that fail: noticed, drawn again or asked for, and what is learnt from them."""

from contextlib import contextmanager
from datetime import date
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.billing_direct_debit.core import failure, payday, retry

from ..billing_dynamic_distribution.channel_contract import ChannelContract
from .failure_common import DUE, FailureCase

#: Logs what keeps it from drawing.
CHANNEL = "odoo.addons.billing_direct_debit.models.billing_channel_debit"


class TestDebitContract(ChannelContract, FailureCase):
    """Drawing again keeps to what the engine asks of every channel."""

    channel_code = "debit"
    # The mandate is the address, and no customer is reached at another one.
    test_contract_addresses_are_asked_for_in_batch = None
    test_contract_a_customer_who_said_no_has_no_address = None
    # Our own database either has the claim or has not.
    test_contract_silence_after_handing_over_is_uncertain = None

    def contract_invoice(self):
        with self.at(0):
            claim = self.sent_claim()
        claim.write({"state": "failed", "reason_code": failure.FUNDS})
        return claim.move_id

    @contextmanager
    def provider(self, behaviour):
        moves = self.registry["account.move"]
        if behaviour == "down":
            with (
                patch.object(moves, "_billing_draw", side_effect=UserError("no")),
                mute_logger(CHANNEL),
            ):
                yield
        elif behaviour == "refuse":
            self.mandate.state = "ended"
            yield
        else:
            yield

    def run(self, result=None):
        with self.at(15):
            return super().run(result)


class TestNorway(FailureCase):
    def test_no_credit_means_failed_when_the_bank_could_have_told(self):
        with self.at(0):
            claim = self.sent_claim()
        last = claim.grace_until
        # Five bank days after Monday 7 December.
        self.assertEqual(last, date(2026, 12, 14))
        with self.at(self.morning(last)):
            self.hear_from_bank(last)
            self.claims._cron_no_credit()
            self.assertEqual(claim.state, "delivered")
        with self.at(self.morning(date(2026, 12, 15))):
            self.notice_failures()
            self.assertEqual(claim.state, "failed")
            self.assertEqual(claim.reason_code, failure.NOT_PAID)
            self.assertEqual(claim.result_code, "no_credit")
            # Noticed once.
            self.notice_failures()
        self.assertEqual(self.kinds(claim.move_id).count("debit.failed"), 1)

    def test_while_no_bank_file_comes_nobody_has_failed(self):
        with self.at(0):
            claim = self.sent_claim()
        with self.at(self.morning(date(2026, 12, 22))):
            self.hear_from_bank(date(2026, 12, 11))
            self.notice_failures()
            self.assertEqual(claim.state, "delivered")
            alerts = self.env["billing.event"].search(
                [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
            )
            self.assertIn("1 claims wait", alerts[:1].display_text)
            self.hear_from_bank(date(2026, 12, 21))
            self.notice_failures()
            self.assertEqual(claim.state, "failed")

    def test_a_failed_debit_from_the_silence_to_the_second_message(self):
        with self.at(0):
            self.company.billing_pay_chances = payday.chances(
                payday.count([date(2026, 8, 28)] * 7), [0] * payday.DAYS
            )
            claim = self.sent_claim()
        move = claim.move_id
        with self.at(self.morning(date(2026, 12, 15))):
            self.hear_from_bank(date(2026, 12, 15))
            self.notice_failures()
            # Nobody is charged while it is dealt with.
            self.assertEqual(move._billing_blocked("fee"), move)
            self.assertEqual(move._billing_blocked("handover"), move)
            [news] = move._billing_debit_news().values()
            self.assertIn("your bank sent no money", news[0])
            self.send()
            self.assertFalse(self.next_of(claim))
        self.go_to(self.morning(date(2026, 12, 16)))
        again = self.next_of(claim)
        self.assertEqual(again.attempt, 2)
        self.assertEqual(again.state, "planned")
        # On the pay-day: Monday 28 December.
        self.assertEqual(again.date, date(2026, 12, 28))
        self.assertEqual(claim.followup_why, retry.ON_PAY_DAY)
        # The customer is told at once, with the day, and how to pay otherwise.
        self.assertEqual(self.told(move), ["email"])
        self.assertIn("debit.retried", self.kinds(move))
        message = self.attempts_of(move).filtered(lambda one: one.channel == "email")
        self.assertTrue(message.tells_debit, "it is the notice of the new debit")
        content = message.content_id
        for text in (
            content._fill_in("sms_body", message),
            content._fill_in("letter_text", message),
            content.mail_template_id._render_field("body_html", message.ids)[
                message.id
            ],
        ):
            self.assertIn("drawn again on", text)
            self.assertIn("December 28, 2026", text)
        [news] = move._billing_debit_news().values()
        self.assertIn("drawn again on", news[1])
        self.assertIn("pay it yourself", news[2])
        # No further message while it is drawn.
        self.go_to(self.morning(date(2026, 12, 18)))
        self.go_to(self.morning(date(2026, 12, 21)))
        self.assertEqual(self.told(move), ["email"])
        # The second failure: an SMS with the link, and nothing is drawn any more.
        again.write({"state": "delivered"})
        after = date(2027, 1, 12)
        with self.at(self.morning(after)):
            self.hear_from_bank(after)
            self.notice_failures()
            self.assertEqual(again.state, "failed")
            self.send()
        self.assertEqual(self.told(move), ["email", "sms"])
        self.assertEqual((again.followup, again.followup_why), ("otherwise", "tries"))
        run = self.run_of(move)
        self.assertEqual(run.plan_id, self.failure_plan)
        self.assertEqual(len(move.billing_run_ids & run), 1)
        self.assertFalse(self.next_of(again))

    def test_who_is_above_the_limit_is_told_before(self):
        with self.at(0):
            self.old_claims(
                (date(2026, 9, 28), 900, "paid", False),
                (date(2026, 10, 28), 2100, "failed", failure.NOT_PAID),
            )
            self.mandate._learn_from_claims()
            self.assertEqual(self.mandate.learnt_limit, 2100)
            self.assertEqual(self.mandate.highest_paid, 900)
            fits = self.sent_claim(amount=900)
            self.assertFalse(fits.warned_on)
            # Together with the other of the same month.
            above = self.sent_claim(amount=1300)
            self.assertTrue(above.warned_on)
            self.assertEqual(above.state, "delivered")
            self.send()
            self.assertEqual(self.told(above.move_id), ["email"])
            next_month = self.sent_claim(due=date(2027, 1, 15), amount=1300)
            self.assertFalse(next_month.warned_on)
            # What was planned before more became known is looked at each day.
            next_month.write({"state": "planned"})
            self.mandate.limit_amount = 1000
            self.mandate.learnt_limit = 0
            self.old_claims((date(2026, 10, 29), 1200, "failed", failure.LIMIT))
            self.notice_failures()
            self.assertTrue(next_month.warned_on)
        self.assertEqual(self.kinds(above.move_id).count("debit.warned"), 1)

    def test_above_the_limit_it_is_not_drawn_where_the_company_says_so(self):
        self.agreement.limit_action = "hold"
        with self.at(0):
            self.mandate.limit_amount = 1000
            move = self.create_invoice(amount=1500, currency_id=self.currency.id)
            move.action_post()
            claim = self.claims.sudo().search([("move_id", "=", move.id)])
            self.assertEqual(claim.state, "cancelled")
            self.assertEqual(claim.cancel_reason, "limit")
            for _done in self.env["billing.debit.planner"]._plan(self.company):
                pass
            self.assertEqual(
                self.claims.sudo().search([("move_id", "=", move.id)]), claim
            )
            [news] = move._billing_debit_news().values()
            self.assertIn("raise the limit", news[0])

    def test_after_three_invoices_the_mandate_pauses(self):
        with self.at(0):
            self.old_claims(
                (date(2026, 8, 28), 900, "paid", False),
                (date(2026, 9, 28), 900, "failed", failure.NOT_PAID),
                (date(2026, 10, 28), 900, "failed", failure.BANK),
                (date(2026, 10, 29), 900, "failed", failure.FUNDS),
            )
            claim = self.sent_claim()
            self.mandate._learn_from_claims()
            self.assertFalse(self.mandate.paused_on)
        with self.at(self.morning(DUE)):
            self.bank_says(claim, failure.NOT_PAID)
            # What was the bank's fault does not count.
            self.assertEqual(self.mandate.failures_in_row, 3)
            self.assertEqual(self.mandate.paused_on, DUE)
            [obstacles] = claim.move_id._billing_debit_obstacles().values()
            self.assertEqual([one.code for one in obstacles], ["paused"])
            self.mandate.action_resume()
            self.assertFalse(claim.move_id._billing_debit_obstacles()[claim.move_id.id])
        kinds = (
            self.env["billing.event"]
            .search([("partner_id", "=", self.kari.id)], order="id")
            .mapped("kind")
        )
        self.assertIn("mandate.paused", kinds)
        self.assertIn("mandate.resumed", kinds)


class TestSweden(FailureCase):
    scheme = "autogiro"

    def failed(self, reason, result="failed"):
        with self.at(0):
            claim = self.sent_claim()
        with self.at(self.morning(DUE)):
            self.bank_says(claim, reason, result)
        return claim

    def test_no_money_is_drawn_again_with_notice(self):
        claim = self.failed(failure.FUNDS)
        self.go_to(self.morning(date(2026, 12, 8)))
        again = self.next_of(claim)
        # Eight bank days after the customer knows, on Wednesday 9 December.
        self.assertEqual(again.date, date(2026, 12, 21))
        self.assertEqual(claim.followup_day, again.date)
        self.assertEqual(again.message_id.state, "sent")
        again.write({"state": "delivered"})
        self.mandate.write({"paused_on": DUE})
        with self.at(self.morning(again.date)):
            self.bank_says(again, None, "paid", "0")
        self.assertEqual(again.message_id.state, "delivered")
        # Who paid is debited as ever.
        self.assertFalse(self.mandate.paused_on)
        self.assertFalse(self.mandate.failures_in_row)
        self.assertEqual(self.told(claim.move_id), ["email"])

    def test_what_cannot_be_drawn_again_is_asked_for(self):
        claims = {}
        with self.at(0):
            for reason in (failure.STOPPED, failure.NO_ACCOUNT, failure.NO_MANDATE):
                partner = self.create_customer(reason, f"{reason}@example.com")
                self.create_mandate(partner)
                claims[reason] = self.sent_claim(partner)
        with self.at(self.morning(DUE)):
            for reason, claim in claims.items():
                self.bank_says(claim, reason, "rejected")
        self.go_to(self.morning(date(2026, 12, 8)))
        for reason, claim in claims.items():
            with self.subTest(reason):
                self.assertFalse(self.next_of(claim))
                self.assertEqual(claim.followup, "otherwise")
                self.assertEqual(claim.followup_why, reason)
                self.assertTrue(claim.followup_text)
                self.assertEqual(self.told(claim.move_id), ["sms"])
        # Not even staff goes behind what the customer stopped.
        with self.assertRaisesRegex(UserError, "the customer stopped it"):
            claims[failure.STOPPED].action_debit_again()

    def test_a_mistake_of_ours_costs_the_customer_nothing(self):
        claim = self.failed(failure.OURS, "rejected")
        self.assertIn("our mistake", claim._customer_words()[0])
        self.go_to(self.morning(date(2026, 12, 8)))
        self.assertEqual(claim.followup_why, retry.REPAIRED)
        self.assertTrue(self.next_of(claim))

    def test_the_bank_tries_again(self):
        claim = self.failed(failure.BANK_WILL_RETRY, "bank_retry")
        move = claim.move_id
        self.assertEqual(claim.state, "bank_retry")
        with self.at(self.morning(date(2026, 12, 8))):
            self.assertIn(move.id, move._billing_debits())
            self.assertEqual(move._billing_blocked("reminder"), move)
            [news] = move._billing_debit_news().values()
            self.assertIn("tries again on the next bank days", news[1])
            self.send()
        self.assertFalse(self.run_of(move))
        with self.at(self.morning(date(2026, 12, 10))):
            self.bank_says(claim, failure.FUNDS)
        self.assertEqual(self.run_of(move).plan_id, self.failure_plan)

    def test_money_that_comes_after_all_ends_the_plan(self):
        claim = self.failed(failure.FUNDS)
        move = claim.move_id
        self.go_to(self.morning(date(2026, 12, 8)))
        again = self.next_of(claim)
        with self.at(self.morning(date(2026, 12, 9))):
            self.pay(move)
            self.assertEqual(again.state, "cancelled")
            self.assertEqual(self.run_of(move).state, "done")
            self.assertFalse(move._billing_debit_news())

    def test_nobody_to_tell_means_nothing_is_drawn(self):
        claim = self.failed(failure.FUNDS)
        self.kari.billing_contact_point_ids.consent_billing = False
        self.go_to(self.morning(date(2026, 12, 8)))
        self.assertFalse(self.next_of(claim))
        self.assertEqual(claim.followup_why, retry.NOTICE)
        self.assertEqual(self.run_of(claim.move_id).state, "stuck")

    def test_an_answer_that_never_came_is_for_a_person(self):
        with self.at(0):
            claim = self.sent_claim()
        with self.at(self.morning(DUE)), self.assertRaises(UserError):
            claim.action_not_drawn()
        with self.at(self.morning(date(2026, 12, 28))):
            self.hear_from_bank(date(2026, 12, 28))
            self.notice_failures()
            self.assertEqual(claim.state, "delivered")
            alerts = self.env["billing.event"].search(
                [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
            )
            self.assertIn("1 claims wait", alerts[:1].display_text)
            claim.action_not_drawn()
        self.assertEqual(claim.state, "failed")
        self.assertEqual(self.run_of(claim.move_id).plan_id, self.failure_plan)

    def test_an_objection_makes_it_wait(self):
        claim = self.failed(failure.FUNDS)
        with self.at(self.morning(date(2026, 12, 7))):
            claim.move_id._billing_place_hold("The customer objects")
        self.go_to(self.morning(date(2026, 12, 8)))
        self.assertFalse(self.next_of(claim))
        self.assertEqual(self.run_of(claim.move_id).state, "waiting")

    def test_staff_debit_again_and_ask(self):
        claim = self.failed(failure.FUNDS)
        with self.at(self.morning(DUE)):
            claim.action_debit_again()
            again = self.next_of(claim)
            self.assertEqual(again.attempt, 2)
            with self.assertRaises(UserError):
                claim.action_debit_again()
            again.write({"state": "delivered"})
            self.bank_says(again, failure.FUNDS)
            again.action_ask_otherwise()
            self.send()
        # That it is drawn again, and that it is to be paid.
        self.assertEqual(self.told(claim.move_id), ["email", "email"])
        self.assertEqual(again.followup_why, "staff")

    def test_a_worker_that_dies_draws_once(self):
        claim = self.failed(failure.FUNDS)
        with self.at(self.morning(date(2026, 12, 8))):
            channel = self.env["billing.channel.debit"]
            with patch.object(
                self.registry["billing.distribution.sender"],
                "_hand_over",
                lambda sender, channel, prepared: None,
            ):
                self.send("other")
            [attempt] = self.attempts_of(claim.move_id).filtered(
                lambda one: one.channel == "debit"
            )
            self.assertEqual(attempt.state, "calling")
            self.assertEqual(channel._look_up(attempt).code, "not_received")
            [(_attempt, outcome)] = channel._call_batch(channel._prepare_batch(attempt))
            # Made, but the outcome was never written.
            self.assertEqual(channel._look_up(attempt).reference, outcome.reference)
            self.assertEqual(len(self.next_of(claim)), 1)

    def test_many_failures_cost_as_many_queries_as_few(self):
        partners = [
            self.create_customer(f"Customer {n}", f"c{n}@example.com") for n in range(6)
        ]
        for partner in partners:
            self.create_mandate(partner)
        with self.at(0):
            few = self.claims.union(*(self.sent_claim(p) for p in partners[:2]))
            many = self.claims.union(*(self.sent_claim(p) for p in partners[2:]))
        (few | many).sudo().write({"state": "failed", "reason_code": failure.FUNDS})
        self.env.invalidate_all()
        counts = []
        with self.at(self.morning(date(2026, 12, 8))):
            for claims in (few, few, many):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                self.assertEqual(len(claims._decide_retry()), len(claims))
                counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1] + 2)
