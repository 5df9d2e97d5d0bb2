"""Staff decide about fees and claims in a browser."""

from unittest.mock import patch

from ...common import KvittHttpCase
from ...integration.billing_fee_policy.collection_common import READY, CollectionCase

ACTION = "/odoo/action-"
RULES = f"{ACTION}billing_fee_policy.billing_waiver_rule_action"
SIMULATIONS = f"{ACTION}billing_fee_policy.billing_fee_simulation_action"
BATCHES = f"{ACTION}billing_fee_policy.billing_collection_batch_action"
INVOICES = f"{ACTION}account.action_move_out_invoice_type"


class TestFees(CollectionCase, KvittHttpCase):
    shared = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tours look for English words, whatever else the database speaks.
        cls.env["res.lang"]._activate_lang("en_US")
        (cls.user | cls.manager).lang = "en_US"
        # What the browser asks has no context of ours.
        patcher = patch.object(
            cls.registry["res.company"], "_billing_today", lambda company: READY
        )
        patcher.start()
        cls.addClassCleanup(patcher.stop)

    def tour(self, record, url, name, user):
        self.start_tour(f"{url}/{record.id}" if record else url, name, login=user.login)
        self.env.invalidate_all()

    def test_edit_a_rule(self):
        rule = self.env["billing.waiver.rule"].create(
            {
                "name": "Loyal",
                "company_id": self.company.id,
                "relation_months": 24,
                "has_late": True,
                "late_months": 12,
                "has_waived": True,
            }
        )
        self.tour(rule, RULES, "billing_fee_policy_rule", self.manager)
        self.assertEqual((rule.relation_months, rule.has_late), (36, False))

    def test_drop_a_fee_and_undo_it(self):
        move = self.claims
        charge = self.env["billing.charge"]._book(
            [{"key": "tour", "kind": "fee", "move_id": move.id, "amount": 38}]
        )
        self.tour(move, INVOICES, "billing_fee_policy_waive", self.user)
        self.assertEqual((charge.state, charge.amount_open), ("booked", 38))
        waiver = self.env["billing.waiver"].search([("charge_id", "=", charge.id)])
        self.assertEqual(waiver.state, "undone")
        self.assertEqual((waiver.user_id, waiver.undone_by_id), (self.user, self.user))

    def test_compare_two_policies(self):
        policies = self.env["billing.dunning.policy"]
        self.tour(policies, SIMULATIONS, "billing_fee_policy_simulate", self.manager)
        simulation = self.env["billing.fee.simulation"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual((simulation.state, simulation.claim_count), ("done", 1))
        self.assertEqual(set(simulation.line_ids.mapped("side")), {"was", "a", "b"})

    def test_approve_what_somebody_else_prepared(self):
        batch = self.prepared(self.claims)
        self.tour(batch, BATCHES, "billing_fee_policy_approve", self.manager)
        self.assertEqual(batch.state, "approved")
        self.assertEqual(batch.sudo().approved_by_id, self.manager)
