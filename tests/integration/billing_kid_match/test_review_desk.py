"""What the review desk shows, and what happens when somebody decides on it."""

from datetime import date
from math import exp

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .test_match import MatchCase, swap_digit


class DeskCase(MatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Everything waits for a person.
        cls.company.write(
            {
                "billing_match_repair": False,
                "billing_match_evidence": False,
                "billing_match_assign": False,
            }
        )
        cls.clerk = new_test_user(
            cls.env,
            "desk_clerk",
            "billing_base.group_billing_user",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.desk = cls.env["billing.review.desk"].with_user(cls.clerk)

    def damaged(self, invoice=None, **values):
        """A payment with one wrong digit, which waits with its invoice proposed."""
        invoice = invoice or self.target
        payment = self.pay(
            swap_digit(invoice.payment_reference, 5), invoice.amount_residual, **values
        )
        self.assertEqual(payment.state, "proposed")
        return payment

    def unknown(self, amount=31.17, **values):
        """A payment that nobody can place."""
        values = {"name": "Fremmed Person", "message": "takk for sist", **values}
        payment = self.pay("", amount, **values)
        self.assertIn(payment.state, ("unmatched", "proposed"))
        return payment

    def rows(self, **filters):
        return self.desk.load(filters)["rows"]

    def ids(self, **filters):
        return [row["id"] for row in self.rows(**filters)]

    def act(self, payment, action, **values):
        stamp = self.desk.details(payment.id)["stamp"]
        return self.desk.act(payment.id, action, values, stamp)


class TestList(DeskCase):
    def test_a_row_tells_why_it_is_here(self):
        payment = self.damaged()
        [row] = self.rows()
        self.assertEqual(row["id"], payment.id)
        self.assertEqual(row["amount"], self.amount)
        self.assertEqual(row["candidate"]["invoice"], self.target.name)
        self.assertEqual(row["candidate"]["customer"], self.customer.name)
        self.assertGreater(row["probability"], 0.9)
        self.assertTrue(row["why"])
        self.assertTrue(row["shield"])

    def test_states_filter_the_list(self):
        proposed, unmatched = self.damaged(), self.unknown()
        self.assertEqual(unmatched.state, "unmatched")
        self.assertEqual(self.ids(), [proposed.id, unmatched.id])
        self.assertEqual(self.ids(state="proposed"), proposed.ids)
        self.assertEqual(self.ids(state="unmatched"), unmatched.ids)
        self.assertEqual(self.ids(state="parked"), [])
        counts = self.desk.overview()["counts"]
        self.assertEqual(counts["waiting"]["count"], 2)
        self.assertEqual(counts["proposed"]["count"], 1)

    def test_amounts_texts_and_order_filter_the_list(self):
        small = self.unknown(20.5, end="s", message="for turen")
        large = self.unknown(9000, end="l", name="Stor Betaler")
        self.assertEqual(self.ids(sort="largest"), [large.id, small.id])
        self.assertEqual(self.ids(sort="smallest"), [small.id, large.id])
        self.assertEqual(self.ids(amount_from=100), large.ids)
        self.assertEqual(self.ids(amount_to=100), small.ids)
        self.assertEqual(self.ids(text="stor bet"), large.ids)
        self.assertEqual(self.ids(text="turen"), small.ids)
        self.assertEqual(self.ids(text="20,50"), small.ids)
        self.assertEqual(self.ids(text="100%"), [])

    def test_pages_follow_each_other(self):
        payments = self.payments.concat(
            *(self.unknown(30 + number, end=str(number)) for number in range(5))
        )
        first = self.desk.load({}, 0, 2)
        last = self.desk.load({}, 4, 2)
        self.assertEqual(first["total"], 5)
        self.assertEqual([row["id"] for row in first["rows"]], payments[:2].ids)
        self.assertEqual([row["id"] for row in last["rows"]], payments[4:].ids)

    def test_filters_that_do_not_exist_are_refused(self):
        for filters in ({"state": "secret"}, {"sort": "id; DROP TABLE res_users"}):
            with self.assertRaises(UserError):
                self.desk.load(filters)

    def test_what_an_accountant_settled_waits_for_nobody(self):
        payment = self.unknown()
        line = payment.statement_line_id
        suspense = line._seek_for_lines()[1]
        suspense.account_id = self.company_data["default_account_revenue"]
        self.assertTrue(line.is_reconciled)
        self.assertEqual(self.ids(), [])

    def test_money_out_is_not_on_the_desk(self):
        payment = self.unknown()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE billing_payment SET amount = -amount WHERE id = %s", payment.ids
        )
        self.env.invalidate_all()
        self.assertEqual(self.ids(), [])

    def test_the_month_that_cannot_be_closed(self):
        self.unknown()
        self.company.fiscalyear_lock_date = "2026-09-30"
        [closing] = self.desk.with_context(billing_date=date(2026, 12, 3)).overview()[
            "closing"
        ]
        self.assertEqual(closing["locked"], "2026-09-30")
        self.assertEqual(closing["until"], "2026-11-30")
        self.assertEqual(closing["waiting"], 1)
        [before] = self.desk.with_context(billing_date=date(2026, 11, 3)).overview()[
            "closing"
        ]
        self.assertEqual(before["waiting"], 0)

    def test_queries_do_not_grow_with_the_rows(self):
        for number in range(12):
            self.damaged(self.invoices[number], end=f"q{number}")
        self.desk.load({}, 0, 2)

        def queries(limit):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            page = self.desk.load({}, 0, limit)
            self.assertEqual(len(page["rows"]), limit)
            return self.env.cr.sql_log_count - before

        self.assertEqual(queries(2), queries(12))


class TestDetails(DeskCase):
    def test_the_payment_as_the_bank_sent_it(self):
        payment = self.damaged()
        details = self.desk.details(payment.id)
        told = {
            field["label"]: field["value"] for field in details["payment"]["fields"]
        }
        self.assertEqual(told["KID/OCR"], payment.reference)
        self.assertEqual(told["Payer"], "Åse Øgård")
        self.assertEqual(told["Account"], payment.payer_account)
        self.assertIn(payment.end_to_end_id, self.desk.raw_record(payment.id))

    def test_references_digit_beside_digit(self):
        payment = self.damaged()
        [card, *_rest] = self.desk.details(payment.id)["cards"]
        [invoice] = card["invoices"]
        pairs = invoice["pairs"]
        self.assertEqual("".join(pair[0] for pair in pairs), payment.reference)
        self.assertEqual(
            "".join(pair[1] for pair in pairs), self.target.payment_reference
        )
        different = [at for at, pair in enumerate(pairs) if pair[2] != "same"]
        self.assertEqual(different, [5])

    def test_the_evidence_adds_up_to_the_probability(self):
        payment = self.damaged()
        [card, *_rest] = self.desk.details(payment.id)["cards"]
        steps = card["steps"]
        self.assertEqual(steps[0]["before"], 0)
        for one, other in zip(steps, steps[1:], strict=False):
            self.assertAlmostEqual(one["after"], other["before"])
        self.assertTrue(all(step["text"] for step in steps))
        self.assertAlmostEqual(
            1 / (1 + exp(-steps[-1]["after"])), card["probability"], delta=0.01
        )

    def test_the_customers_open_items_and_what_adds_up(self):
        wanted = self.invoices[0] + self.invoices[2]
        payment = self.damaged(self.target)
        several = self.pay(
            "", sum(wanted.mapped("amount_residual")), name="Åse Øgård", end="sum"
        )
        customer = self.desk.customer(several.id, self.customer.id)
        self.assertEqual(
            {item["id"] for item in customer["items"]},
            set(self.invoices.filtered(lambda m: m.partner_id == self.customer).ids),
        )
        self.assertIn(set(wanted.ids), [set(match) for match in customer["matches"]])
        details = self.desk.details(payment.id)
        self.assertEqual(details["customer"]["id"], self.customer.id)

    def part_of_sum(self, move, moves):
        """A payment with one candidate, that is part of a sum of ``moves``."""
        payment = self.pay(
            "", sum(moves.mapped("amount_residual")), name="Ukjent", end="set"
        )
        payment.sudo().candidate_ids.unlink()
        values = {"count": len(moves), "move_ids": moves.ids}
        self.env["billing.payment.candidate"].sudo().create(
            {
                "payment_id": payment.id,
                "sequence": 0,
                "move_id": move.id,
                "probability": 0.9,
                "distance": -1,
                "reasons": [{"code": "part_of_sum", "values": values, "weight": 0.0}],
            }
        )
        return payment

    def test_a_whole_sum_is_accepted_with_one_click(self):
        wanted = self.invoices[0] + self.invoices[2]
        payment = self.part_of_sum(wanted[1], wanted)
        [card] = self.desk.details(payment.id)["cards"]
        self.assertEqual(set(card["move_ids"]), set(wanted.ids))
        self.assertTrue(card["is_whole"])
        self.assertEqual(card["difference"], 0)
        self.act(payment, "accept", move_ids=card["move_ids"])
        self.assertEqual(set(wanted.mapped("payment_state")), {"paid"})
        payment.action_undo()
        # The list and the form take it whole too.
        again = self.part_of_sum(wanted[0], wanted)
        again.action_accept()
        self.assertEqual(again.invoice_ids, wanted)

    def test_queries_do_not_grow_with_the_candidates(self):
        one = self.damaged(end="one")
        many = self.unknown(end="many")
        extra = self.invoices.filtered(lambda move: move.partner_id == self.customer)
        many.sudo().candidate_ids.unlink()
        self.env["billing.payment.candidate"].sudo().create(
            [
                {
                    "payment_id": many.id,
                    "sequence": number,
                    "move_id": move.id,
                    "probability": 0.1,
                    "distance": -1,
                    "reasons": [],
                }
                for number, move in enumerate(extra)
            ]
        )

        def queries(payment):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.desk.details(payment.id)
            return self.env.cr.sql_log_count - before

        queries(one)
        # prefetched together, read as one
        self.assertLessEqual(queries(many), queries(one) + 1)


class TestDecide(DeskCase):
    def test_accept_and_undo(self):
        payment = self.damaged()
        result = self.act(payment, "accept", move_ids=self.target.ids)
        self.assertTrue(result["done"])
        self.assertIn(self.target.name, result["message"])
        self.assertEqual(payment.invoice_ids, self.target)
        self.assertEqual(self.target.payment_state, "paid")
        self.assertEqual(result["row"]["tab"], "decided")
        self.assertEqual(self.ids(), [])

        result = self.desk.undo(payment.id)
        self.assertEqual(result["row"]["tab"], "waiting")
        self.assertEqual(self.target.payment_state, "not_paid")
        self.assertEqual(self.ids(), payment.ids)

    def test_split_over_invoices(self):
        first, second = self.invoices[0], self.invoices[2]
        total = first.amount_residual + second.amount_residual
        payment = self.unknown(total - 100)
        result = self.act(
            payment,
            "split",
            shares=[
                (first.id, first.amount_residual),
                (second.id, second.amount_residual - 100),
            ],
        )
        self.assertTrue(result["done"])
        self.assertEqual(first.payment_state, "paid")
        self.assertEqual(second.amount_residual, 100)

    def test_on_account_and_from_there_to_an_invoice(self):
        payment = self.unknown(self.amount)
        self.act(payment, "assign", partner_id=self.customer.id)
        self.assertEqual(payment.state, "assigned")
        self.assertEqual(self.ids(), [])
        [row] = self.rows(state="assigned")
        self.assertEqual(row["owner"], self.customer.name)
        details = self.desk.details(payment.id)
        self.assertEqual(details["customer"]["id"], self.customer.id)
        self.act(payment, "accept", move_ids=self.target.ids)
        self.assertEqual(self.target.payment_state, "paid")
        self.assertEqual(self.rows(state="assigned"), [])

    def test_parked_with_a_note_and_taken_up(self):
        payment = self.unknown()
        with self.assertRaises(UserError):
            self.act(payment, "park", note="  ")
        self.act(payment, "park", note="Ringer kunden")
        self.assertEqual(self.ids(), [])
        [row] = self.rows(state="parked")
        self.assertEqual(row["note"], "Ringer kunden")
        self.act(payment, "unpark")
        self.assertEqual(self.ids(), payment.ids)
        self.act(payment, "park", note="igjen")
        self.desk.undo(payment.id)
        self.assertEqual(self.ids(), payment.ids)

    def test_a_refund_is_proposed_to_whom_it_belongs(self):
        payment = self.unknown()
        with self.assertRaises(UserError):
            self.act(payment, "refund")
        self.act(payment, "refund", partner_id=self.customer.id)
        refund = payment.refund_id
        self.assertEqual(refund.state, "draft")
        self.assertEqual(refund.partner_id, self.customer)
        self.assertEqual(refund.amount, payment.amount)
        self.desk.undo(payment.id)
        self.assertFalse(payment.refund_id)
        self.assertEqual(self.ids(), payment.ids)

    def test_what_changed_meanwhile_is_looked_at_again(self):
        payment = self.damaged()
        stamp = self.desk.details(payment.id)["stamp"]
        self.target.button_draft()
        self.target.button_cancel()
        result = self.desk.act(
            payment.id, "accept", {"move_ids": self.target.ids}, stamp
        )
        self.assertFalse(result["done"])
        self.assertIn("changed meanwhile", result["message"])
        self.assertNotEqual(result["details"]["stamp"], stamp)
        self.assertEqual(payment.state, "proposed")

    def test_who_was_second_is_told(self):
        payment = self.damaged()
        stamp = self.desk.details(payment.id)["stamp"]
        payment._accept(self.target)
        result = self.desk.act(
            payment.id, "accept", {"move_ids": self.target.ids}, stamp
        )
        self.assertFalse(result["done"])
        self.assertEqual(result["row"]["tab"], "decided")

    def test_nonsense_is_refused(self):
        payment = self.damaged()
        for action, values in (
            ("unlink", {}),
            ("accept", {}),
            ("accept", {"move_ids": []}),
            ("assign", {}),
            ("assign", {"partner_id": 0}),
        ):
            with self.subTest(action=action), self.assertRaises(UserError):
                self.act(payment, action, **values)
        self.assertEqual(payment.state, "proposed")


class TestSearch(DeskCase):
    def found(self, payment, text):
        return self.desk.search_invoices(payment.id, text)["cards"]

    def first(self, payment, text):
        cards = self.found(payment, text)
        return cards[0]["move_ids"] if cards else None

    def test_by_whatever_people_know(self):
        payment = self.unknown(self.amount)
        self.customer.ref = "K-4711"
        for text in (
            self.reference,
            swap_digit(self.reference, 5),
            self.target.name,
            self.target.name.lower(),
        ):
            with self.subTest(text=text):
                self.assertEqual(self.first(payment, text), self.target.ids)

    def test_by_customer_and_amount(self):
        payment = self.unknown(self.amount)
        self.customer.ref = "K-4711"
        for text in ("K-4711", "øgård åse", "aase oegaard", f"{self.amount:.2f}"):
            with self.subTest(text=text):
                cards = self.found(payment, text)
                moves = [move for card in cards for move in card["move_ids"]]
                self.assertIn(self.target.id, moves)
        customers = {card["partner_id"] for card in self.found(payment, "K-4711")}
        self.assertEqual(customers, {self.customer.id})

    def test_only_what_was_asked_for_is_found(self):
        # everything but the search speaks for the customer
        payment = self.unknown(self.amount, name=self.customer.name)
        cards = self.found(payment, self.other.name)
        self.assertEqual({card["partner_id"] for card in cards}, {self.other.id})

    def test_nothing_is_found_by_nothing(self):
        payment = self.unknown()
        self.assertEqual(self.found(payment, ""), [])
        self.assertEqual(self.found(payment, "x"), [])
        self.assertEqual(self.found(payment, "%%%"), [])

    def test_paid_invoices_are_not_found(self):
        payment = self.unknown()
        self.pay(self.reference)
        self.assertEqual(self.target.payment_state, "paid")
        moves = [card["move_ids"] for card in self.found(payment, self.target.name)]
        self.assertNotIn(self.target.ids, moves)

    def test_what_is_found_can_be_accepted(self):
        payment = self.unknown(self.amount)
        [card, *_rest] = self.found(payment, self.reference)
        self.act(payment, "accept", move_ids=card["move_ids"])
        self.assertEqual(self.target.payment_state, "paid")


class TestBulk(DeskCase):
    def test_the_certain_ones_are_accepted_and_no_others(self):
        certain = self.damaged(end="a") + self.damaged(self.invoices[1], end="b")
        unknown = self.unknown()
        preview = self.desk.bulk_preview({}, 0.9)
        self.assertEqual(set(preview["ids"]), set(certain.ids))
        self.assertEqual(preview["count"], 2)
        self.assertAlmostEqual(
            preview["sums"][0]["amount"], sum(certain.mapped("amount"))
        )
        result = self.desk.bulk_accept(0.9, preview["ids"] + unknown.ids)
        self.assertEqual(set(result["accepted"]), set(certain.ids))
        self.assertEqual([row[0] for row in result["refused"]], unknown.ids)
        self.assertEqual(set(certain.mapped("state")), {"reconciled"})
        self.assertEqual(unknown.state, "unmatched")

    def test_two_payments_for_one_invoice_pay_it_once(self):
        first = self.damaged(end="a")
        second = self.damaged(end="b")
        result = self.desk.bulk_accept(0.5, (first + second).ids)
        self.assertEqual(len(result["accepted"]), 1)
        self.assertEqual(len(result["refused"]), 1)
        self.assertTrue(result["refused"][0][1])

    def test_filters_of_the_list_apply(self):
        self.damaged(end="a")
        other = self.damaged(self.invoices[1], end="b", name="Per Annen")
        preview = self.desk.bulk_preview({"text": "Per Annen"}, 0.5)
        self.assertEqual(preview["ids"], other.ids)

    def test_a_guess_is_never_enough(self):
        payment = self.damaged()
        payment.sudo().candidate_ids.probability = 0.4
        payment.sudo().probability = 0.4
        self.assertEqual(self.desk.bulk_preview({}, 0.0)["ids"], [])
        self.assertEqual(self.desk.bulk_accept(0.0, payment.ids)["accepted"], [])


class TestMeter(DeskCase):
    def test_only_what_needed_weighing_counts_as_saved(self):
        self.company.billing_match_minutes = 5
        self.pay(self.invoices[0].payment_reference, self.invoices[0].amount_residual)
        self.company.billing_match_repair = True
        repaired = self.pay(
            swap_digit(self.reference, 5), self.target.amount_residual, end="r"
        )
        self.assertEqual(repaired.state, "reconciled")
        self.company.billing_match_repair = False
        by_hand = self.damaged(self.invoices[1], end="h")
        self.act(by_hand, "accept", move_ids=self.invoices[1].ids)
        self.unknown(end="w")
        today = self.desk.meter()["today"]
        self.assertEqual(today["placed"], 2)
        self.assertEqual(today["repaired"], 1)
        self.assertEqual(today["by_staff"], 1)
        self.assertEqual(today["waiting"], 1)
        self.assertEqual(today["minutes_saved"], 5)
        self.assertEqual(today["minutes_before"], 15)
        self.assertEqual(self.desk.meter()["month"], today)

    def test_what_was_undone_is_not_saved(self):
        self.company.billing_match_repair = True
        payment = self.pay(swap_digit(self.reference, 5), self.amount)
        self.assertEqual(self.desk.meter()["today"]["repaired"], 1)
        payment.action_undo()
        today = self.desk.meter()["today"]
        self.assertEqual((today["placed"], today["repaired"]), (0, 0))

    def lines(self, *references):
        """Take up statement lines of another importer."""
        self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": self.journal.id,
                    "date": "2026-11-02",
                    "payment_ref": reference,
                    "amount": self.amount,
                }
                for reference in references
            ]
        )
        payments = self.payments.sudo()._adopt_lines(self.journal)
        while self.payments._process_next()[0]:
            pass
        return payments

    def test_statement_lines_count_like_payments_of_files(self):
        self.company.write({"billing_match_minutes": 5, "billing_match_repair": True})
        [repaired] = self.lines(swap_digit(self.reference, 5))
        self.assertEqual(repaired.state, "reconciled")
        self.lines("takk for sist")
        today = self.desk.meter()["today"]
        self.assertEqual((today["placed"], today["repaired"]), (1, 1))
        self.assertEqual((today["by_staff"], today["waiting"]), (0, 1))
        self.assertEqual((today["minutes_before"], today["minutes_saved"]), (10, 5))
        # The same money in a file is no work saved once more.
        file, _payments = self.load(
            self.camt([self.payment(swap_digit(self.reference, 5), self.amount)])
        )
        self.assertEqual(file.duplicate_count, 1)
        self.assertEqual(self.desk.meter()["today"], today)

    def test_the_meter_asks_as_much_for_many_lines_as_for_few(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.desk.meter()
            return self.env.cr.sql_log_count - before

        self.lines("takk for sist")
        queries()
        few = queries()
        payments = self.lines(*(f"takk nummer {number}" for number in range(30)))
        self.assertEqual(queries(), few)
        self.act(payments[0], "assign", partner_id=self.customer.id)
        self.assertEqual(self.desk.meter()["today"]["waiting"], 30)
        self.assertEqual(queries(), few)


class TestRights(DeskCase):
    def test_the_desk_is_for_billing_staff(self):
        payment = self.damaged()
        for groups in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"not_{groups[-4:]}", groups)
            desk = self.desk.with_user(user)
            for call in (
                lambda desk: desk.load({}),
                lambda desk: desk.overview(),
                lambda desk: desk.meter(),
                lambda desk: desk.details(payment.id),
                lambda desk: desk.raw_record(payment.id),
                lambda desk: desk.customer(payment.id, self.customer.id),
                lambda desk: desk.search_invoices(payment.id, self.reference),
                lambda desk: desk.bulk_preview({}, 0.9),
                lambda desk: desk.bulk_accept(0.9, payment.ids),
                lambda desk: desk.act(
                    payment.id, "accept", {"move_ids": self.target.ids}
                ),
                lambda desk: desk.undo(payment.id),
            ):
                with self.assertRaises(AccessError):
                    call(desk)
        self.assertEqual(payment.state, "proposed")

    def test_payments_of_other_companies_are_out_of_reach(self):
        payment = self.damaged()
        other = self.env["res.company"].create({"name": "Annet AS"})
        stranger = new_test_user(
            self.env,
            "desk_stranger",
            "billing_base.group_billing_user",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        desk = self.desk.with_user(stranger).with_context(allowed_company_ids=other.ids)
        self.assertEqual(desk.load({})["rows"], [])
        for call in (
            lambda: desk.details(payment.id),
            lambda: desk.act(payment.id, "accept", {"move_ids": self.target.ids}),
            lambda: desk.bulk_accept(0.5, payment.ids),
            lambda: desk.search_invoices(payment.id, self.reference),
            lambda: desk.undo(payment.id),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_invoices_of_other_companies_are_not_accepted(self):
        payment = self.damaged()
        other = self.env["res.company"].create({"name": "Annet AS"})
        journal = self.env["account.journal"].create(
            {"name": "Salg", "code": "S", "type": "sale", "company_id": other.id}
        )
        foreign = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "journal_id": journal.id,
            }
        )
        self.clerk.company_ids |= other
        desk = self.desk.with_context(allowed_company_ids=(self.company + other).ids)
        with self.assertRaisesRegex(UserError, "another company"):
            desk.act(payment.id, "accept", {"move_ids": foreign.ids})
        self.assertEqual(payment.state, "proposed")
