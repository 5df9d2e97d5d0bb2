from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from tests.integration.billing_bank_file.common import BankFileCase


def swap_digit(reference, place):
    """The reference with a wrong digit at a 0-based place."""
    wrong = str((int(reference[place]) + 5) % 10)
    return reference[:place] + wrong + reference[place + 1 :]


class MatchCase(BankFileCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create({"name": "Ola Li"})
        cls.invoices = cls.open_invoices(
            *(
                (1000 + 7 * number, partner)
                for number in range(6)
                for partner in (cls.customer, cls.other)
            )
        )
        cls.target = cls.invoices[4]
        cls.reference = cls.target.payment_reference
        cls.amount = cls.target.amount_residual

    def pay(self, reference, amount=None, **values):
        """Import one payment and return it decided."""
        _file, payments = self.load(
            self.camt(
                [self.payment(reference, amount or self.amount, **values)],
                message_id=f"M{self.payments.search_count([])}",
            )
        )
        return payments


class ByReferenceCase(MatchCase):
    """What the reference alone leads to: everything else is left to people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {"billing_match_evidence": False, "billing_match_assign": False}
        )


class TestDecisions(ByReferenceCase):
    def test_exact_reference_is_reconciled(self):
        payment = self.pay(self.reference)
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(payment.invoice_ids, self.target)
        self.assertEqual(self.target.payment_state, "paid")
        self.assertTrue(payment.statement_line_id.is_reconciled)
        self.assertEqual(payment.counterpart_line_ids.credit, self.amount)
        self.assertEqual(payment.counterpart_line_ids.partner_id, self.customer)

    def test_what_is_compared_in_the_database_is_decided_as_if_looked_at(self):
        first, second, third, fourth, fifth, *_others = self.invoices
        paid = self.invoices[-1]
        self.pay(paid.payment_reference, paid.amount_residual)
        shared = self.invoices[-2:-4:-1]
        shared.payment_reference = "70000001"

        def spaced(invoice):
            reference = invoice.payment_reference
            return f"{reference[:5]} {reference[5:]}"

        stated = [
            (first.payment_reference, first.amount_residual),
            (second.payment_reference, second.amount_residual),
            # twice, also in other words: the first one counts
            (second.payment_reference, second.amount_residual),
            (spaced(third), third.amount_residual),
            (third.payment_reference, third.amount_residual),
            (fourth.payment_reference, fourth.amount_residual),
            (spaced(fourth), fourth.amount_residual),
            (fifth.payment_reference, fifth.amount_residual + 10),
            (fifth.payment_reference, fifth.amount_residual),
            (paid.payment_reference, paid.amount_total),
            (shared[0].payment_reference, shared[0].amount_residual),
            (swap_digit(first.payment_reference, 3), 77),
            ("000", 100),
        ]
        content = self.camt(
            *(
                [self.payment(reference, amount, end=str(number))]
                for number, (reference, amount) in enumerate(stated)
            ),
            message_id="compared",
        )
        file, _seen = self.files._import(content, "bank.xml", None)
        ids = file.payment_ids.sorted("position").ids
        self.assertEqual(len(ids), len(stated))
        matcher = self.env["billing.matcher"]
        units = matcher._get_currency_units()
        exact = matcher._find_exact(ids, units)
        self.assertEqual(sorted(exact), [0, 4, 5, 8])
        loaded = matcher._load_payments(ids, units)
        self.assertEqual(matcher._decide(ids), matcher._decide_paid(loaded, units))

    def test_one_slip_and_the_right_amount_is_reconciled_and_explained(self):
        damages = {
            "wrong": lambda ref: swap_digit(ref, 5),
            "missing": lambda ref: ref[:6] + ref[7:],
            "extra": lambda ref: ref[:9] + "7" + ref[9:],
        }
        for (name, damage), invoice in zip(
            damages.items(), self.invoices[1:4], strict=True
        ):
            with self.subTest(name):
                payment = self.pay(
                    damage(invoice.payment_reference), invoice.amount_residual
                )
                self.assertEqual(payment.state, "reconciled", payment.reason_text)
                self.assertEqual(payment.invoice_ids, invoice)
                self.assertGreaterEqual(payment.probability, 0.999)
                self.assertTrue(payment.reason_text)

    def test_the_explanation_names_the_digit(self):
        reference = self.reference
        # Of several equal digits in a row nobody can tell which is missing.
        place = next(
            at
            for at in range(1, len(reference) - 1)
            if reference[at] not in (reference[at - 1], reference[at + 1])
        )
        payment = self.pay(reference[:place] + reference[place + 1 :])
        self.assertIn(f"digit {place + 1} missing", payment.reason_text)

    def test_swapped_digits_are_put_right(self):
        reference = self.reference
        place = next(
            index
            for index in range(len(reference) - 1)
            if reference[index] != reference[index + 1]
            and {reference[index], reference[index + 1]} != {"0", "9"}
        )
        swapped = (
            reference[:place]
            + reference[place + 1]
            + reference[place]
            + reference[place + 2 :]
        )
        payment = self.pay(swapped)
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.target)

    def test_blanks_prefixes_and_lost_zeros_do_not_matter(self):
        writings = (
            "KID {}".format,
            lambda ref: f"{ref[:4]} {ref[4:]}",
            lambda ref: ref.lstrip("0"),
        )
        for write, invoice in zip(writings, self.invoices[1:4], strict=True):
            written = write(invoice.payment_reference)
            with self.subTest(written):
                payment = self.pay(written, invoice.amount_residual)
                self.assertEqual(payment.state, "reconciled", payment.reason_text)
                self.assertEqual(payment.invoice_ids, invoice)

    def test_a_damaged_reference_with_another_amount_is_only_proposed(self):
        payment = self.pay(swap_digit(self.reference, 5), self.amount + 333)
        self.assertEqual(payment.state, "proposed")
        self.assertIn("digit 6 wrong", payment.reason_text)
        self.assertEqual(payment.candidate_ids[0].move_id, self.target)
        self.assertEqual(self.target.payment_state, "not_paid")
        self.assertFalse(payment.statement_line_id.is_reconciled)
        self.assertFalse(payment.counterpart_line_ids)

    def test_less_than_the_invoice_is_a_part_payment(self):
        payment = self.pay(self.reference, 400)
        self.assertEqual(payment.state, "partial")
        self.assertEqual(self.target.amount_residual, self.amount - 400)

    def test_more_than_the_invoice_leaves_a_credit(self):
        payment = self.pay(self.reference, self.amount + 50)
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(self.target.payment_state, "paid")
        self.assertEqual(payment.counterpart_line_ids.amount_residual, -50)

    def test_reference_of_a_paid_invoice_is_not_bent_to_another(self):
        self.pay(self.reference)
        payment = self.pay(self.reference, end="again")
        self.assertIn(payment.state, ("proposed", "unmatched"))
        self.assertTrue(payment.reason_text)
        self.assertFalse(payment.counterpart_line_ids)

    def test_a_number_that_belongs_to_nobody_is_left(self):
        payment = self.pay("48213", 98765.43, name="Per Ukjent")
        self.assertEqual(payment.state, "unmatched")
        self.assertFalse(payment.candidate_ids)

    def test_another_companys_invoice_is_never_touched(self):
        other = self.setup_other_company(name="Elsewhere")
        scheme = self.env["billing.reference.scheme"].create(
            {
                "name": "Same",
                "company_id": other["company"].id,
                "algorithm": "mod10",
                "customer_length": 7,
                "serial_length": 7,
            }
        )
        other["default_journal_sale"].write(
            {
                "invoice_reference_model": "kvitt",
                "billing_reference_scheme_id": scheme.id,
            }
        )
        foreign = (
            self.env["account.move"]
            .with_company(other["company"])
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "journal_id": other["default_journal_sale"].id,
                    "invoice_date": "2026-10-01",
                    "payment_reference": "998877665544332",
                    "invoice_line_ids": [
                        (0, 0, {"name": "x", "price_unit": 100, "tax_ids": [(5,)]})
                    ],
                }
            )
        )
        foreign.action_post()
        payment = self.pay("998877665544332", 100)
        self.assertFalse(payment.counterpart_line_ids)
        self.assertNotIn(foreign, payment.candidate_ids.move_id)
        self.assertEqual(foreign.payment_state, "not_paid")

    def test_two_payments_of_one_invoice_in_one_file(self):
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(self.reference, self.amount, end="1"),
                    self.payment(self.reference, self.amount, end="2"),
                ]
            )
        )
        self.assertEqual(payments[0].state, "reconciled")
        self.assertNotIn(payments[1].state, ("reconciled", "partial"))
        self.assertEqual(self.target.amount_residual, 0)

    def test_repair_can_be_left_to_people(self):
        self.company.billing_match_repair = False
        payment = self.pay(swap_digit(self.reference, 5))
        self.assertEqual(payment.state, "proposed")
        self.assertEqual(payment.candidate_ids[0].move_id, self.target)


class TestBooks(MatchCase):
    def test_sure_payments_of_one_entry_share_a_line_doubtful_ones_do_not(self):
        first, second = self.invoices[:2]
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(first.payment_reference, first.amount_residual),
                    self.payment(second.payment_reference, second.amount_residual),
                    self.payment("48213", 77),
                ]
            )
        )
        self.assertEqual(payments.mapped("is_collective"), [True, True, False])
        self.assertEqual(payments[0].statement_line_id, payments[1].statement_line_id)
        self.assertNotEqual(
            payments[0].statement_line_id, payments[2].statement_line_id
        )
        self.assertEqual(
            sum(payments.statement_line_id.mapped("amount")),
            first.amount_total + second.amount_total + 77,
        )
        self.assertEqual((first | second).mapped("payment_state"), ["paid", "paid"])
        self.assertEqual(
            [len(payment.counterpart_line_ids) for payment in payments], [1, 1, 0]
        )

    def test_the_journal_may_want_a_line_for_each(self):
        self.journal.billing_collective = False
        first, second = self.invoices[:2]
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(first.payment_reference, first.amount_residual),
                    self.payment(second.payment_reference, second.amount_residual),
                ]
            )
        )
        self.assertEqual(len(payments.statement_line_id), 2)
        self.assertEqual((first | second).mapped("payment_state"), ["paid", "paid"])
        self.assertEqual(payments[0].statement_line_id.partner_id, first.partner_id)
        self.assertEqual(
            payments[0].statement_line_id.move_id.partner_id, first.partner_id
        )

    def test_both_ways_write_the_same_books(self):
        def balances():
            self.env.flush_all()
            return sorted(
                (account.code, partner.id, round(balance, 2))
                for account, partner, balance in self.env[
                    "account.move.line"
                ]._read_group(
                    [
                        ("company_id", "=", self.company.id),
                        ("parent_state", "=", "posted"),
                        ("account_id.account_type", "=", "asset_receivable"),
                    ],
                    ["account_id", "partner_id"],
                    ["balance:sum"],
                )
            )

        content = self.camt(
            [
                self.payment(move.payment_reference, move.amount_residual, end=str(i))
                for i, move in enumerate(self.invoices[:6])
            ]
        )
        results = []
        for collective in (True, False):
            self.journal.billing_collective = collective
            with self.env.cr.savepoint() as savepoint:
                self.load(content)
                results.append((balances(), self.invoices.mapped("payment_state")))
                savepoint.rollback()
            self.env.invalidate_all()
        self.assertEqual(*results)

    def test_collective_items_hold_what_odoo_computes(self):
        item_fields = [
            "amount_residual", "amount_residual_currency", "date", "debit", "credit",
            "move_name", "no_followup", "parent_state", "price_subtotal",
            "price_total", "reconciled", "statement_line_id",
        ]  # fmt: skip
        for number, lock_date in enumerate((False, "2026-11-30")):
            self.company.fiscalyear_lock_date = lock_date
            first, second = self.invoices[2 * number : 2 * number + 2]
            _file, payments = self.load(
                self.camt(
                    [
                        self.payment(move.payment_reference, move.amount_residual)
                        for move in (first, second)
                    ],
                    message_id=f"L{number}",
                )
            )
            with self.subTest(lock_date=lock_date):
                self.assertTrue(all(payments.mapped("is_collective")))
                self.env.flush_all()
                self.env.invalidate_all()
                move = payments.statement_line_id.move_id
                items = move.line_ids
                before = [move.always_tax_exigible, items.read(item_fields)]
                # Without it they are items like any other to Odoo.
                items.billing_payment_id = False
                for name in item_fields:
                    self.env.add_to_compute(items._fields[name], items)
                self.env.add_to_compute(move._fields["always_tax_exigible"], move)
                self.env.flush_all()
                self.env.invalidate_all()
                after = [move.always_tax_exigible, items.read(item_fields)]
                self.assertEqual(before, after)

    def test_a_locked_period_keeps_the_banks_date_on_the_payment(self):
        self.company.fiscalyear_lock_date = "2026-11-30"
        payment = self.pay(self.reference)
        self.assertEqual(str(payment.booking_date), "2026-11-02")
        self.assertGreater(str(payment.statement_line_id.date), "2026-11-30")
        self.assertEqual(payment.state, "reconciled")

    def test_events_tell_invoice_and_amount(self):
        self.pay(self.reference)
        event = self.env["billing.event"].search([("move_id", "=", self.target.id)])
        event = event.filtered(lambda item: item.kind == "payment.reconciled")
        self.assertEqual(len(event), 1)
        self.assertEqual(event.amount, self.amount)
        self.assertEqual(event.partner_id, self.customer)
        self.assertTrue(event.customer_visible)


class TestPeople(ByReferenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env,
            "match_clerk",
            groups="billing_base.group_billing_user",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )

    def test_accepting_a_proposal_reconciles_it(self):
        payment = self.pay(swap_digit(self.reference, 5), self.amount + 333)
        candidate = payment.candidate_ids[0].with_user(self.clerk)
        candidate.action_accept()
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(payment.invoice_ids, self.target)
        self.assertEqual(self.target.payment_state, "paid")
        self.assertEqual(payment.counterpart_line_ids.amount_residual, -333)
        self.assertIn(self.clerk.name, payment.reason_text)

    def test_accepting_twice_says_so(self):
        payment = self.pay(swap_digit(self.reference, 5), self.amount + 333)
        payment.with_user(self.clerk).action_accept()
        with self.assertRaises(UserError):
            payment.with_user(self.clerk).action_accept()

    def test_accepting_an_invoice_paid_meanwhile_changes_nothing(self):
        payment = self.pay(swap_digit(self.reference, 5), self.amount + 333)
        self.pay(self.reference, end="2")
        with self.assertRaises(UserError):
            payment.with_user(self.clerk).action_accept()
        self.assertEqual(payment.state, "proposed")

    def test_undo_of_a_line_of_its_own(self):
        payment = self.pay(self.reference)
        payment.with_user(self.clerk).action_undo()
        self.assertEqual(self.target.payment_state, "not_paid")
        self.assertEqual(payment.state, "proposed")
        self.assertEqual(payment.candidate_ids[0].move_id, self.target)
        self.assertFalse(payment.counterpart_line_ids)
        self.assertFalse(payment.statement_line_id.is_reconciled)
        payment.with_user(self.clerk).action_accept()
        self.assertEqual(self.target.payment_state, "paid")

    def test_undo_of_one_of_many_leaves_the_others(self):
        moves = self.invoices[:3]
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(m.payment_reference, m.amount_residual, end=str(m.id))
                    for m in moves
                ]
            )
        )
        bank = self.journal.default_account_id

        def balance():
            self.env.flush_all()
            [[total]] = self.env["account.move.line"]._read_group(
                [("account_id", "=", bank.id), ("parent_state", "=", "posted")],
                [],
                ["balance:sum"],
            )
            return total

        before = balance()
        payments[1].with_user(self.clerk).action_undo()
        self.assertEqual(moves.mapped("payment_state"), ["paid", "not_paid", "paid"])
        self.assertEqual(balance(), before)
        self.assertFalse(payments[1].is_collective)
        self.assertFalse(payments[1].statement_line_id.is_reconciled)
        self.assertEqual(payments[1].statement_line_id.amount, payments[1].amount)
        self.assertEqual(payments[0].state, "reconciled")
        payments[1].with_user(self.clerk).action_accept()
        self.assertEqual(moves[1].payment_state, "paid")
        self.assertEqual(balance(), before)

    def test_undo_from_odoos_own_button(self):
        payment = self.pay(self.reference)
        payment.statement_line_id.action_undo_reconciliation()
        self.assertEqual(payment.state, "proposed")
        self.assertEqual(self.target.payment_state, "not_paid")
        events = self.env["billing.event"].search([("move_id", "=", self.target.id)])
        self.assertEqual(events.mapped("kind").count("payment.undone"), 1)

    def test_nothing_to_undo_says_so(self):
        payment = self.pay("48213")
        with self.assertRaises(UserError):
            payment.with_user(self.clerk).action_undo()

    def test_others_may_not_decide(self):
        payment = self.pay(swap_digit(self.reference, 5), self.amount + 333)
        accountant = new_test_user(
            self.env, "plain_accountant", groups="account.group_account_user"
        )
        with self.assertRaises(AccessError):
            payment.with_user(accountant).action_accept()

    def test_the_differing_digit_is_marked(self):
        payment = self.pay(swap_digit(self.reference, 5), self.amount + 333)
        self.assertIn(
            f'o_billing_digit_wrong" title="paid as '
            f'{swap_digit(self.reference, 5)[5]}">{self.reference[5]}</mark>',
            payment.candidate_ids[0].reference_html,
        )

    def test_taken_off_in_odoos_invoice_form_the_payment_comes_back_to_review(self):
        payment = self.pay(self.reference)
        [partial] = self.target.line_ids.matched_credit_ids
        self.target.js_remove_outstanding_partial(partial.id)
        self.assertEqual(self.target.payment_state, "not_paid")
        self.assertEqual(payment.state, "proposed")
        payment.with_user(self.clerk).action_accept()
        self.assertEqual(self.target.payment_state, "paid")
        self.assertEqual(payment.invoice_ids, self.target)

    def test_what_odoo_refuses_to_book_never_stops_the_others(self):
        other = self.invoices[0]
        account = self.target.line_ids.account_id.filtered(
            lambda item: item.account_type == "asset_receivable"
        )
        closed = account.copy({"code": "1599", "name": "Closed"})
        self.target.line_ids.filtered(
            lambda line: line.account_id == account
        ).account_id = closed
        self.env.flush_all()
        closed.active = False
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(self.reference, self.amount, end="1"),
                    self.payment(other.payment_reference, other.amount_residual),
                ]
            )
        )
        self.assertEqual(payments.mapped("state"), ["new", "reconciled"])
        self.assertTrue(payments[0].error)
        self.assertEqual(other.payment_state, "paid")
        closed.active = True
        payments[0].with_user(self.clerk).action_retry()
        self.assertEqual(payments[0].state, "reconciled")
        self.assertFalse(payments[0].error)
