"""What staff reads of plans: figures that agree with the lists behind them."""

import ast
from datetime import date, datetime

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user

from .optimiser_common import HistoryCase

NOW = datetime(2026, 11, 23, 12)
MEASURES = ("planned", "sent", "delivered", "opened", "paid")


@freeze_time(NOW)
class TestFunnel(HistoryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.email_sms_letter(name="Funnel")
        cls.version = cls.plan.live_version_id
        cls.first, cls.second, cls.third = cls.version._ordered_steps()
        cls.customers = cls.create_customers(10)
        # Ten that went by e-mail in October; eight opened, six paid on the due date.
        cls.moves = cls.write_history(
            cls.version, cls.customers, opened=0.8, paid=0.6, posted=date(2026, 10, 12)
        )
        cls.env.cr.execute(
            """UPDATE billing_distribution_version SET published_at = '2026-09-01'
                WHERE id = %s""",
            [cls.version.id],
        )
        cls.env.invalidate_all()
        # The last two were not opened: an SMS followed three days later.
        cls.runs = (
            cls.env["billing.distribution.run"]
            .search([("move_id", "in", cls.moves.ids)])
            .sorted(lambda run: run.move_id.id)
        )
        cls.late = cls.env["billing.distribution.attempt"]._make(
            [
                {
                    "company_id": cls.company.id,
                    "partner_id": run.partner_id.id,
                    "recipient_id": run.partner_id.id,
                    "channel": "sms",
                    "cost": 0.5,
                    "planned_at": datetime(2026, 10, 15, 9),
                    "items": [
                        {
                            "move_id": run.move_id.id,
                            "company_id": cls.company.id,
                            "run_id": run.id,
                            "step_id": cls.second.id,
                            "try_number": 2,
                        }
                    ],
                }
                for run in cls.runs[-2:]
            ]
        )
        cls.late._apply("called", at=datetime(2026, 10, 15, 9))
        cls.late._apply("sent", at=datetime(2026, 10, 15, 9))
        cls.late[0]._apply("delivered", at=datetime(2026, 10, 15, 9, 1))
        cls.late[1]._apply("failed_hard", at=datetime(2026, 10, 15, 9, 1))
        # One of them pays five days after the due date, too late to be in time.
        cls.env["billing.event"]._log(
            [
                {
                    "kind": "invoice.paid",
                    "move_id": cls.runs[-2].move_id.id,
                    "occurred_at": datetime(2026, 10, 31, 9),
                }
            ]
        )
        cls.env.flush_all()
        cls.user = new_test_user(
            cls.env,
            "funnel_user",
            "billing_base.group_billing_user",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.filters = {"period": 90, "company_id": cls.company.id}

    def setUp(self):
        super().setUp()
        self.funnel = (
            self.env["billing.distribution.funnel"]
            .with_user(self.user)
            .with_company(self.company)
        )

    def dashboard(self, **filters):
        return self.funnel.get_dashboard({**self.filters, **filters})

    def count_behind(self, action):
        domain = action["domain"]
        if isinstance(domain, str):
            domain = ast.literal_eval(domain)
        return self.env[action["res_model"]].search_count(domain)

    def numbers(self, row):
        return [row[measure] for measure in MEASURES]

    # === FIGURES === #

    def test_how_far_invoices_came(self):
        data = self.dashboard()
        # An SMS that was delivered tells so; e-mails that did not come back count.
        self.assertEqual(self.numbers(data["total"]), [10, 10, 9 + 1, 8, 6])
        self.assertEqual((data["total"]["ripe"], data["total"]["ripe_paid"]), (10, 6))
        self.assertEqual([row["label"] for row in data["plans"]], ["Funnel"])
        self.assertEqual(self.numbers(data["plans"][0]), [10, 10, 10, 8, 6])

    def test_each_payment_counts_for_the_last_message_before_it(self):
        by_channel = {row["key"]: row for row in self.dashboard()["channels"]}
        self.assertEqual(self.numbers(by_channel["email"]), [10, 10, 10, 8, 6])
        self.assertEqual(self.numbers(by_channel["sms"]), [2, 2, 1, 0, 1])
        self.assertEqual(by_channel["sms"]["failed"], 1)

    def test_steps_of_all_versions_with_the_same_place_are_one_row(self):
        self.plan._get_draft()._publish()
        self.write_history(
            self.plan.live_version_id,
            self.customers,
            opened=0,
            paid=0,
            posted=date(2026, 11, 2),
        )
        steps = self.dashboard()["steps"]
        self.assertEqual(
            [(row["label"], row["planned"]) for row in steps],
            [("Funnel: 1. E-mail", 20), ("Funnel: 2. SMS", 2)],
        )
        self.assertEqual(
            self.count_behind(
                self.funnel.get_action(self.filters, "step", steps[0]["key"], "sent")
            ),
            20,
        )

    def test_channel_filter_leaves_invoices_without_it_out(self):
        data = self.dashboard(channel="sms")
        self.assertEqual(self.numbers(data["total"]), [2, 2, 1, 0, 0])
        self.assertEqual([row["key"] for row in data["channels"]], ["sms"])
        self.assertEqual([row["key"] for row in data["costs"]], ["sms"])

    def test_period_begins_with_the_run(self):
        self.assertEqual(self.dashboard(period=30)["total"]["planned"], 0)
        trend = self.dashboard()["trend"]
        self.assertEqual(sum(row["planned"] for row in trend), 10)
        self.assertEqual(
            [row["key"] for row in trend if row["planned"]], ["2026-10-12"]
        )
        self.assertEqual(len(trend), 14)

    def test_costs(self):
        by_channel = {row["key"]: row for row in self.dashboard()["costs"]}
        self.assertEqual(by_channel["email"]["messages"], 10)
        self.assertAlmostEqual(by_channel["email"]["cost"][0]["amount"], 1.0)
        self.assertEqual(by_channel["sms"]["failed"], 1)

    def test_customer_groups(self):
        groups = self.funnel.get_segments(self.filters)
        self.assertEqual(
            [(row["label"], *self.numbers(row)) for row in groups],
            [("Private, new", 10, 10, 10, 8, 6)],
        )

    def test_tiles(self):
        move = self.create_invoice(self.customers[0], due=date(2026, 12, 7))
        before = self.dashboard()["tiles"]
        move.action_post()
        tiles = self.dashboard()["tiles"]
        self.assertEqual(tiles["on_way"], before["on_way"] + 1)
        self.assertEqual(tiles["due"], 1)
        self.assertTrue(tiles["next_at"])
        self.run_of(move)._end("stuck", "no_address")
        self.assertEqual(self.dashboard()["tiles"]["stuck"], before["stuck"] + 1)

    # === FIGURES AND THE LISTS BEHIND THEM === #

    def test_every_number_opens_as_many_rows(self):
        for channel in (False, "sms"):
            filters = {**self.filters, "channel": channel}
            data = self.dashboard(channel=channel)
            rows = [("total", data["total"])]
            rows += [("plan", row) for row in data["plans"]]
            rows += [("step", row) for row in data["steps"]]
            rows += [("channel", row) for row in data["channels"]]
            rows += [("segment", row) for row in self.funnel.get_segments(filters)]
            for level, row in rows:
                measures = [*MEASURES]
                if level in ("step", "channel"):
                    measures += ["failed", "uncertain"]
                for measure in measures:
                    with self.subTest(level=level, row=row, measure=measure):
                        action = self.funnel.get_action(
                            filters, level, row.get("key"), measure
                        )
                        self.assertEqual(self.count_behind(action), row[measure])
            for row in data["trend"]:
                action = self.funnel.get_action(filters, "bucket", row["key"], "opened")
                self.assertEqual(self.count_behind(action), row["opened"])
            for row in data["costs"]:
                action = self.funnel.get_action(filters, "cost", row["key"], "sent")
                self.assertEqual(self.count_behind(action), row["messages"])

    def test_tiles_open_as_many_rows(self):
        self.create_invoice(self.customers[0], due=date(2026, 12, 7)).action_post()
        stuck = self.create_invoice(self.customers[1], due=date(2026, 12, 7))
        stuck.action_post()
        self.run_of(stuck)._end("stuck", "no_address")
        tiles = self.dashboard()["tiles"]
        for tile, number in (
            ("on_way", tiles["on_way"]),
            ("stuck", tiles["stuck"]),
            ("letters", tiles["letters"]),
            ("next", tiles["due"]),
            ("bounced", tiles["bounced"]),
        ):
            with self.subTest(tile=tile):
                action = self.funnel.get_tile_action(self.filters, tile)
                self.assertEqual(self.count_behind(action), number)

    def test_nothing_else_can_be_opened(self):
        with self.assertRaises(ValueError):
            self.funnel.get_action(self.filters, "total", False, "guessed")
        with self.assertRaises(ValueError):
            self.funnel.get_action(self.filters, "moon", False, "sent")
        with self.assertRaises(ValueError):
            self.funnel.get_tile_action(self.filters, "moon")

    # === WHO, AND HOW FAST === #

    def test_only_the_billing_team_and_its_own_companies(self):
        stranger = new_test_user(self.env, "funnel_stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self.funnel.with_user(stranger).get_dashboard({})
        other = self.env["res.company"].create({"name": "Somebody else"})
        with self.assertRaises(AccessError):
            self.funnel.get_dashboard({"company_id": other.id})

    def test_as_many_queries_for_a_thousand_as_for_ten(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.dashboard()
            self.funnel.get_segments(self.filters)
            self.plan.get_timeline(90)
            return self.env.cr.sql_log_count - before

        queries()
        few = queries()
        self.write_history(
            self.version, self.create_customers(200), posted=date(2026, 11, 2)
        )
        self.assertEqual(queries(), few)


@freeze_time(NOW)
class TestTimeline(HistoryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.create_plan(
            ("email", 0, "not_paid"),
            ("sms", 3, "not_opened", {"wait_unit": "bank_days"}),
            ("letter", 1, "not_delivered", {"at_once_on_failure": False}),
        )
        cls.version = cls.plan.live_version_id
        cls.env.cr.execute(
            """UPDATE billing_distribution_version SET published_at = '2026-09-01'
                WHERE id = %s""",
            [cls.version.id],
        )
        cls.env.invalidate_all()
        cls.write_history(
            cls.version,
            cls.create_customers(10),
            opened=0.8,
            paid=0.6,
            posted=date(2026, 10, 12),
        )

    def steps(self, state="live", period=90):
        timeline = self.plan.get_timeline(period)
        version = next(v for v in timeline["versions"] if v["state"] == state)
        return version["steps"]

    def test_steps_in_words(self):
        self.assertEqual(
            [
                (step["label"], step["wait"], step["condition"], step["at_once"])
                for step in self.steps()
            ],
            [
                ("E-mail", "at once", "if not paid", False),
                ("SMS", "3 bank days later", "if not opened", True),
                ("Letter", "1 day later", "if not delivered", False),
            ],
        )
        timeline = self.plan.get_timeline(90)
        self.assertEqual(
            timeline["sentence"],
            "When the invoice is issued: E-mail at once. SMS 3 bank days later, if not"
            " opened. Letter 1 day later, if not delivered. Nothing more is sent once"
            " the invoice is paid.",
        )

    def test_figures_and_the_lists_behind_them(self):
        for period in (0, 90):
            steps = self.steps(period=period)
            self.assertEqual(
                [steps[0]["counts"][measure] for measure in MEASURES],
                [10, 10, 10, 8, 6],
            )
            for step in steps:
                for measure, number in step["counts"].items():
                    action = self.plan.get_step_action(step["id"], measure, period)
                    found = self.env[action["res_model"]].search_count(action["domain"])
                    self.assertEqual(found, number, (step["label"], measure))
        self.assertEqual(self.steps(period=30)[0]["counts"]["sent"], 0)

    def test_draft_beside_what_is_live(self):
        draft = self.env["billing.distribution.version"].browse(self.plan.make_draft())
        self.assertEqual(self.plan.make_draft(), draft.id)
        draft.step_ids.filtered(lambda step: step.channel == "letter").unlink()
        self.assertEqual([step["label"] for step in self.steps()][-1], "Letter")
        self.assertEqual(
            [step["label"] for step in self.steps("draft")], ["E-mail", "SMS"]
        )
        draft.action_publish()
        self.assertEqual(
            [(step["label"], step["counts"]["sent"]) for step in self.steps()],
            [("E-mail", 0), ("SMS", 0)],
        )

    def test_channel_that_is_not_there_is_said(self):
        plan = self.create_plan(("ehf", 0, "not_paid"), ("preferred", 1, "not_opened"))
        first, second = plan.get_timeline(0)["versions"][0]["steps"]
        self.assertIn("not installed", first["problem"])
        self.assertFalse(second["problem"])

    def test_who_may_not_change_plans(self):
        user = new_test_user(
            self.env,
            "timeline_user",
            "billing_base.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        plan = self.plan.with_user(user)
        self.assertFalse(plan.get_timeline(90)["can_edit"])
        with self.assertRaises(AccessError):
            plan.make_draft()
