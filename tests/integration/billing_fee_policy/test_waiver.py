"""Which fees are forgiven, on what facts, how often, and what is stored of it."""

from datetime import date, datetime

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from odoo.addons.billing_fee_policy.core import waiver as core

from ..billing_base.common import BillingBaseCase
from .letter_common import LetterCase

DAY = date(2026, 3, 20)
FEE = 38


class WaiverCase(BillingBaseCase):
    """Kari, who is late with one invoice and paid another in time two years ago."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, billing_date=DAY))
        cls.company = cls.company.with_env(cls.env)
        cls.kari = cls.env["res.partner"].create(
            {"name": "Kari", "email": "kari@example.com", "lang": "en_US"}
        )
        cls.old = cls.invoice(due="2024-02-15")
        cls.pay(cls.old, "2024-02-15")
        cls.claim = cls.invoice(due="2026-03-02")
        cls.rules = cls.env["billing.waiver.rule"].with_context(active_test=False)
        cls.rules.search([]).active = False
        cls.loyal = cls.env.ref("billing_fee_policy.waiver_rule_loyal")
        cls.waivers = cls.env["billing.waiver"]

    @classmethod
    def invoice(cls, due, partner=None, amount=500):
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.kari).id,
                "invoice_date": due,
                "invoice_date_due": due,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Power", "price_unit": amount, "tax_ids": False}
                    )
                ],
            }
        )
        move.action_post()
        return move

    @classmethod
    def pay(cls, move, day):
        cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"payment_date": day}).action_create_payments()

    def decide(self, *moves, day=DAY, amount=FEE):
        moves = moves or (self.claim,)
        return self.waivers._decide(
            self.company, day, {move.id: amount for move in moves}
        )

    def facts(self, move=None, day=DAY):
        move = move or self.claim
        return move._billing_waiver_facts(self.company, day, {move.id: FEE})[move.id]

    def only(self, **values):
        """Let one rule decide, and no other."""
        self.rules.search([]).active = False
        return self.rules.create({"name": "Rule", **values})


class TestFacts(WaiverCase):
    def test_what_is_known_of_a_claim(self):
        facts = self.facts()
        self.assertEqual(facts.customer, self.kari.id)
        self.assertEqual(facts.principal, 500)
        self.assertEqual(facts.since, date(2024, 2, 15))
        self.assertEqual((facts.late, facts.waived, facts.delivery), ((), (), ""))
        self.kari.billing_customer_since = "2011-11-11"
        self.assertEqual(self.facts().since, date(2011, 11, 11))

    def test_which_payments_were_late(self):
        due = date(2026, 1, 10)
        other = self.invoice(due=due)
        # Open past its day, and of the claim itself nothing is said.
        self.assertEqual(self.facts().late, (due,))
        # Three days are for the bank, not for the customer.
        self.pay(other, "2026-01-13")
        self.assertEqual(self.facts().late, ())
        self.company.billing_waiver_late_days = 2
        self.assertEqual(self.facts().late, (due,))
        # What was credited was not paid late.
        credited = self.invoice(due="2026-01-20")
        credited._reverse_moves([{"date": "2026-02-20"}], cancel=True)
        self.assertEqual(self.facts().late, (due,))

    def test_how_our_messages_fared(self):
        point = self.kari.billing_contact_point_ids
        point._record_failure("hard", "no such user", at=datetime(2040, 3, 3))
        self.assertEqual(self.facts().delivery, core.BOUNCED)
        # A letter that arrived is a message that arrived.
        letter = self.env["billing.contact.point"].create(
            {"partner_id": self.kari.id, "channel": "letter", "address": "Storgata 1"}
        )
        letter._record_success(at=datetime(2040, 3, 4))
        self.assertEqual(self.facts().delivery, "")
        letter.unlink()
        [link] = self.env["billing.link"]._issue(
            [{"move_id": self.claim.id, "key": "a message", "channel": "email"}]
        )
        self.assertEqual(self.facts().delivery, core.BOUNCED)
        point.last_failure_at = False
        link.flush_recordset()
        # Who got it yesterday may still open it.
        self.assertEqual(self.facts(day=link.create_date.date()).delivery, "")
        later = date(2045, 1, 1)
        self.assertEqual(self.facts(day=later).delivery, core.UNOPENED)
        link.sudo().open_count = 1
        self.assertEqual(self.facts(day=later).delivery, "")

    def test_an_open_conversation(self):
        def say(author, **values):
            self.claim.message_post(
                body="Well?",
                author_id=author.id,
                message_type="comment",
                **{"subtype_xmlid": "mail.mt_comment", **values},
            )

        self.assertFalse(self.facts().conversation)
        say(self.kari)
        self.assertTrue(self.facts().conversation)
        # A note is no answer.
        say(self.env.user.partner_id, subtype_xmlid="mail.mt_note")
        self.assertTrue(self.facts().conversation)
        say(self.env.user.partner_id)
        self.assertFalse(self.facts().conversation)

    def test_vulnerable_customers(self):
        self.assertFalse(self.facts().vulnerable)
        self.kari.billing_is_vulnerable = True
        self.assertTrue(self.facts().vulnerable)
        [hold] = self.claim._billing_holds()[self.claim.id]
        self.assertEqual((hold.code, hold.blocks), ("vulnerable", {"handover"}))
        self.kari.billing_vulnerable_until = DAY
        self.assertTrue(self.facts().vulnerable)
        self.kari.billing_vulnerable_until = "2026-03-19"
        self.assertFalse(self.facts().vulnerable)
        self.assertFalse(self.claim._billing_holds()[self.claim.id])

    def test_as_many_queries_for_one_claim_as_for_many(self):
        self.loyal.active = True
        partners = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(8)]
        )
        moves = [self.invoice("2026-03-02", partner) for partner in partners]

        def queries(*some):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.decide(*some)
            return self.cr.sql_log_count - before

        queries(self.claim)
        self.assertEqual(queries(*moves), queries(self.claim))


class TestDecide(WaiverCase):
    def test_the_first_fee_of_a_loyal_customer(self):
        self.loyal.active = True
        self.assertEqual(
            self.loyal.sentence,
            "Customer for 2+ years, no late payment in 12 months → first fee forgiven",
        )
        decision = self.decide()[self.claim.id]
        self.assertTrue(decision.waive)
        self.assertEqual(self.waivers._explain(decision), self.loyal.sentence)
        # A month earlier it was not two years yet.
        self.assertFalse(self.decide(day=date(2026, 2, 14))[self.claim.id].waive)

    def test_the_order_decides(self):
        keep = self.only(effect="keep", sequence=1)
        forgive = self.rules.create({"name": "Forgive", "sequence": 2})
        self.assertEqual(self.decide()[self.claim.id].rule, keep.id)
        forgive.sequence = 0
        self.assertEqual(self.decide()[self.claim.id].rule, forgive.id)
        # Those of another company have no say.
        forgive.company_id = self._create_company(name="Other")
        self.assertEqual(self.decide()[self.claim.id].rule, keep.id)

    def test_segments_with_what_is_below_them(self):
        homes = self.env["res.partner.category"].create({"name": "Homes"})
        cabins = homes.create({"name": "Cabins", "parent_id": homes.id})
        self.only(tag_ids=homes.ids)
        self.assertFalse(self.decide()[self.claim.id].waive)
        self.kari.category_id = cabins
        self.assertTrue(self.decide()[self.claim.id].waive)
        # Whoever sets the tag would decide.
        self.company.billing_waiver_objective = True
        decision = self.decide()[self.claim.id]
        self.assertEqual(decision.tried[0].codes, (core.NOT_OBJECTIVE,))

    def test_what_is_arranged_with_a_customer(self):
        exception = self.env["billing.waiver.exception"].create(
            {"partner_id": self.kari.id, "reason": "Moved out", "date_until": DAY}
        )
        decision = self.decide()[self.claim.id]
        self.assertEqual(decision.exemption, exception.id)
        self.assertEqual(
            self.waivers._explain(decision), "Arranged with the customer: Moved out"
        )
        self.assertEqual(exception.state, "active")
        self.assertFalse(self.decide(day=date(2026, 3, 21))[self.claim.id].waive)
        exception.write({"date_since": "2025-01-01", "date_until": "2026-03-19"})
        self.assertEqual(exception.state, "expired")
        self.assertNotIn(exception, exception.search([("state", "=", "active")]))
        self.assertFalse(self.decide()[self.claim.id].waive)

    def test_a_rule_that_nobody_can_meet(self):
        with self.assertRaises(ValidationError):
            self.only(has_waived=True, waived_least=3, waived_most=2)

    def test_sentences_name_every_condition(self):
        rule = self.only(
            audience="person",
            relation_months=18,
            has_late=True,
            late_most=1,
            late_months=6,
            has_waived=True,
            waived_least=1,
            waived_most=2,
            waived_months=24,
            is_bounced=True,
            is_unopened=True,
            is_conversation=True,
            is_outage=True,
            is_debit_failed=True,
            is_vulnerable=True,
            fee_most=50,
            principal_most=300,
        )
        words = rule.sentence.partition(" → ")[0]
        self.assertEqual(
            len(words.split(", ")), len(core.readable(rule._to_core())) + 1
        )
        self.assertEqual(len(core.readable(rule._to_core())), 12)
        for piece in core.readable(rule._to_core()):
            self.assertTrue(rule._staff_piece(piece), piece)
            if piece.code != "audience":
                self.assertTrue(rule._customer_piece(piece), piece)
        self.assertIn("customer for 18+ months", rule.sentence)
        self.assertIn("1 or more fees forgiven in 24 months", rule.sentence)
        # That somebody is vulnerable is never said to anybody.
        self.assertEqual(rule._customer_reason(), "")
        rule.is_vulnerable = False
        self.assertIn("may not have reached you", rule._customer_reason())


class TestBudget(WaiverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rules.create({"name": "Everybody"})
        cls.other = cls.invoice(
            "2026-03-02", cls.env["res.partner"].create({"name": "O"})
        )

    def reserve(self, *moves, day=DAY):
        decisions = self.decide(*moves, day=day)
        lines = [(self.line(move), move.id, FEE, decisions[move.id]) for move in moves]
        return self.waivers._reserve(self.company, day, lines)

    def line(self, move):
        reminder = (
            self.env["billing.reminder"]
            .sudo()
            .create(
                {
                    "company_id": self.company.id,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.kari.id,
                    "commercial_partner_id": self.kari.id,
                    "kind": "reminder",
                    "day": DAY,
                    "key": f"test:{move.id}",
                }
            )
        )
        return (
            self.env["billing.reminder.line"]
            .sudo()
            .create(
                {"reminder_id": reminder.id, "move_id": move.id, "kind": "reminder"}
            )
        )

    def spent(self):
        return self.env["billing.waiver.month"]._spent(self.company, DAY)

    def test_once_a_year_for_one_customer(self):
        waiver = self.reserve(self.claim)
        self.assertRecordValues(
            waiver,
            [
                {
                    "partner_id": self.kari.id,
                    "move_id": self.claim.id,
                    "amount": FEE,
                    "origin": "rule",
                    "ground": "Always → fee forgiven",
                    "is_goodwill": True,
                    "state": "reserved",
                }
            ],
        )
        second = self.invoice("2026-03-03")
        decision = self.decide(second)[second.id]
        self.assertEqual(decision.tried[0].codes, (core.OVER_CUSTOMER_COUNT,))
        # Next year is another year.
        self.assertTrue(self.decide(second, day=date(2027, 1, 1))[second.id].waive)
        # The letter does not go out, so nothing was given.
        waiver._release()
        self.assertEqual((waiver.state, self.spent()), ("released", 0))
        self.assertTrue(self.decide(second)[second.id].waive)

    def test_the_cap_of_the_month(self):
        self.company.billing_waiver_month_amount = 2 * FEE - 1
        decisions = self.decide(self.claim, self.other)
        self.assertTrue(decisions[self.claim.id].waive)
        self.assertFalse(decisions[self.other.id].waive)
        self.reserve(self.claim)
        self.assertEqual(self.spent(), FEE)
        month = self.env["billing.waiver.month"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual((month.fee_count, month.left), (1, FEE - 1))
        self.assertFalse(self.decide(self.other)[self.other.id].waive)
        self.assertTrue(
            self.decide(self.other, day=date(2026, 4, 1))[self.other.id].waive
        )

    def test_a_reminder_that_went_out_without_its_fee(self):
        waiver = self.reserve(self.claim)
        self.assertFalse(self.waivers._reserve(self.company, DAY, []))
        again = [(waiver.reminder_line_id, self.claim.id, FEE, core.Decision(True, 1))]
        self.assertFalse(self.waivers._reserve(self.company, DAY, again))
        waiver._grant()
        waiver._grant()
        self.assertEqual(waiver.state, "granted")
        events = self.env["billing.event"].search([("kind", "=", "waiver.granted")])
        self.assertEqual(events.move_id, self.claim)
        self.assertIn("left out: Always → fee forgiven", events.display_text)
        self.assertIn("38", waiver._customer_sentence())
        # What went out cannot be called back, and counts.
        waiver._release()
        self.assertEqual((waiver.state, self.spent()), ("granted", FEE))
        with self.assertRaises(UserError):
            waiver.action_undo()
        self.assertEqual(self.claim.billing_waiver_count, 1)
        self.assertEqual(self.kari.billing_waiver_count, 1)
        self.assertEqual(waiver.rule_id.waiver_count, 1)


class TestStaff(WaiverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reasons = {
            name: cls.env.ref(f"billing_fee_policy.waiver_reason_{name}")
            for name in ("goodwill", "mistake", "hardship")
        }
        cls.charge = cls.book(cls.claim)
        cls.user = cls.env["res.users"].create(
            {
                "name": "Sam",
                "login": "sam_waives",
                "company_id": cls.company.id,
                "company_ids": cls.company.ids,
                "group_ids": cls.env.ref("billing_base.group_billing_user").ids,
            }
        )

    @classmethod
    def book(cls, move, key="fee", amount=FEE):
        return cls.env["billing.charge"]._book(
            [
                {
                    "key": f"{key}:{move.id}",
                    "kind": "fee",
                    "move_id": move.id,
                    "amount": amount,
                    "day": DAY,
                }
            ]
        )

    def wizard(self, reason="mistake", moves=None, **values):
        return (
            self.env["billing.waive.wizard"]
            .with_user(self.user)
            .with_context(default_move_ids=(moves or self.claim).ids)
            .create({"reason_id": self.reasons[reason].id, **values})
        )

    def books(self):
        """Return what stands on each account, to the cent."""
        return {
            account.code: round(balance, 2)
            for account, balance in self.env["account.move.line"]._read_group(
                [("company_id", "=", self.company.id), ("parent_state", "=", "posted")],
                ["account_id"],
                ["balance:sum"],
            )
            if round(balance, 2)
        }

    def test_dropping_and_undoing_leaves_the_books_as_they_were(self):
        before = self.books()
        residual = self.charge.document_id.amount_residual
        self.assertTrue(self.claim.billing_has_live_charge)
        wizard = self.wizard(note="Our own fault")
        self.assertEqual(wizard.charge_ids, self.charge)
        wizard.action_waive()
        waiver = self.waivers.search([("charge_id", "=", self.charge.id)])
        self.assertRecordValues(
            waiver,
            [
                {
                    "origin": "staff",
                    "user_id": self.user.id,
                    "ground": "We made a mistake: Our own fault",
                    "is_goodwill": False,
                    "state": "granted",
                    "amount": FEE,
                }
            ],
        )
        self.assertEqual(self.charge.state, "waived")
        self.assertEqual(self.charge.document_id.amount_residual, 0)
        self.claim.invalidate_recordset(["billing_has_live_charge"])
        self.assertFalse(self.claim.billing_has_live_charge)
        self.assertNotEqual(self.books(), before)
        with self.assertRaises(UserError):
            self.wizard().action_waive()
        waiver.with_user(self.user).action_undo()
        self.assertEqual(self.books(), before)
        self.assertEqual(self.charge.document_id.amount_residual, residual)
        self.assertEqual((self.charge.state, waiver.state), ("booked", "undone"))
        self.assertEqual(waiver.undone_by_id, self.user)
        # And once more, since somebody changed their mind.
        self.wizard().action_waive()
        self.assertEqual(self.charge.state, "waived")

    def test_the_customer_is_told_kindly(self):
        self.wizard().action_waive()
        mail = self.env["mail.mail"].search([("email_to", "=", "kari@example.com")])
        self.assertEqual(
            mail.subject, f"We dropped the fee on invoice {self.claim.name}"
        )
        self.assertIn("It was our mistake, and we are sorry.", mail.body_html)
        self.assertIn("38.00", mail.body_html)
        self.assertIn("/my/invoices/", mail.body_html)
        self.assertTrue(self.waivers.search([("charge_id", "!=", False)]).told_at)

    def test_one_message_for_all_that_was_dropped_on_an_invoice(self):
        self.book(self.claim, "second", 12)
        self.wizard("hardship").action_waive()
        mail = self.env["mail.mail"].search([("email_to", "=", "kari@example.com")])
        self.assertEqual(len(mail), 1)
        self.assertIn("50.00", mail.body_html)

    def test_nobody_is_told_where_staff_say_so_themselves(self):
        self.wizard(is_told=False).action_waive()
        self.assertFalse(
            self.env["mail.mail"].search([("email_to", "=", "kari@example.com")])
        )

    def test_goodwill_beyond_the_year_takes_a_manager(self):
        self.wizard("goodwill").action_waive()
        second = self.invoice("2026-03-03")
        self.book(second)
        wizard = self.wizard("goodwill", second)
        self.assertIn("Kari", wizard.warning)
        with self.assertRaises(AccessError):
            wizard.action_waive()
        self.user.group_ids += self.env.ref("billing_base.group_billing_manager")
        wizard.action_waive()
        self.assertEqual(self.env["billing.waiver.month"]._spent(self.company, DAY), 76)

    def test_objective_reasons_only(self):
        self.company.billing_waiver_objective = True
        with self.assertRaises(UserError):
            self.wizard("goodwill").action_waive()
        self.wizard("hardship").action_waive()
        self.assertEqual(self.charge.state, "waived")

    def test_who_may(self):
        outsider = self.env["res.users"].create(
            {
                "name": "Out",
                "login": "out_waives",
                "company_id": self.company.id,
                "company_ids": self.company.ids,
                "group_ids": self.env.ref("base.group_user").ids,
            }
        )
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self.claim.with_user(outsider)._billing_live_charges()
        rule = self.loyal.with_user(self.user)
        self.assertTrue(rule.sentence)
        with self.assertRaises(AccessError):
            rule.name = "Mine"
        waiver = self.waivers._waive_charges(self.charge, self.reasons["mistake"])
        with self.assertRaises(AccessError):
            waiver.with_user(self.user).note = "Changed"

    def test_trying_the_rules_on_a_customer(self):
        self.loyal.active = True
        form = self.env["billing.waiver.try"].create(
            {"partner_id": self.kari.id, "day": DAY}
        )
        self.assertEqual((form.move_id, form.amount), (self.claim, FEE))
        self.assertTrue(form.is_free)
        self.assertIn("The law allows a fee.", form.answer)
        self.assertIn("Yes, it is forgiven.", form.answer)
        self.assertIn("Customer for 2+ years", form.answer)
        # Two weeks after the due date, and not a day before.
        form.day = date(2026, 3, 15)
        self.assertTrue(form.is_free)
        self.assertIn("No, the law allows no fee.", form.answer)
        self.invoice("2026-01-05")
        form.day = date(2026, 3, 16)
        self.assertFalse(form.is_free)
        self.assertIn("not met: no late payment in 12 months", form.answer)


class TestLetter(LetterCase):
    """A fee that is left out, from the plan to the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rules = cls.env["billing.waiver.rule"]
        rules.search([]).active = False
        cls.rule = rules.create(
            {"name": "Everybody", "message_text": "Since it is your birthday."}
        )
        cls.told = "We have dropped the fee of"

    def spent(self):
        day = self.company._billing_today()
        return self.env["billing.waiver.month"]._spent(self.company, day)

    def test_the_letter_goes_out_without_the_fee_and_says_so(self):
        reminder = self.prepare("reminder")
        waiver = reminder.line_ids.waiver_ids
        self.assertEqual((waiver.state, waiver.rule_id), ("reserved", self.rule))
        self.assertEqual(reminder.line_ids.fee_amount, 0)
        self.assertEqual(reminder.line_ids.decision_text, self.rule.sentence)
        self.assertIn(self.told, self.text(reminder))
        self.assertIn("Since it is your birthday.", self.text(reminder))
        self.assertTrue(self.send(reminder))
        self.assertTrue(waiver.state == "granted" and waiver.told_at)
        self.assertFalse(self.invoice._billing_live_charges())
        # One message, and not a second one about the fee.
        self.assertEqual(len(self.mails()), 1)
        self.assertIn(self.told, self.mails().body_html)
        self.assertEqual(self.spent(), waiver.amount)
        # It never went out after all.
        reminder._billing_withdraw("The printer burned.")
        self.assertEqual((waiver.state, self.spent()), ("released", 0))
