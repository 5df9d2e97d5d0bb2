"""Money that goes back: proposed once, settled when posted, never trusted unseen."""

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.billing_bank_file.core.decision import RECONCILED, Share

from .test_outcomes import OutcomeCase


class TestRefunds(OutcomeCase):
    def credited(self, amount=700):
        payment = self.decided(amount).with_user(self.clerk)
        payment._assign(self.customer)
        return payment

    def test_a_refund_is_a_draft_to_the_account_the_money_came_from(self):
        payment = self.credited()
        refund = payment._refund()
        self.assertEqual(refund.state, "draft")
        self.assertEqual((refund.payment_type, refund.amount), ("outbound", 700))
        self.assertEqual(refund.partner_id, self.customer)
        self.assertEqual(refund.journal_id, self.journal)
        bank = refund.partner_bank_id
        self.assertEqual(bank.acc_number, payment.payer_account)
        self.assertFalse(bank.allow_out_payment)
        self.assertEqual(payment.resolution, "refund")
        self.assertEqual(payment.refund_id, refund)
        # nothing has left yet
        self.assertEqual(self.balance(self.receivable, self.customer), -700)
        [event] = self.events("payment.refund_proposed")
        self.assertFalse(event.customer_visible)

    def test_posting_settles_the_credit(self):
        payment = self.credited()
        refund = payment._refund("Thank you")
        self.assertEqual(refund.memo, "Thank you")
        refund.action_post()
        self.assertTrue(payment.counterpart_line_ids.reconciled)
        self.assertTrue(refund.is_reconciled)
        self.assertEqual(self.balance(self.receivable, self.customer), 0)
        self.assertEqual(payment.state, "assigned")
        [event] = self.events("payment.refunded", partner_id=self.customer.id)
        self.assertTrue(event.customer_visible)

    def test_the_bank_speaks_the_customers_language(self):
        self.customer.lang = "nb_NO"
        payment = self.credited()
        payment.sudo().reference = False
        self.assertIn("02.11.2026", payment._refund().memo)

    def test_a_second_click_makes_no_second_refund(self):
        payment = self.credited()
        refund = payment._refund()
        with self.assertRaises(UserError):
            payment._refund()
        refund.action_post()
        with self.assertRaises(UserError):
            payment._refund()
        self.assertEqual(len(payment.refund_ids), 1)

    @mute_logger("odoo.sql_db")
    def test_the_database_refuses_a_second_refund(self):
        payment = self.credited()
        refund = payment._refund()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            refund.sudo().copy({"billing_refund_of_id": payment.id})
            self.env.flush_all()

    def test_a_refund_that_ended_makes_room_for_another(self):
        payment = self.credited()
        refund = payment._refund()
        refund.action_cancel()
        self.assertFalse(payment.refund_id)
        self.assertEqual(payment.resolution, "assigned")
        again = payment._refund()
        again.action_post()
        again.sudo().action_draft()
        again.sudo().action_cancel()
        self.assertEqual(payment.state, "assigned")
        self.assertEqual(payment.counterpart_line_ids.amount_residual, -700)

    def test_undo_withdraws_the_proposal(self):
        payment = self.credited()
        refund = payment._refund()
        payment.action_undo()
        self.assertEqual(refund.state, "canceled")
        self.check_waits(payment)

    def test_no_undo_once_the_money_has_left(self):
        payment = self.credited()
        payment._refund().action_post()
        with self.assertRaises(UserError):
            payment.action_undo()
        self.assertEqual(payment.state, "assigned")

    def test_credit_used_meanwhile_is_not_paid_out(self):
        payment = self.credited()
        refund = payment._refund()
        self.invoice(500).js_assign_outstanding_line(payment.counterpart_line_ids.id)
        with self.assertRaises(UserError):
            refund.action_post()
        self.assertEqual(refund.state, "draft")
        self.assertEqual(payment.counterpart_line_ids.amount_residual, -200)

    def test_while_a_refund_is_under_way_nobody_uses_the_money(self):
        payment = self.credited()
        payment._refund()
        move = self.invoice(700)
        with self.assertRaises(UserError):
            payment._accept_shares({move.id: 700})
        with self.assertRaises(UserError):
            payment._assign(self.other)

    def test_what_was_paid_too_much(self):
        move = self.invoice(1000)
        payment = self.decided(
            1250, outcome=RECONCILED, shares=(Share(move.id, 100000),)
        ).with_user(self.clerk)
        self.assertEqual(payment.resolution, "overpaid")
        refund = payment._refund()
        self.assertEqual(refund.amount, 250)
        refund.action_post()
        self.assertEqual(move.payment_state, "paid")
        self.assertEqual(self.balance(self.receivable, self.customer), 0)

    def test_whose_money_must_be_known(self):
        payment = self.decided(700).with_user(self.clerk)
        with self.assertRaises(UserError):
            payment._refund()
        self.check_waits(payment)

    def test_a_known_customer_is_credited_first(self):
        payment = self.decided(700, partner_id=self.customer.id).with_user(self.clerk)
        self.assertEqual(payment.state, "unmatched")
        refund = payment._refund()
        self.assertEqual(payment.state, "assigned")
        self.assertEqual(refund.partner_id, self.customer)

    def test_a_known_account_keeps_its_trust(self):
        payment = self.credited()
        bank = self.env["res.partner.bank"].create(
            {
                "acc_number": payment.payer_account,
                "partner_id": self.customer.id,
                "allow_out_payment": True,
            }
        )
        refund = payment._refund()
        self.assertEqual(refund.partner_bank_id, bank)
        self.assertTrue(bank.allow_out_payment)

    def test_an_archived_account_is_not_paid_to(self):
        payment = self.credited()
        self.env["res.partner.bank"].create(
            {
                "acc_number": payment.payer_account,
                "partner_id": self.customer.id,
                "active": False,
            }
        )
        self.assertFalse(payment._refund().partner_bank_id)

    def test_the_bank_reports_the_refund(self):
        payment = self.credited()
        refund = payment._refund()
        refund.action_post()
        content = self.camt(
            [self.payment("", 700, end="out")], message_id="OUT"
        ).replace(b"<CdtDbtInd>CRDT</CdtDbtInd>", b"<CdtDbtInd>DBIT</CdtDbtInd>")
        _file, out = self.load(content)
        self.assertEqual(out.amount, -700)
        out.with_user(self.clerk)._accept_shares({refund.move_id.id: -700})
        self.assertEqual((out.state, out.resolution), ("reconciled", "known"))
        self.assertTrue(refund.is_matched)
        self.assertEqual(self.balance(refund.outstanding_account_id), 0)
