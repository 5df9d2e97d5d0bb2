"""Simulations beside what the planner really did."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import new_test_user

from odoo.addons.billing_fee_policy.models import billing_fee_simulation
from odoo.addons.billing_fee_policy.models.billing_fee_simulation_line import MEASURES

from .planner_common import DUE, PlannerCase, after

#: Through this day letters are sent in the tests: two reminders and a notice.
LAST = 33
#: Days on which the planner runs: those with letters, and the ones beside them.
DAYS = (*range(2, 8), *range(13, 18), *range(20, 23), *range(29, LAST + 1))


class SimulationCase(PlannerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulations = cls.env["billing.fee.simulation"]
        cls.manager = new_test_user(
            cls.env,
            "simulating_manager",
            groups="billing_base.group_billing_manager",
            company_id=cls.company.id,
        )

    def simulate(self, policy=None, last=LAST, **values):
        simulation = self.simulations.create(
            {
                "company_id": self.company.id,
                "policy_a_id": (policy or self.policy).id,
                "date_from": DUE - timedelta(days=1),
                "date_to": after(last),
                **values,
            }
        )
        simulation.action_run()
        return simulation

    def pay(self, move, day, amount=None):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"payment_date": day, **({"amount": amount} if amount else {})})
        )
        wizard._create_payments()

    def send_all(self, day):
        """Have what is due on a day sent, with its fees booked or forgiven."""
        planner = self.planner.with_context(billing_date=day)
        company = self.company.with_env(planner.env)
        reminders = self.sent(planner._plan(company, day)).sudo()
        planner.env["billing.charge"]._book(reminders.line_ids._billing_charge_vals())
        reminders.line_ids.waiver_ids._grant()

    def lines(self, simulation, side):
        """All sums of one side, by month and customer group."""
        return {
            (line.month, line.segment): {name: line[name] for name in MEASURES}
            for line in simulation.line_ids
            if line.side == side
        }


class TestThePolicyThatRan(SimulationCase):
    """All that happened is made once; the tests look at it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_interest_when = "never"
        cls.env["billing.waiver.rule"].create(
            {
                "name": "First",
                "company_id": cls.company.id,
                "audience": "person",
                "has_waived": True,
                "principal_most": 1000,
            }
        )
        cls.policy.along_days = 3
        ola = cls._new_partner("Ola")
        firm = cls._new_partner("Bakeri AS", is_company=True)
        small = cls._new_partner("Liten")
        cls.two = cls.new() + cls.new(due=after(2))
        cls.paid = cls.new(partner=ola)
        cls.firm = cls.new(partner=firm)
        cls.part = cls.new(partner=small, amount=900)
        cls.held = cls.new(partner=cls._new_partner("Venter"), due=after(1))
        cls.on_time = cls.new(partner=cls._new_partner("Rask"))
        cls.held.with_context(billing_date=after(10))._billing_place_hold(
            "Asked us to wait", after(20), blocks={"reminder"}
        )
        case = cls("live")
        case.live()

    def live(self):
        self.pay(self.on_time, after(0))
        for day in DAYS:
            if day == 16:
                self.pay(self.paid, after(16))
            if day == 20:
                self.pay(self.part, after(20), 300)
            self.send_all(after(day))

    def test_it_gives_what_happened(self):
        simulation = self.simulate()
        self.assertEqual(simulation.claim_count, 6)
        was = self.lines(simulation, "was")
        self.assertEqual(self.lines(simulation, "a"), was)
        total = simulation._totals()["was"]
        # Kari's two claims go together; Ola's is paid before the notice.
        self.assertEqual((total["soft"], total["reminder"], total["notice"]), (6, 5, 3))
        self.assertEqual((total["fees"], total["forgiven_fees"]), (8, 1))
        self.assertEqual((total["customers"], total["hit"]), (5, 5))
        self.assertEqual({segment for _month, segment in was}, {"person", "business"})

    def test_parts_add_up(self):
        simulation = self.simulate(policy_b_id=self.policy.id, forgive_b=False)
        totals = simulation._totals()
        for name in MEASURES:
            for side in ("a", "b"):
                for group in ("month", "segment"):
                    parts = simulation._grouped(group)
                    self.assertAlmostEqual(
                        sum(sums[side][name] for _label, sums in parts),
                        totals[side][name],
                    )
        self.assertEqual(totals["b"]["forgiven"], 0)
        self.assertEqual(totals["b"]["charged"], totals["a"]["due"])
        self.assertIn("no fee forgiven", simulation.report)

    def test_a_milder_policy_beside_it(self):
        mild = self.policy.copy({"name": "Mild"})
        mild.step_ids.filtered(lambda step: step.kind == "notice").unlink()
        before = self.env["billing.reminder"].search_count([])
        simulation = self.simulate(policy_b_id=mild.id)
        self.assertEqual(self.env["billing.reminder"].search_count([]), before)
        totals = simulation._totals()
        self.assertEqual(totals["a"], totals["was"])
        self.assertEqual((totals["b"]["notice"], totals["b"]["letters"]), (0, 11))
        self.assertLess(totals["b"]["charged"], totals["a"]["charged"])
        self.assertIn("«Mild» sends 3 fewer letters", simulation.report)
        self.assertIn("Customers pay on the day they really paid", simulation.report)

    def test_only_some_customers(self):
        simulation = self.simulate(domain="[('is_company', '=', True)]")
        self.assertEqual(simulation.claim_count, 1)
        self.assertEqual(simulation._totals()["a"]["letters"], 3)
        self.assertEqual(self.lines(simulation, "was"), self.lines(simulation, "a"))


class TestSimulation(SimulationCase):
    def test_a_draft_can_be_tried_and_sends_nothing(self):
        self.new(count=2)
        self.policy.action_draft()
        simulation = self.simulate()
        self.assertEqual(simulation._totals()["a"]["letters"], 3)
        self.assertFalse(self.env["billing.reminder"].search([]))
        # Again, with the same outcome and no line twice.
        count = len(simulation.line_ids)
        simulation.action_run()
        self.assertEqual(len(simulation.line_ids), count)

    def test_many_claims_wait_for_the_job(self):
        self.new()
        with patch.object(billing_fee_simulation, "AT_ONCE", 0):
            simulation = self.simulate()
        self.assertEqual(simulation.state, "queued")
        self.assertFalse(simulation.line_ids)
        with patch.object(
            type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kw: 1
        ):
            self.simulations._cron_simulate()
        self.assertEqual(simulation.state, "done")
        self.assertTrue(simulation.report)

    def test_queries_do_not_grow(self):
        history = self.env["billing.fee.history"]
        self.env["billing.waiver.rule"].create(
            {"name": "All", "company_id": self.company.id, "is_bounced": True}
        )
        rules = [
            rule._to_core()
            for rule in self.env["billing.waiver.rule"]._for(self.company)
        ]
        scope = (self.company, Domain.TRUE, DUE, DUE)

        def load():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            customers = history._load(*scope, rules=rules)
            history._load_actual(*scope)
            return len(customers), self.cr.sql_log_count - before

        self.new()
        load()
        one, queries = load()
        for name in "ABCDE":
            self.new(partner=self._new_partner(name), count=2)
        many, more = load()
        self.assertEqual((one, many), (1, 6))
        self.assertEqual(more, queries)

    def test_who_may(self):
        self.new()
        clerk = new_test_user(
            self.env,
            "simulating_clerk",
            groups="billing_base.group_billing_user",
            company_id=self.company.id,
        )
        simulation = self.simulate()
        self.assertTrue(simulation.with_user(clerk).report)
        with self.assertRaises(AccessError):
            simulation.with_user(clerk).action_run()
        simulation.with_user(self.manager).action_run()
        other = self._create_company(name="Another")
        stranger = new_test_user(
            self.env,
            "simulating_stranger",
            groups="billing_base.group_billing_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.simulations.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            simulation.with_user(stranger).read(["name"])

    def test_nothing_to_tell(self):
        simulation = self.simulate(date_from=date(2025, 1, 1), date_to=date(2025, 2, 1))
        self.assertEqual(simulation.claim_count, 0)
        self.assertIn("Nobody would have been written to", simulation.report)
