"""Holds: asked in batch, placed and lifted by staff, shown on the invoice."""

from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time

from odoo.addons.billing_base.core.hold import BLOCKS, Hold

from .common import BillingBaseCase


@freeze_time("2026-11-21 12:00:00")
class TestHold(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoices = cls._new_invoices(count=3)
        cls.invoice = cls.invoices[0]

    # === CONTRACT === #

    def test_every_invoice_gets_a_list(self):
        self.assertEqual(
            self.invoices._billing_holds(),
            {invoice.id: [] for invoice in self.invoices},
        )
        self.assertEqual(self.env["account.move"]._billing_holds(), {})

    def test_manual_hold_says_all_there_is_to_say(self):
        record = self.invoice._billing_place_hold("Meter", date(2026, 12, 1), {"fee"})
        expected = Hold(
            "manual", "Meter", date(2026, 11, 21), date(2026, 12, 1), None, ["fee"]
        )
        self.assertEqual(self.invoices._billing_holds()[self.invoice.id], [expected])
        (hold,) = self.invoice._billing_holds()[self.invoice.id]
        self.assertEqual(hold.source_record, record)

    def test_hold_by_hand_lets_the_invoice_itself_go_out(self):
        self.invoice._billing_place_hold("Meter")
        for what in BLOCKS:
            with self.subTest(what=what):
                blocked = self.invoices._billing_blocked(what)
                expected = self.invoice if what != "distribution" else blocked.browse()
                self.assertEqual(blocked, expected)

    def test_hold_ends_after_its_last_day(self):
        self.invoice._billing_place_hold("Meter", date(2026, 11, 25))
        for day, held in (("2026-11-25", True), ("2026-11-26", False)):
            with self.subTest(day=day):
                moves = self.invoices.with_context(billing_date=day)
                self.assertEqual(bool(moves._billing_blocked("fee")), held)

    def test_addons_add_their_own_holds(self):
        move_class = self.env.registry["account.move"]
        original = move_class._billing_holds

        def _billing_holds(moves):
            holds = original(moves)
            for move in moves:
                holds[move.id].append(
                    Hold("dispute", "Disputed", date(2026, 11, 1), blocks={"fee"})
                )
            return holds

        self.invoice._billing_place_hold("Meter")
        with patch.object(move_class, "_billing_holds", _billing_holds):
            holds = self.invoices._billing_holds()
            self.assertEqual(
                [hold.code for hold in holds[self.invoice.id]], ["manual", "dispute"]
            )
            self.assertEqual(self.invoices._billing_blocked("fee"), self.invoices)
            self.assertIn("Disputed", self.invoices[1].billing_hold_html)
            self.assertFalse(self.invoices[1].billing_has_manual_hold)

    def test_same_number_of_queries_for_many_invoices(self):
        many = self._new_invoices(count=100)
        many._billing_place_hold("Meter")
        counts = []
        for moves in (many[:10], many):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertEqual(moves._billing_blocked("fee"), moves)
            counts.append(self.cr.sql_log_count - before)
        # Each addon with reasons of its own adds a few
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 14)

    # === PLACING AND LIFTING === #

    def test_placing_and_lifting_leave_events(self):
        hold = self.invoice.with_user(self.user)._billing_place_hold("Meter <b>")
        self.assertEqual((hold.state, hold.user_id), ("active", self.user))
        hold.with_user(self.manager).action_release()
        self.assertEqual((hold.state, hold.released_by_id), ("released", self.manager))
        events = self.events.search(
            [("move_id", "=", self.invoice.id), ("kind", "=like", "hold.%")],
            order="id",
        )
        self.assertRecordValues(
            events,
            [
                {"kind": "hold.placed", "user_id": self.user.id, "actor": "staff"},
                {"kind": "hold.released", "user_id": self.manager.id, "actor": "staff"},
            ],
        )
        self.assertEqual(
            events[0].payload,
            {
                "hold_id": hold.id,
                "reason": "Meter <b>",
                "until": None,
                "blocks": ["fee", "handover", "reminder"],
            },
        )
        self.assertFalse(self.invoices._billing_blocked("fee"))

    def test_lifting_twice_changes_nothing(self):
        hold = self.invoice._billing_place_hold("Meter")
        hold._release()
        hold._release()
        self.assertEqual(
            self.events.search_count(
                [("move_id", "=", self.invoice.id), ("kind", "=", "hold.released")]
            ),
            1,
        )

    def test_states_can_be_searched(self):
        active, expired, released = (
            move._billing_place_hold(reason, until)
            for move, reason, until in zip(
                self.invoices,
                ("a", "e", "r"),
                (None, date(2026, 11, 21), None),
                strict=True,
            )
        )
        released._release()
        holds = (active | expired | released).with_context(billing_date="2026-11-22")
        self.assertEqual(holds.mapped("state"), ["active", "expired", "released"])
        for state, expected in zip(
            ("active", "expired", "released"), holds, strict=True
        ):
            with self.subTest(state=state):
                domain = [("id", "in", holds.ids), ("state", "=", state)]
                self.assertEqual(holds.search(domain), expected)

    def test_hold_needs_something_to_stop_and_sense_in_time(self):
        with self.assertRaises(ValidationError):
            self.invoice._billing_place_hold("x", blocks=set())
        with self.assertRaises(ValidationError):
            self.invoice._billing_place_hold("x", date(2026, 11, 20))

    # === SCREENS === #

    def test_banner_shows_the_hold_and_escapes_it(self):
        self.assertFalse(self.invoice.billing_hold_html)
        self.invoice._billing_place_hold("<b>x</b>", date(2026, 12, 1))
        html = self.invoice.billing_hold_html
        self.assertIn("&lt;b&gt;x&lt;/b&gt;", html)
        self.assertIn("11/21/2026", html)
        self.assertIn("12/01/2026", html)
        self.assertTrue(self.invoice.billing_has_manual_hold)

    def test_form_puts_many_invoices_on_hold(self):
        action = self.invoices.action_billing_hold()
        form = Form(
            self.env[action["res_model"]]
            .with_user(self.user)
            .with_context(**action["context"])
        )
        form.reason = "Meter"
        form.block_reminder = False
        form.save().action_place()
        self.assertEqual(self.invoices._billing_blocked("fee"), self.invoices)
        self.assertFalse(self.invoices._billing_blocked("reminder"))
        self.invoices.with_user(self.user).action_billing_release_holds()
        self.assertFalse(self.invoices._billing_blocked("fee"))

    def test_only_customer_invoices_are_put_on_hold(self):
        bill = self.init_invoice("in_invoice", amounts=[100.0], post=True)
        wizard = self.env["billing.hold.wizard"].create(
            {"move_ids": [Command.set(bill.ids)], "reason": "x"}
        )
        with self.assertRaises(UserError):
            wizard.action_place()

    # === ACCESS === #

    def test_holds_are_changed_through_their_methods_only(self):
        hold = self.invoice._billing_place_hold("Meter")
        for user in (self.user, self.manager):
            own_hold = hold.with_user(user)
            with self.subTest(user=user.login):
                self.assertEqual(own_hold.reason, "Meter")
                with self.assertRaises(AccessError):
                    own_hold.write({"reason": "another"})
                with self.assertRaises(AccessError):
                    own_hold.unlink()
                with self.assertRaises(AccessError):
                    own_hold.create({"move_id": self.invoice.id, "reason": "x"})

    def test_others_neither_place_nor_lift(self):
        hold = self.invoice._billing_place_hold("Meter")
        clerk = self._new_user("clerk", "account.group_account_invoice")
        stranger = self._new_user(
            "stranger", "billing_base.group_billing_user", self._other_company()
        )
        for user in (clerk, stranger):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                hold.with_user(user).action_release()
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.env["billing.hold.wizard"].with_user(user).create(
                    {"move_ids": [Command.set(self.invoice.ids)], "reason": "x"}
                ).action_place()
        self.assertEqual(hold.state, "active")
