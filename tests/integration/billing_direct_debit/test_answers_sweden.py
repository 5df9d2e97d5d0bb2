"""What Bankgirot answers on Autogiro: debits, mandates, cancellations, refunds."""

import dataclasses
from datetime import date, timedelta
from types import SimpleNamespace

from odoo.exceptions import UserError

from odoo.addons.billing_direct_debit.core import autogiro_records as records

from tests.builders import autogiro_files as build
from tests.builders.bank_files import Camt, Entry
from tests.integration.billing_bank_file.common import ACCOUNT
from tests.unit.billing_direct_debit.test_answers import SAMPLES, sample

from .answer_common import DAY, DebitAnswerCase

GIRO = build.BANKGIRO


class TestAnswersSweden(DebitAnswerCase):
    @classmethod
    def agreement_vals(cls):
        cls.numbers = iter(range(101, 999))
        sek = cls.env.ref("base.SEK")
        sek.active = True
        cls.company.write({"country_id": cls.env.ref("base.se").id})
        cls.company.currency_id = sek
        return {
            "name": "Autogiro",
            "scheme": "autogiro",
            "company_id": cls.company.id,
            "journal_id": cls.journal.id,
            "bankgiro_number": GIRO,
            "customer_number": build.CUSTOMER,
            "has_bank_signup": True,
        }

    @classmethod
    def number_of(cls, partner):
        return {"payer_number": str(next(cls.numbers))}

    def order(self, claim, status="0", **values):
        """What became of the order of a claim."""
        return records.PaymentResult(
            **{
                "line": 0,
                "direction": "82",
                "day": claim.date,
                "period": "0",
                "repetitions": "",
                "payer_number": claim.mandate_id.payer_number,
                "amount_ore": round(claim.amount * 100),
                "bankgiro": GIRO,
                # As in Bankgirot's example.
                "reference": claim.reference.rjust(16, "0"),
                "status": status,
                "deposit": None,
                **values,
            }
        )

    def refund(self, claim, code="02"):
        return records.Refund(
            line=0,
            day=claim.date,
            period="0",
            repetitions="",
            payer_number=claim.mandate_id.payer_number,
            amount_ore=round(claim.amount * 100),
            bankgiro=GIRO,
            reference=claim.reference,
            refunded_on=DAY,
            code=code,
            deposit=None,
        )

    def advice(self, mandate, information, comment):
        return records.MandateAdvice(
            line=0,
            bankgiro=GIRO,
            payer_number=mandate.payer_number,
            account="",
            identity="",
            information=information,
            comment=comment,
            day=DAY,
        )

    def specification(self, *sections):
        return build.file(build.payments(sections))

    # === DEBITS === #

    def test_results_of_debits(self):
        paid, poor, closed, again = claims = self.drawn(100.0, 200.0, 300.0, 400.0)
        content = self.specification(
            (
                "15",
                [
                    self.order(claim, status)
                    for claim, status in zip(claims, "0129", strict=True)
                ],
            )
        )
        file, [payment] = self.load(content)
        self.assertEqual(self.states(file), ["applied"] * 3)
        self.assertEqual(
            claims.mapped("state"), ["paid", "failed", "failed", "bank_retry"]
        )
        self.assertEqual(paid.payment_id, payment)
        self.assertEqual((payment.amount, payment.payment_type), (100.0, "82"))
        self.assertEqual(paid.move_id.payment_state, "paid")
        self.assertEqual(poor.move_id.payment_state, "not_paid")
        self.assertEqual(
            claims.mapped("reason_code"),
            [False, "funds", "no_account", "bank_will_retry"],
        )
        self.assertEqual(file.answer_ids.claim_id, poor | closed | again)

        # The same file says nothing new; the next day the bank gives up.
        self.load(content)
        self.assertEqual(self.answers.search_count([("file_id", "=", file.id)]), 3)
        other = content.replace(b"20261120193055", b"20261121193055")
        file, payments = self.load(other.replace(b"9\r\n", b"1\r\n"))
        self.assertEqual(again.state, "failed")
        self.assertFalse(payments)
        self.assertEqual(self.states(file), ["repeated", "repeated", "applied"])

    def test_debit_of_nobody_waits(self):
        claim = self.drawn(100.0)
        strange = [
            self.order(claim, "1", reference="FAKTNR150"),
            self.order(claim, "1", amount_ore=10001),
            self.order(claim, "1", payer_number="77"),
            self.order(claim, "1", direction="32"),
            # A status that no list of Bankgirot's has.
            self.order(claim, "5"),
        ]
        file, _payments = self.load(self.specification(("15", strange)))
        self.assertEqual(self.states(file), ["worklist"] * 5)
        self.assertEqual(claim.state, "delivered")
        self.assertTrue(all(file.answer_ids.mapped("reason")))
        self.assertTrue(all(file.answer_ids.mapped("told")))
        # The payer is known, the debit is not: a person says which it is.
        answer = file.answer_ids.sorted("line")[1]
        self.assertEqual(answer.guess_id, self.customer)
        self.env["billing.debit.answer.link"].create(
            {"answer_id": answer.id, "claim_id": claim.id}
        ).action_link()
        self.assertEqual((claim.state, answer.state), ("failed", "applied"))

    def test_answer_that_contradicts_what_is_known_waits(self):
        claim = self.drawn(100.0, state="paid")
        file, _payments = self.load(
            self.specification(("15", [self.order(claim, "1")]))
        )
        self.assertEqual(self.states(file), ["worklist"])
        self.assertEqual((file.answer_ids.claim_id, claim.state), (claim, "paid"))
        self.assertIn("Paid", file.answer_ids.reason)

    def test_rejected_orders(self):
        first, second = claims = self.drawn(100.0, 200.0)
        file, _payments = self.load(
            build.file(
                build.rejected(
                    [
                        SimpleNamespace(
                            **{
                                name: getattr(self.order(claim), name)
                                for name in ("direction", "day", "period")
                            },
                            repetitions="",
                            payer_number=number,
                            amount_ore=round(claim.amount * 100),
                            reference=claim.reference,
                            code=code,
                        )
                        for claim, code, number in (
                            (first, "03", first.mandate_id.payer_number),
                            (second, "04", "999"),
                        )
                    ]
                )
            )
        )
        self.assertEqual(self.states(file), ["applied"] * 2)
        self.assertEqual(claims.mapped("state"), ["rejected"] * 2)
        self.assertEqual(claims.mapped("reason_code"), ["stopped", "ours"])

    def test_cancellations(self):
        claims = self.drawn(100.0, 200.0, 300.0, 400.0, 500.0, 600.0)
        ours, late, theirs, moved, bare, asked = claims
        stopped = ours | late | asked
        stopped.write({"cancel_state": "sent", "cancel_reason": "paid"})

        def change(claim, kind, code, new_day=None):
            return records.Change(
                line=0,
                kind=kind,
                day=claim.date,
                payer_number=claim.mandate_id.payer_number,
                direction="82",
                amount_ore=round(claim.amount * 100),
                new_day=new_day,
                bankgiro=GIRO,
                # The bank's own acts come without it.
                reference=claim.reference if kind > "20" else "",
                code=code,
            )

        file, _payments = self.load(
            build.file(
                build.changes(
                    [
                        change(ours, "25", "12"),
                        change(late, "25", "13"),
                        change(theirs, "11", "12"),
                        change(moved, "29", "18", DAY + timedelta(days=7)),
                        change(bare, "03", "12"),
                        # The customer stopped with us: the bank drops the debit with
                        # the mandate, and then does not find it.
                        change(asked, "03", "12"),
                        change(asked, "25", "13"),
                    ]
                )
            )
        )
        self.assertEqual(
            self.states(file),
            [*["applied"] * 3, "worklist", "applied", "applied", "repeated"],
        )
        self.assertEqual(
            claims.mapped("state"),
            [
                *("cancelled", "delivered", "rejected"),
                *("delivered", "rejected", "cancelled"),
            ],
        )
        self.assertEqual(stopped.mapped("cancel_state"), ["done", "refused", "done"])
        self.assertEqual(
            (theirs.reason_code, bare.reason_code), ("stopped", "no_mandate")
        )
        self.assertIn("11/27", file.answer_ids.sorted("line")[3].reason)

    def test_waiting_orders(self):
        claim = self.drawn(100.0)
        strange = self.order(claim, reference="FAKTNR150")
        file, _payments = self.load(
            build.file(build.waiting([self.order(claim), strange]))
        )
        self.assertEqual(self.states(file), ["applied", "worklist"])
        self.assertEqual(claim.state, "accepted")

    # === MONEY === #

    def test_refund_opens_the_invoice_again(self):
        self.customer.email = "ase@example.com"
        claim, kept = self.drawn(100.0, 200.0)
        _file, [money, _other] = self.load(
            self.specification(("15", [self.order(claim), self.order(kept)]))
        )
        self.assertEqual(claim.move_id.payment_state, "paid")
        content = self.specification(("17", [self.refund(claim)]))
        file, [back] = self.load(content)
        self.assertEqual(self.states(file), ["applied"])
        self.assertEqual((claim.state, claim.reason_code), ("refunded", False))
        self.assertEqual(claim.move_id.payment_state, "not_paid")
        self.assertEqual(claim.move_id.amount_residual, 100.0)
        self.assertEqual((kept.state, kept.move_id.payment_state), ("paid", "paid"))
        self.assertEqual(back.amount, -100.0)
        # Money in and money out are settled with each other, and nothing waits.
        both = money | back
        self.assertEqual(set(both.mapped("state")), {"reconciled"})
        self.assertTrue(all(both.counterpart_line_ids.mapped("reconciled")))
        self.assertTrue(all(both.statement_line_id.mapped("is_reconciled")))
        bank = self.env["account.move.line"].search(
            [("account_id", "=", self.journal.default_account_id.id)]
        )
        self.assertEqual(sum(bank.mapped("balance")), 200.0)
        # The customer is told, and it is no payment of somebody else's.
        events = self.env["billing.event"].search([("move_id", "=", claim.move_id.id)])
        self.assertIn("debit.refunded", events.mapped("kind"))
        self.assertNotIn("payment.undone", events.mapped("kind"))
        mails = self.env["mail.mail"].sudo().search([("email_to", "ilike", "ase@")])
        self.assertEqual(len(mails), 1)
        self.assertIn(claim.move_id.name, mails.subject)
        # Once.
        self.load(content)
        self.assertEqual(
            sum(
                bank.search(
                    [("account_id", "=", self.journal.default_account_id.id)]
                ).mapped("balance")
            ),
            200.0,
        )

    def test_sums_on_the_statement_are_not_booked_beside_their_debits(self):
        """Whichever file comes first, the bank account has the money once."""
        account = self.env["account.move.line"]

        def balance():
            return sum(
                account.search(
                    [("account_id", "=", self.journal.default_account_id.id)]
                ).mapped("balance")
            )

        first, second = self.drawn(100.0, 200.0)
        self.load(self.specification(("15", [self.order(first), self.order(second)])))
        self.load(self.statement(300.0), "camt053.xml")
        self.assertEqual(balance(), 300.0)
        # The refund of the same day, the statement first.
        self.load(self.statement(-100.0), "camt053b.xml")
        self.assertEqual(balance(), 200.0)
        self.load(self.specification(("17", [self.refund(first)])))
        self.assertEqual(balance(), 200.0)
        self.assertEqual(first.move_id.payment_state, "not_paid")

    def statement(self, amount):
        """A camt.053 with one sum of the day and no details."""
        entry = Entry(
            amount=f"{abs(amount):.2f}", sign="CRDT" if amount > 0 else "DBIT"
        )
        return Camt(
            "camt.053.001.02", (entry,), account=ACCOUNT, currency="SEK"
        ).bytes()

    # === MANDATES === #

    def test_mandate_advice(self):
        waiting = self.make_mandate(
            self.env["res.partner"].create({"name": "Kalle"}), state="sent"
        )
        rejected = self.make_mandate(
            self.env["res.partner"].create({"name": "Lisa"}), state="sent"
        )
        unknown = SimpleNamespace(payer_number="888")
        content = build.file(
            build.mandates(
                [
                    self.advice(waiting, "42", "32"),
                    self.advice(rejected, "42", "23"),
                    self.advice(self.mandate, "46", "33"),
                    self.advice(unknown, "46", "33"),
                ]
            )
        )
        file, _payments = self.load(content)
        self.assertEqual(
            (waiting | rejected | self.mandate).mapped("state"),
            ["active", "rejected", "ended"],
        )
        self.assertEqual(
            self.states(file), ["applied", "applied", "applied", "worklist"]
        )
        self.assertTrue(all(file.answer_ids.mapped("told")))
        self.load(build.file(build.mandates([]), full=True))
        self.load(content.replace(b"\r\n", b"\n"))
        self.assertEqual(self.answers.search_count([]), 4)

    def test_mandates_from_the_internet_bank(self):
        known = self.env["res.partner"].create({"name": "Elsa Elev"})
        number = known._billing_get_customer_number()
        asked = [
            records.EMandate(
                line=0,
                bankgiro=GIRO,
                payer_number=payer,
                account="8901003232323232",
                identity="196803050000",
                reminder=0,
                message="",
                address=("ELSA ELEV", "STORGATAN 2"),
                post_code="12345",
                town="STORSTAD",
            )
            for payer in (number.lstrip("0"), "4711")
        ]
        file, _payments = self.load(build.file(build.emandates(asked)))
        mandate = self.env["billing.mandate"].search([("partner_id", "=", known.id)])
        self.assertEqual(len(mandate), 1)
        self.assertEqual(mandate.request_ids.mapped("kind"), ["approve"])
        self.assertEqual(self.states(file), ["applied", "worklist"])
        answer = file.answer_ids.filtered(lambda item: item.state == "worklist")
        answer.action_refuse()
        self.assertEqual(
            (answer.state, answer.request_id.kind, answer.request_id.payer_number),
            ("applied", "reject", "4711"),
        )
        with self.assertRaises(UserError):
            answer.action_refuse()

        # Both answers went out, and the bank asks again: it got none.
        requests = (mandate.request_ids | answer.request_id).sudo()
        requests.write({"state": "sent"})
        again = [dataclasses.replace(item, reminder=1) for item in asked]
        file, _payments = self.load(build.file(build.emandates(again)))
        self.assertEqual(set(requests.mapped("state")), {"waiting"})
        self.assertEqual(self.states(file), ["applied", "applied"])

    def test_register_of_mandates(self):
        waiting = self.make_mandate(
            self.env["res.partner"].create({"name": "Kalle"}), state="sent"
        )
        gone = self.make_mandate(self.env["res.partner"].create({"name": "Borta"}))

        def line(number, pending=False):
            return records.RegisteredMandate(
                line=0,
                bankgiro=GIRO,
                identity="196803050000",
                payer_number=number,
                origin="payee",
                created=date(2026, 1, 1),
                changed=None,
                pending=pending,
                account="8901003232323232",
            )

        file, _payments = self.load(
            build.file(
                build.register(
                    [
                        line(self.mandate.payer_number),
                        line(waiting.payer_number),
                        line("888"),
                        line("889", pending=True),
                    ]
                )
            )
        )
        states = self.states(file)
        self.assertEqual(states[0], "worklist", "the list itself")
        # The account of the one that is active, and that the other is.
        self.assertEqual(states[1:], ["applied", "applied", "worklist", "ignored"])
        self.assertEqual(waiting.state, "active")
        [missing] = file.answer_ids.filtered(
            lambda answer: answer.kind == "autogiro_list"
        )._missing_mandates()
        self.assertEqual(missing, gone)

    # === FILES === #

    def test_every_example_of_bankgirot_is_kept_whole(self):
        for part, (payments, answers) in SAMPLES.items():
            with self.subTest(part):
                file, kept = self.load(sample(part), f"{part}.txt")
                own = file.answer_ids.filtered(
                    lambda answer: answer.kind != "autogiro_list"
                )
                self.assertEqual(len(own), sum(answers.values()))
                self.assertEqual(len(kept), sum(payments.values()))
                waiting = own.filtered(lambda answer: answer.state == "worklist")
                self.assertTrue(all(waiting.mapped("reason")))
                self.assertTrue(all(own.mapped("told")))
                # A second time nothing is new.
                self.load(sample(part), "again.txt")
                self.assertEqual(
                    self.answers.search_count([("file_id", "=", file.id)]),
                    len(file.answer_ids),
                )

    def test_damaged_file_changes_nothing(self):
        claim = self.drawn(100.0)
        content = self.specification(("15", [self.order(claim, "1")]))
        lines = content.split(b"\r\n")
        for damaged, line in (
            (b"\r\n".join(lines[:-2]), 3),
            (content.replace(b"000000010000", b"00000001000X"), 3),
            (content + b"rubbish", 5),
        ):
            error = self.refused(damaged)
            self.assertEqual((error.file, error.line), ("bank.txt", line))
            self.assertTrue(error.field)
        self.assertEqual(claim.state, "delivered")
        self.assertFalse(self.answers.search([]))

    def test_number_of_queries_does_not_depend_on_the_number_of_answers(self):
        claims = self.drawn(*(100.0 + number for number in range(14)))

        def queries(claims):
            content = self.specification(
                ("15", [self.order(claim, "1") for claim in claims])
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            file, _payments = self.load(content)
            self.assertEqual(set(self.states(file)), {"applied"})
            return self.env.cr.sql_log_count - before

        queries(claims[:2])
        few = queries(claims[2:4])
        many = queries(claims[4:])
        self.assertLess(many, few + 8)
