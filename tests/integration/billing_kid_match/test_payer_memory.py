"""Who has paid for whom: learned once, taken back once, forgotten in time."""

from datetime import date
from unittest.mock import patch

import psycopg2.errors
from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.billing_bank_file.core import decision

from tests.integration.billing_bank_file.common import BOOKED
from tests.integration.billing_kid_match.test_match import MatchCase, swap_digit

ACCOUNT = "15035149098"


class PayerCase(MatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Doubtful payments are left to people here, however sure the engine is.
        cls.company.billing_match_evidence = False
        cls.company.billing_match_assign = False
        cls.memory = cls.env["billing.payer.memory"].sudo()
        cls.habits = cls.env["billing.payer.habit"].sudo()
        cls.traces = cls.env["billing.payer.trace"].sudo()

    def remembered(self, company=None):
        """What is remembered, as a dict of (kind, key, customer) to count."""
        rows = self.memory.search([("company_id", "=", (company or self.company).id)])
        return {(row.kind, row.key, row.partner_id): row.count for row in rows}

    def habit(self, partner=None):
        """(number of payments, mean delay) of a customer."""
        habit = self.habits.search([("partner_id", "=", (partner or self.customer).id)])
        return habit.count, habit.mean_delay

    def invoices_of(self, partner, count, start=2000):
        return self.env["account.move"].concat(
            *(self.invoice(start + 13 * number, partner) for number in range(count))
        )

    def pay_all(self, moves, **values):
        """Import one payment for each invoice, by exact reference, in one file."""
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(
                        move.payment_reference,
                        move.amount_residual,
                        end=str(move.id),
                        **values,
                    )
                    for move in moves
                ],
                message_id=f"M{self.payments.search_count([])}",
            )
        )
        return payments

    def run_cron(self, model, method):
        """Run a job as the scheduler does, without its commits."""
        with patch.object(
            self.env.registry["ir.cron"],
            "_commit_progress",
            lambda cron, done=0, *, remaining=None: 60.0,
        ):
            getattr(self.env[model], method)()


class TestFeeding(PayerCase):
    def test_an_exact_reference_teaches_account_and_habit(self):
        self.pay(self.reference)
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})
        # due 2026-10-15, paid 2026-11-02
        self.assertEqual(self.habit(), (1, 18.0))
        row = self.memory.search([("company_id", "=", self.company.id)])
        self.assertEqual((row.first_date, row.last_date), (BOOKED, BOOKED))

    def test_another_name_that_pays_is_remembered_the_own_name_is_not(self):
        self.pay(self.reference, name="Per Øgård")
        self.assertEqual(
            self.remembered(),
            {
                ("account", ACCOUNT, self.customer): 1,
                ("name", "ogard per", self.customer): 1,
            },
        )

    def test_payments_add_up_in_one_batch_and_over_several(self):
        moves = self.invoices_of(self.customer, 4)
        self.pay_all(moves[:3])
        self.pay_all(moves[3:])
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 4})
        self.assertEqual(self.habit(), (4, 18.0))

    def test_an_account_that_pays_for_many_has_a_row_for_each(self):
        self.pay_all(self.invoices_of(self.customer, 2))
        self.pay_all(self.invoices_of(self.other, 1))
        self.assertEqual(
            {
                key: count
                for key, count in self.remembered().items()
                if key[0] == "account"
            },
            {
                ("account", ACCOUNT, self.customer): 2,
                ("account", ACCOUNT, self.other): 1,
            },
        )

    def test_what_evidence_decided_teaches_nothing(self):
        payment = self.pay(swap_digit(self.reference, 5))
        self.assertEqual(payment.state, "reconciled")
        self.assertFalse(self.remembered())
        self.assertEqual(self.habit(), (0, 0.0))

    def test_a_reference_in_the_message_teaches_nothing(self):
        payment = self.pay("", message=self.reference)
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertFalse(self.remembered())

    def test_what_a_person_accepts_teaches(self):
        payment = self.pay(swap_digit(self.reference, 5), self.amount + 333)
        self.assertEqual(payment.state, "proposed")
        self.assertFalse(self.remembered())
        payment.action_accept()
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})

    def test_what_a_person_settles_in_odoos_own_screens_teaches(self):
        payment = self.pay("48213")
        line = payment.statement_line_id
        receivable = self.target.line_ids.filtered(
            lambda item: item.account_id.account_type == "asset_receivable"
        )
        suspense = line._seek_for_lines()[1]
        suspense.write(
            {"account_id": receivable.account_id.id, "partner_id": self.customer.id}
        )
        (suspense + receivable).reconcile()
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})

    def test_a_customer_credited_by_a_person_is_remembered_without_a_habit(self):
        payment = self.pay("48213")
        payment._log_decisions(
            [
                decision.Decision(
                    payment.id, decision.ASSIGNED, partner_id=self.customer.id
                )
            ],
            "staff",
        )
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})
        self.assertEqual(self.habit(), (0, 0.0))

    def test_nothing_is_remembered_where_the_company_wants_none(self):
        self.company.billing_match_memory_months = 0
        self.pay(self.reference)
        self.assertFalse(self.remembered())
        self.assertFalse(
            self.traces.search_count([("company_id", "=", self.company.id)])
        )

    def test_companies_do_not_share_their_memory(self):
        self.pay(self.reference)
        other = self.setup_other_company(name="Elsewhere")["company"]
        self.assertFalse(self.remembered(other))
        clerk = new_test_user(
            self.env,
            login="clerk_elsewhere",
            groups="billing_base.group_billing_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for model in ("memory", "habit", "trace"):
            with self.subTest(model):
                self.assertFalse(
                    self.env[f"billing.payer.{model}"].with_user(clerk).search_count([])
                )

    def test_a_long_habit_follows_the_last_payments(self):
        moves = self.invoices_of(self.customer, 30)
        self.pay_all(moves[:20])
        for move in moves[20:]:
            move.line_ids.date_maturity = "2026-11-02"
            move.invoice_date_due = "2026-11-02"
        self.pay_all(moves[20:])
        count, delay = self.habit()
        self.assertEqual(count, 30)
        # ten at 0 days, and two of the older ones at 18
        self.assertAlmostEqual(delay, 3.0)


class TestTakingBack(PayerCase):
    def test_undo_takes_back_exactly_what_was_taught(self):
        moves = self.invoices_of(self.customer, 3)
        payments = self.pay_all(moves, name="Per Øgård")
        before = self.remembered(), self.habit()
        late = self.invoices_of(self.customer, 1, start=5000)
        late.invoice_date_due = "2026-10-30"
        payment = self.pay_all(late, name="Per Øgård")
        self.assertEqual(self.habit()[0], 4)
        payment.action_undo()
        self.assertEqual((self.remembered(), self.habit()), before)
        payments.action_undo()
        self.assertFalse(self.remembered())
        self.assertEqual(self.habit(), (0, 0.0))
        self.assertFalse(self.traces.search([("payment_id", "in", payments.ids)]))

    def test_undone_and_accepted_again_counts_once(self):
        payment = self.pay(self.reference)
        for _round in range(2):
            payment.action_undo()
            self.assertFalse(self.remembered())
            payment._accept(self.target)
            self.assertEqual(
                self.remembered(), {("account", ACCOUNT, self.customer): 1}
            )
            self.assertEqual(self.habit(), (1, 18.0))

    def test_taking_back_twice_takes_once(self):
        self.pay_all(self.invoices_of(self.customer, 2))
        payment = self.pay(self.reference)
        for _round in range(2):
            payment._withdraw_lessons()
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 2})

    def test_the_same_decision_twice_teaches_once(self):
        payment = self.pay(self.reference)
        item = decision.Decision(
            payment.id, decision.RECONCILED, (decision.Share(self.target.id, 1),)
        )
        payment._log_decisions([item], "staff")
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})

    def test_accepted_for_another_customer_moves_the_lesson(self):
        payment = self.pay(self.reference)
        payment.action_undo()
        payment._accept(self.invoices[1])
        self.assertEqual({row[2] for row in self.remembered()}, {self.other})

    def test_taken_off_one_of_two_customers_keeps_the_other_lesson(self):
        payment = self.pay("48213", 5000)
        other_invoice = self.invoices[1]
        payment._accept(self.target)
        payment._log_decisions(
            [
                decision.Decision(
                    payment.id,
                    decision.RECONCILED,
                    (decision.Share(other_invoice.id, 1),),
                )
            ],
            "staff",
        )
        self.assertEqual(
            {row[2] for row in self.remembered()}, {self.customer, self.other}
        )
        # it settles the invoice of the first customer only
        payment._set_taken_off(payment._settled_amounts())
        self.assertEqual({row[2] for row in self.remembered()}, {self.customer})


class TestWaiting(PayerCase):
    """Another worker may have changed the same rows a moment ago."""

    def _clash(self):
        return patch.object(
            type(self.memory),
            "_fold_now",
            side_effect=psycopg2.errors.SerializationFailure(),
        )

    def test_a_batch_is_booked_although_its_lessons_have_to_wait(self):
        with self._clash():
            payment = self.pay(self.reference)
        self.assertEqual(payment.state, "reconciled")
        self.assertFalse(self.remembered())
        self.run_cron("billing.payer.memory", "_cron_keep")
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})
        self.run_cron("billing.payer.memory", "_cron_keep")
        self.assertEqual(self.habit(), (1, 18.0))

    def test_undone_before_it_was_taken_up_leaves_nothing(self):
        with self._clash():
            payment = self.pay(self.reference)
            payment.action_undo()
        self.run_cron("billing.payer.memory", "_cron_keep")
        self.assertFalse(self.remembered())
        self.assertFalse(self.traces.search([("payment_id", "=", payment.id)]))

    def test_taking_back_waits_as_well(self):
        payment = self.pay(self.reference)
        with self._clash():
            payment.action_undo()
            payment._accept(self.target)
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})
        self.run_cron("billing.payer.memory", "_cron_keep")
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})
        self.assertEqual(self.habit(), (1, 18.0))

    def test_a_clash_in_the_schedule_is_tried_again(self):
        with self._clash():
            self.pay(self.reference)
        cron = self.env.ref("billing_kid_match.ir_cron_payer_memory")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.assertTrue(triggers)


class TestForgetting(PayerCase):
    def test_payers_are_forgotten_in_time(self):
        self.pay(self.reference)
        rows = self.memory.search([("company_id", "=", self.company.id)])
        months = relativedelta(months=24)
        with freeze_time(BOOKED + months):
            self.run_cron("billing.payer.memory", "_cron_keep")
        self.assertTrue(rows.exists())
        with freeze_time(BOOKED + months + relativedelta(days=2)):
            self.run_cron("billing.payer.memory", "_cron_keep")
        self.assertFalse(rows.exists())
        self.assertFalse(self.remembered())
        self.assertEqual(self.habit(), (0, 0.0))
        self.assertFalse(self.traces.search([("partner_id", "=", self.customer.id)]))

    def test_zero_months_forget_all_and_others_keep_theirs(self):
        self.pay(self.reference)
        other = self.setup_other_company(name="Elsewhere")["company"]
        kept = self.memory.create(
            {
                "company_id": other.id,
                "kind": "account",
                "key": "1",
                "partner_id": self.customer.id,
                "count": 1,
                "first_date": date.today(),
                "last_date": date.today(),
            }
        )
        self.company.billing_match_memory_months = 0
        self.run_cron("billing.payer.memory", "_cron_keep")
        self.assertFalse(self.remembered())
        self.assertTrue(kept.exists())

    def test_undo_after_forgetting_changes_nothing(self):
        payment = self.pay(self.reference)
        self.memory._forget_customers(self.customer, self.company)
        self.pay_all(self.invoices_of(self.customer, 1))
        payment.action_undo()
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})

    def test_a_manager_has_the_payers_of_a_customer_forgotten(self):
        self.pay(self.reference, name="Per Øgård")
        self.pay_all(self.invoices_of(self.other, 1))
        manager = new_test_user(
            self.env,
            login="forgetful",
            groups="billing_base.group_billing_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.customer.with_user(manager).action_billing_forget_payers()
        self.assertEqual({row[2] for row in self.remembered()}, {self.other})
        self.assertEqual(self.habit(), (0, 0.0))
        self.assertFalse(self.traces.search([("partner_id", "=", self.customer.id)]))
        event = self.env["billing.event"].search(
            [("kind", "=", "payer.forgotten"), ("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(event.user_id, manager)
        self.assertIn("2 remembered payers of Åse Øgård", event.display_text)

    def test_who_objects_is_not_remembered_again_not_even_merged(self):
        self.pay(self.reference)
        self.customer.billing_forget_payers = True
        self.assertFalse(self.remembered())
        self.pay_all(self.invoices_of(self.customer, 1))
        self.assertFalse(self.remembered())
        self.pay_all(self.invoices_of(self.other, 1))
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [self.customer.id, self.other.id], self.other, extra_checks=False
        )
        self.assertTrue(self.other.billing_forget_payers)
        self.assertFalse(self.remembered())

    def test_nobody_else_makes_it_forget(self):
        clerk = new_test_user(
            self.env, login="clerk_forget", groups="billing_base.group_billing_user"
        )
        with self.assertRaises(AccessError):
            self.customer.with_user(clerk).action_billing_forget_payers()

    def test_a_deleted_customer_is_forgotten(self):
        partner = self.env["res.partner"].create({"name": "Gone"})
        self.memory.create(
            {
                "company_id": self.company.id,
                "kind": "name",
                "key": "gone",
                "partner_id": partner.id,
                "count": 1,
                "first_date": BOOKED,
                "last_date": BOOKED,
            }
        )
        partner.unlink()
        self.assertFalse(self.remembered())

    def test_merged_customers_share_one_memory(self):
        moves = self.invoices_of(self.customer, 2)
        self.pay_all(moves, name="Per Øgård")
        others = self.invoices_of(self.other, 1)
        payment = self.pay_all(others, name="Per Øgård")
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [self.customer.id, self.other.id], self.customer, extra_checks=False
        )
        self.assertEqual(
            self.remembered(),
            {
                ("account", ACCOUNT, self.customer): 3,
                ("name", "ogard per", self.customer): 3,
            },
        )
        self.assertEqual(self.habit(), (3, 18.0))
        payment.action_undo()
        self.assertEqual(self.remembered()[("account", ACCOUNT, self.customer)], 2)

    def test_a_payment_for_both_merged_customers_counts_once(self):
        payment = self.pay("48213", 5000)
        payment._log_decisions(
            [
                decision.Decision(
                    payment.id,
                    decision.RECONCILED,
                    (
                        decision.Share(self.target.id, 1),
                        decision.Share(self.invoices[1].id, 1),
                    ),
                )
            ],
            "staff",
        )
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [self.customer.id, self.other.id], self.customer, extra_checks=False
        )
        self.run_cron("billing.payer.memory", "_cron_keep")
        self.assertEqual(self.remembered(), {("account", ACCOUNT, self.customer): 1})


class TestQueries(PayerCase):
    def _queries(self, payments, items):
        """Queries of remembering decisions on payments, and of taking them back."""
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        payments._log_decisions(items, "system")
        remembering = self.env.cr.sql_log_count - before
        payments._withdraw_lessons()
        return remembering, self.env.cr.sql_log_count - before - remembering

    def test_a_batch_costs_the_same_whatever_its_size(self):
        moves = self.invoices_of(self.customer, 20)
        payments = self.pay_all(moves)
        payments._withdraw_lessons()
        items = [
            decision.Decision(
                payment.id, decision.RECONCILED, (decision.Share(move.id, 1),)
            )
            for payment, move in zip(payments, moves, strict=True)
        ]
        self._queries(payments[:1], items[:1])
        few = self._queries(payments[:2], items[:2])
        many = self._queries(payments, items)
        self.assertEqual(few, many)
        self.assertLessEqual(few[0], 9)
        self.assertLessEqual(few[1], 13)
