"""What customers arrange by themselves, what staff decide, and what becomes of it."""

from datetime import date
from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.billing_base.core.claim import Collection
from odoo.addons.billing_interactive_invoice.core.visitor_rights import Visitor

from ..billing_base.common import BillingBaseCase

TODAY = date(2026, 11, 23)
DUE = date(2026, 12, 1)
PDF = b"%PDF-1.4 receipt"


class SelfServiceCase(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kari = cls._new_partner(email="kari@kunde.example", lang="en_US")
        cls.company.write(
            {
                "email": "faktura@fjordlys.example",
                "billing_page_case_user_id": cls.user.id,
            }
        )
        cls.invoice = cls.new()

    def setUp(self):
        super().setUp()
        # A test may not commit, and messages are gone as soon as they are sent.
        self.startPatcher(
            patch.object(
                self.registry["ir.cron"],
                "_commit_progress",
                lambda *args, **values: float("inf"),
            )
        )
        self.startPatcher(
            patch.object(
                self.registry["mail.mail"], "send_after_commit", lambda mails: None
            )
        )

    @classmethod
    def new(cls, amount=1249.0, due=DUE, partner=None, **values):
        """A posted invoice without payment terms."""
        moves = cls._new_invoices(
            partner=partner or cls.kari,
            post=False,
            **{
                "invoice_payment_term_id": False,
                "invoice_date_due": due,
                **values,
            },
        )
        moves.invoice_line_ids.price_unit = amount
        moves.action_post()
        return moves

    def on(self, day=TODAY, move=None):
        """The invoice as the page has it on a day, and its customer."""
        move = (move or self.invoice).with_user(SUPERUSER_ID)
        return move.with_context(billing_date=day, lang="en_US"), Visitor(
            "link", partner_id=move.commercial_partner_id.id
        )

    def ask(self, what, *args, day=TODAY, move=None, **kwargs):
        """Send a form of the page; returns the request it made."""
        move_sudo, visitor = self.on(day, move)
        self.said = getattr(move_sudo, f"_billing_{what}")(visitor, *args, **kwargs)
        return self.requests(move)[:1]

    def requests(self, move=None):
        return (
            self.env["billing.request"]
            .sudo()
            .search([("move_id", "=", (move or self.invoice).id)])
        )

    def as_staff(self, request, day=TODAY):
        return request.with_user(self.user).with_context(billing_date=day)

    def follow_up(self, day):
        requests = self.env(user=SUPERUSER_ID, context={})["billing.request"]
        requests.with_context(billing_date=day)._cron_follow_up()
        self.env.invalidate_all()

    def pay(self, amount, move=None, day=TODAY):
        wizard = (
            self.env["account.payment.register"]
            .with_context(
                active_model="account.move", active_ids=(move or self.invoice).ids
            )
            .create({"amount": amount, "payment_date": day})
        )
        return wizard._create_payments()

    def holds(self, day=TODAY, move=None):
        move_sudo, _visitor = self.on(day, move)
        return move_sudo._billing_holds()[move_sudo.id]

    def held(self, day=TODAY, move=None):
        return [(hold.code, hold.until) for hold in self.holds(day, move)]

    def kinds(self, move=None):
        return (
            self.events.search(
                [
                    ("move_id", "=", (move or self.invoice).id),
                    "|",
                    ("kind", "=like", "%.%"),
                    ("kind", "!=", False),
                ],
                order="id",
            )
            .filtered(
                lambda event: (
                    event.kind.split(".")[0]
                    in ("deferral", "instalment", "promise", "claim_paid", "dispute")
                )
            )
            .mapped("kind")
        )

    def mails(self, address="kari@kunde.example"):
        return self.env["mail.mail"].search(
            [("email_to", "=", address)], order="id desc"
        )

    def terms(self, move=None):
        return (move or self.invoice).line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )


class TestPayLater(SelfServiceCase):
    def test_the_due_date_moves_at_once(self):
        before = self.invoice.line_ids.mapped(lambda line: (line.balance, line.date))
        request = self.ask("defer", date(2026, 12, 15))
        self.assertEqual(self.said, "Done. The new due date is Tuesday, December 15.")
        self.assertEqual(self.invoice.invoice_date_due, date(2026, 12, 15))
        self.assertEqual(self.terms().date_maturity, date(2026, 12, 15))
        self.assertEqual(
            self.invoice.line_ids.mapped(lambda line: (line.balance, line.date)), before
        )
        self.assertEqual(
            (request.state, request.old_day, request.amount), ("active", DUE, 1249.0)
        )
        self.assertEqual(self.kinds(), ["deferral.granted"])
        event = self.events.search([("kind", "=", "deferral.granted")])
        self.assertTrue(event.customer_visible)
        self.assertEqual(event.actor, "customer")
        # Everybody goes by the new date: there is nothing to hold.
        self.assertEqual(self.held(), [])

    def test_an_invoice_with_payment_terms_moves_too(self):
        term = self.env.ref("account.account_payment_term_15days")
        move = self.new(invoice_payment_term_id=term.id)
        self.assertEqual(move.invoice_date_due, date(2026, 11, 17))
        self.ask("defer", date(2026, 11, 30), move=move, day=date(2026, 11, 16))
        self.assertEqual(move.invoice_date_due, date(2026, 11, 30))
        self.assertEqual(self.terms(move).date_maturity, date(2026, 11, 30))
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(move.invoice_date_due, date(2026, 11, 30))

    def test_what_is_paid_of_it_stays_paid(self):
        self.pay(500.0)
        partials = self.terms().matched_credit_ids
        self.ask("defer", date(2026, 12, 10))
        self.assertEqual(self.invoice.amount_residual, 749.0)
        self.assertEqual(self.terms().matched_credit_ids, partials)

    def test_a_locked_period_stands_not_against_it(self):
        self.company.sudo().fiscalyear_lock_date = date(2026, 11, 30)
        self.ask("defer", date(2026, 12, 10))
        self.assertEqual(self.invoice.invoice_date_due, date(2026, 12, 10))
        self.assertEqual(self.invoice.date, date(2026, 11, 2))

    def test_moved_again_only_within_the_days_of_the_first(self):
        self.ask("defer", date(2026, 12, 8))
        self.company.billing_page_defer_times = 3
        with self.assertRaisesRegex(UserError, "December 9.* to .*December 15"):
            self.ask("defer", date(2026, 12, 16))
        self.ask("defer", date(2026, 12, 15))
        self.assertEqual(self.requests().mapped("state"), ["active", "done"])
        self.assertEqual(self.invoice.invoice_date_due, date(2026, 12, 15))

    def test_so_many_times_a_year_over_all_invoices(self):
        for _nth in range(2):
            self.ask("defer", date(2026, 12, 8), move=self.new())
        self.company.billing_page_ask = False
        with self.assertRaisesRegex(UserError, "as often as you can"):
            self.ask("defer", date(2026, 12, 8))
        # A year later it can be done again.
        self.company.billing_page_no_overdue = False
        later = self.new(due=date(2027, 12, 1), invoice_date=date(2027, 11, 1))
        self.ask("defer", date(2027, 12, 8), move=later, day=date(2027, 11, 25))
        # and somebody else's do not count
        other = self._new_partner("Ola Kunde")
        self.ask("defer", date(2026, 12, 8), move=self.new(partner=other))

    def test_without_a_day_nothing_happens(self):
        with self.assertRaisesRegex(UserError, "Choose a day"):
            self.ask("defer", None)
        self.assertFalse(self.requests())

    def test_who_has_overdue_debt_asks_and_waits(self):
        self.new(due=date(2026, 11, 10))
        request = self.ask("defer", date(2026, 12, 20))
        self.assertIn("Somebody answers you here", self.said)
        self.assertEqual(request.state, "waiting")
        self.assertEqual(self.invoice.invoice_date_due, DUE)
        self.assertEqual(self.held(), [("deferral", None)])
        self.assertEqual(self.kinds(), ["deferral.asked"])
        self.assertEqual(request.activity_ids.user_id, self.user)
        with self.assertRaisesRegex(UserError, "already"):
            self.ask("defer", date(2026, 12, 21))

    def test_debt_that_is_promised_or_disputed_is_none(self):
        late = self.new(due=date(2026, 11, 10))
        self.ask("promise", date(2026, 11, 27), move=late)
        self.ask("defer", date(2026, 12, 8))
        self.assertEqual(self.invoice.invoice_date_due, date(2026, 12, 8))

    def test_staff_grant_what_was_asked_for(self):
        self.new(due=date(2026, 11, 10))
        request = self.ask("defer", date(2026, 12, 20))
        request = self.as_staff(request)
        request.answer = "Of course."
        request.action_accept()
        self.assertEqual(request.state, "active")
        self.assertEqual(self.invoice.invoice_date_due, date(2026, 12, 20))
        self.assertFalse(request.activity_ids)
        self.assertEqual(self.kinds(), ["deferral.asked", "deferral.granted"])
        mail = self.mails()
        self.assertEqual(len(mail), 1)
        self.assertIn("Our answer", mail.subject)
        self.assertIn("Of course.", mail.body_html)
        self.assertIn("December 20", mail.body_html)
        self.assertIn("access_token=", mail.body_html)
        with self.assertRaisesRegex(UserError, "decided already"):
            request.action_accept()
        self.assertEqual(len(self.mails()), 1)

    def test_staff_decline_and_leave_time_to_pay(self):
        self.new(due=date(2026, 11, 10))
        request = self.as_staff(self.ask("defer", date(2026, 12, 20)))
        request.action_decline()
        self.assertEqual(request.state, "declined")
        self.assertEqual(self.held(), [("deferral", date(2026, 12, 7))])
        self.assertEqual(self.held(date(2026, 12, 8)), [])
        self.assertEqual(self.kinds(), ["deferral.asked", "deferral.declined"])

    def test_staff_move_it_back(self):
        request = self.as_staff(self.ask("defer", date(2026, 12, 15)))
        request.action_end()
        self.assertEqual(self.invoice.invoice_date_due, DUE)
        self.assertEqual(self.terms().date_maturity, DUE)
        self.assertEqual(self.kinds(), ["deferral.granted", "deferral.ended"])

    def test_it_has_run_its_course_after_the_new_date(self):
        request = self.ask("defer", date(2026, 12, 15))
        self.follow_up(date(2026, 12, 15))
        self.assertEqual(request.state, "active")
        self.follow_up(date(2026, 12, 16))
        self.assertEqual(request.state, "done")


class TestParts(SelfServiceCase):
    def plan(self, count=3):
        return self.ask("split", count)

    def test_a_plan_is_made_over_the_invoice(self):
        entry = self.invoice.line_ids.ids
        request = self.plan()
        self.assertEqual(
            request.part_ids.mapped(lambda part: (part.day, part.amount)),
            [
                (DUE, 417.0),
                (date(2027, 1, 4), 416.0),
                (date(2027, 2, 1), 416.0),
            ],
        )
        self.assertEqual(self.invoice.invoice_date_due, DUE)
        self.assertEqual(self.invoice.line_ids.ids, entry)
        self.assertEqual(self.kinds(), ["instalment.planned"])
        event = self.events.search([("kind", "=", "instalment.planned")])
        self.assertIn(
            "in 3 parts", event.with_context(billing_customer_view=True).display_text
        )
        # Two bank days after the first part.
        self.assertEqual(self.held(), [("split", date(2026, 12, 3))])

    def test_each_part_that_comes_in_time_moves_the_hold(self):
        request = self.plan()
        self.pay(417.0)
        self.assertEqual(self.held(date(2026, 12, 20)), [("split", date(2027, 1, 6))])
        self.follow_up(date(2026, 12, 4))
        self.assertEqual(request.state, "active")
        self.assertEqual(
            request.with_context(billing_date=date(2026, 12, 4)).part_ids.mapped(
                lambda part: (part.paid, part.state)
            ),
            [(417.0, "paid"), (0.0, "open"), (0.0, "open")],
        )
        self.assertEqual(request.check_on, date(2027, 1, 7))
        move_sudo, _visitor = self.on()
        [part, *_rest] = [
            part
            for part in move_sudo._billing_payment_plans()[move_sudo.id]
            if part.state != "paid"
        ]
        self.assertEqual((part.number, part.amount), (2, 416.0))
        [agreement] = move_sudo._billing_agreements()[move_sudo.id]
        self.assertEqual(agreement.next_part, part)

    def test_a_part_that_is_late_ends_the_plan_kindly(self):
        request = self.plan()
        self.pay(400.0)
        self.follow_up(date(2026, 12, 3))
        self.assertEqual(request.state, "active")
        # Late before anybody has looked: nothing is held.
        self.assertEqual(self.held(date(2026, 12, 4)), [])
        self.follow_up(date(2026, 12, 4))
        self.assertEqual(request.state, "broken")
        self.assertEqual(self.kinds(), ["instalment.planned", "instalment.missed"])
        self.assertIn("have not received", self.mails()[:1].subject)
        self.follow_up(date(2026, 12, 5))
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(self.kinds(), ["instalment.planned", "instalment.missed"])

    def test_all_paid_is_all_kept(self):
        request = self.plan()
        self.pay(1249.0)
        self.assertEqual(request.state, "done")
        self.assertEqual(self.held(), [])
        self.assertEqual(self.kinds(), ["instalment.planned", "instalment.done"])
        self.assertFalse(self.on()[0]._billing_payment_plans())

    def test_customers_are_told_of_each_part_once(self):
        self.plan()
        self.follow_up(date(2026, 11, 27))
        self.assertFalse(self.mails())
        for _again in range(2):
            self.follow_up(date(2026, 11, 28))
        mail = self.mails()
        self.assertEqual(len(mail), 1)
        self.assertIn("due soon", mail.subject)
        self.assertIn("417", mail.body_html)
        self.assertIn(self.invoice.payment_reference, mail.body_html)

    def test_a_part_that_is_paid_is_not_asked_for(self):
        self.plan()
        self.pay(417.0)
        self.follow_up(date(2026, 11, 28))
        self.assertFalse(self.mails())

    def test_a_number_that_was_not_offered(self):
        for count in (None, 1, 5, 99):
            with self.assertRaisesRegex(UserError, "in how many parts"):
                self.plan(count)

    def test_one_plan_at_a_time(self):
        self.plan()
        with self.assertRaisesRegex(UserError, "already"):
            self.ask("split", 2)
        with self.assertRaisesRegex(UserError, "already"):
            self.ask("defer", date(2026, 12, 8))

    def test_two_at_once_leave_one(self):
        self.plan()
        move_sudo, visitor = self.on()
        with (
            self.assertRaisesRegex(UserError, "already"),
            mute_logger("odoo.sql_db"),
        ):
            # As a second worker that does not see the first.
            move_sudo._billing_add_request(visitor, "promise", day=DUE)

    def test_beyond_the_limits_staff_decide(self):
        self.company.billing_page_split_amount = 1000.0
        request = self.as_staff(self.plan())
        self.assertEqual(request.state, "waiting")
        self.assertEqual(self.kinds(), ["instalment.asked"])
        request.action_accept()
        self.assertEqual(request.state, "active")
        self.assertEqual(request.check_on, date(2026, 12, 4))
        self.assertEqual(self.held(), [("split", date(2026, 12, 3))])


class TestCollection(SelfServiceCase):
    def test_who_collects_has_a_say(self):
        collections = patch.object(
            self.registry["account.move"],
            "_billing_collections",
            lambda moves: {move.id: Collection(TODAY, "Kreditor AS") for move in moves},
        )
        with collections, self.assertRaisesRegex(UserError, "ask them"):
            self.ask("defer", date(2026, 12, 8))
        with collections:
            self.ask("dispute", "other", "Wrong.")


class TestPromise(SelfServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.late = cls.invoice
        cls.late._billing_set_due_date(date(2026, 11, 16))

    def test_reminders_wait_for_the_promised_day(self):
        # A Friday: the money may come until Tuesday.
        request = self.ask("promise", date(2026, 11, 27))
        self.assertIn("until then you get no reminders", self.said)
        self.assertEqual(self.invoice.invoice_date_due, date(2026, 11, 16))
        self.assertEqual(self.held(), [("promise", date(2026, 12, 1))])
        [hold] = self.holds()
        self.assertEqual(hold.blocks, {"fee", "reminder", "handover"})
        self.assertEqual(hold.source_record, request)
        self.assertEqual(self.held(date(2026, 12, 2)), [])

    def test_kept(self):
        request = self.ask("promise", date(2026, 11, 27))
        self.pay(1249.0)
        self.assertEqual(request.state, "done")
        self.assertEqual(self.kinds(), ["promise.made", "promise.kept"])
        self.follow_up(date(2026, 12, 10))
        self.assertEqual(request.state, "done")

    def test_not_kept(self):
        request = self.ask("promise", date(2026, 11, 27))
        self.follow_up(date(2026, 12, 1))
        self.assertEqual(request.state, "active")
        self.follow_up(date(2026, 12, 2))
        self.assertEqual(request.state, "broken")
        self.assertEqual(self.held(date(2026, 12, 2)), [])
        self.assertEqual(self.kinds(), ["promise.made", "promise.broken"])
        self.assertIn("Write to us", self.mails().body_html)
        with self.assertRaisesRegex(UserError, "did not arrive in time"):
            self.ask("promise", date(2026, 12, 9), day=date(2026, 12, 3))

    def test_credited_meanwhile_is_kept_too(self):
        request = self.ask("promise", date(2026, 11, 27))
        self.invoice._reverse_moves(cancel=True)
        self.follow_up(date(2026, 12, 2))
        self.assertEqual(request.state, "done")
        self.assertFalse(self.mails())

    def test_a_cancelled_invoice_asks_for_nothing(self):
        request = self.ask("promise", date(2026, 11, 27))
        self.invoice.button_draft()
        self.invoice.button_cancel()
        self.assertEqual(request.state, "done")

    def test_only_within_the_days(self):
        with self.assertRaisesRegex(UserError, "November 23.* to .*December 7"):
            self.ask("promise", date(2026, 12, 8))
        self.company.billing_page_promise = False
        with self.assertRaisesRegex(UserError, "not possible"):
            self.ask("promise", date(2026, 11, 27))


class TestClaim(SelfServiceCase):
    def claim(self, day=date(2026, 11, 20), amount=124900, files=()):
        return self.ask("claim", day, amount, files)

    def test_it_is_looked_for_and_nobody_is_reminded(self):
        request = self.claim()
        self.assertIn("We look for your payment", self.said)
        self.assertEqual((request.state, request.amount), ("active", 1249.0))
        self.assertEqual(self.held(), [("claim", None)])
        self.assertEqual(self.kinds(), ["claim_paid.reported"])
        self.assertFalse(request.activity_ids)

    def test_the_payment_comes(self):
        request = self.claim()
        self.pay(1249.0)
        self.assertEqual(request.state, "done")
        self.assertEqual(self.kinds(), ["claim_paid.reported", "claim_paid.found"])

    def test_a_part_comes_as_told(self):
        request = self.claim(amount=50000)
        self.pay(500.0)
        self.follow_up(date(2026, 11, 25))
        self.assertEqual(request.state, "done")

    def test_not_found_in_time_somebody_looks(self):
        request = self.claim()
        self.follow_up(date(2026, 11, 24))
        self.assertEqual(request.state, "active")
        self.follow_up(date(2026, 11, 25))
        self.assertEqual(request.state, "waiting")
        self.assertEqual(request.activity_ids.user_id, self.user)
        self.assertEqual(self.held(date(2027, 3, 1)), [("claim", None)])
        self.follow_up(date(2026, 11, 26))
        self.assertEqual(len(request.activity_ids), 1)
        self.as_staff(request, date(2026, 11, 26)).action_decline()
        self.assertEqual(self.held(date(2026, 11, 26)), [("claim", date(2026, 12, 10))])
        self.assertIn("could not find", self.mails().body_html)

    def test_staff_found_it(self):
        self.as_staff(self.claim()).action_accept()
        self.assertEqual(self.held(), [])
        self.assertEqual(self.kinds(), ["claim_paid.reported", "claim_paid.found"])

    def test_what_cannot_be_true(self):
        for day, amount, message in (
            (None, 100, "Choose the day"),
            (date(2026, 11, 24), 100, "not to come"),
            (date(2026, 9, 1), 100, "long before"),
            (TODAY, None, "Write the amount"),
            (TODAY, 0, "Write the amount"),
        ):
            with self.assertRaisesRegex(UserError, message):
                self.claim(day, amount)
        self.pay(1249.0)
        with self.assertRaisesRegex(UserError, "nothing left to pay"):
            self.claim()

    def test_the_receipt_is_kept_with_the_request(self):
        request = self.claim(files=[("kvittering.html", PDF)])
        file = self.env["ir.attachment"].search(
            [("res_model", "=", "billing.request"), ("res_id", "=", request.id)]
        )
        self.assertEqual((file.mimetype, file.public), ("application/pdf", False))
        self.assertEqual(request.file_count, 1)
        move_sudo, visitor = self.on()
        self.assertIn(file, move_sudo._billing_page_files(visitor))
        other_sudo, visitor = self.on(move=self.new())
        self.assertNotIn(file, other_sudo._billing_page_files(visitor))

    def test_a_wrong_file_leaves_nothing(self):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.claim(files=[("receipt.pdf", b"MZ program")])
        self.assertFalse(self.requests())

    def test_taken_back(self):
        request = self.claim()
        self.ask("withdraw", request.id)
        self.assertEqual(request.state, "withdrawn")
        self.assertEqual(self.held(), [])
        self.assertEqual(self.kinds(), ["claim_paid.reported", "claim_paid.withdrawn"])
        with self.assertRaisesRegex(UserError, "already"):
            self.ask("withdraw", request.id)


class TestDispute(SelfServiceCase):
    def dispute(self, reason="usage", text="The meter says 4 120.", **values):
        return self.ask("dispute", reason, text, **values)

    def test_everything_waits_for_the_answer(self):
        request = self.dispute()
        self.assertEqual(
            (request.state, request.amount, request.is_whole),
            ("waiting", 1249.0, True),
        )
        self.assertEqual(request.activity_ids.user_id, self.user)
        self.assertEqual(self.held(date(2027, 5, 1)), [("dispute", None)])
        self.assertEqual(self.kinds(), ["dispute.opened"])
        with self.assertRaisesRegex(UserError, "look into it first"):
            self.ask("defer", date(2026, 12, 8))

    def test_a_part_of_it(self):
        request = self.dispute(amount=50000)
        self.assertEqual((request.amount, request.is_whole), (500.0, False))
        self.pay(749.0)
        self.assertEqual(request.state, "waiting")
        self.assertEqual(self.held(), [("dispute", None)])

    def test_what_is_needed(self):
        for values, message in (
            ({"reason": "nothing"}, "Choose what is wrong"),
            ({"reason": None}, "Choose what is wrong"),
            ({"text": "  "}, "in a few words"),
            ({"amount": 0}, "Write the amount"),
            ({"amount": 124901}, "more than the invoice"),
        ):
            with self.assertRaisesRegex(UserError, message):
                self.dispute(**values)

    def test_a_paid_invoice_can_be_wrong_too(self):
        self.pay(1249.0)
        request = self.dispute()
        self.assertEqual((request.state, request.amount), ("waiting", 1249.0))

    def test_staff_answer(self):
        request = self.as_staff(self.dispute())
        request.write({"answer": "We read it again: 4 710.", "pay_until": TODAY})
        request.action_decline()
        self.assertEqual(self.held(), [("dispute", TODAY)])
        self.assertEqual(self.held(date(2026, 11, 24)), [])
        self.assertEqual(self.kinds(), ["dispute.opened", "dispute.declined"])
        self.assertIn("4 710", self.mails().body_html)
        self.assertEqual(request.answered_by_id, self.user)

    def test_the_customer_is_right(self):
        request = self.as_staff(self.dispute())
        action = request.action_credit()
        self.assertEqual(action["context"]["active_ids"], self.invoice.ids)
        request.action_accept()
        self.assertEqual(request.state, "done")
        self.assertEqual(self.held(), [("dispute", date(2026, 12, 7))])

    def test_the_customers_words_are_only_text(self):
        request = self.dispute(text="<script>alert(1)</script> %(user)s")
        move_sudo, visitor = self.on()
        [section] = [
            section
            for section in move_sudo._billing_page_sections(visitor)
            if section.code == "help"
        ]
        self.assertEqual(request.text, "<script>alert(1)</script> %(user)s")
        self.assertEqual(len(section.values["told"]), 1)


class TestRights(SelfServiceCase):
    def test_what_colleagues_write_goes_to_no_customer(self):
        request = self.ask("dispute", "other", "Wrong.").with_user(self.user)
        self.assertFalse(request._message_get_suggested_recipients())
        request.message_post(body="Is he right?", subtype_xmlid="mail.mt_comment")
        self.assertFalse(self.mails())
        self.assertNotIn(self.kari, request.message_partner_ids)

    def test_what_was_asked_is_changed_by_buttons_only(self):
        request = self.ask("promise", date(2026, 12, 5)).with_user(self.user)
        for values in ({"state": "done"}, {"day": DUE}, {"hold_until": DUE}):
            with self.assertRaises(AccessError):
                request.write(values)
        request.write({"answer": "Fine.", "user_id": self.manager.id})
        with self.assertRaises(AccessError):
            request.unlink()
        with self.assertRaises(AccessError):
            self.env["billing.request"].with_user(self.user).create(
                {"kind": "promise", "move_id": self.invoice.id}
            )

    def test_others_see_nothing(self):
        request = self.ask("promise", date(2026, 12, 5))
        portal = self._new_user("billing_kari", "base.group_portal")
        invoicing = self._new_user("billing_clerk", "account.group_account_invoice")
        for user in (portal, invoicing):
            with self.assertRaises(AccessError):
                request.with_user(user).read(["state"])
            with self.assertRaises(AccessError):
                request.with_user(user).action_end()
        elsewhere = self._other_company()
        foreign = self._new_user(
            "billing_else", "billing_base.group_billing_manager", elsewhere
        )
        self.assertFalse(self.env["billing.request"].with_user(foreign).search([]))
        with self.assertRaises(AccessError):
            request.with_user(foreign).action_end()

    def test_only_ones_own_invoice_is_taken_back(self):
        request = self.ask("dispute", "other", "Wrong.")
        with self.assertRaises(UserError):
            self.ask("withdraw", request.id, move=self.new())
        self.assertEqual(request.state, "waiting")


class TestBatch(SelfServiceCase):
    def test_holds_take_as_many_queries_for_many(self):
        moves = self.new() | self.new() | self.new() | self.new()
        self.company.write(
            {"billing_page_split_times": 9, "billing_page_defer_times": 9}
        )
        for move in moves[:2]:
            self.ask("split", 3, move=move)
        self.ask("promise", date(2026, 12, 5), move=moves[2])
        self.ask("dispute", "other", "Wrong.", move=moves[3])
        one, _visitor = self.on(move=moves[0])
        many, _visitor = self.on(move=moves)
        one._billing_holds()

        def count(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records._billing_holds()
            records._billing_agreements()
            return self.env.cr.sql_log_count - before

        count(one)
        self.assertLessEqual(count(many), count(one) + 1)
        self.assertEqual(
            [len(holds) for holds in many._billing_holds().values()], [1, 1, 1, 1]
        )

    def test_a_run_goes_through_all_companies_requests_in_batches(self):
        moves = self.new() | self.new() | self.new()
        for move in moves:
            self.ask("promise", date(2026, 12, 5), move=move)
        with patch(
            "odoo.addons.billing_interactive_invoice.models"
            ".billing_request_follow.BATCH_SIZE",
            2,
        ):
            self.follow_up(date(2026, 12, 20))
        states = {self.requests(move).state for move in moves}
        self.assertEqual(states, {"broken"})
