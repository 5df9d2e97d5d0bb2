"""Which reminders are prepared, about what, and why others are not."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from odoo.addons.billing_base.core.claim import Collection, Debit

from .planner_common import DUE, PlannerCase, after


class TestPlanner(PlannerCase):
    def test_a_claim_climbs_the_ladder(self):
        invoice = self.new()
        self.assertFalse(self.plan(2))
        soft = self.plan(4)
        self.assertEqual(
            (soft.kind, soft.state, soft.deadline, soft.charged, soft.total),
            ("soft", "prepared", False, 0.0, 1249.0),
        )
        self.assertEqual(soft.line_ids.move_id, invoice)
        self.assertFalse(self.plan(14), "one is on its way")
        self.sent(soft)
        self.assertFalse(self.plan(13))
        reminder = self.plan(14)
        # § 1-2: a twentieth of 750, rounded to the krone, 14 days after the due date.
        self.assertEqual((reminder.kind, reminder.charged), ("reminder", 38.0))
        self.assertEqual(reminder.deadline, after(28))
        self.assertEqual(
            reminder.line_ids.verdict["fee"]["rate"]["code"], "inkassosats"
        )
        self.sent(reminder)
        # The deadline ends on a Monday; what was paid on it is seen on Wednesday.
        self.assertFalse(self.plan(30))
        notice = self.plan(31)
        self.assertEqual((notice.kind, notice.charged), ("notice", 38.0))
        self.assertTrue(notice.line_ids.with_interest)
        self.sent(notice)
        self.assertFalse(self.plan(60))
        self.assertEqual(self.planner._handover_ready(self.company, after(60)), invoice)
        self.assertFalse(self.planner._handover_ready(self.company, after(45)))

    def test_a_claim_that_was_found_late_gets_its_letters_apart(self):
        self.new()
        self.climb(40)
        self.assertFalse(self.plan(46))
        self.assertEqual(self.plan(47).kind, "reminder")

    def test_several_invoices_go_in_one_letter_with_one_fee(self):
        first, second = self.new(), self.new(due=after(2))
        other = self.new(partner=self._new_partner("Ola"))
        self.climb(5)
        letters = self.plan(14)
        self.assertEqual(len(letters), 2)
        together = letters.filtered(lambda r: r.commercial_partner_id == self.kari)
        # The second one's turn comes in two days: it is taken along, free of charge.
        self.assertEqual(together.line_ids.move_id, first | second)
        self.assertEqual(together.line_ids.mapped("fee_amount"), [38.0, 0.0])
        self.assertEqual(together.total, 2 * 1249.0 + 38.0)
        self.assertEqual((letters - together).line_ids.move_id, other)
        self.assertEqual((letters - together).partner_id, other.partner_id)

    def test_each_invoice_with_a_fee_and_a_letter_of_its_own(self):
        self.policy.write({"fee_per": "claim", "gap_days": 0})
        self.new(count=2)
        self.climb(4)
        self.assertEqual(self.plan(14).line_ids.mapped("fee_amount"), [38.0, 38.0])
        self.reminders.search([])._billing_cancel("again")
        self.policy.is_bundled = False
        self.assertEqual(len(self.plan(14)), 2)

    def test_credits_of_the_customer_are_taken_off(self):
        first, second = self.new(amount=100), self.new(due=after(1), amount=300)
        self.credit(150)
        soft = self.plan(5)
        self.assertEqual(soft.line_ids.move_id, second)
        self.assertEqual(soft.line_ids.principal, 250.0)
        self.assertEqual(soft.line_ids.credit, 50.0)
        self.assertIn("open credits", self.why(first, 5)[0])

    def test_who_is_not_reminded(self):
        held, drawn, collected, small, foreign = self.new(count=5)
        small.button_draft()
        small.invoice_line_ids.price_unit = 5
        small.action_post()
        self.policy.minimum_amount = 10
        partners = self.env["res.partner"].create(
            [{"name": f"Kunde {nth}"} for nth in range(5)]
        )
        moves = held | drawn | collected | small | foreign
        for move, partner in zip(moves, partners, strict=True):
            move.line_ids.partner_id = partner
            move.commercial_partner_id = partner
        held._billing_place_hold("We look into it", blocks={"reminder"})
        types = self.registry["account.move"]
        debit = Debit(after(10), 1249.0, "AvtaleGiro")
        gone = Collection(after(2), "Fjord Inkasso")
        with (
            patch.object(types, "_billing_debits", lambda moves: {drawn.id: debit}),
            patch.object(
                types, "_billing_collections", lambda moves: {collected.id: gone}
            ),
        ):
            self.assertEqual(self.plan(4).line_ids.move_id, foreign)
            self.assertEqual(
                self.why(held, 4)[:2], ["It is on hold.", "We look into it"]
            )
            self.assertIn("account", self.why(drawn, 4)[0])
            self.assertIn("handed over", self.why(collected, 4)[0])
            self.assertIn("smallest", self.why(small, 4)[0])
            self.assertIn("prepared", self.why(foreign, 4)[0])
        self.assertEqual(len(self.plan(4)), 2, "what kept them is gone")

    def test_a_hold_on_fees_leaves_the_fee_out(self):
        invoice = self.new()
        self.climb(4)
        invoice._billing_place_hold("Our mistake", blocks={"fee"})
        reminder = self.plan(14)
        self.assertEqual(reminder.charged, 0.0)
        self.assertTrue(reminder.line_ids.ground)

    def test_another_currency_has_no_fee(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.new(currency_id=euro.id)
        self.climb(4)
        reminder = self.plan(14)
        self.assertEqual((reminder.currency_id, reminder.charged), (euro, 0.0))

    def test_law_that_nobody_reviewed_stops_letters_with_a_fee(self):
        self.new()
        self.climb(4)
        pack = self.env["billing.law.pack"].search(
            [("country_id.code", "=", "NO"), ("in_force_from", "!=", False)]
        )
        pack.reviewed_through = after(10)
        self.env.flush_all()
        self.assertFalse(self.plan(14))

    def test_the_first_policy_that_fits_decides(self):
        tag = self.env["res.partner.category"].create({"name": "Patient"})
        patient = self.policy.copy(
            {"sequence": 1, "domain": f"[('category_id', 'in', {tag.ids})]"}
        )
        patient.step_ids[:1].wait_days = 8
        patient.action_activate()
        self.kari.category_id = tag
        mine = self.new()
        other = self.new(partner=self._new_partner("Ola"))
        self.assertEqual(self.plan(4).line_ids.move_id, other)
        self.assertEqual(self.plan(8).policy_id, patient)
        self.assertEqual(self.why(mine, 9)[0][:20], "A reminder is prepar")
        patient.action_retire()
        self.policy.action_retire()
        self.assertFalse(self.plan(20))
        self.assertIn(
            "No active policy", self.why(self.new(partner=tag.partner_ids), 9)[0]
        )

    def test_goodwill_is_reserved_with_the_reminder(self):
        rule = self.env["billing.waiver.rule"].create(
            {"name": "Everybody", "company_id": self.company.id}
        )
        self.assertTrue(rule.active)
        invoice = self.new()
        self.climb(4)
        reminder = self.plan(14)
        line = reminder.line_ids
        waiver = line.waiver_ids
        self.assertEqual((reminder.charged, waiver.amount), (0.0, 38.0))
        self.assertTrue(line.decision_text)
        reminder._billing_cancel("by a test")
        self.assertEqual(waiver.state, "released")
        self.assertEqual(invoice._billing_notices()[invoice.id][-1].fee, 0)

    def test_workers_share_the_customers(self):
        for nth in range(6):
            self.new(partner=self._new_partner(f"Kunde {nth}"))
        self.company.billing_waiver_month_amount = 0
        halves = [
            sum(self.planner._plan_batches(self.company, after(4), None, shard, 2))
            for shard in (0, 1)
        ]
        self.assertEqual(halves, [3, 3])
        self.assertEqual(self.reminders.search_count([("day", "=", after(4))]), 6)
        self.reminders.search([])._billing_cancel("again")
        # A cap on goodwill is one worker's business.
        self.company.billing_waiver_month_amount = 500
        halves = [
            sum(self.planner._plan_batches(self.company, after(4), None, shard, 2))
            for shard in (0, 1)
        ]
        self.assertEqual(halves, [6, 0])

    def test_two_runs_prepare_nothing_twice(self):
        self.new()
        soft = self.plan(4)
        drafts = []
        write = type(self.planner)._write_drafts
        with patch.object(
            type(self.planner),
            "_write_drafts",
            lambda planner, company, day, new: drafts.extend(new),
        ):
            self.sent(soft)
            self.plan(14)
        write(self.planner.sudo(), self.company, after(14), drafts)
        again = write(self.planner.sudo(), self.company, after(14), drafts)
        self.assertFalse(again)
        self.assertEqual(self.reminders.search_count([("kind", "=", "reminder")]), 1)

    @mute_logger("odoo.sql_db")
    def test_one_reminder_at_a_time_about_an_invoice(self):
        self.new()
        soft = self.plan(4)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            soft.line_ids.copy({"reminder_id": soft.copy({"key": "another"}).id})
            self.env.flush_all()

    def test_queries_do_not_grow_with_the_book(self):
        self.new(partner=self._new_partner("Held"))._billing_place_hold("a while")
        spent = {}
        for count in (1, 12):
            for nth in range(count):
                self.new(partner=self._new_partner(f"Kunde {nth}"), count=2)
            self.climb(4)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self.plan(14)), count)
            spent[count] = self.env.cr.sql_log_count - before
            self.reminders.search([]).line_ids.move_id._billing_place_hold("done")
            self.sent(self.reminders.search([]))
        self.assertLessEqual(spent[12], spent[1])

    def test_approval_and_cancelling(self):
        invoice = self.new()
        soft = self.plan(4).with_user(self.user)
        with self.assertRaises(AccessError):
            soft.write({"state": "sent"})
        soft.action_approve()
        self.assertEqual((soft.state, soft.approved_by_id), ("approved", self.user))
        soft.action_cancel()
        self.assertEqual(soft.state, "cancelled")
        kinds = self.events.search([("move_id", "=", invoice.id)]).mapped("kind")
        self.assertLessEqual({"reminder.prepared", "reminder.cancelled"}, set(kinds))
        again = self.plan(4)
        self.assertEqual(again.line_ids.move_id, invoice)
        self.company.billing_reminder_approval = "automatic"
        again._billing_cancel("by a test")
        self.assertEqual(self.plan(4).state, "approved")

    def test_others_see_nothing(self):
        self.new()
        soft = self.plan(4)
        stranger = self._new_user(
            "stranger", "billing_base.group_billing_user", self._other_company()
        )
        with self.assertRaises(AccessError):
            soft.with_user(stranger).read(["total"])
        with self.assertRaises(AccessError):
            self.policy.with_user(self.user).write({"gap_days": 1})

    def test_policies_are_checked(self):
        with self.assertRaises(ValidationError):
            self.policy.domain = "[('no_such_field', '=', 1)]"
        empty = self.policies.create({"name": "Empty", "company_id": self.company.id})
        with self.assertRaises(ValidationError):
            empty.action_activate()
        self.new()
        self.plan(4)
        with self.assertRaises(UserError):
            self.policy.unlink()


class TestLookingOnceMore(PlannerCase):
    """Between preparing and sending things happen."""

    def test_what_is_paid_leaves_the_letter(self):
        first, second = self.new(count=2)
        soft = self.plan(4)
        self._register_payment(first)
        self.assertTrue(soft._billing_refresh(after(5)))
        self.assertEqual(soft.line_ids.move_id, second)
        self.assertEqual((soft.total, soft.day), (1249.0, after(5)))
        self._register_payment(second)
        self.assertFalse(soft._billing_refresh(after(6)))
        self.assertEqual(soft.state, "cancelled")
        self.assertIn("Nothing is left", soft.cancel_reason)

    def test_the_deadline_counts_from_the_day_it_goes_out(self):
        self.new()
        self.climb(4)
        reminder = self.plan(14)
        self.assertTrue(reminder._billing_refresh(after(21)))
        self.assertEqual((reminder.day, reminder.deadline), (after(21), after(35)))

    def test_what_is_charged_never_grows(self):
        self.new()
        self.climb(4)
        reminder = self.plan(14)
        reminder.line_ids.sudo().fee_amount = 35.0
        self.assertTrue(reminder._billing_refresh(after(15)))
        self.assertEqual(reminder.charged, 35.0)

    def test_a_hold_stops_it(self):
        invoice = self.new()
        soft = self.plan(4)
        invoice._billing_place_hold("Wait")
        self.assertFalse(soft._billing_refresh(after(5)))
        self.assertIn("on hold", soft.cancel_reason)

    def test_reminders_go_out_at_decent_hours(self):
        self.company.billing_reminder_hours = True
        for day, may in (
            (DUE, True),
            (date(2026, 2, 7), True),  # a Saturday
            (date(2026, 2, 8), False),
            (date(2026, 4, 2), False),  # Maundy Thursday
        ):
            company = self.company.with_context(billing_date=day)
            self.assertEqual(company._billing_may_write_now(), may, day)

    def test_the_jobs_of_a_day(self):
        self.company.write(
            {"billing_reminder_approval": "automatic", "billing_reminder_hours": True}
        )
        moves = self.new() | self.new(partner=self._new_partner("Ola"))
        sent = []
        self.startPatcher(
            patch.object(
                self.registry["ir.cron"],
                "_commit_progress",
                lambda *args, **values: float("inf"),
            )
        )
        self.startPatcher(
            patch.object(
                self.registry["billing.reminder"],
                "_billing_send",
                lambda reminder: sent.append(reminder.id) or True,
            )
        )
        for day, expected in ((after(6), 0), (after(7), 2)):
            # A Sunday, on which nobody is written to, and a Monday.
            planner = self.planner.with_context(billing_date=day)
            planner._cron_plan(0, 2)
            planner._cron_plan(1, 2)
            planner._cron_send()
            own = self.reminders.search([("line_ids.move_id", "in", moves.ids)])
            self.assertEqual(own.mapped("state"), ["approved"] * 2)
            self.assertEqual(len(set(own.ids) & set(sent)), expected)

    def test_what_could_not_be_sent_is_tried_again_by_hand(self):
        self.new()
        soft = self.plan(4)
        soft._billing_fail(ValueError("no address"))
        self.assertEqual((soft.state, soft.failure_reason), ("failed", "no address"))
        self.assertFalse(self.plan(5), "it stands there until somebody looks")
        soft.with_user(self.user).action_retry()
        self.assertEqual(soft.state, "approved")

    def test_debts_are_told_in_batch(self):
        moves = self.new(count=3)
        self.climb(4)
        self._register_payment(moves[0])
        debts = moves._billing_debts(after(10))
        self.assertEqual([debts[m.id].principal for m in moves], [0, 1249, 1249])
        self.assertEqual(debts[moves[1].id].notices[0].kind, "soft")
        self.assertEqual(moves[:1].billing_reminder_count, 1)

    def test_the_form_that_tells_why(self):
        move = self.new().with_user(self.user)
        action = move.action_billing_why_no_reminder()
        form = (
            self.env["billing.reminder.why"]
            .with_user(self.user)
            .with_context(**action["context"])
            .create({"day": after(1)})
        )
        self.assertIn("Friendly reminder", form.answer)
        self.assertEqual(
            move.action_billing_reminders()["domain"],
            [("line_ids.move_id", "in", move.ids)],
        )
