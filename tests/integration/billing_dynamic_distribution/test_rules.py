"""Which invoices plans choose, and when their steps come."""

from datetime import date, datetime, timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.billing_dynamic_distribution.core import state

from .common import MONDAY, DistributionCase


class TestPlansChoose(DistributionCase):
    """Each plan by a domain of its own; the rest by a plan for everybody."""

    def chooses(self, domain, fitting, other):
        """Assert that a plan takes one invoice and leaves the other."""
        with self.at(0):
            plan = self.create_plan(
                ("letter", 0, "not_paid"), domain=domain, sequence=1, name="Chosen"
            )
            rest = self.create_plan(("email", 0, "not_paid"), sequence=2, name="Rest")
            (fitting | other).action_post()
        self.assertEqual(self.run_of(fitting).plan_id, plan)
        self.assertEqual(self.run_of(other).plan_id, rest)
        # The daily planning asks in one query for all.
        with self.at(0):
            plan.trigger = rest.trigger = "on_due"
            (self.run_of(fitting) | self.run_of(other)).sudo().unlink()
            (fitting | other).write({"invoice_date_due": MONDAY.date()})
            list(self.planner._plan_company(self.company))
        self.assertEqual(self.run_of(fitting).plan_id, plan)
        self.assertEqual(self.run_of(other).plan_id, rest)

    def test_by_customer_group(self):
        group = self.env["res.partner.category"].create({"name": "Housing"})
        member = self.create_customer("Member", category_id=[Command.link(group.id)])
        self.chooses(
            f"[('partner_id.category_id', 'in', [{group.id}])]",
            self.create_invoice(member),
            self.create_invoice(),
        )

    def test_by_product(self):
        product = self.env["product.product"].create({"name": "Power"})
        fitting = self.create_invoice()
        fitting.invoice_line_ids.product_id = product
        self.chooses(
            f"[('invoice_line_ids.product_id', 'in', [{product.id}])]",
            fitting,
            self.create_invoice(),
        )

    def test_by_amount(self):
        self.chooses(
            "[('amount_total', '>=', 5000)]",
            self.create_invoice(amount=5000),
            self.create_invoice(amount=4999),
        )

    def test_by_country(self):
        swede = self.create_customer("Svea", country_id=self.env.ref("base.se").id)
        self.chooses(
            "[('partner_id.country_id.code', '=', 'SE')]",
            self.create_invoice(swede),
            self.create_invoice(),
        )

    def test_by_what_another_addon_knows_of_the_customer(self):
        # Such as a mandate for direct debit: whatever leads from the invoice to it.
        bank = self.env["res.partner.bank"].create(
            {"acc_number": "15032080119", "partner_id": self.kari.id}
        )
        other = self.create_customer("Ola Nordmann")
        self.chooses(
            f"[('partner_id.bank_ids', 'in', [{bank.id}])]",
            self.create_invoice(),
            self.create_invoice(other),
        )

    def test_by_age_of_the_relation(self):
        old = self.create_customer("Old Friend")
        first = self.create_invoice(old, invoice_date=date(2025, 3, 1))
        first.action_post()
        fresh = self.create_customer("New Friend")
        self.chooses(
            "[('partner_id.billing_relation_days', '>=', 365)]",
            self.create_invoice(old),
            self.create_invoice(fresh),
        )


class TestPlansAreKept(DistributionCase):
    """What runs point at is guarded by its model, not by a foreign key."""

    def test_a_plan_that_invoices_went_through_is_not_deleted(self):
        with self.at(0):
            plan = self.create_plan(("email", 0, "not_paid"))
            self.post()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            plan.unlink()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            plan.version_ids.unlink()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            plan.version_ids.step_ids.unlink()
        plan.active = False

    def test_a_plan_nobody_used_goes(self):
        plan = self.create_plan(("email", 0, "not_paid"))
        plan.unlink()
        self.assertFalse(plan.exists())

    def test_what_a_million_rows_point_at_is_not_asked_for_each(self):
        keys = {
            column
            for (column,) in self.env.execute_query(
                SQL(
                    """SELECT attribute.attname
                         FROM pg_constraint AS key
                         JOIN pg_attribute AS attribute
                           ON attribute.attrelid = key.conrelid
                          AND attribute.attnum = key.conkey[1]
                        WHERE key.contype = 'f'
                          AND key.conrelid = 'billing_distribution_run'::regclass"""
                )
            )
        }
        self.assertEqual(keys, {"move_id", "partner_id", "last_item_id"})


class TestRelation(DistributionCase):
    def test_days_since_the_first_invoice(self):
        partner = self.create_customer("Kunde")
        contact = self.create_customer("Contact", parent_id=partner.id)
        nobody = self.create_customer("Nobody")
        for day in (date(2026, 11, 13), date(2026, 11, 3)):
            self.create_invoice(partner, invoice_date=day).action_post()
        with self.at(0):
            everybody = partner | contact | nobody
            everybody.invalidate_recordset()
            self.assertEqual(everybody.mapped("billing_relation_days"), [20, 20, 0])

            def found(comparison, value):
                return everybody.search(
                    [
                        ("id", "in", everybody.ids),
                        ("billing_relation_days", comparison, value),
                    ]
                )

            related = partner | contact
            self.assertEqual(found(">=", 20), related)
            self.assertFalse(found(">", 20))
            self.assertEqual(found("<=", 20), everybody)
            self.assertEqual(found("<", 20), nobody)
            self.assertEqual(found("=", 20), related)
            self.assertEqual(found("!=", 20), nobody)
            self.assertEqual(found("=", 0), nobody)

    def test_another_company_s_invoices_do_not_count(self):
        self.create_invoice(invoice_date=date(2026, 11, 3)).action_post()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        with self.at(0):
            kari = self.kari.with_company(other)
            kari.invalidate_recordset()
            self.assertEqual(kari.billing_relation_days, 0)


class TestStepsCome(DistributionCase):
    def test_not_opened_within_hours(self):
        hours = {"wait_unit": "hours"}
        with self.at(0):
            self.create_plan(("email", 0, "not_paid"), ("sms", 4, "not_opened", hours))
            silent, _run = self.post()
            reader, _run = self.post(self.create_customer("Ola", "ola@example.com"))
            self.send()
        with self.at(MONDAY + timedelta(hours=1)):
            self.attempts_of(reader)._apply(state.OPENED)
        self.go_to(MONDAY + timedelta(hours=3, minutes=59))
        self.assertEqual(self.attempts_of(silent).mapped("channel"), ["email"])
        self.go_to(MONDAY + timedelta(hours=4))
        channels = ["sms", "email"]
        self.assertCountEqual(self.attempts_of(silent).mapped("channel"), channels)
        self.assertEqual(self.attempts_of(reader).mapped("channel"), ["email"])

    def test_not_delivered_within_hours(self):
        hours = {"wait_unit": "hours"}
        with self.at(0):
            self.create_plan(
                ("sms", 0, "not_paid"), ("letter", 6, "not_delivered", hours)
            )
            lost, _run = self.post()
            arrived, _run = self.post(self.create_customer("Ola", phone="+4740699999"))
            self.send()
        with self.at(MONDAY + timedelta(hours=1)):
            self.attempts_of(arrived)._apply(state.DELIVERED)
        self.go_to(MONDAY + timedelta(hours=6))
        self.assertCountEqual(
            self.attempts_of(lost).mapped("channel"), ["sms", "letter"]
        )
        self.assertEqual(self.attempts_of(arrived).mapped("channel"), ["sms"])
        self.assertEqual(self.run_of(arrived).state, "done")

    def test_three_days_are_three_days_when_the_clock_goes_back(self):
        # Friday at ten in Norway; the clock goes back in the night to Sunday.
        friday = datetime(2026, 10, 23, 8)
        with self.at(friday):
            self.create_plan(("email", 0, "not_paid"), ("sms", 3, "not_opened"))
            move, run = self.post()
            self.send()
        self.assertEqual(run.next_at, datetime(2026, 10, 26, 9))
        self.go_to(datetime(2026, 10, 26, 8, 59))
        self.assertEqual(self.attempts_of(move).mapped("channel"), ["email"])
        self.go_to(datetime(2026, 10, 26, 9))
        self.assertEqual(len(self.attempts_of(move)), 2)

    def test_the_morning_comes_earlier_when_the_clock_goes_forward(self):
        # Saturday evening in Norway; in the night the clock goes forward.
        with self.at(datetime(2027, 3, 27, 19)):
            self.create_plan(("email", 0, "not_paid"))
            _move, run = self.post(
                due=date(2027, 4, 30), invoice_date=date(2027, 3, 27)
            )
            self.send()
        # Sunday is Palm Sunday's week's end: nothing; Monday at eight is six in UTC.
        self.assertEqual(run.next_at.time(), datetime(2027, 3, 29, 6).time())

    def test_bank_days_leave_out_christmas(self):
        bank_days = {"wait_unit": "bank_days"}
        with self.at(datetime(2026, 12, 23, 9)):
            self.create_plan(
                ("letter", 0, "not_paid"), ("email", 2, "not_opened", bank_days)
            )
            _move, run = self.post(due=date(2027, 1, 20))
            self.send()
        # The 24th is a bank day in Norway, the 25th and 26th are holidays.
        self.assertEqual(run.next_at.date(), date(2026, 12, 28))
