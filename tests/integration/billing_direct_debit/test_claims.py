"""Invoices of customers with a mandate are drawn, and why others are not."""

from datetime import date, timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .claim_common import ISSUED, SENT, ClaimCase
from .failure_common import DUE


class TestClaimsNorway(ClaimCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ola = cls.create_customer("Ola Nordmann")
        cls.user = new_test_user(
            cls.env,
            "debit user",
            "billing_base.group_billing_user,account.group_account_invoice",
            company_id=cls.company.id,
        )

    # === MADE === #

    def test_what_is_issued_to_a_customer_with_a_mandate_is_drawn_when_due(self):
        move = self.issue()
        claim = self.claim_of(move)
        self.assertEqual(claim.state, "planned")
        self.assertEqual((claim.amount, claim.date), (1000, DUE))
        self.assertEqual(claim.reference, move.payment_reference)
        self.assertEqual(claim.attempt, 1)
        # Five bank days later the money would be there.
        self.assertEqual(claim.grace_until, date(2026, 12, 14))
        self.assertIn("debit.planned", self.kinds(move))
        with self.on(ISSUED):
            self.assertEqual(move._billing_debits()[move.id].day, DUE)
            [hold] = move._billing_holds()[move.id]
        self.assertEqual((hold.code, hold.until), ("debit", claim.grace_until))
        self.assertNotIn("distribution", hold.blocks)

    def test_the_same_twice_is_one_claim(self):
        move = self.issue()
        claim = self.claim_of(move)
        with self.on(ISSUED):
            self.assertEqual(move._billing_draw(), claim)
            self.assertEqual(move._billing_draw(day=date(2027, 1, 4)), claim)
        self.run_on(ISSUED)
        self.assertEqual(self.claim_of(move), claim)
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            claim.copy()
            self.env.flush_all()

    def test_a_day_that_no_bank_can_make_becomes_the_first_it_can(self):
        # Four bank days: from Monday before two o'clock it is Friday.
        move = self.issue(due=ISSUED + timedelta(days=1))
        self.assertEqual(self.claim_of(move).date, date(2026, 11, 27))

    def test_who_has_no_mandate_is_not_drawn_and_staff_read_nothing_of_it(self):
        move = self.issue(self.ola)
        self.assertFalse(self.claim_of(move))
        self.assertFalse(move.billing_debit_html)
        [obstacle] = move._billing_debit_obstacles()[move.id]
        self.assertEqual(obstacle.code, "no_mandate")

    def test_another_kid_is_no_debit_and_staff_read_why(self):
        move = self.issue()
        self.claim_of(move).unlink()
        move.payment_reference = "98765432109"
        [obstacle] = move._billing_debit_obstacles()[move.id]
        self.assertEqual(obstacle.code, "reference")
        self.assertIn("98765432109", move.billing_debit_html)
        move.payment_reference = "Power in May"
        [obstacle] = move._billing_debit_obstacles()[move.id]
        self.assertEqual(obstacle.code, "no_reference")

    def test_every_obstacle_has_its_code(self):
        move = self.issue()
        with self.on(ISSUED):
            [drawn] = move._billing_debit_obstacles()[move.id]
            self.assertEqual(drawn.code, "drawn")
            self.claim_of(move).unlink()
            self.assertEqual(move._billing_debit_obstacles()[move.id], [])
            move._billing_place_hold("She called")
            [held] = move._billing_debit_obstacles()[move.id]
            self.assertEqual(held.code, "held")
            self.assertIn("She called", held.text)
            self.env["billing.hold"].search([("move_id", "=", move.id)])._release()
            self.mandate.state = "sent"
            [waiting] = move._billing_debit_obstacles()[move.id]
            self.assertEqual(waiting.code, "not_active")
            self.mandate.state = "active"
            self.pay(move)
            [paid] = move._billing_debit_obstacles()[move.id]
            self.assertEqual(paid.code, "paid")
            draft = self.create_invoice()
            [not_open] = draft._billing_debit_obstacles()[draft.id]
            self.assertEqual(not_open.code, "not_open")

    def test_what_was_issued_before_the_mandate_is_drawn_by_hand_only(self):
        self.mandate.active_from = ISSUED + timedelta(days=1)
        move = self.issue()
        self.run_on(ISSUED + timedelta(days=2))
        self.assertFalse(self.claim_of(move))
        self.assertIn("before the mandate", move.billing_debit_html)
        with self.on(ISSUED):
            move.with_user(self.user).action_billing_claim()
        self.assertEqual(self.claim_of(move).date, DUE)
        with self.assertRaisesRegex(UserError, "already"):
            move.with_user(self.user).action_billing_claim()

    def test_who_asked_for_it_has_open_invoices_drawn_as_well(self):
        self.mandate.write(
            {"active_from": ISSUED + timedelta(days=1), "include_open": True}
        )
        move = self.issue()
        self.assertEqual(self.claim_of(move).date, DUE)

    def test_an_invoice_from_before_the_bank_said_yes_is_found_by_the_planner(self):
        self.mandate.state = "sent"
        move = self.issue()
        self.assertFalse(self.claim_of(move))
        self.mandate.write({"state": "active", "active_from": ISSUED})
        self.run_on(ISSUED)
        self.assertEqual(self.claim_of(move).state, "planned")

    def test_a_failed_claim_is_never_planned_again_by_itself(self):
        move = self.issue()
        self.run_on(SENT)
        with self.on(date(2026, 12, 15)):
            self.bank_says(self.claim_of(move), "funds")
        claims = self.claims.sudo().search([("move_id", "=", move.id)])
        self.run_on(date(2026, 12, 15))
        self.assertEqual(self.claims.sudo().search([("move_id", "=", move.id)]), claims)

    def test_only_staff_draw_but_who_issues_an_invoice_has_it_drawn(self):
        move = self.issue(self.ola)
        nobody = new_test_user(
            self.env, "nobody", "account.group_account_invoice",
            company_id=self.company.id,
        )  # fmt: skip
        with self.on(ISSUED):
            own = self.create_invoice(currency_id=self.currency.id)
            own.with_user(nobody).action_post()
            self.assertEqual(self.claim_of(own).state, "planned")
        with self.assertRaises(AccessError):
            move.with_user(nobody).action_billing_claim()
        with self.assertRaises(AccessError):
            self.env["billing.debit.claim"].with_user(nobody).search([])

    def test_fees_with_the_reference_of_their_invoice_are_drawn_after_it(self):
        move = self.issue()
        fee = self.issue(amount=38, payment_reference=move.payment_reference)
        self.assertFalse(self.claim_of(fee))
        [obstacle] = fee._billing_debit_obstacles()[fee.id]
        self.assertEqual(obstacle.code, "same_reference")
        self.assertIn(move.name, obstacle.text)
        self.run_on(SENT)
        claim = self.claim_of(move)
        self.claims._settle([{"claim_id": claim.id, "result": "paid"}])
        with self.on(DUE):
            self.pay(move)
        self.run_on(DUE)
        self.assertEqual(self.claim_of(fee).amount, 38)

    def test_a_company_s_own_deadlines_go_before_those_of_the_addon(self):
        rules = self.env["billing.debit.rule"]
        shipped = rules._find(self.company, "avtalegiro", ISSUED)
        self.assertTrue(shipped.source)
        own = shipped.copy(
            {"company_id": self.company.id, "date_from": ISSUED, "lead_days": 9}
        )
        self.assertEqual(rules._find(self.company, "avtalegiro", ISSUED), own)
        before = ISSUED - timedelta(days=1)
        self.assertEqual(rules._find(self.company, "avtalegiro", before), shipped)
        # Nine bank days from Monday morning: Friday of the next week.
        move = self.issue(due=ISSUED)
        self.assertEqual(self.claim_of(move).date, date(2026, 12, 4))
        with self.assertRaises(ValidationError):
            own.cut_off = 25
        with self.assertRaisesRegex(UserError, "No deadlines"):
            rules._find(self.company, "avtalegiro", date(2000, 1, 1))

    # === SET BY SET === #

    def test_ten_take_as_many_queries_as_two(self):
        with self.on(ISSUED):
            moves = self.env["account.move"].union(
                *(
                    self.create_invoice(currency_id=self.currency.id)
                    for _nth in range(14)
                )
            )
            self.mandate.state = "sent"
            moves.action_post()
            self.mandate.state = "active"
            counts = []
            for part in (moves[:2], moves[2:4], moves[4:]):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                part._billing_claim_automatically()
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - before)
                self.env.invalidate_all()
        self.assertEqual(len(moves._billing_open_claims()), 14)
        # The first ones also read what is kept between requests.
        self.assertEqual(*counts[1:])

    # === TAKING BACK === #

    def test_what_is_paid_before_the_file_goes_is_not_drawn(self):
        move = self.issue()
        with self.on(ISSUED):
            self.pay(move)
        claim = self.claim_of(move)
        self.assertEqual((claim.state, claim.cancel_reason), ("cancelled", "paid"))
        with self.on(ISSUED):
            self.assertFalse(move._billing_debits())
            self.assertFalse(move._billing_holds()[move.id])
        self.run_on(SENT)
        self.assertEqual(self.claim_of(move), claim)

    def test_what_is_drawn_follows_its_invoice_while_it_can(self):
        move = self.issue()
        claim = self.claim_of(move)
        with self.on(ISSUED):
            move.invoice_date_due = DUE + timedelta(days=7)
        self.run_on(ISSUED + timedelta(days=1))
        self.assertEqual(claim.date, DUE + timedelta(days=7))
        self.assertIn("debit.changed", self.kinds(move))

    def test_a_dispute_stops_it_and_its_end_lets_it_go_on(self):
        move = self.issue()
        claim = self.claim_of(move)
        with self.on(ISSUED):
            holds = move._billing_place_hold("Too much, she says")
        self.run_on(ISSUED)
        self.assertEqual((claim.state, claim.cancel_reason), ("cancelled", "held"))
        with self.on(ISSUED):
            holds._release()
        self.run_on(ISSUED)
        again = self.claim_of(move)
        self.assertNotEqual(again, claim)
        # It was never drawn, so this is the first time.
        self.assertEqual((again.state, again.attempt), ("planned", 1))

    def test_a_mandate_that_ends_takes_its_claims_along(self):
        move = self.issue()
        with self.on(ISSUED):
            self.mandate._end(by="payer")
        claim = self.claim_of(move)
        self.assertEqual((claim.state, claim.cancel_reason), ("cancelled", "mandate"))

    def test_at_the_bank_it_is_called_back_until_the_cut_off(self):
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        self.assertEqual(claim.state, "delivered")
        self.fetch()
        with self.on(SENT):
            self.pay(move)
            self.assertEqual(claim.cancel_state, "waiting")
            self.assertFalse(move._billing_debits())
        # Best the day after the claim itself.
        self.run_on(SENT, hour=10)
        self.assertEqual(self.fetch(), [])
        self.run_on(SENT + timedelta(days=3))
        [records] = self.fetch()
        self.assertTrue(records[1].startswith("NY213620"))
        self.assertTrue(records[2].startswith("NY219330"))
        self.assertIn(DUE.strftime("%d%m%y"), records[2])
        self.assertIn(move.payment_reference, records[2])
        self.assertEqual((claim.state, claim.cancel_state), ("cancelled", "done"))

    def test_after_the_cut_off_it_is_said_that_it_is_too_late(self):
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        # The bank day before, an hour after two o'clock.
        with self.on(date(2026, 12, 4), hour=14):
            self.pay(move)
        self.assertEqual((claim.state, claim.cancel_state), ("delivered", "too_late"))
        self.assertIn("debit.cancel_late", self.kinds(move))
        self.run_on(date(2026, 12, 4), hour=14)
        self.assertEqual(self.kinds(move).count("debit.cancel_late"), 1)
        with (
            self.on(date(2026, 12, 4), hour=14),
            self.assertRaisesRegex(UserError, "too late"),
        ):
            claim.with_user(self.user).action_cancel()

    def test_the_debit_itself_is_no_reason_to_stop_it(self):
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        with self.on(DUE):
            self.pay(move)
        self.assertFalse(claim.cancel_state)

    def test_money_that_comes_late_counts_and_a_late_failure_does_not(self):
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        paid = {"claim_id": claim.id, "result": "paid", "date": DUE, "key": "a"}
        failed = {"claim_id": claim.id, "result": "failed", "reason": "funds"}
        settle = self.claims._settle
        self.assertEqual(settle([failed, paid]), {claim.id: "done"})
        self.assertEqual(claim.state, "paid")
        self.assertEqual(settle([paid]), {claim.id: "repeated"})
        self.assertEqual(settle([failed]), {claim.id: "impossible"})
        self.assertEqual(self.kinds(move).count("debit.paid"), 1)
        refunded = {"claim_id": claim.id, "result": "refunded", "code": "02"}
        self.assertEqual(settle([refunded]), {claim.id: "done"})
        self.assertEqual(claim.state, "refunded")
        with self.assertRaises(ValueError):
            settle([{"claim_id": claim.id, "result": "lost"}])

    def test_answers_to_many_take_as_many_queries_as_to_one(self):
        moves = self.env["account.move"].union(*(self.issue() for _nth in range(7)))
        self.run_on(SENT)
        claims = moves._billing_open_claims()
        counts = []
        for part in (claims[:1], claims[1:2], claims[2:]):
            outcomes = [
                {"claim_id": claim.id, "result": "accepted", "key": str(claim.id)}
                for claim in part
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = self.claims._settle(outcomes)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(set(found.values()), {"done"})
        self.assertEqual(*counts[1:])

    def test_what_is_settled_is_not_cancelled_any_more(self):
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        with self.on(SENT):
            claim._cancel("asked")
        self.claims._settle([{"claim_id": claim.id, "result": "paid"}])
        self.assertFalse(claim.cancel_state)

    # === TELLING === #

    def test_the_message_that_brings_the_invoice_tells_of_the_debit(self):
        self.create_plan(("email", 0, "not_paid"))
        self.mandate.written_notice = True
        move = self.issue()
        claim = self.claim_of(move)
        self.assertEqual(claim.notice, "us")
        with self.on(ISSUED, hour=10):
            self.send("email")
            [attempt] = self.attempts_of(move)
            self.assertTrue(attempt.tells_debit)
            self.assertEqual(attempt.debit_scheme_text, "AvtaleGiro")
            self.assertEqual(
                attempt.content_id,
                self.env.ref("billing_direct_debit.content_debit_planned"),
            )
            self.assertIn("do not have to pay", attempt.invoices_html)
            self.assertNotIn("See and pay", attempt.invoices_html)
        self.run_on(ISSUED, hour=11)
        self.assertEqual((claim.told_on, claim.told_by), (ISSUED, "message"))
        self.run_on(SENT)
        self.assertEqual(claim.state, "delivered")

    def test_who_got_no_message_gets_one_of_its_own_in_time(self):
        self.mandate.written_notice = True
        move = self.issue()
        claim = self.claim_of(move)
        self.run_on(ISSUED, hour=11)
        self.assertFalse(self.attempts_of(move))
        # Three bank days before Monday, and two to spare.
        self.run_on(date(2026, 11, 30))
        [attempt] = self.attempts_of(move)
        self.run_on(date(2026, 11, 30), hour=10)
        self.assertEqual(self.attempts_of(move), attempt)
        with self.on(date(2026, 11, 30), hour=11):
            self.send("email", "sms")
        self.assertEqual(claim.state, "planned")
        self.run_on(date(2026, 11, 30), hour=12)
        self.assertEqual(claim.told_on, date(2026, 11, 30))
        self.assertEqual(claim.state, "delivered")

    def test_nobody_is_debited_whom_nobody_could_tell(self):
        self.mandate.written_notice = True
        move = self.issue()
        claim = self.claim_of(move)
        # Without an address of any kind.
        self.startPatcher(
            patch.object(
                self.registry["billing.distribution.sender"],
                "_find_channels",
                lambda sender, moves: {},
            )
        )
        self.run_on(date(2026, 12, 1))
        self.assertTrue(claim.is_unreachable)
        self.assertIn("debit.unreachable", self.kinds(move))
        self.assertIn("before somebody tells", move.billing_debit_html)
        with self.on(date(2026, 12, 1)):
            claim.with_user(self.user).action_mark_told()
        self.run_on(date(2026, 12, 1), hour=10)
        self.assertEqual(claim.told_by, "staff")
        self.assertEqual(claim.state, "delivered")

    def test_another_system_that_tells_is_taken_at_its_word(self):
        self.agreement.telling = "elsewhere"
        self.mandate.written_notice = True
        claim = self.claim_of(self.issue())
        self.assertEqual((claim.told_on, claim.told_by), (ISSUED, "elsewhere"))

    def test_the_bank_tells_where_there_is_time_for_it(self):
        self.agreement.bank_notice = "asked"
        self.mandate.written_notice = True
        late = self.claim_of(self.issue())
        self.assertEqual(late.notice, "us")
        # From the 15th: by the last bank day of November.
        claim = self.claim_of(self.issue(due=date(2026, 12, 16)))
        self.assertEqual((claim.notice, claim.date), ("bank", date(2026, 12, 16)))
        self.mandate.written_notice = False
        self.assertEqual(self.claim_of(self.issue()).notice, "none")
