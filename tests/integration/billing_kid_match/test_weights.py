"""Versions of the weights: learned in small steps, checked, put back with a click."""

import dataclasses
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_bank_file.core.decision import UNMATCHED, Decision
from odoo.addons.billing_kid_match.core import learning
from odoo.addons.billing_kid_match.core.weights import DEFAULT_WEIGHTS
from odoo.addons.billing_kid_match.models.billing_match_verdict import SETTLED_DAYS

from tests.integration.billing_bank_file.common import BOOKED
from tests.integration.billing_kid_match.test_match import swap_digit
from tests.integration.billing_kid_match.test_payer_memory import PayerCase

LATER = BOOKED + timedelta(days=SETTLED_DAYS + 5)


class WeightsCase(PayerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.weights = cls.env["billing.match.weights"].sudo()
        cls.shipped = cls.weights.search([("company_id", "=", False)], limit=1)
        cls.startClassPatcher(
            patch.dict(learning.MINIMUM, dict.fromkeys(learning.MINIMUM, 3))
        )

    def learn(self, company=None, day=LATER):
        company = (company or self.company).with_context(billing_date=day)
        return self.weights._learn(company)

    def learned(self, bare=0.02, company=None, **values):
        """A version as learning writes it."""
        version = self.weights._next_version()
        data = dataclasses.replace(DEFAULT_WEIGHTS, bare=bare, version=version)
        return self.weights.create(
            {
                "company_id": (company or self.company).id,
                "version": version,
                "origin": "learned",
                "data": data.to_json(),
                **values,
            }
        )

    def current(self, company=None):
        return self.weights._current(company or self.company)


class TestVersions(WeightsCase):
    def test_the_first_version_comes_with_the_addon(self):
        self.assertTrue(self.shipped.is_current)
        self.assertEqual(self.shipped.origin, "shipped")
        self.assertEqual(
            self.current(),
            dataclasses.replace(DEFAULT_WEIGHTS, version=self.shipped.version),
        )

    def test_an_update_ships_new_values_beside_the_old_ones(self):
        before = self.weights.search_count([])
        self.weights._ship()
        self.assertEqual(self.weights.search_count([]), before)
        new = dataclasses.replace(DEFAULT_WEIGHTS, bare=0.03)
        with patch(
            "odoo.addons.billing_kid_match.models.billing_match_weights"
            ".DEFAULT_WEIGHTS",
            new,
        ):
            self.weights._ship()
            self.weights._ship()
        self.assertEqual(self.weights.search_count([]), before + 1)
        self.assertFalse(self.shipped.is_current)
        self.assertEqual(self.current().bare, 0.03)

    def test_what_is_put_into_use_is_used_at_once_and_told(self):
        first, second = self.learned(0.02), self.learned(0.03)
        first.action_activate()
        self.assertEqual(self.current().bare, 0.02)
        second.action_activate()
        self.assertEqual(self.current().bare, 0.03)
        self.assertEqual(self.current().version, second.version)
        self.assertFalse(first.is_current)
        first.action_activate()
        self.assertEqual(self.current().bare, 0.02)
        event = self.env["billing.event"].search(
            [("kind", "=", "weights.activated"), ("company_id", "=", self.company.id)],
            limit=1,
        )
        self.assertEqual(event.user_id, self.env.user)
        self.assertIn(str(first.version), event.display_text)
        self.assertIn(self.company.name, first.message_ids[0].body)

    def test_the_shipped_version_can_be_put_back(self):
        self.learned(0.02).action_activate()
        self.shipped.action_activate()
        self.assertEqual(self.current().bare, DEFAULT_WEIGHTS.bare)
        self.assertTrue(self.shipped.is_current)

    def test_companies_use_their_own(self):
        other = self.setup_other_company(name="Elsewhere")["company"]
        self.learned(0.02).action_activate()
        self.assertEqual(self.current(other).bare, DEFAULT_WEIGHTS.bare)
        self.learned(0.04, other).with_company(other).action_activate()
        self.assertEqual(self.current(other).bare, 0.04)
        self.assertEqual(self.current().bare, 0.02)

    def test_one_version_is_in_use(self):
        first, second = self.learned(), self.learned()
        first.is_current = True
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            second.is_current = True
            self.env.flush_all()

    def test_clerks_look_and_managers_of_the_company_choose(self):
        version = self.learned()
        clerk = new_test_user(
            self.env,
            login="clerk_weights",
            groups="billing_base.group_billing_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.assertTrue(version.with_user(clerk).report_html is not None)
        with self.assertRaises(AccessError):
            version.with_user(clerk).action_activate()
        with self.assertRaises(AccessError):
            version.with_user(clerk).is_current = True
        other = self.setup_other_company(name="Elsewhere")["company"]
        stranger = new_test_user(
            self.env,
            login="manager_elsewhere",
            groups="billing_base.group_billing_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        with self.assertRaises(AccessError):
            version.with_user(stranger).action_activate()

    def test_the_matcher_decides_by_what_is_in_use(self):
        self.learned().action_activate()
        payment = self.pay(swap_digit(self.reference, 5), self.amount + 333)
        verdict = self.env["billing.match.verdict"].search(
            [("payment_id", "=", payment.id)]
        )
        self.assertEqual(verdict.version, self.current().version)


class TestLearning(WeightsCase):
    def test_payments_move_the_weights_a_step(self):
        self.pay_all(self.invoices_of(self.customer, 12), name="Per Øgård")
        version = self.learn()
        self.assertEqual(version.origin, "learned")
        self.assertEqual(version.sample, 12)
        self.assertEqual(version.sample_to, LATER - timedelta(days=SETTLED_DAYS))
        before, after = DEFAULT_WEIGHTS.names, version._to_core().names
        self.assertGreater(after["surname"], before["surname"])
        self.assertAlmostEqual(sum(after.values()), 1)
        told = {
            (change["group"], change["category"])
            for change in version.report["changes"]
        }
        self.assertIn(("names", "surname"), told)
        # due 2026-10-15, paid 2026-11-02
        self.assertIn(("delays", "21"), told)

    def test_what_explains_other_payments_better_is_put_into_use(self):
        self.pay_all(self.invoices_of(self.customer, 12), name="Per Øgård")
        version = self.learn()
        self.assertEqual(version.verdict, "better")
        self.assertTrue(version.is_current)
        self.assertEqual(self.current().version, version.version)
        self.assertEqual(version.parent_id, self.shipped)

    def test_what_explains_them_worse_is_kept_for_people_to_look_at(self):
        self.pay_all(self.invoices_of(self.customer, 12), name="Per Øgård")
        with patch.object(learning, "surprise", side_effect=[1.0, 1.5]):
            version = self.learn()
        self.assertEqual(version.verdict, "worse")
        self.assertFalse(version.is_current)
        self.assertEqual(self.current().version, self.shipped.version)

    def test_nothing_is_put_into_use_where_learning_is_off(self):
        self.company.billing_match_learn = False
        self.pay_all(self.invoices_of(self.customer, 12), name="Per Øgård")
        version = self.learn()
        self.assertEqual(version.verdict, "better")
        self.assertFalse(version.is_current)

    def test_each_payment_is_learned_from_once(self):
        self.pay_all(self.invoices_of(self.customer, 12), name="Per Øgård")
        self.assertTrue(self.learn())
        self.assertFalse(self.learn())

    def test_payments_wait_until_nobody_is_likely_to_take_them_back(self):
        self.pay_all(self.invoices_of(self.customer, 12), name="Per Øgård")
        self.assertFalse(self.learn(day=BOOKED + timedelta(days=SETTLED_DAYS - 1)))

    def test_what_was_taken_back_teaches_nothing(self):
        payments = self.pay_all(self.invoices_of(self.customer, 12), name="Per Øgård")
        payments.action_undo()
        self.assertFalse(self.learn())

    def test_another_companys_payments_teach_nothing_here(self):
        self.pay_all(self.invoices_of(self.customer, 12), name="Per Øgård")
        other = self.setup_other_company(name="Elsewhere")["company"]
        self.assertFalse(self.learn(other))

    def test_what_was_known_of_an_account_counts_as_of_that_day(self):
        moves = self.invoices_of(self.customer, 3)
        payments = self.pay_all(moves)
        cases = dict(self.weights._read_cases(self.company, payments.ids))
        # the first payments of the customer: nothing was known before
        self.assertEqual({case.knew_account for case in cases.values()}, {False})
        self.assertEqual({case.account for case in cases.values()}, {""})
        self.memory.search([("company_id", "=", self.company.id)]).first_date = (
            BOOKED - timedelta(days=1)
        )
        cases = dict(self.weights._read_cases(self.company, payments.ids))
        self.assertEqual({case.account for case in cases.values()}, {"same"})
        rows = self.memory.search([("company_id", "=", self.company.id)])
        rows.partner_id = self.other
        rows.copy({"partner_id": self.customer.id, "key": "999"})
        cases = dict(self.weights._read_cases(self.company, payments.ids))
        self.assertEqual({case.account for case in cases.values()}, {"other"})

    def test_cases_say_how_reference_and_amount_came(self):
        exact = self.pay(self.reference, self.amount - 100)
        wrong = self.pay(
            swap_digit(self.invoices[2].payment_reference, 5),
            self.invoices[2].amount_residual,
        )
        more = self.pay(
            self.invoices[0].payment_reference, self.invoices[0].amount_residual + 9
        )
        bare = self.pay("48213", 5000)
        bare._accept(self.invoices[6])
        cases = dict(
            self.weights._read_cases(self.company, (exact | wrong | more | bare).ids)
        )
        self.assertEqual(cases[exact.id].stated, "exact")
        self.assertTrue(cases[exact.id].is_named)
        self.assertEqual(cases[exact.id].amount, "less")
        self.assertEqual(cases[exact.id].delay, 18)
        self.assertEqual(cases[exact.id].name, "exact")
        self.assertEqual(cases[wrong.id].stated, "one")
        self.assertEqual(cases[wrong.id].slips, ("wrong",))
        self.assertFalse(cases[wrong.id].is_named)
        self.assertEqual(cases[more.id].amount, "more")
        self.assertEqual(cases[bare.id].stated, "foreign")

    def test_the_reference_of_an_older_invoice_is_told_apart(self):
        self.pay(self.invoices[0].payment_reference, self.invoices[0].amount_residual)
        payment = self.pay(self.invoices[0].payment_reference, self.amount)
        if payment.state in ("proposed", "unmatched"):
            payment._accept(self.target)
        [(_id, case)] = self.weights._read_cases(self.company, payment.ids)
        self.assertEqual(case.stated, "stale")

    def test_a_large_period_is_sampled_and_damage_read_off_all(self):
        payments = self.pay_all(self.invoices_of(self.customer, 10))
        damaged = self.pay(swap_digit(self.reference, 5))
        path = "odoo.addons.billing_kid_match.models.billing_match_weights_observe"
        with patch(f"{path}.SAMPLE", 4):
            drawn, is_all = self.weights._draw(self.company, None, LATER)
            taught, held_out, sample = self.weights._observe(self.company, None, LATER)
        self.assertFalse(is_all)
        self.assertLessEqual(len(drawn), 4)
        self.assertLessEqual(set(drawn), set((payments | damaged).ids))
        self.assertEqual(sample, len(drawn))
        kinds = (taught + held_out).counts["kinds"]
        self.assertEqual(kinds, {"wrong": 1})

    def test_queries_do_not_grow_with_the_payments(self):
        payments = self.pay_all(self.invoices_of(self.customer, 20))
        self.env.flush_all()

        def queries(ids):
            before = self.env.cr.sql_log_count
            self.weights._read_cases(self.company, ids)
            return self.env.cr.sql_log_count - before

        queries(payments.ids[:1])
        self.assertEqual(queries(payments.ids[:2]), queries(payments.ids))

    def test_the_schedule_goes_on_after_a_company_that_fails(self):
        self.setup_other_company(name="Elsewhere")
        seen = []

        def learn(weights, company):
            seen.append(company)
            if len(seen) == 1:
                raise ValueError("broken")

        with (
            patch.object(type(self.weights), "_learn", learn),
            patch.object(self.env.cr, "rollback"),
            mute_logger("odoo.addons.billing_base.models.res_company"),
        ):
            self.run_cron("billing.match.weights", "_cron_learn")
        self.assertEqual(len(seen), len(self.env["res.company"].search([])))

    def test_the_report_reads_in_words(self):
        self.pay_all(self.invoices_of(self.customer, 12), name="Per Øgård")
        version = self.learn()
        html = str(version.report_html)
        self.assertIn("the same surname", html)
        self.assertIn("10.0%", html)
        self.assertIn("The payer&#39;s name", html)
        self.assertIn("No reference of ours", str(version.values_html))
        self.assertIn("the same surname: 10.0%, now", version.message_ids[-1].body)
        self.assertIn("11 to 21", str(version.values_html))


class TestReliability(WeightsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.verdicts = cls.env["billing.match.verdict"].sudo()
        cls.reliability = cls.env["billing.match.reliability"].sudo()

    def verdict(self, payment):
        return self.verdicts.search([("payment_id", "=", payment.id)])

    def rows(self):
        self.reliability.invalidate_model()
        return self.reliability.search([("company_id", "=", self.company.id)])

    def doubtful(self):
        return self.pay(swap_digit(self.reference, 5), self.amount + 333)

    def test_exact_references_need_no_verdict(self):
        self.assertFalse(self.verdict(self.pay(self.reference)))

    def test_what_was_said_is_kept_as_it_was_said(self):
        payment = self.doubtful()
        said = payment.probability
        verdict = self.verdict(payment)
        self.assertEqual(verdict.result, "open")
        self.assertEqual(verdict.outcome, "proposed")
        self.assertEqual(verdict.candidates[0], self.target.id)
        self.assertEqual(verdict.action_open_payment()["res_id"], payment.id)
        payment.action_accept()
        self.assertAlmostEqual(verdict.probability, said, 4)
        self.assertEqual((verdict.result, verdict.rank), ("accepted", 1))

    def test_another_invoice_than_the_first_is_told_by_its_place(self):
        payment = self.doubtful()
        payment._accept(self.invoices[1])
        verdict = self.verdict(payment)
        self.assertEqual((verdict.result, verdict.rank), ("accepted", 0))
        [row] = self.rows()
        self.assertEqual((row.settled, row.confirmed, row.other), (1, 0, 1))

    def test_a_booking_that_is_taken_back_was_wrong(self):
        payment = self.pay(swap_digit(self.reference, 5))
        self.assertEqual(payment.state, "reconciled")
        [row] = self.rows()
        self.assertEqual((row.judged, row.booked, row.settled), (1, 1, 0))
        payment.action_undo()
        self.assertEqual(self.verdict(payment).result, "undone")
        [row] = self.rows()
        self.assertEqual((row.settled, row.confirmed, row.undone), (1, 0, 1))
        # and right after all, when a person decides the same
        payment._accept(self.target)
        [row] = self.rows()
        self.assertEqual((row.settled, row.confirmed, row.undone), (1, 1, 0))

    def test_a_persons_own_choice_taken_back_says_nothing_of_the_engine(self):
        payment = self.doubtful()
        payment._accept(self.invoices[1])
        payment.action_undo()
        self.assertEqual(self.verdict(payment).result, "open")

    def test_nobody_objected_for_a_month(self):
        payment = self.pay(swap_digit(self.reference, 5))
        [row] = self.rows()
        self.assertEqual(row.settled, 0)
        self.verdict(payment).decided_on -= timedelta(days=SETTLED_DAYS)
        [row] = self.rows()
        self.assertEqual((row.settled, row.confirmed), (1, 1))
        self.assertEqual(row.assessment, "few")

    def test_too_much_said_is_told(self):
        payment = self.doubtful()
        for number in range(40):
            copy = payment.sudo().copy({"import_key": f"copy{number}"})
            self.verdicts.create(
                {
                    "payment_id": copy.id,
                    "company_id": self.company.id,
                    "decided_on": BOOKED,
                    "outcome": "proposed",
                    "probability": 0.95,
                    "candidates": [self.target.id],
                    "result": "accepted",
                    "rank": 1 if number < 20 else 2 if number < 35 else 3,
                }
            )
        row = self.rows().filtered(lambda item: item.settled == 40)
        self.assertEqual(row.range_text, "90 to 99 %")
        self.assertEqual((row.confirmed, row.second, row.third), (20, 15, 5))
        self.assertEqual((row.said, row.seen), (0.95, 0.5))
        self.assertEqual(row.calibrated, 0.5)
        self.assertTrue(row.low < 0.5 < row.high < 0.95)
        self.assertEqual(row.assessment, "optimistic")
        opened = self.verdicts.search(row.action_open_verdicts()["domain"])
        self.assertEqual(len(opened), row.judged)

    def judge(self, payment, count, right, probability=0.95):
        """Keep verdicts as proposals that staff decided."""
        for number in range(count):
            copy = payment.sudo().copy({"import_key": f"judged{number}"})
            self.verdicts.create(
                {
                    "payment_id": copy.id,
                    "company_id": self.company.id,
                    "decided_on": BOOKED,
                    "outcome": "proposed",
                    "probability": probability,
                    "candidates": [self.target.id],
                    "result": "accepted",
                    "rank": 1 if number < right else 2,
                }
            )

    def test_what_was_said_too_boldly_is_said_less_boldly(self):
        self.judge(self.doubtful(), 60, 30)
        with patch.object(learning, "MINIMUM_JUDGED", 20):
            version = self.learn()
        self.assertEqual(version.verdict, "better")
        changes = {
            change["category"]: change
            for change in version.report["changes"]
            if change["group"] == "calibrated"
        }
        # 95 % is what 98 % by the evidence has come to
        self.assertIn("0.98", changes)
        for change in changes.values():
            self.assertLess(change["after"], change["before"])
        self.assertEqual(self.current().calibrated[-1], DEFAULT_WEIGHTS.calibrated[-1])
        self.assertIn("evidence says 98.0%", str(version.report_html))
        self.assertIn("How often the likeliest invoice is right", version.values_html)

    def test_credited_and_undecided_payments_calibrate_nothing(self):
        payment = self.doubtful()
        self.judge(payment, 30, 15)
        self.verdicts.search([("payment_id", "!=", payment.id)]).write(
            {"outcome": "assigned"}
        )
        with patch.object(learning, "MINIMUM_JUDGED", 1):
            self.assertFalse(self.learn())

    def test_companies_see_their_own(self):
        self.doubtful()
        other = self.setup_other_company(name="Elsewhere")["company"]
        manager = new_test_user(
            self.env,
            login="manager_reliability",
            groups="billing_base.group_billing_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for model in (self.reliability, self.verdicts):
            self.assertFalse(model.with_user(manager).search_count([]))
        manager.company_ids |= self.company
        self.assertTrue(
            self.reliability.with_user(manager)
            .with_context(allowed_company_ids=self.company.ids)
            .search_count([])
        )

    def test_money_out_is_not_judged(self):
        payment = self.doubtful()
        out = payment.sudo().copy({"import_key": "out", "amount": -5})
        out._log_decisions([Decision(out.id, UNMATCHED)], "system")
        self.assertFalse(self.verdict(out))

    @freeze_time(LATER)
    def test_judging_again_keeps_the_newest_until_a_person_decides(self):
        payment = self.doubtful()
        decisions = payment._decide()
        payment._keep_verdicts(
            [dataclasses.replace(item, probability=0.5) for item in decisions]
        )
        self.assertEqual(self.verdict(payment).probability, 0.5)
        payment.action_accept()
        payment._keep_verdicts(
            [dataclasses.replace(item, probability=0.25) for item in decisions]
        )
        self.assertEqual(self.verdict(payment).probability, 0.5)
