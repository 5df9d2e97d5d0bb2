"""What the page says of the consumption, and of what it is compared with."""

from datetime import date, timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.billing_interactive_invoice.core import visitor_rights

from ..billing_base.common import BillingBaseCase

PORTAL = visitor_rights.Visitor(visitor_rights.PORTAL)
LINK = visitor_rights.Visitor(visitor_rights.LINK, link_id=1)
# Kilowatt hours of thirteen months, November to November.
YEAR = (300, 420, 500, 460, 380, 290, 210, 180, 170, 190, 230, 310, 434)


class ConsumptionCase(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kwh = cls.env.ref("uom.product_uom_kwh")
        cls.kari = cls._new_partner(lang="en_US")
        cls.meter = cls._new_meter("707057500012345678", cls.kari)

    @classmethod
    def _new_meter(cls, number, partner):
        return cls.env["billing.installation"].create(
            {"number": number, "partner_id": partner.id, "company_id": cls.company.id}
        )

    @classmethod
    def metered(cls, quantity, price, day, meter=None, months=1, **values):
        """Return a line for ``months`` from the first of a month."""
        start = day.replace(day=1)
        end = start + relativedelta(months=months) - timedelta(days=1)
        return Command.create(
            {
                "name": "Power",
                "quantity": quantity,
                "price_unit": price,
                "product_uom_id": cls.kwh.id,
                "billing_period_start": start,
                "billing_period_end": end,
                "billing_installation_id": (meter or cls.meter).id,
                "tax_ids": False,
                **values,
            }
        )

    @classmethod
    def fee(cls, price):
        return Command.create(
            {"name": "Fee", "price_unit": price, "tax_ids": False, "quantity": 1}
        )

    @classmethod
    def bill(cls, *lines, partner=None, day=date(2026, 12, 3), **values):
        return cls._new_invoices(
            partner=partner or cls.kari,
            invoice_date=day,
            invoice_line_ids=list(lines),
            **values,
        )

    def used(self, move, visitor=PORTAL):
        return move.sudo()._billing_consumption(visitor)


class TestComparison(ConsumptionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        first = date(2025, 11, 1)
        cls.months = [first + relativedelta(months=nth) for nth in range(len(YEAR))]
        cls.moves = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": cls.kari.id,
                    "journal_id": cls.journal.id,
                    "invoice_date": day + relativedelta(months=1, day=3),
                    "invoice_line_ids": [
                        cls.metered(volume, price, day),
                        cls.fee(fee),
                    ],
                }
                for day, volume, price, fee in zip(
                    cls.months, YEAR, [1.0] * 12 + [1.2], [39] * 12 + [49], strict=True
                )
            ]
        )
        cls.moves.action_post()
        cls.november = cls.moves[-1]

    def test_it_says_how_much_was_used(self):
        used = self.used(self.november)
        self.assertEqual(used["volume"], "434")
        self.assertEqual(used["unit"], "kWh")
        self.assertEqual(used["days"], 30)
        self.assertEqual(used["a_day"], "14.5")

    def test_it_says_why_it_is_more_than_the_invoice_before(self):
        # 310 kWh in October: 349.00; now 434 at 1.20 and 49: 569.80.
        sentence, _last_year = self.used(self.november)["reasons"]
        money = self.november.currency_id.format
        self.assertEqual(
            sentence,
            f"{money(220.80)} more than the invoice before: "
            f"{money(134)} more for higher use (14.5 kWh a day, before 10.0), "
            f"{money(86.80)} more for a higher price "
            f"({money(1.2)} for one kWh, before {money(1)}), "
            f"{money(10)} less for fewer days (30, before 31), "
            f"and {money(10)} more for the rest.",
        )

    def test_it_says_why_it_is_more_than_last_year(self):
        _previous, sentence = self.used(self.november)["reasons"]
        money = self.november.currency_id.format
        self.assertEqual(
            sentence,
            f"{money(230.80)} more than for the same time last year: "
            f"{money(134)} more for higher use (14.5 kWh a day, before 10.0), "
            f"{money(86.80)} more for a higher price "
            f"({money(1.2)} for one kWh, before {money(1)}), "
            f"and {money(10)} more for the rest.",
        )
        self.assertTrue(self.used(self.november)["is_higher"])

    def test_the_bars_are_a_year_beside_the_year_before(self):
        used = self.used(self.november)
        bars = used["chart"]
        self.assertEqual([bar["now"] for bar in bars], [str(v) for v in YEAR[1:]])
        self.assertEqual("".join(bar["initial"] for bar in bars), "DJFMAMJJASON")
        self.assertEqual([bar["before"] for bar in bars], [""] * 11 + ["300"])
        self.assertEqual([bar["is_this"] for bar in bars], [False] * 11 + [True])
        self.assertEqual(bars[-1]["period"], "November 2026")
        self.assertEqual(bars[1]["pair"].now.height, 100, "500 kWh is the most")
        self.assertEqual(bars[-1]["pair"].before.height, 60)

    def test_an_earlier_invoice_knows_nothing_of_later_ones(self):
        used = self.used(self.moves[3])
        self.assertEqual(
            [bar["now"] for bar in used["chart"]], ["300", "420", "500", "460"]
        )
        (sentence,) = used["reasons"]
        self.assertIn("less than the invoice before", sentence)
        self.assertFalse(used["is_higher"])

    def test_the_first_invoice_is_compared_with_nothing(self):
        used = self.used(self.moves[0])
        self.assertEqual(used["volume"], "300")
        self.assertEqual((used["chart"], used["reasons"]), (False, []))

    def test_what_was_credited_is_not_compared_with(self):
        october = self.moves[-2]
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=october.ids)
            .create({"journal_id": october.journal_id.id, "date": "2026-11-20"})
        )
        wizard.refund_moves()
        self.env["account.move"].browse(wizard.new_move_ids.ids).action_post()
        self.assertEqual(october.payment_state, "reversed")
        sentence = self.used(self.november)["reasons"][0]
        self.assertIn("before 7.7", sentence, "September's 230 kWh in 30 days")

    def test_companies_choose_whether_a_link_shows_what_was_used_before(self):
        self.assertTrue(self.used(self.november, LINK)["reasons"])
        self.company.billing_page_compare_by_link = False
        used = self.used(self.november, LINK)
        self.assertEqual(used["volume"], "434")
        self.assertEqual((used["chart"], used["reasons"]), (False, []))
        self.assertTrue(self.used(self.november, PORTAL)["reasons"])

    def test_years_of_invoices_cost_as_many_queries_as_a_few(self):
        def count(move):
            self.env.flush_all()
            self.env.invalidate_all()
            self.used(move)
            before = self.env.cr.sql_log_count
            self.env.invalidate_all()
            self.used(move)
            return self.env.cr.sql_log_count - before

        few, many = count(self.moves[2]), count(self.november)
        self.assertGreater(few, 0)
        self.assertEqual(many, few)


class TestWhatCounts(ConsumptionCase):
    def volume(self, *lines, **values):
        return self.used(self.bill(*lines, **values)).get("volume")

    def test_grid_rent_on_the_same_kilowatt_hours_counts_once(self):
        day = date(2026, 11, 1)
        self.assertEqual(
            self.volume(
                self.metered(412, 1.1, day),
                self.metered(412, 0.5, day, name="Grid rent"),
                self.fee(49),
            ),
            "412",
        )

    def test_products_say_which_lines_measure(self):
        day = date(2026, 11, 1)
        power, grid = self.env["product.product"].create(
            [
                {"name": name, "uom_id": self.kwh.id, "billing_consumption": role}
                for name, role in (("Power", "volume"), ("Grid rent", "price"))
            ]
        )
        self.assertEqual(
            self.volume(
                self.metered(150, 1.1, day, product_id=power.id, name="By day"),
                self.metered(150, 0.9, day, product_id=power.id, name="By night"),
                self.metered(300, 0.5, day, product_id=grid.id),
            ),
            "300",
        )

    def test_hours_of_work_are_no_consumption(self):
        hour = self.env.ref("uom.product_uom_hour")
        day = date(2026, 11, 1)
        self.assertIsNone(
            self.volume(self.metered(3, 900, day, product_uom_id=hour.id))
        )
        hour.billing_is_consumption = True
        self.assertEqual(
            self.volume(self.metered(3, 900, day, product_uom_id=hour.id)), "3.0"
        )

    def test_a_line_without_its_days_is_none_either(self):
        line = self.metered(300, 1, date(2026, 11, 1))
        line[2].update(billing_period_start=False, billing_period_end=False)
        self.assertIsNone(self.volume(line))

    def test_who_lived_there_before_is_nobodys_business(self):
        before = self._new_partner("Ola Nordmann")
        self.bill(self.metered(900, 1, date(2026, 10, 1)), partner=before)
        used = self.used(self.bill(self.metered(300, 1, date(2026, 11, 1))))
        self.assertEqual((used["chart"], used["reasons"]), (False, []))

    def test_each_installation_is_compared_with_itself(self):
        cabin = self._new_meter("707057500099999999", self.kari)
        self.bill(self.metered(900, 1, date(2026, 10, 1), cabin))
        home = self.bill(self.metered(300, 1, date(2026, 11, 1)))
        self.assertEqual(self.used(home)["reasons"], [])
        both = self.bill(
            self.metered(310, 1, date(2026, 11, 1)),
            self.metered(890, 1, date(2026, 11, 1), cabin),
        )
        used = self.used(both)
        self.assertEqual(used["volume"], "1,200")
        self.assertEqual(len(used["reasons"]), 1)

    def test_another_companys_invoices_are_not_looked_at(self):
        elsewhere = self._create_company(name="Elsewhere AS")
        self.env["account.move"].with_company(elsewhere).create(
            {
                "move_type": "out_invoice",
                "partner_id": self.kari.id,
                "company_id": elsewhere.id,
                "invoice_date": "2026-11-03",
                "invoice_line_ids": [
                    self.metered(
                        900, 1, date(2026, 10, 1), billing_installation_id=False
                    )
                ],
            }
        ).action_post()
        own = self.bill(
            self.metered(300, 1, date(2026, 11, 1), billing_installation_id=False)
        )
        self.assertEqual(self.used(own)["reasons"], [])

    def test_a_credit_note_is_explained_by_itself(self):
        note = self.bill(
            self.metered(300, 1, date(2026, 11, 1)), move_type="out_refund"
        )
        used = self.used(note)
        self.assertEqual((used["volume"], used["reasons"]), ("300", []))

    def test_a_period_cannot_end_before_it_began(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.bill(
                self.metered(
                    300, 1, date(2026, 11, 1), billing_period_end=date(2026, 10, 31)
                )
            )


class TestLines(ConsumptionCase):
    def test_the_lines_say_what_when_how_much_and_how_dear(self):
        move = self.bill(self.metered(412, 1.25, date(2026, 11, 1)), self.fee(49))
        values = move._billing_lines_values()
        power, fee = values["lines"]
        money = move.currency_id.format
        self.assertEqual(power["period"], "November 2026")
        self.assertEqual(power["quantity"], f"412 kWh at {money(1.25)}")
        self.assertEqual(power["amount"], money(515))
        self.assertEqual(power["installation"], self.meter.number)
        self.assertEqual((fee["quantity"], fee["period"]), ("", ""))
        self.assertEqual(values["total"], money(564))
        self.assertEqual((values["tax"], values["settled"]), ("", ""))

    def test_what_staff_folded_is_a_sum(self):
        def section(name, **values):
            return Command.create(
                {"name": name, "display_type": "line_section"} | values
            )

        move = self.bill(
            self.fee(1),
            section("Inside", collapse_composition=True),
            self.fee(10),
            section("Deeper", display_type="line_subsection"),
            self.fee(20),
            section("Open"),
            self.fee(40),
            section("Folded", display_type="line_subsection", collapse_prices=True),
            self.fee(80),
        )
        for at, line in enumerate(move.invoice_line_ids.sorted("id")):
            line.sequence = at
        money = move.currency_id.format
        self.assertEqual(
            [
                (line["text"], line.get("amount"))
                for line in move._billing_shown_lines()
            ],
            [
                ("Fee", money(1)),
                ("Inside", money(30)),
                ("Open", None),
                ("Fee", money(40)),
                ("Folded", money(80)),
            ],
        )

    def test_reading_the_page_writes_nothing_to_the_books(self):
        move = self.bill(self.metered(412, 1.25, date(2026, 11, 1)), self.fee(49))
        self._register_payment(move, amount=100)
        self.env.flush_all()
        self.env.invalidate_all()
        writes = []
        execute = self.env.cr.execute

        def noting(query, *args, **kwargs):
            text = str(getattr(query, "code", query))
            if "UPDATE" in text.upper().split():
                writes.append(text)
            return execute(query, *args, **kwargs)

        with patch.object(self.env.cr, "execute", noting):
            move.sudo()._billing_page_sections(PORTAL)
            self.env.flush_all()
        self.assertEqual(writes, [])

    def test_many_lines_are_folded(self):
        move = self.bill(*(self.fee(nth) for nth in range(1, 10)))
        values = move._billing_lines_values()
        self.assertEqual((len(values["lines"]), len(values["more_lines"])), (6, 3))

    def test_staff_put_in_what_a_line_is_for(self):
        self.env.user.group_ids |= self.env.ref("uom.group_uom")
        form = Form(
            self.env["account.move"].with_context(default_move_type="out_invoice")
        )
        form.partner_id = self.kari
        with form.invoice_line_ids.new() as line:
            line.name = "Power"
            line.quantity = 300
            line.price_unit = 1
            line.billing_installation_id = self.meter
            line.billing_period_start = "2026-11-01"
            line.billing_period_end = "2026-11-30"
        move = form.save()
        self.assertEqual(move.invoice_line_ids.billing_installation_id, self.meter)

    def test_an_invoice_is_about_the_meters_on_its_lines_else_all_the_customers(self):
        other = self._new_meter("707057500087654321", self.kari)
        metered = self.bill(self.metered(300, 1, date(2026, 10, 1)))
        plain = self.bill(self.fee(1))
        self.assertEqual(
            (metered + plain)._billing_installations(),
            {metered.id: self.meter, plain.id: self.meter + other},
        )
        stranger = self._new_invoices(partner=self._new_partner("Ola"))
        self.assertEqual(stranger._billing_installations(), {})
