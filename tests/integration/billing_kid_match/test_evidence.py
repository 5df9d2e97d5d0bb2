"""Payments that find their invoice by everything but its reference."""

import dataclasses

from odoo import Command
from odoo.tools import SQL

from odoo.addons.billing_kid_match.core import names

from tests.integration.billing_kid_match.test_match import MatchCase, swap_digit

ACCOUNT = "97101012344"


class EvidenceCase(MatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer = cls.env["res.partner"].create({"name": "Solveig Sørlivåg"})
        cls.due = cls.invoice(1873.41, cls.payer)

    def pay_by(
        self, amount, name="Solveig Sørlivåg", account=ACCOUNT, reference="", **values
    ):
        """Import a payment of somebody, decided."""
        values.setdefault("end", f"E{self.payments.search_count([])}")
        payment = self.payment(reference, amount, name=name, **values)
        payment = dataclasses.replace(payment, payer_account=account)
        number = self.payments.search_count([])
        _file, payments = self.load(self.camt([payment], message_id=f"E{number}"))
        return payments

    def remember(self, partner, account=ACCOUNT, count=6):
        self.env["billing.payer.memory"].sudo().create(
            {
                "company_id": self.company.id,
                "kind": "account",
                "key": account,
                "partner_id": partner.id,
                "count": count,
                "first_date": "2026-01-01",
                "last_date": "2026-10-01",
            }
        )

    def codes(self, payment):
        return [reason["code"] for reason in payment.reasons]


class TestPayer(EvidenceCase):
    def test_a_known_account_and_the_amount(self):
        self.remember(self.payer)
        payment = self.pay_by(1873.41)
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.due)
        self.assertIn("account_seen", self.codes(payment))
        self.assertIn("the account has paid", payment.reason_text)

    def test_a_stranger_of_another_name_is_left(self):
        payment = self.pay_by(4711.11, name="Per Ukjent", account="12345678903")
        self.assertEqual(payment.state, "unmatched")

    def test_it_is_proposed_where_staff_decide(self):
        self.company.billing_match_evidence = False
        self.company.billing_match_assign = False
        self.remember(self.payer)
        payment = self.pay_by(1873.41)
        self.assertEqual(payment.state, "proposed")
        self.assertEqual(payment.best_candidate_id.move_id, self.due)

    def test_a_group_of_customers_may_ask_for_more(self):
        group = self.env["res.partner.category"].create({"name": "Municipalities"})
        self.payer.category_id = group
        self.env["billing.match.policy"].create(
            {
                "company_id": self.company.id,
                "category_id": group.id,
                "evidence_threshold": 1.0,
            }
        )
        self.company.billing_match_assign = False
        self.remember(self.payer)
        self.assertEqual(self.pay_by(1873.41).state, "proposed")

    def test_a_group_left_to_staff_gets_no_repairs_either(self):
        group = self.env["res.partner.category"].create({"name": "Municipalities"})
        self.customer.category_id = group
        self.env["billing.match.policy"].create(
            {
                "company_id": self.company.id,
                "category_id": group.id,
                "propose_only": True,
            }
        )
        payment = self.pay(swap_digit(self.reference, 5))
        self.assertEqual(payment.state, "proposed", payment.reason_text)
        self.assertEqual(payment.best_candidate_id.move_id, self.target)
        exact = self.pay(self.reference)
        self.assertEqual(exact.state, "reconciled")

    def test_the_customer_another_importer_set(self):
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.journal.id,
                "date": "2026-11-02",
                "payment_ref": "Betaling",
                "amount": 1873.41,
                "partner_id": self.payer.id,
            }
        )
        payment = self.payments.sudo()._adopt_lines(self.journal)
        while self.payments._process_next()[0]:
            pass
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.due)
        self.assertIn("customer_set", self.codes(payment))
        # the name is the customer's own, so it says nothing besides
        self.assertNotIn("name_exact", self.codes(payment))
        self.assertIn("set on the statement line", payment.reason_text)
        self.assertTrue(line.is_reconciled)

    def test_a_customer_set_wrongly_is_told(self):
        self.remember(self.payer)
        self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.journal.id,
                "date": "2026-11-02",
                "payment_ref": "Betaling",
                "amount": 1873.41,
                "account_number": ACCOUNT,
                "partner_name": "Solveig Sørlivåg",
                "partner_id": self.other.id,
            }
        )
        payment = self.payments.sudo()._adopt_lines(self.journal)
        while self.payments._process_next()[0]:
            pass
        best = payment.candidate_ids[:1]
        self.assertEqual(best.move_id, self.due)
        self.assertIn("customer_set_other", [reason["code"] for reason in best.reasons])

    def test_undo_takes_it_off(self):
        self.remember(self.payer)
        payment = self.pay_by(1873.41)
        payment.action_undo()
        self.assertEqual(payment.state, "proposed")
        self.assertEqual(self.due.payment_state, "not_paid")


class TestMentioned(EvidenceCase):
    def test_invoice_numbers_in_many_writings(self):
        year, number = self.due.name.split("/")[1:3]
        for text in (
            f"Faktura {self.due.name}",
            f"fakturanr {int(number)} fra {year}",
            f"{year} {int(number)}",
        ):
            with self.subTest(text):
                payment = self.pay_by(1873.41, message=text)
                self.assertEqual(payment.state, "reconciled", payment.reason_text)
                self.assertEqual(payment.invoice_ids, self.due)
                payment.action_undo()

    def test_customer_number(self):
        self.due.button_draft()
        self.due.action_post()
        number = self.payer.billing_customer_number or "4410023"
        self.payer.billing_customer_number = number
        payment = self.pay_by(1873.41, message=f"kundenr {number}")
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.due)

    def test_installation_number(self):
        self.env["billing.installation"].create(
            {
                "partner_id": self.payer.id,
                "company_id": self.company.id,
                "number": "707057500012345678",
            }
        )
        payment = self.pay_by(
            1873.41, name="Ola Utleier", message="måler 707057500012345678"
        )
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertIn("meter_in_text", self.codes(payment))


class TestTwins(EvidenceCase):
    """MOD10 does not see a 0 and a 9 swapped: both references are good."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.neighbour = cls.env["res.partner"].create({"name": "Torgeir Haugland"})
        cls.theirs = cls.invoice(599, cls.neighbour)
        cls.theirs.payment_reference = "9240904"
        cls.mine = cls.invoice(599, cls.payer)
        cls.mine.payment_reference = "9249004"

    def test_who_pays_decides(self):
        self.remember(self.payer)
        payment = self.pay_by(599, reference="9240904")
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.mine)
        self.assertEqual(self.theirs.payment_state, "not_paid")

    def test_who_pays_his_own_is_believed(self):
        self.remember(self.neighbour, account="12345678903")
        payment = self.pay_by(599, "Torgeir Haugland", "12345678903", "9240904")
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.theirs)

    def test_a_stranger_is_left_to_staff(self):
        payment = self.pay_by(599, "Per Ukjent", "12345678903", "9240904")
        self.assertEqual(payment.state, "proposed", payment.reason_text)
        self.assertIn("neighbour_same_amount", self.codes(payment))
        self.assertEqual(payment.best_candidate_id.move_id, self.theirs)
        self.assertIn(self.mine.payment_reference, payment.reason_text)

    def test_another_amount_on_the_twin_leaves_no_doubt(self):
        self.mine.payment_reference = "7770000"
        payment = self.pay_by(599, "Per Ukjent", "12345678903", "9240904")
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.theirs)


class TestWhatFor(EvidenceCase):
    def setUp(self):
        super().setUp()
        self.remember(self.payer)

    def test_several_invoices_at_once(self):
        other = self.invoice(650.07, self.payer)
        self.invoice(99.90, self.payer)
        payment = self.pay_by(1873.41 + 650.07)
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.due | other)
        self.assertEqual(self.due.payment_state, "paid")
        self.assertEqual(other.payment_state, "paid")

    def test_a_credit_note_is_set_off(self):
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.payer.id,
                "invoice_date": "2026-10-01",
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 200.5, "tax_ids": []})
                ],
            }
        )
        refund.action_post()
        payment = self.pay_by(1873.41 - refund.amount_total)
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(self.due.payment_state, "paid")
        self.assertEqual(refund.payment_state, "paid")
        payment.action_undo()
        self.assertEqual(self.due.amount_residual, 1873.41)
        self.assertEqual(refund.amount_residual, refund.amount_total)

    def test_candidates_of_a_sum_hold_the_whole_sum(self):
        self.company.billing_match_evidence = False
        self.company.billing_match_assign = False
        other = self.invoice(650.07, self.payer)
        payment = self.pay_by(1873.41 + 650.07)
        self.assertEqual(payment.state, "proposed", payment.reason_text)
        for candidate in payment.candidate_ids[:2]:
            [reason] = [r for r in candidate.reasons if r["code"] == "part_of_sum"]
            self.assertEqual(
                sorted(reason["values"]["move_ids"]), (self.due | other).ids
            )

    def test_two_of_one_amount_are_the_customers_credit(self):
        self.invoice(1873.41, self.payer)
        payment = self.pay_by(1873.41)
        self.assertEqual(payment.state, "assigned", payment.reason_text)
        self.assertEqual(payment.counterpart_line_ids.partner_id, self.payer)
        self.assertEqual(payment.counterpart_line_ids.amount_residual, -1873.41)
        self.assertEqual(self.due.payment_state, "not_paid")
        payment.action_undo()
        self.assertFalse(payment.counterpart_line_ids)

    def test_another_company_owns_nothing_here(self):
        self.env["billing.payer.memory"].sudo().search([]).company_id = self.env[
            "res.company"
        ].create({"name": "Elsewhere"})
        payment = self.pay_by(1873.41, name="")
        self.assertNotEqual(payment.state, "reconciled")


class TestSearch(EvidenceCase):
    def test_the_database_folds_names_as_python_does(self):
        for name in (
            "Kari Nordmann",
            "ÅSE ØGÅRD-HÆGELAND",
            "Møller & Sønner AS",
            "  O'Neil,  Wilhelm  ",
            "Björn Öberg",
            "Aaland Oeverland",
            "É. Ñandú 7",
            "日本",
        ):
            [[words]] = self.env.execute_query(
                SQL(
                    "SELECT %s FROM (SELECT %s::text AS name) AS p",
                    SQL(names.WORDS_SQL.format(column="p.name")),
                    name,
                )
            )
            self.assertEqual([word for word in words if word], names.index_words(name))

    def test_statements_do_not_grow_with_the_batch(self):
        self.remember(self.payer)
        counts = []
        for size in (2, 20):
            payments = [
                dataclasses.replace(
                    self.payment(
                        "",
                        1000 + number,
                        message=f"faktura {number + 1} kunde 1{number:05}",
                        end=f"Q{size}-{number}",
                    ),
                    payer_account=ACCOUNT,
                )
                for number in range(size)
            ]
            file, _payments = self.load(self.camt(payments, message_id=f"Q{size}"))
            ids = file.payment_ids.ids
            matcher = self.env["billing.matcher"].with_company(self.company)
            matcher._decide(ids)
            before = self.cr.sql_log_count
            matcher._decide(ids)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
