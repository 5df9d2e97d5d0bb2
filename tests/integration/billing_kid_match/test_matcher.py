"""The set-based search: what SQL and Python must agree on, and how much is asked."""

from unittest.mock import patch

from odoo import Command
from odoo.tools import SQL

from odoo.addons.billing_base.core.reference import (
    BUCKET_SQL,
    bucket,
    compact,
    mod10_digit,
)
from odoo.addons.billing_kid_match.core import search
from odoo.addons.billing_kid_match.core.look import Paid
from odoo.addons.billing_kid_match.core.queries import stated_references
from odoo.addons.billing_kid_match.models import (
    billing_matcher,
    billing_matcher_search,
)

from tests.common import KvittAccountCase

WRITINGS = [
    "010000100004413",
    "0100 0010 0004 413",
    "000006-",
    " 12.34-5 ",
    "INV/2026/00001",
    "inv/2026/00001",
    "RF31 INV0 0000 6",
    "KID: 0012_34*5",
    "12\u00a0345",
    "Ærlig 12 ß",
    "+47 (12) 34",
    "0",
    "",
]


def kid(base):
    return base + mod10_digit(base)


class TestMatcher(KvittAccountCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.matcher = cls.env["billing.matcher"]
        cls.units = cls.matcher._get_currency_units()
        cls.company = cls.company_data["company"]
        # What the references alone lead to
        cls.company.write(
            {"billing_match_evidence": False, "billing_match_assign": False}
        )
        cls.currency = cls.company.currency_id
        cls.reference = kid("01000010000441")
        cls.invoice = cls.bill(cls.reference, 499)

    @classmethod
    def bill(cls, reference, amount, partner=None, data=None, **values):
        """A posted invoice with a reference of its own."""
        data = data or cls.company_data
        move = (
            cls.env["account.move"]
            .with_company(data["company"])
            .create(
                {
                    "move_type": "out_invoice",
                    "journal_id": data["default_journal_sale"].id,
                    "partner_id": (partner or cls.partner_a).id,
                    "invoice_date": "2026-11-01",
                    "payment_reference": reference,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Strøm",
                                "price_unit": amount,
                                "account_id": data["default_account_revenue"].id,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                    **values,
                }
            )
        )
        move.action_post()
        return move

    def paid(self, reference, amount, *, text=None, number=1):
        return Paid(
            number,
            self.company.id,
            self.currency.id,
            round(amount * 100),
            100,
            stated_references(reference, (), text),
        )

    def decide(self, *payments):
        return self.matcher._decide_paid(list(payments), self.units)

    def decide_one(self, reference, amount, **values):
        [decision] = self.decide(self.paid(reference, amount, **values))
        return decision

    def assertReconciled(self, decision, move):
        self.assertEqual(decision.outcome, "reconciled", decision)
        self.assertEqual([share.move_id for share in decision.shares], move.ids)

    # === WHAT SQL AND PYTHON AGREE ON === #

    def test_buckets_are_the_same(self):
        rows = self.env.execute_query(
            SQL(
                "SELECT writing, %s FROM unnest(%s) AS writing",
                SQL(BUCKET_SQL.format(column="writing")),
                WRITINGS,
            )
        )
        for writing, in_sql in rows:
            self.assertEqual(in_sql, bucket(compact(writing)).strip(), repr(writing))

    def test_pieces_are_the_same(self):
        rows = self.env.execute_query(
            SQL(
                "SELECT writing, %s FROM unnest(%s) AS writing",
                SQL(", ").join(
                    SQL(piece.format(column="writing")) for piece in search.PIECES_SQL
                ),
                WRITINGS,
            )
        )
        for writing, *in_sql in rows:
            self.assertEqual(tuple(in_sql), search.pieces(bucket(compact(writing))))

    def test_indexes_answer(self):
        """Each index answers the condition it was made for.

        In a small book the planner takes whichever index it likes, so each is tried
        without the others.
        """
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        bucket_sql = BUCKET_SQL.format(column="m.payment_reference")
        piece_sql = search.PIECES_SQL[0].format(column="m.payment_reference")
        for condition, index in (
            (f"{bucket_sql} = '1' AND {billing_matcher.ISSUED_SQL}", "bucket"),
            (
                f"{piece_sql} = '1' AND amount_residual = 1"
                f" AND {billing_matcher.OPEN_SQL}",
                "piece1",
            ),
            (
                "company_id = 1 AND currency_id = 1 AND amount_residual = 1"
                f" AND {billing_matcher.OPEN_SQL}",
                "open_amount",
            ),
            (
                f"commercial_partner_id = 1 AND {billing_matcher.OPEN_SQL}",
                "open_customer",
            ),
        ):
            name = f"account_move_billing_{index}_idx"
            with self.subTest(index), self.env.cr.savepoint() as savepoint:
                self._drop_other_indexes(name)
                rows = self.env.execute_query(
                    SQL(
                        "EXPLAIN SELECT id FROM account_move m WHERE %s",
                        SQL(condition),
                    )
                )
                savepoint.rollback()
                self.assertIn(name, "\n".join(row[0] for row in rows))

    def _drop_other_indexes(self, kept):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                 WHERE i.indrelid = 'account_move'::regclass AND c.relname <> %s
                   AND NOT EXISTS (SELECT FROM pg_constraint
                                    WHERE conindid = i.indexrelid)
                """,
                kept,
            )
        )
        for (name,) in rows:
            self.env.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))

    # === SEARCH === #

    def test_exact_and_damaged(self):
        reference = self.reference
        for paid in (
            reference,
            f"KID {reference[:5]} {reference[5:]}",
            reference.lstrip("0"),
            reference[:6] + reference[7:],
            reference[:6] + "8" + reference[6:],
            reference[:6] + "8" + reference[7:],
            reference[:1] + reference[2] + reference[1] + reference[3:],
            reference[:3] + "7" + reference[4:9] + reference[10:],
        ):
            with self.subTest(paid):
                self.assertReconciled(self.decide_one(paid, 499), self.invoice)

    def test_one_edit_with_another_amount(self):
        decision = self.decide_one("8" + self.reference[1:], 123)
        self.assertEqual(decision.outcome, "proposed")
        self.assertEqual(decision.candidates[0].move_id, self.invoice.id)
        self.assertEqual(decision.candidates[0].amount_residual, 49900)

    def test_pruning_by_check_digit_finds_the_same(self):
        reference = self.reference
        payments = [
            self.paid(reference[:at] + "8" + reference[at + 1 :], 123, number=at)
            for at in range(len(reference))
            if reference[at] != "8"
        ]
        complete = self.decide(*payments)
        with patch.object(billing_matcher, "MAX_UNPRUNED", 0):
            pruned = self.decide(*payments)
        for one, other in zip(complete, pruned, strict=True):
            self.assertEqual(one.candidates[0].move_id, self.invoice.id)
            self.assertEqual(one.outcome, other.outcome)
            self.assertEqual(other.candidates[0].move_id, self.invoice.id)

    def test_usual_amounts_are_searched_by_pieces(self):
        reference = self.reference
        paid = self.paid(reference[:3] + "7" + reference[4:9] + reference[10:], 499)
        with patch.object(billing_matcher_search, "MAX_SAME_AMOUNT", 0):
            [decision] = self.decide(paid)
        self.assertReconciled(decision, self.invoice)

    def test_a_search_cut_short_books_no_two_edits(self):
        reference = self.reference
        paid = self.paid(reference[:3] + "7" + reference[4:9] + reference[10:], 499)
        with (
            patch.object(billing_matcher_search, "MAX_SAME_AMOUNT", 0),
            patch.object(billing_matcher_search, "MAX_SAME_PIECE", 1),
        ):
            [decision] = self.decide(paid)
        self.assertEqual(decision.outcome, "proposed")
        self.assertIn("search_limited", [reason.code for reason in decision.reasons])

    def test_letters(self):
        move = self.bill("INV/2026/A-00105", 777)
        self.assertReconciled(self.decide_one("INV 2026 A 00105", 777), move)
        self.assertReconciled(self.decide_one("INV/2026/A-0105", 777), move)

    def test_quotes_and_backslashes_do_no_harm(self):
        for reference in ('O\'Neil "1" {2}, \\3', "NULL", "%s", "\u20ac 12", "ß" * 30):
            decision = self.decide_one(reference, 499)
            self.assertFalse(decision.shares, reference)

    # === STATES, COMPANIES, CURRENCIES === #

    def test_paid_reference_leads_to_the_customers_open_invoices(self):
        term = {"invoice_payment_term_id": False}
        later = self.bill(
            kid("01000010000500"), 100, invoice_date_due="2027-02-01", **term
        )
        sooner = self.bill(
            kid("01000010000501"), 300, invoice_date_due="2027-01-01", **term
        )
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        ).create({})._create_payments()
        decision = self.decide_one(self.reference, 499)
        self.assertEqual(decision.outcome, "proposed")
        self.assertEqual(decision.reasons[0].code, "reference_paid")
        self.assertEqual(
            [candidate.move_id for candidate in decision.candidates],
            [sooner.id, later.id],
        )

    def test_draft_and_cancelled_are_not_repaired_into_a_neighbour(self):
        near = self.reference[:-1] + str((int(self.reference[-1]) + 1) % 10)
        self.bill(near, 499, partner=self.partner_b)
        self.invoice.button_draft()
        self.assertEqual(
            self.decide_one(self.reference, 499).reasons[0].code, "reference_paid"
        )
        self.invoice.button_cancel()
        self.assertEqual(self.decide_one(self.reference, 499).shares, ())

    def test_the_other_company_is_left_alone(self):
        other = self.setup_other_company()
        self.bill("0100 0010 0004 413", 499, data=other)
        self.assertReconciled(self.decide_one(self.reference, 499), self.invoice)
        self.invoice.button_draft()
        self.assertEqual(self.decide_one(self.reference, 499).shares, ())

    def test_other_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.bill("4005550001", 499, currency_id=euro.id)
        decision = self.decide_one("4005550001", 499)
        self.assertEqual(decision.reasons[0].code, "other_currency")

    def test_part_paid_invoices_count_with_what_is_left(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        ).create({"amount": 199})._create_payments()
        self.assertEqual(self.invoice.amount_residual, 300)
        decision = self.decide_one(self.reference[:6] + self.reference[7:], 300)
        self.assertReconciled(decision, self.invoice)

    def test_the_open_one_of_many_with_one_reference(self):
        """A customer's own reference: ever more invoices carry it."""
        moves = [self.bill("7000000123", 100 + number) for number in range(4)]
        for move in moves[:3]:
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=move.ids
            ).create({})._create_payments()
        with patch.object(billing_matcher, "MAX_SAME_REFERENCE", 2):
            decision = self.decide_one("7000000123", 103)
        self.assertReconciled(decision, moves[3])

    def test_dense_numbering(self):
        """Invoices of other customers one digit away: another amount is doubted."""
        partners = self.env["res.partner"].create([{"name": str(n)} for n in range(9)])
        for number, partner in enumerate(partners, 1):
            self.bill(kid(f"0000000010{number}"), 1000 + number, partner)
        decision = self.decide_one(kid("00000000101"), 200)
        self.assertEqual(decision.outcome, "proposed")
        self.assertEqual(decision.reasons[0].code, "dense_references")
        # customer and invoice number: nobody else is near
        self.assertEqual(self.decide_one(self.reference, 200).outcome, "partial")

    # === HOW MUCH IS ASKED === #

    def test_number_of_queries_does_not_grow_with_the_batch(self):
        reference = self.reference
        kinds = [
            (reference, 499),
            (reference, 100),
            (reference[:6] + reference[7:], 499),
            (reference[:3] + "7" + reference[4:9] + reference[10:], 499),
            ("99887766554433", 499),
            ("", 499),
            (reference, -1),
        ]
        # what a process reads once, it has read
        self.decide(
            *(
                self.paid(text, amount, number=number)
                for number, (text, amount) in enumerate(kinds)
            )
        )
        counts = []
        for repeat in (1, 3, 30):
            payments = [
                self.paid(text, amount, number=number)
                for number, (text, amount) in enumerate(kinds * repeat)
            ]
            before = self.cr.sql_log_count
            self.assertEqual(len(self.decide(*payments)), len(payments))
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(len(set(counts)), 1, counts)
        self.assertLessEqual(counts[0], 24)

    def test_nothing_to_decide(self):
        self.assertEqual(self.matcher._decide([]), [])
