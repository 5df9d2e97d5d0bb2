"""The first sentence of the page, in every state an invoice can be in."""

from datetime import date
from unittest.mock import patch

from odoo import Command

from odoo.addons.billing_base.core.claim import Collection, Debit
from odoo.addons.billing_interactive_invoice.core.self_service import (
    Agreement,
    PartState,
)

from ..billing_base.common import BillingBaseCase

TODAY = date(2026, 11, 22)


class TestState(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As Norwegians write it; Odoo's own is the other way round.
        cls.company.currency_id.position = "after"
        cls.kari = cls._new_partner(lang="en_US")
        cls.invoice = cls.new(due="2026-12-01")

    @classmethod
    def new(cls, due="2026-12-01", **values):
        values = {"invoice_payment_term_id": False, "invoice_date_due": due, **values}
        return cls._new_invoices(partner=cls.kari, **values)

    @classmethod
    def pay(cls, amount, move=None, day="2026-11-12"):
        wizard = (
            cls.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"amount": amount, "payment_date": day})
        )
        return wizard._create_payments()

    def state(self, move=None, lang="en_US"):
        """Return the code, the sentence and the lines beneath, as plain text."""
        move = (move or self.invoice).sudo()
        move = move.with_context(billing_date=TODAY, lang=lang)
        section = move._billing_state_section()
        values = section.values
        return (
            values["standing"].code,
            values["title"].striptags().replace("\xa0", " "),
            [line.striptags().replace("\xa0", " ") for line in values["lines"]],
        )

    def sentence(self, move=None, **kwargs):
        code, title, _lines = self.state(move, **kwargs)
        return code, title

    def test_open(self):
        self.assertEqual(
            self.state(),
            ("open", "You have 100.00 kr to pay by Tuesday, December 1.", []),
        )

    def test_another_year_is_said(self):
        self.assertEqual(
            self.sentence(self.new(due="2027-01-04"))[1],
            "You have 100.00 kr to pay by Monday, January 4, 2027.",
        )

    def test_due_today(self):
        self.assertEqual(
            self.sentence(self.new(due="2026-11-22")),
            ("today", "You have 100.00 kr to pay today."),
        )

    def test_overdue(self):
        code, title, lines = self.state(self.new(due="2026-11-20"))
        self.assertEqual(code, "overdue")
        self.assertEqual(title, "100.00 kr was due on Friday, November 20.")
        self.assertEqual(len(lines), 1)

    def test_part_paid(self):
        move = self.new()
        self.pay(40.0, move)
        self.assertEqual(
            self.sentence(move),
            (
                "open",
                "We have received 40.00 kr. 60.00 kr is left to pay by Tuesday, "
                "December 1.",
            ),
        )

    def test_paid(self):
        move = self.new()
        self.pay(60.0, move, "2026-11-10")
        self.pay(40.0, move, "2026-11-12")
        self.assertEqual(
            self.sentence(move), ("paid", "Paid on November 12. Thank you!")
        )

    def test_credited_in_part_and_in_full(self):
        move = self.new()
        self.credit(move, 30.0)
        code, title, lines = self.state(move)
        self.assertEqual(title, "You have 70.00 kr to pay by Tuesday, December 1.")
        self.assertEqual(lines, ["We have taken off 30.00 kr."])
        self.credit(move, 70.0)
        self.assertEqual(self.sentence(move), ("credited", "This invoice is credited."))

    def credit(self, move, amount):
        refund = self.new(
            move_type="out_refund",
            invoice_line_ids=[
                Command.create({"name": "Off", "price_unit": amount, "tax_ids": False})
            ],
        )
        lines = (refund + move).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        lines.reconcile()
        return refund

    def test_credit_note(self):
        refund = self.new(move_type="out_refund")
        self.assertEqual(self.sentence(refund), ("refund", "You get 100.00 kr back."))
        self.assertEqual(
            self.sentence(self.credit(self.new(), 100.0)),
            ("refunded", "This credit note for 100.00 kr is settled."),
        )

    def test_cancelled(self):
        move = self.new()
        move.button_draft()
        move.button_cancel()
        self.assertEqual(
            self.sentence(move), ("cancelled", "This invoice is cancelled.")
        )

    def test_nothing_to_pay(self):
        move = self.new(
            invoice_line_ids=[
                Command.create({"name": "Free", "price_unit": 0.0, "tax_ids": False})
            ]
        )
        self.assertEqual(self.sentence(move), ("nothing", "There is nothing to pay."))

    def test_stopped_by_staff(self):
        move = self.new()
        move.action_toggle_block_payment()
        self.assertEqual(self.sentence(move)[0], "paused")

    def test_drawn_from_the_account(self):
        debit = Debit(date(2026, 12, 1), 100.0, "AvtaleGiro")
        with patch.object(
            self.env.registry["account.move"],
            "_billing_debits",
            lambda moves: {self.invoice.id: debit},
        ):
            code, title, lines = self.state()
        self.assertEqual(code, "debit")
        self.assertEqual(
            title, "100.00 kr is drawn from your account on Tuesday, December 1."
        )
        self.assertIn("AvtaleGiro", lines[0])

    def test_handed_over(self):
        collection = Collection(TODAY, "Fjord <Inkasso>", "+47 55 00 00 00", "A-1")
        with patch.object(
            self.env.registry["account.move"],
            "_billing_collections",
            lambda moves: {self.invoice.id: collection},
        ):
            code, _title, lines = self.state()
            section = self.invoice.sudo()._billing_state_section()
        self.assertEqual(code, "collection")
        self.assertIn("How to reach them: +47 55 00 00 00", lines)
        self.assertIn("Number of your case: A-1", lines)
        self.assertIn("Fjord &lt;Inkasso&gt;", section.values["title"])

    def agreed(self, kind, state="active", **values):
        """Return the state when the customer has arranged or said something."""
        agreement = Agreement(kind, state, 1, TODAY, **values)
        with patch.object(
            self.env.registry["account.move"],
            "_billing_agreements",
            lambda moves: {self.invoice.id: [agreement]},
        ):
            return self.state()

    def test_what_was_arranged(self):
        day = date(2026, 12, 10)
        self.assertEqual(
            self.agreed("promise", day=day)[:2],
            (
                "promised",
                "You have promised to pay 100.00 kr by Thursday, December 10.",
            ),
        )
        for kind in ("deferral", "split"):
            self.assertEqual(self.agreed(kind, "waiting", day=day)[0], "asked")
        # The due date was moved, and says it by itself.
        self.assertEqual(self.agreed("deferral", day=day)[0], "open")
        parts = (
            PartState(1, date(2026, 11, 10), 40.0, 40.0, "paid", TODAY),
            PartState(2, day, 60.0, 10.0, "open", day),
        )
        code, title, lines = self.agreed("split", parts=parts)
        self.assertEqual(code, "plan")
        self.assertEqual(
            title, "The next part to pay is 50.00 kr, by Thursday, December 10."
        )
        self.assertEqual(lines, ["After that, 50.00 kr is left to pay."])

    def test_what_the_customer_objects_to(self):
        self.assertEqual(self.agreed("dispute", "waiting")[0], "disputed")
        code, title, lines = self.agreed(
            "dispute", "waiting", is_whole=False, amount=30.0
        )
        self.assertEqual(title, "You have 70.00 kr to pay by Tuesday, December 1.")
        self.assertEqual(len(lines), 1)
        self.assertIn("30.00 kr", lines[0])

    def test_what_the_customer_has_paid_unseen(self):
        self.assertEqual(self.agreed("claim", "waiting", amount=100.0)[0], "claimed")
        code, title, lines = self.agreed("claim", "waiting", amount=40.0)
        self.assertEqual(title, "You have 60.00 kr to pay by Tuesday, December 1.")
        self.assertEqual(lines, ["Your payment of 40.00 kr is being checked."])

    def test_paid_online_and_not_confirmed(self):
        provider = self.env["payment.provider"].create({"name": "Somebody"})
        method = self.env["payment.method"].create({"name": "Card", "code": "page"})
        self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "reference": "page-1",
                "amount": 100.0,
                "currency_id": self.invoice.currency_id.id,
                "partner_id": self.kari.id,
                "invoice_ids": [Command.link(self.invoice.id)],
                "state": "pending",
            }
        )
        telling = "billing_interactive_invoice.models.account_move_pay"
        with patch(f"odoo.addons.{telling}.TELLING_PROVIDERS", ()):
            self.assertEqual(
                self.sentence(),
                ("checking", "Your payment of 100.00 kr is being checked."),
            )

    def test_instalments_of_the_payment_terms(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "30 and 70",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 30.0, "nb_days": 10}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 70.0, "nb_days": 40}
                    ),
                ],
            }
        )
        move = self._new_invoices(
            partner=self.kari,
            invoice_date="2026-11-20",
            invoice_payment_term_id=term.id,
        )
        code, title, lines = self.state(move)
        self.assertEqual(code, "open")
        self.assertEqual(title, "You have 30.00 kr to pay by Monday, November 30.")
        self.assertEqual(lines, ["After that, 70.00 kr is left to pay."])

    def test_days_and_amounts_in_the_language_of_the_page(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        section = self.invoice.sudo().with_context(billing_date=TODAY, lang="nb_NO")
        self.assertEqual(
            section._billing_day(date(2026, 12, 1)).striptags(), "tirsdag 1. desember"
        )
        self.assertEqual(
            section._billing_amount(1249.0).striptags().replace("\xa0", " "),
            "1 249,00 kr",
        )

    def test_as_many_queries_for_one_as_for_twenty(self):
        moves = self._new_invoices(20, partner=self.kari, invoice_date_due="2026-12-01")
        self.env.flush_all()
        counts = []
        for some in (moves[:1], moves):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(some.sudo()._billing_standings()), len(some))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1, counts)
