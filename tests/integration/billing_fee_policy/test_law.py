"""The law in the database: as it is shipped, reviewed, asked and answered."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, freeze_time
from odoo.tools import mute_logger

from odoo.addons.billing_fee_policy.core import law

from ...unit.billing_fee_policy import shipped_law
from ..billing_base.common import BillingBaseCase


@freeze_time("2026-11-22 12:00:00")
class TestLaw(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.packs = cls.env["billing.law.pack"]
        cls.rates = cls.env["billing.law.rate"]
        cls.norway = cls.env.ref("billing_fee_policy.law_no_1988")
        cls.sweden = cls.env.ref("billing_fee_policy.law_se_1981")
        cls.new_act = cls.env.ref("billing_fee_policy.law_no_2026")
        cls.kari = cls._new_partner()
        cls.invoice = cls._new_invoices(
            partner=cls.kari,
            invoice_date_due="2026-11-02",
            invoice_payment_term_id=False,
        )

    def _answer(self, day, move=None, user=None):
        question = self.env["billing.law.question"].with_user(user or self.user)
        form = Form(question.with_context(default_move_id=(move or self.invoice).id))
        form.day = day
        return form.answer

    # === AS SHIPPED === #

    def test_the_database_holds_the_law_that_the_tables_of_tests_are_about(self):
        for pack in (self.norway, self.new_act, self.sweden):
            with self.subTest(code=pack.code):
                core, shipped = pack._to_core(), shipped_law.packs()[pack.code]
                self.assertEqual(set(core.rates), set(shipped.rates))
                self.assertEqual(core.rules, shipped.rules)
                for name in core.__slots__:
                    if name not in ("rates", "rules", "_by_code"):
                        self.assertEqual(getattr(core, name), getattr(shipped, name))

    def test_a_company_goes_by_the_law_of_its_country(self):
        day = date(2026, 11, 22)
        self.assertEqual(self.packs._for(self.company, day).code, "no_1988")
        self.assertEqual(self.packs._for("SE", day).code, "se_1981")
        self.assertEqual(self.packs._for(self.env.ref("base.se"), day).code, "se_1981")
        self.assertIsNone(self.packs._for("DK", day))
        self.assertEqual(
            self.packs._fee_sizes(self.company, day),
            [Decimal(size) for size in (35, 38, 105, 113)],
        )

    def test_asking_again_costs_no_query(self):
        self.packs._for(self.company, date(2026, 11, 22))
        with self.assertQueryCount(0):
            self.packs._for(self.company, date(2026, 11, 23))

    # === MANAGERS KEEP IT UP TO DATE === #

    def test_a_new_rate_counts_at_once(self):
        debt = law.Debt(date(2027, 1, 1), date(2027, 1, 1), Decimal(500))
        day = date(2027, 1, 20)
        refused = law.fee(self.packs._for("NO", day), "reminder", debt, day)
        self.assertEqual([r.code for r in refused.reasons], ["stale"])
        as_manager = self.rates.with_user(self.manager)
        as_manager.create(
            {
                "country_id": self.env.ref("base.no").id,
                "pack_id": self.norway.id,
                "code": "inkassosats",
                "valid_from": "2027-01-01",
                "value": 780,
                "source": "FOR-2026-12-19-1",
            }
        )
        self.norway.with_user(self.manager).reviewed_through = "2027-12-31"
        verdict = law.fee(self.packs._for("NO", day), "reminder", debt, day)
        self.assertEqual(verdict.amount, 39)
        self.norway.rule_ids.filtered(
            lambda rule: rule.kind == "reminder"
        ).fee_days_after_due = 21
        self.assertFalse(
            law.fee(self.packs._for("NO", day), "reminder", debt, day).allowed
        )

    def test_the_act_of_2026_takes_over_on_the_day_a_manager_sets(self):
        self.assertEqual(self.new_act.state, "prepared")
        self.new_act.with_user(self.manager).in_force_from = "2027-01-01"
        self.assertEqual(self.packs._for("NO", date(2026, 12, 31)).code, "no_1988")
        self.assertEqual(self.packs._for("NO", date(2027, 1, 1)).code, "no_2026")

    def test_half_yearly_rates_end_with_their_half_year(self):
        rate = self.rates.new(
            {
                "country_id": self.env.ref("base.se").id,
                "code": "reference_rate",
                "valid_from": "2026-07-01",
            }
        )
        self.assertEqual(rate.expires, date(2026, 12, 31))
        rate.valid_from = "2027-01-01"
        self.assertEqual(rate.expires, date(2027, 6, 30))
        rate.code = "reminder_fee"
        self.assertFalse(rate.expires)
        # The same compensation holds for a half-year in Norway, for good in Sweden.
        rate.code = "b2b_compensation"
        self.assertFalse(rate.expires)
        rate.country_id = self.env.ref("base.no")
        self.assertEqual(rate.expires, date(2027, 6, 30))

    @mute_logger("odoo.sql_db")
    def test_a_rate_stands_once(self):
        first = self.rates.search(
            [("code", "=", "late_interest"), ("valid_from", "=", "2026-07-01")]
        )
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            first.copy()

    def test_an_update_takes_the_rate_that_a_manager_entered_before(self):
        values = {
            "country_id": self.env.ref("base.se").id,
            "code": "reference_rate",
            "valid_from": "2026-07-01",
            "value": 1.5,
            "source": "riksbank.se",
        }
        entered = self.rates.create(values)
        loaded = self.rates._load_records(
            [
                {
                    "xml_id": "billing_fee_policy.rate_se_reference_rate_2026_07_01",
                    "values": {**values, "value": 2.0},
                    "noupdate": True,
                }
            ],
            update=True,
        )
        self.assertEqual(loaded, entered)
        self.assertEqual(entered.value, 1.5)

    def test_an_update_never_moves_a_review_back(self):
        self.norway.reviewed_through = "2027-06-30"
        self.packs._review_shipped({"no_1988": "2026-12-31"})
        self.assertEqual(self.norway.reviewed_through, date(2027, 6, 30))
        self.packs._review_shipped({"no_1988": "2027-12-31"})
        self.assertEqual(self.norway.reviewed_through, date(2027, 12, 31))

    def test_who_may_change_the_law(self):
        for record in (self.norway, self.norway.rule_ids[0], self.rates.search([])[0]):
            with self.subTest(record=record):
                record.with_user(self.user).read(["display_name"])
                with self.assertRaises(AccessError):
                    record.with_user(self.user).write({"write_date": False})
        rates = self.rates.with_user(self.user)
        with self.assertRaises(AccessError):
            rates.search([])[0].unlink()

    def test_the_next_law_starts_as_a_copy_that_is_not_in_force(self):
        copy = self.norway.with_user(self.manager).copy()
        self.assertEqual(copy.state, "prepared")
        self.assertNotEqual(copy.code, self.norway.code)
        self.assertEqual(copy._to_core().rules, self.norway._to_core().rules)
        # Late interest is the country's, the inkassosats the old law's own.
        codes = set(copy.rate_ids.mapped("code"))
        self.assertEqual(codes, {"late_interest", "b2b_compensation"})

    def test_rates_are_entered_where_the_law_shows_them(self):
        action = self.norway.with_user(self.manager).action_rates()
        found = self.rates.search(action["domain"])
        self.assertEqual(found, self.norway.rate_ids.sorted())
        rate = self.rates.with_context(**action["context"]).new({})
        self.assertEqual(rate.country_id.code, "NO")

    def test_what_makes_no_sense_is_refused(self):
        rate = self.norway.rate_ids.filtered("pack_id")[0]
        with self.assertRaises(ValidationError):
            rate.country_id = self.env.ref("base.se")
        with self.assertRaises(ValidationError):
            rate.value = -1
        with self.assertRaises(ValidationError):
            self.norway.in_force_until = "2000-01-01"

    # === ALERT === #

    def _review(self, day):
        company = self.company.with_context(billing_date=day)
        self.packs.with_context(billing_date=day).with_company(company)._review_company(
            company
        )

    def _alerts(self, pack=None):
        return (pack or self.norway).activity_ids.filtered(
            lambda activity: activity.user_id == self.manager
        )

    def test_managers_hear_of_a_review_that_ends_while_there_is_time(self):
        self._review("2026-11-22")
        self.assertFalse(self._alerts())
        self._review("2026-12-05")
        self._review("2026-12-06")
        (alert,) = self._alerts()
        self.assertIn("12/31/2026", alert.note)
        self.assertIn("Late interest", alert.note)
        self.assertEqual(alert.date_deadline, date(2026, 12, 31))
        self.assertFalse(self.events.search([("kind", "=", "law.stale")]))

    def test_managers_hear_once_that_letters_wait(self):
        for day in ("2027-01-01", "2027-01-02"):
            self._review(day)
        (alert,) = self._alerts()
        self.assertIn("letters with a fee wait", alert.note)
        event = self.events.search(
            [("kind", "=", "law.stale"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(len(event), 1)
        self.assertIn("12/31/2026", event.display_text)
        messages = self.env["mail.message"].search(
            [
                ("model", "=", self.norway._name),
                ("res_id", "=", self.norway.id),
                ("subject", "=", "Letters with a fee wait: the law needs a review"),
                ("notified_partner_ids", "in", self.manager.partner_id.ids),
            ]
        )
        self.assertEqual(len(messages), 1)

    def test_the_alert_goes_when_the_law_was_reviewed(self):
        self._review("2026-12-05")
        self.assertTrue(self._alerts())
        self.rates.create(
            [
                {
                    "country_id": self.env.ref("base.no").id,
                    "code": code,
                    "valid_from": "2027-01-01",
                    "value": 12,
                    "source": "Finanstilsynet",
                }
                for code in ("late_interest", "b2b_compensation")
            ]
        )
        self.norway.with_context(
            billing_date="2026-12-05"
        ).reviewed_through = "2027-06-30"
        self.assertFalse(self._alerts())

    def test_a_law_that_was_replaced_needs_no_review(self):
        self._review("2026-12-05")
        self.assertTrue(self._alerts())
        self.new_act.in_force_from = "2026-12-10"
        self._review("2026-12-10")
        self.assertFalse(self._alerts())
        self.assertTrue(self._alerts(self.new_act))

    def test_the_job_looks_at_every_company(self):
        cron_class = self.env.registry["ir.cron"]
        with patch.object(cron_class, "_commit_progress", return_value=float("inf")):
            self.packs.with_context(billing_date="2026-12-05")._cron_review()
        self.norway.invalidate_recordset()
        self.assertEqual(len(self._alerts()), 1)

    # === WHY NOT === #

    def test_the_invoice_says_what_the_law_allows_and_why_not_more(self):
        before = self._answer("2026-11-15")
        self.assertIn("14 days after the due date", before)
        self.assertIn("Possible from 11/16/2026", before)
        self.assertIn("inkassoforskriften § 1-2 første ledd", before)
        self.assertIn("This has to be sent first", before)
        after = self._answer("2026-11-16")
        self.assertIn("38.00", after)
        self.assertIn("14 days at 12.25 % on", after)
        self.assertIn("0.47", after)  # 100 × 12,25 % × 14 / 365

    def test_the_answer_without_a_law(self):
        self.assertIn("No law is on record", self._answer("2014-06-01"))

    def test_the_button_opens_the_question(self):
        action = self.invoice.with_user(self.user).action_billing_law()
        question = self.env[action["res_model"]].with_context(**action["context"])
        self.assertEqual(Form(question.with_user(self.user)).day, date(2026, 11, 22))

    def test_every_reason_of_the_evaluator_has_words(self):
        texts = self.packs._reason_texts()
        values = {
            "days": 14,
            "months": 6,
            "count": 2,
            "kind": "notice",
            "code": "late_interest",
            "amount": Decimal(38),
            "fees": Decimal(38),
            "minimum": Decimal(50),
            **dict.fromkeys(
                (
                    "agreed",
                    "arose",
                    "day",
                    "deadline",
                    "due",
                    "from",
                    "reviewed",
                    "sent",
                    "until",
                ),
                date(2026, 11, 16),
            ),
        }
        core = Path(law.__file__).parent
        sources = [core / name for name in ("law.py", "statute.py", "turn.py")]
        codes = {
            code
            for source in sources
            for code in re.findall(r'Reason\(\s*"(\w+)"', source.read_text())
        }
        self.assertGreater(len(codes), 25)
        self.assertFalse(codes - texts.keys())
        for code in texts:
            with self.subTest(code=code):
                (words,) = self.packs._words([law.Reason(code, "§ 1", values)])
                self.assertTrue(words.endswith("(§ 1)"))
                self.assertNotIn("%(", words)


@freeze_time("2026-11-22 12:00:00")
class TestAgreement(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agreements = cls.env["billing.law.agreement"]
        cls.kari = cls._new_partner()
        cls.invoice, cls.other = cls._new_invoices(2, partner=cls.kari)

    def _agree(self, agreed_on="2026-11-02", **values):
        return self.agreements.create(
            {
                "company_id": self.company.id,
                "partner_id": self.kari.id,
                "agreed_on": agreed_on,
                "clause": "Terms, 7.3",
                **values,
            }
        )

    def _found(self, move=None):
        move = move or self.invoice
        return self.agreements._for_moves(move).get(move.id)

    def test_evidence_counts_when_it_is_as_old_as_the_debt(self):
        self.assertIsNone(self._found())
        late = self._agree("2026-11-03")
        self.assertEqual(self._found(), law.Agreement(date(2026, 11, 3), "Terms, 7.3"))
        self._agree("2026-11-02", clause="Terms, 8")
        self.assertEqual(self._found(), law.Agreement(date(2026, 11, 2), "Terms, 8"))
        late.unlink()
        self._agree("2020-01-01")
        self.assertEqual(self._found().agreed_on, date(2026, 11, 2))

    def test_what_ended_before_counts_no_more(self):
        agreement = self._agree("2020-01-01", ended_on="2026-11-02")
        self.assertTrue(self._found())
        agreement.ended_on = "2026-11-01"
        self.assertIsNone(self._found())
        agreement.write({"ended_on": False, "active": False})
        self.assertIsNone(self._found())

    def test_another_companys_evidence_is_none_of_ours(self):
        self._agree(company_id=self._other_company().id)
        self.assertIsNone(self._found())

    def test_an_agreement_for_one_contract_does_not_cover_another(self):
        meter, cabin = self.env["billing.installation"].create(
            [
                {
                    "partner_id": self.kari.id,
                    "company_id": self.company.id,
                    "number": number,
                }
                for number in ("1", "2")
            ]
        )
        self._agree(installation_id=meter.id)
        self.assertIsNone(self._found())
        cabin.active = False
        self.assertTrue(self._found())

    def test_a_contact_of_a_company_has_the_companys_evidence(self):
        company = self._new_partner("Firma AS", is_company=True)
        contact = self._new_partner("Ola", parent_id=company.id)
        self._agree(partner_id=company.id)
        self.assertTrue(self._found(self._new_invoices(partner=contact)))
        with self.assertRaises(ValidationError):
            self._agree(partner_id=contact.id)

    def test_it_is_asked_for_many_with_as_many_queries(self):
        self._agree()
        moves = self.invoice + self.other
        self.agreements._for_moves(moves)
        with self.assertQueryCount(1):
            found = self.agreements._for_moves(moves)
        self.assertEqual(found.keys(), set(moves.ids))

    def test_what_makes_no_sense_is_refused(self):
        with self.assertRaises(ValidationError):
            self._agree(ended_on="2026-11-01")
        with self.assertRaises(ValidationError):
            self._agree(clause=" ")

    def test_the_customer_shows_what_was_agreed(self):
        contact = self._new_partner("Ola", parent_id=self.kari.id)
        self.assertFalse(contact.billing_agreement_count)
        agreement = self._agree()
        contact.invalidate_recordset()
        self.assertEqual(contact.billing_agreement_count, 1)
        action = contact.with_user(self.user).action_billing_agreements()
        self.assertEqual(self.agreements.search(action["domain"]), agreement)
        self.assertEqual(
            self.agreements.with_context(**action["context"]).new({}).partner_id,
            self.kari,
        )

    def test_staff_records_and_managers_delete(self):
        values = {
            "partner_id": self.kari.id,
            "agreed_on": "2026-01-01",
            "clause": "7.3",
        }
        agreement = self.agreements.with_user(self.user).create(values)
        with self.assertRaises(AccessError):
            agreement.unlink()
        agreement.with_user(self.manager).unlink()
        stranger = self._new_user("law_stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self.agreements.with_user(stranger).create(values)

    def test_staff_sees_its_own_companies(self):
        self._agree(company_id=self._other_company().id)
        self.assertFalse(self.agreements.with_user(self.user).search([]))
