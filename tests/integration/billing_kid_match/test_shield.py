"""The fee shield: who may have paid is not dunned while nobody has decided."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form

from odoo.addons.billing_kid_match.models.account_move_shield import (
    PAYMENTS_PENDING,
    PROBABLE_PAYMENT,
)

from tests.integration.billing_bank_file.common import BOOKED

from .test_match import MatchCase, swap_digit


class ShieldCase(MatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What is damaged waits for a person.
        cls.company.billing_match_repair = False

    def damaged(self, invoice=None, **values):
        """A payment for an invoice that waits for a person."""
        invoice = invoice or self.target
        payment = self.pay(
            swap_digit(invoice.payment_reference, 5), invoice.amount_residual, **values
        )
        self.assertEqual(
            payment.state, "proposed", payment.error or payment.reason_text
        )
        self.assertEqual(payment.candidate_ids[:1].move_id, invoice)
        return payment

    def holds(self, invoice=None, code=PROBABLE_PAYMENT):
        invoice = invoice or self.target
        invoice.invalidate_recordset()
        return [
            hold for hold in invoice._billing_holds()[invoice.id] if hold.code == code
        ]

    def candidate(self, payment, invoice=None, probability=0.5):
        """Make an invoice a candidate, whatever matching would say."""
        payment.candidate_ids.sudo().unlink()
        return (
            self.env["billing.payment.candidate"]
            .sudo()
            .create(
                {
                    "payment_id": payment.id,
                    "move_id": (invoice or self.target).id,
                    "probability": probability,
                }
            )
        )


class TestShield(ShieldCase):
    def test_a_payment_in_review_stops_dunning_but_not_the_invoice(self):
        self.assertFalse(self.holds())
        payment = self.damaged()
        [hold] = self.holds()
        self.assertEqual(hold.source_record, payment)
        self.assertEqual(hold.since, BOOKED)
        self.assertIsNone(hold.until)
        for what in ("fee", "reminder", "handover"):
            self.assertEqual(self.target._billing_blocked(what), self.target)
        self.assertFalse(self.target._billing_blocked("distribution"))

    def test_other_invoices_are_left_as_they_are(self):
        self.damaged()
        others = self.invoices - self.target
        self.assertFalse(others._billing_blocked("fee"))

    def test_the_label_is_in_the_readers_language(self):
        self.damaged()
        amount = self.target.currency_id.format(self.amount)
        [hold] = self.holds()
        self.assertEqual(
            hold.label, f"Payment of {amount} of Nov 2 may be for this invoice"
        )

    def test_it_holds_although_the_bank_dates_the_payment_ahead(self):
        self.damaged()
        day = date(2026, 10, 30)
        target = self.target.with_context(billing_date=day)
        [hold] = target._billing_holds()[target.id]
        self.assertEqual(hold.since, day)
        self.assertTrue(hold.is_active(day))

    def test_only_from_the_threshold_of_the_company_on(self):
        payment = self.damaged()
        self.company.billing_match_shield_threshold = 0.3
        self.candidate(payment, probability=0.29)
        self.assertFalse(self.holds())
        self.candidate(payment, probability=0.3)
        self.assertTrue(self.holds())

    def test_a_payment_out_shields_nothing(self):
        payment = self.damaged()
        self.env.cr.execute(
            "UPDATE billing_payment SET amount = -amount WHERE id = %s", [payment.id]
        )
        payment.invalidate_recordset()
        self.assertFalse(self.holds())

    def test_another_company_has_its_own_payments(self):
        self.damaged()
        other = self.env["account.move"].search(
            [("company_id", "!=", self.company.id), ("state", "=", "posted")], limit=5
        )
        holds = (self.target | other)._billing_holds()
        self.assertTrue(holds[self.target.id])
        self.assertFalse(any(holds[move.id] for move in other))

    def test_nothing_is_asked_of_records_not_saved_yet(self):
        self.assertEqual(self.env["account.move"].new({})._billing_holds(), {})


class TestEndOfShield(ShieldCase):
    """It ends by itself with the decision, whichever it is."""

    def test_accept_and_undo(self):
        payment = self.damaged()
        payment.action_accept()
        self.assertEqual(self.target.payment_state, "paid")
        self.assertFalse(self.holds())
        payment.action_undo()
        self.assertTrue(self.holds())

    def test_accepted_for_another_invoice(self):
        payment = self.damaged()
        payment._accept(self.invoices[8])
        self.assertFalse(self.holds())

    def test_a_parked_payment_still_shields(self):
        payment = self.damaged()
        payment._park("asked the bank")
        self.assertTrue(self.holds())

    def test_money_on_the_customers_account_shields_until_it_is_used(self):
        payment = self.damaged()
        payment._assign(self.customer)
        self.assertEqual(payment.state, "assigned")
        [hold] = self.holds()
        self.assertIn("on the customer's account", hold.label)
        credit = payment.counterpart_line_ids
        other = self.invoices[8]
        (
            credit
            | other.line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            )
        ).reconcile()
        self.assertTrue(credit.reconciled)
        self.assertFalse(self.holds())

    def test_money_that_goes_back_shields_no_longer(self):
        payment = self.damaged()
        payment._assign(self.customer)
        payment._refund()
        self.assertFalse(self.holds())

    def test_settled_by_an_accountant_in_odoos_own_screen(self):
        payment = self.damaged()
        line = payment.statement_line_id
        suspense = line.line_ids.filtered(
            lambda item: item.account_id == line.journal_id.suspense_account_id
        )
        suspense.account_id = self.company_data["default_account_revenue"]
        line.invalidate_recordset()
        self.env.flush_all()
        self.assertTrue(line.is_reconciled)
        self.assertFalse(self.holds())

    def test_an_invoice_that_is_paid_otherwise_or_cancelled(self):
        self.damaged()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.target.ids
        ).create({}).action_create_payments()
        self.assertFalse(self.holds())
        invoice = self.invoices[6]
        self.damaged(invoice, end="2")
        self.assertTrue(self.holds(invoice))
        invoice.button_draft()
        invoice.button_cancel()
        self.assertFalse(self.holds(invoice))


class TestPending(ShieldCase):
    """What has just come in may be for anything."""

    def store(self, *payments, message_id="PENDING"):
        file, _seen = self.files._import(
            self.camt(list(payments), message_id=message_id), "bank.xml"
        )
        return file

    def test_open_invoices_wait_until_new_payments_are_looked_at(self):
        file = self.store(self.payment(self.reference, self.amount))
        [hold] = self.holds(code=PAYMENTS_PENDING)
        self.assertNotIn("distribution", hold.blocks)
        self.assertTrue(self.holds(self.invoices[8], PAYMENTS_PENDING))
        self.payments._process_next(file)
        self.assertFalse(self.holds(code=PAYMENTS_PENDING))
        self.assertFalse(self.holds(self.invoices[8], PAYMENTS_PENDING))

    def test_what_cannot_be_dunned_needs_no_shield(self):
        self.pay(self.reference)
        self.assertEqual(self.target.payment_state, "paid")
        draft = self.invoices[8].copy()
        self.store(self.payment("", 1), message_id="P2")
        self.assertFalse(self.holds(code=PAYMENTS_PENDING))
        self.assertFalse(self.holds(draft, PAYMENTS_PENDING))

    def test_a_payment_odoo_refuses_to_book_shields_its_invoice_only(self):
        file = self.store(self.payment(self.reference, self.amount))
        booking = self.env.registry["billing.booking"]
        with patch.object(
            booking, "_book", side_effect=UserError("The period is closed.")
        ):
            self.payments._process_next(file)
        payment = file.payment_ids
        self.assertEqual(payment.state, "new")
        self.assertTrue(payment.error)
        self.assertEqual(len(self.holds()), 1)
        self.assertFalse(self.holds(code=PAYMENTS_PENDING))
        self.assertFalse(self.invoices[8]._billing_blocked("fee"))
        payment.action_retry()
        self.assertEqual(payment.state, "reconciled")
        self.assertFalse(self.holds())

    def test_what_hinders_the_decision_too_is_still_set_aside(self):
        file = self.store(self.payment(self.reference, self.amount))
        matcher = self.env.registry["billing.matcher"]
        with (
            patch.object(matcher, "_decide", side_effect=ValueError("broken")),
            self.assertLogs("odoo.addons.billing_bank_file", "ERROR"),
            self.assertLogs("odoo.addons.billing_kid_match", "ERROR"),
        ):
            self.payments._process_next(file)
        self.assertEqual(file.payment_ids.error, "broken")
        self.assertFalse(self.holds())


class TestQueries(ShieldCase):
    def test_asking_for_many_invoices_costs_what_asking_for_one_does(self):
        self.damaged()
        self.damaged(self.invoices[6], end="2")
        self.env.flush_all()
        everything = self.env["account.move"].search([])
        everything._billing_holds()  # what a process reads once

        def queries(moves):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            moves._billing_holds()
            return self.env.cr.sql_log_count - before

        self.assertEqual(queries(self.target), queries(self.invoices))
        # Where nothing may have been paid nothing else is asked.
        others = self.invoices - self.target - self.invoices[6]
        self.assertLess(queries(others[:1]), queries(self.target))
        self.assertEqual(queries(others[:1]), queries(others))

    def test_ten_thousand_invoices_find_their_candidates_by_index(self):
        self.damaged()
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        ids = list(range(1, 10_001))
        self.env.cr.execute(
            "EXPLAIN SELECT id FROM billing_payment_candidate WHERE move_id = ANY(%s)",
            [ids],
        )
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("billing_payment_candidate__move_id_index", plan)


class TestShown(ShieldCase):
    def test_the_banner_of_the_invoice_leads_to_the_payment(self):
        payment = self.damaged()
        html = str(self.target.billing_hold_html)
        self.assertIn("may be for this invoice", html)
        self.assertIn(f'href="/odoo/billing.payment/{payment.id}"', html)

    def test_the_review_list_says_that_the_shield_is_on(self):
        payment = self.damaged()
        self.assertEqual(payment.shield, "Fee shield on")
        self.assertTrue(payment.candidate_ids[:1].is_shielding)
        payment.action_accept()
        payment.invalidate_recordset()
        payment.candidate_ids.invalidate_recordset()
        self.assertFalse(payment.shield)
        self.assertFalse(payment.candidate_ids[:1].is_shielding)

    def test_the_list_asks_once_however_many_payments_it_shows(self):
        payments = self.damaged()
        for invoice in self.invoices[6:10]:
            payments |= self.damaged(invoice, end=str(invoice.id))
        self.env.flush_all()

        def queries(records):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.mapped("shield")
            return self.env.cr.sql_log_count - before

        queries(payments)
        self.assertEqual(queries(payments[:1]), queries(payments))

    def test_the_customers_card_says_nothing_about_the_payment(self):
        self.damaged(name="Somebody Else")
        cards = (self.target | self.invoices[8])._billing_ordered_customer_cards()
        self.assertFalse(cards[self.invoices[8].id])
        [card] = cards[self.target.id]
        self.assertEqual(card.code, PROBABLE_PAYMENT)
        html = str(
            self.env["ir.qweb"]._render(
                card.template, {**card.values, "move": self.target, "card": card}
            )
        )
        self.assertIn("We may have received your payment", html)
        self.assertIn("No reminder is sent meanwhile", html)
        self.assertNotIn("Somebody", html)
        self.assertNotIn(self.target.currency_id.format(self.amount), html)

    def test_the_form_of_the_invoice_opens_for_a_clerk(self):
        self.damaged()
        with Form(self.target.with_user(self.user)) as form:
            self.assertTrue(form.billing_hold_html)
