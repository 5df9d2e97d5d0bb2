"""What is asked of the payments of a customer group."""

from math import inf

import psycopg2

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_kid_match.core.weights import DEFAULT_POLICY

from tests.integration.billing_bank_file.common import BankFileCase


class TestPolicy(BankFileCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policies = cls.env["billing.match.policy"]
        tags = cls.env["res.partner.category"]
        cls.public = tags.create({"name": "Public"})
        cls.town = tags.create({"name": "Towns", "parent_id": cls.public.id})
        cls.large = tags.create({"name": "Large"})
        cls.partners = cls.env["res.partner"].create(
            [
                {"name": "Nobody's", "category_id": []},
                {"name": "Bergen", "category_id": [(6, 0, cls.town.ids)]},
                {"name": "Stor", "category_id": [(6, 0, cls.large.ids)]},
                {
                    "name": "Oslo",
                    "category_id": [(6, 0, (cls.town | cls.large).ids)],
                },
            ]
        )

    def policy(self, category, **values):
        return self.policies.create(
            {"category_id": category.id, "company_id": self.company.id, **values}
        )

    def by_partner(self):
        found = self.policies._by_partner(self.company, self.partners.ids)
        return [found[partner.id] for partner in self.partners]

    def test_the_company_s_own_measure(self):
        self.company.write(
            {
                "billing_match_threshold": 0.99995,
                "billing_match_evidence_threshold": 0.99,
                "billing_match_margin": 50,
                "billing_match_assign_threshold": 0.95,
            }
        )
        policy = self.policies._default_policy(self.company)
        self.assertEqual(policy.one_edit, 0.99995)
        self.assertEqual(policy.two_edits, 0.99995)
        self.assertEqual(policy.evidence, 0.99)
        self.assertEqual(policy.margin, 50)
        self.assertEqual(policy.customer, 0.95)
        self.assertEqual(policy.propose, DEFAULT_POLICY.propose)
        self.company.billing_match_assign = False
        self.assertEqual(self.policies._default_policy(self.company).customer, 0)

    def test_two_slips_are_never_asked_for_less_than_by_default(self):
        self.company.billing_match_threshold = 0.99
        policy = self.policies._default_policy(self.company)
        self.assertEqual(policy.one_edit, 0.99)
        self.assertEqual(policy.two_edits, DEFAULT_POLICY.two_edits)

    def test_without_policies_everybody_is_asked_for_the_same(self):
        default = self.policies._default_policy(self.company)
        self.assertEqual(self.by_partner(), [default] * 4)

    def test_a_group_its_subgroups_and_the_first_of_two(self):
        self.policy(self.large, evidence_threshold=0.95, sequence=20)
        self.policy(self.public, threshold=0.9999, margin=1000, sequence=10)
        nobody, bergen, large, oslo = self.by_partner()
        default = self.policies._default_policy(self.company)
        self.assertEqual(nobody, default)
        self.assertEqual((bergen.one_edit, bergen.margin), (0.9999, 1000))
        self.assertEqual(bergen.evidence, default.evidence)
        self.assertEqual((large.evidence, large.margin), (0.95, default.margin))
        self.assertEqual(oslo, bergen)

    def test_left_to_staff(self):
        self.policy(self.large, propose_only=True)
        _nobody, _bergen, large, _oslo = self.by_partner()
        self.assertEqual(
            (large.one_edit, large.two_edits, large.evidence, large.customer),
            (inf, inf, inf, 0),
        )

    def test_a_group_gets_no_money_on_account_where_the_company_has_none(self):
        self.company.billing_match_assign = False
        self.policy(self.large, assign_threshold=0.95)
        self.assertEqual(self.by_partner()[2].customer, 0)
        self.company.billing_match_assign = True
        self.assertEqual(self.by_partner()[2].customer, 0.95)

    def test_whether_there_are_any_is_known_at_once(self):
        self.assertFalse(self.policies._any(self.company))
        policy = self.policy(self.large)
        self.assertTrue(self.policies._any(self.company))
        with self.assertQueryCount(0):
            self.policies._any(self.company)
        policy.active = False
        self.assertFalse(self.policies._any(self.company))
        self.assertEqual(
            self.by_partner()[2], self.policies._default_policy(self.company)
        )
        policy.active = True
        self.assertTrue(self.policies._any(self.company))
        policy.unlink()
        self.assertFalse(self.policies._any(self.company))

    def test_many_customers_cost_what_one_does(self):
        self.policy(self.large)
        self.policy(self.public)
        self.env.flush_all()

        def queries(partner_ids):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.policies._by_partner(self.company, partner_ids)
            return self.env.cr.sql_log_count - before

        queries(self.partners.ids)
        everybody = self.env["res.partner"].search([]).ids
        self.assertEqual(queries(self.partners[1:2].ids), queries(everybody))

    def test_thresholds_are_as_narrow_as_the_company_s(self):
        for values in (
            {"threshold": 0.5},
            {"evidence_threshold": 0.5},
            {"assign_threshold": 1.5},
            {"margin": 0.5},
        ):
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.policy(self.large, **values)

    def test_a_group_has_one_rule_in_a_company(self):
        self.policy(self.large)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
            self.env.cr.savepoint(),
        ):
            self.policy(self.large)

    def test_a_tag_with_a_rule_cannot_vanish(self):
        self.policy(self.large)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.ForeignKeyViolation),
            self.env.cr.savepoint(),
        ):
            self.large.unlink()

    def test_the_rule_says_itself(self):
        policy = self.policy(self.large, threshold=0.9999, margin=1000)
        self.assertEqual(
            policy.summary,
            "Repairs from 99.99 %, 1,000 times as likely as the next",
        )
        policy.propose_only = True
        self.assertIn("people decide", policy.summary)
        self.assertEqual(self.policy(self.public).summary, "As the company")

    def test_managers_configure_and_clerks_look(self):
        clerk = new_test_user(
            self.env,
            "policy_clerk",
            "billing_base.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        policy = self.policy(self.large)
        self.assertTrue(policy.with_user(clerk).summary)
        with self.assertRaises(AccessError):
            policy.with_user(clerk).threshold = 0.9999
        with Form(self.policies.with_user(self.user)) as form:
            form.category_id = self.public
            form.threshold = 0.9999
        self.assertEqual(form.record.company_id, self.company)

    def test_another_company_has_rules_of_its_own(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.policies.create(
            {
                "category_id": self.large.id,
                "company_id": other.id,
                "propose_only": True,
            }
        )
        self.assertFalse(self.policies._any(self.company))
        self.assertEqual(
            self.by_partner()[2], self.policies._default_policy(self.company)
        )
        self.assertFalse(
            self.policies.with_user(self.user)
            .with_context(allowed_company_ids=self.company.ids)
            .search([])
        )
