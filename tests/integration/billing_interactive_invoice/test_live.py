"""Open pages: who hears of changes, who is here, and what customers have seen."""

import json
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.billing_interactive_invoice.core import reading, visitor_rights
from odoo.addons.billing_interactive_invoice.core.visitor_rights import Visitor
from odoo.addons.http_routing.tests.common import MockRequest

from ...common import KvittHttpCase
from ..billing_base.common import LinkCase

WAITING = "billing.page.changed"
SHOWN = reading.Report(shown=True)


class LiveCase(LinkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.presences = cls.env["billing.page.presence"]
        cls.readers = cls.env["billing.page.reader"]
        cls.link = cls.links._issue([{"move_id": cls.invoice.id, "key": "attempt-1"}])
        cls.by_link = Visitor(
            visitor_rights.LINK, link_id=cls.link.id, partner_id=cls.kari.id
        )
        cls.portal_user = new_test_user(
            cls.env,
            login="live_customer",
            groups="base.group_portal",
            partner_id=cls.kari.id,
        )
        cls.public = cls.env.ref("base.public_user")

    def ticket(self, visitor=None, move=None):
        return self.presences._issue_ticket(
            move or self.invoice, visitor or self.by_link
        )

    def admit(self, ticket, user=None):
        return self.presences.with_user(user or self.public)._admit(ticket)

    def note(self, report=SHOWN, visitor=None, user=None, move=None):
        reader = self.admit(self.ticket(visitor, move), user)
        self.presences.with_user(user or self.public)._note(reader, report)

    def staff(self, user):
        return Visitor(visitor_rights.STAFF, user_id=user.id)

    def sent(self, push):
        """Return the bus messages that ``push`` sends, as (move id, type)."""
        sent = []
        with patch.object(
            type(self.env["bus.bus"]),
            "_sendone",
            lambda _self, target, kind, payload: sent.append(
                (target[0].id, kind, payload)
            ),
        ):
            push()
        return sent


class TestTickets(LiveCase):
    def test_a_link_admits_whoever_has_it_as_the_customer(self):
        reader = self.admit(self.ticket())
        self.assertEqual(reader["move_id"], self.invoice.id)
        self.assertEqual(reader["reader"], f"partner:{self.kari.id}")
        self.assertFalse(reader["is_staff"])

    def test_a_link_that_opens_nothing_any_more_admits_nobody(self):
        ticket = self.ticket()
        with self.subTest("draft"):
            self.invoice.button_draft()
            self.assertIsNone(self.admit(ticket))
            self.invoice.action_post()
            self.assertTrue(self.admit(ticket))
        with self.subTest("expired"), freeze_time(self.link.expires_at):
            self.env.invalidate_all()
            late = self.ticket()
            self.assertIsNone(self.admit(late))
        with self.subTest("revoked"):
            self.link._revoke("lost")
            self.assertIsNone(self.admit(ticket))

    def test_a_ticket_grows_old(self):
        ticket = self.ticket()
        with freeze_time(fields.Datetime.now() + timedelta(hours=23)):
            self.assertTrue(self.admit(ticket))
        with freeze_time(fields.Datetime.now() + timedelta(hours=25)):
            self.assertIsNone(self.admit(ticket))

    def test_a_link_admits_to_its_own_invoice_alone(self):
        # As if the signature had been got for it: the link is of another invoice.
        self.assertIsNone(self.admit(self.ticket(move=self.other)))

    def test_who_signed_in_cannot_lend_the_ticket(self):
        visitor = Visitor(visitor_rights.PORTAL, user_id=self.portal_user.id)
        ticket = self.ticket(visitor)
        self.assertTrue(self.admit(ticket, self.portal_user))
        self.assertIsNone(self.admit(ticket, self.public))
        self.assertIsNone(self.admit(ticket, self.manager))

    def test_employees_hear_of_what_they_may_read(self):
        ticket = self.ticket(self.staff(self.user))
        self.assertTrue(self.admit(ticket, self.user)["is_staff"])
        stranger = self._new_user("stranger", "base.group_user")
        ticket = self.ticket(self.staff(stranger))
        self.assertIsNone(self.admit(ticket, stranger))

    def test_nonsense_admits_nobody(self):
        for value in (None, "", 7, ["x"], {}, "1.link.1.1.x", self.ticket() + "x"):
            self.assertIsNone(self.admit(value), value)


class TestChannels(LiveCase):
    def channels(self, *asked):
        """Return the names and the records that a visitor gets to hear."""
        env = self.env(user=self.public)
        with MockRequest(env):
            got = env["ir.websocket"]._build_bus_channel_list(list(asked))
        return (
            {channel for channel in got if isinstance(channel, str)},
            [
                (channel[0].id, channel[1])
                for channel in got
                if isinstance(channel, tuple)
            ],
        )

    def test_a_ticket_opens_the_channel_of_its_invoice_and_no_other(self):
        _names, records = self.channels(f"billing_page:{self.ticket()}")
        self.assertEqual(records, [(self.invoice.id, "page")])

    def test_what_is_asked_for_is_never_a_channel_by_itself(self):
        asked = (
            f"billing_page:{self.ticket()}",
            f"billing_page:{self.ticket()}x",
            f"billing_page:{self.other.id}",
            "billing_page:",
        )
        names, records = self.channels(*asked)
        self.assertFalse(names & set(asked))
        self.assertEqual(records, [(self.invoice.id, "page")])

    def test_channels_of_others_are_left_alone(self):
        names, _records = self.channels("somebody_elses")
        self.assertIn("somebody_elses", names)

    def test_a_flood_of_tickets_is_cut(self):
        calls = []
        with patch.object(
            type(self.presences), "_admit", lambda _self, text: calls.append(text)
        ):
            self.channels(*(f"billing_page:{number}" for number in range(500)))
        self.assertEqual(len(calls), 20)


class TestChanges(LiveCase):
    def setUp(self):
        super().setUp()
        self.env.cr.postcommit.data.pop(WAITING, None)

    def waiting(self):
        return self.env.cr.postcommit.data.pop(WAITING, set())

    def test_what_shows_on_the_page_is_a_change(self):
        invoice = self.invoice
        cases = {
            "due date": lambda: invoice.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            ).write({"date_maturity": "2026-12-24"}),
            "message": lambda: invoice.message_post(
                body="Hello", message_type="comment", subtype_xmlid="mail.mt_comment"
            ),
            "hold": lambda: invoice._billing_place_hold("disputed"),
            "reference": lambda: invoice.write({"payment_reference": "1234"}),
            "part payment": lambda: self._register_payment(invoice, amount=40),
            "payment undone": lambda: invoice.line_ids.remove_move_reconcile(),
            "cancelled": lambda: (invoice.button_draft(), invoice.button_cancel()),
        }
        for name, change in cases.items():
            with self.subTest(name):
                self.waiting()
                change()
                self.assertIn(invoice.id, self.waiting())

    def test_looking_at_the_page_is_no_change_of_it(self):
        self.events._log([{"kind": "page.seen", "move_id": self.invoice.id}])
        self.note()
        self.assertNotIn(self.invoice.id, self.waiting())

    def test_noting_a_change_asks_the_database_nothing(self):
        moves = self.invoice | self.other
        with self.assertQueryCount(0):
            for _nth in range(100):
                moves._billing_page_changed()
        self.assertEqual(self.waiting(), set(moves.ids))

    def test_open_pages_are_told_and_no_others(self):
        self.note()
        ids = [self.invoice.id, self.other.id]
        self.assertEqual(
            self.sent(lambda: self.presences._push(ids)),
            [(self.invoice.id, "billing_page_changed", {"within": 0})],
        )
        with freeze_time(fields.Datetime.now() + timedelta(minutes=4)):
            self.assertEqual(self.sent(lambda: self.presences._push(ids)), [])

    def test_many_pages_are_asked_to_come_one_after_another(self):
        self.note()
        module = "odoo.addons.billing_interactive_invoice.models.billing_page_presence"
        param = "billing_interactive_invoice.pages_per_second"
        parameters = self.env["ir.config_parameter"].sudo()
        for speed, wait in (("5", 200), ("1", 1000), ("nonsense", 25)):
            parameters.set_param(param, speed)
            with self.subTest(speed), patch(f"{module}.TOGETHER", 0):
                [sent] = self.sent(lambda: self.presences._push(self.invoice.ids))
                self.assertEqual(sent[2], {"within": wait})

    def test_one_query_finds_who_is_to_be_told(self):
        self.note()
        ids = (self.invoice | self.other).ids
        with (
            patch.object(type(self.env["bus.bus"]), "_sendone"),
            self.assertQueryCount(1),
        ):
            self.presences._push(ids)

    def test_the_stamp_stays_until_something_happens(self):
        first = self.invoice._billing_page_stamp()
        self.events._log([{"kind": "page.seen", "move_id": self.invoice.id}])
        self.note()
        self.assertEqual(self.invoice._billing_page_stamp(), first)
        stamps = {first}
        for change in (
            lambda: self.invoice.message_post(body="Hello"),
            lambda: self.invoice._billing_place_hold("disputed"),
            lambda: self._register_payment(self.invoice, amount=40),
            lambda: self.invoice.write({"payment_reference": "1234"}),
        ):
            change()
            stamp = self.invoice._billing_page_stamp()
            self.assertNotIn(stamp, stamps)
            stamps.add(stamp)
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self.assertNotIn(self.invoice._billing_page_stamp(), stamps)


class TestPresence(LiveCase):
    def here(self, move=None):
        move = move or self.invoice
        return move._billing_page_readers_here()[move.id]

    def test_who_is_here_is_known_until_they_are_silent(self):
        self.assertEqual(self.here(), {"customer": False, "staff": False})
        self.note()
        self.note(visitor=self.staff(self.user), user=self.user)
        self.assertEqual(self.here(), {"customer": True, "staff": True})
        self.assertEqual(self.here(self.other), {"customer": False, "staff": False})
        self.note(reading.Report(visible=False))
        self.assertEqual(self.here(), {"customer": False, "staff": True})
        with freeze_time(fields.Datetime.now() + timedelta(minutes=3)):
            self.assertEqual(self.here(), {"customer": False, "staff": False})

    def test_whoever_else_is_there_is_told_who_comes_and_goes(self):
        came = self.staff(self.user)
        self.assertEqual(self.sent(self.note), [], "nobody else is there")
        told = self.sent(lambda: self.note(visitor=came, user=self.user))
        payload = {"move_id": self.invoice.id, "customer": True, "staff": True}
        self.assertEqual(told, [(self.invoice.id, "billing_page_presence", payload)])
        again = self.sent(lambda: self.note(visitor=came, user=self.user))
        self.assertEqual(again, [], "still there")
        gone = self.sent(
            lambda: self.note(reading.Report(visible=False), came, self.user)
        )
        self.assertEqual(gone[0][2]["staff"], False)

    def test_a_company_need_not_show_its_staff(self):
        self.note(visitor=self.staff(self.user), user=self.user)
        self.company.billing_page_staff_presence = False
        self.assertFalse(self.here()["staff"])

    def test_one_row_for_each_reader_however_often(self):
        for _nth in range(5):
            self.note()
        rows = self.presences.search([("move_id", "=", self.invoice.id)])
        self.assertEqual(len(rows), 1)

    def test_old_rows_go(self):
        self.note()
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.presences._gc_presence()
        self.assertFalse(self.presences.search([("move_id", "=", self.invoice.id)]))


class TestReaders(LiveCase):
    def reader(self):
        self.env.invalidate_all()
        return self.readers.search([("move_id", "=", self.invoice.id)])

    def test_link_and_login_of_one_person_are_one_reader(self):
        self.note()
        visitor = Visitor(visitor_rights.PORTAL, user_id=self.portal_user.id)
        self.note(visitor=visitor, user=self.portal_user)
        self.assertEqual(len(self.reader()), 1)
        self.assertEqual(self.reader().partner_id, self.kari)

    def test_what_was_shown_is_kept(self):
        self.note()
        reader = self.reader()
        self.assertEqual(reader.amount_seen, self.invoice.amount_residual)
        self.assertEqual(reader.due_seen, self.invoice.invoice_date_due)
        self.assertEqual(reader.link_id, self.link)
        self.assertTrue(reader.is_current)
        self._register_payment(self.invoice, amount=40)
        reader = self.reader()
        self.assertEqual(reader.amount_seen, 100)
        self.assertFalse(reader.is_current)

    def test_visits_are_counted_and_what_changed_since_is_told(self):
        self.note()
        now = fields.Datetime.now()
        data = self.invoice._billing_page_data(self.by_link)
        self.assertNotIn("changed", data, "nothing is news at the first visit")
        self._register_payment(self.invoice, amount=40)
        with freeze_time(now + timedelta(days=1)):
            data = self.invoice._billing_page_data(self.by_link)
            self.assertEqual(data["changed"], "amount state")
            self.assertEqual(data["since"], self.reader().seen_at.isoformat())
            self.note()
            self.assertEqual(self.reader().visits, 2)
            # Loaded again during the same visit.
            data = self.invoice._billing_page_data(self.by_link)
            self.assertEqual(data["changed"], "amount state")
        self.assertEqual(self.invoice.billing_visit_count, 2)
        self.assertEqual(self.kari.billing_visit_count, 2)

    def test_signs_of_life_alone_go_on_with_the_visit(self):
        self.note()
        now = fields.Datetime.now()
        for minutes in (20, 40, 60):
            with freeze_time(now + timedelta(minutes=minutes)):
                self.note(reading.Report())
        with freeze_time(now + timedelta(minutes=80)):
            self.note()
        self.assertEqual(self.reader().visits, 1)

    def test_sections_in_view_are_noted_and_made_up_ones_are_not(self):
        report = reading.Report(seen=frozenset({"state", "pay", "made_up"}))
        self.note(report)
        self.note(report)
        reader = self.reader()
        self.assertEqual(set(reader.section_ids.mapped("code")), {"state", "pay"})
        self.assertEqual(
            set(reader.section_ids.mapped("label")),
            {"State, amount and due date", "How to pay"},
        )

    def test_sections_are_kept_as_long_as_visits(self):
        self.company.billing_visit_days = 30
        self.env.flush_all()
        self.note(reading.Report(shown=True, seen=frozenset({"pay"})))
        for days, kept in ((29, True), (31, False)):
            with freeze_time(fields.Datetime.now() + timedelta(days=days)):
                self.env["billing.page.seen"]._gc_seen()
            self.assertEqual(bool(self.reader().section_ids), kept)
        self.assertEqual(self.reader().visits, 1)

    def test_messages_in_view_are_reported(self):
        calls = []
        with patch.object(
            type(self.invoice),
            "_billing_page_message_seen",
            lambda move, message: calls.append((move.id, message)),
        ):
            self.note(reading.Report(read=17))
        self.assertEqual(calls, [(self.invoice.id, 17)])

    def test_employees_leave_no_trace_of_reading(self):
        self.note(visitor=self.staff(self.user), user=self.user)
        self.assertFalse(self.reader())
        self.assertNotIn(
            "since", self.invoice._billing_page_data(self.staff(self.user))
        )

    def test_a_sign_of_life_costs_little(self):
        self.note()
        reader = self.admit(self.ticket())
        with self.assertQueryCount(2):
            self.presences._note(reader, reading.Report())

    def test_staff_read_it_and_customers_do_not(self):
        self.note()
        rows = self.readers.with_user(self.user).search([])
        self.assertIn(self.invoice, rows.move_id)
        with self.assertRaises(AccessError):
            self.readers.with_user(self.portal_user).search([])
        with self.assertRaises(AccessError):
            self.presences.with_user(self.user).search([])

    def test_other_companies_see_none_of_it(self):
        self.note(reading.Report(shown=True, seen=frozenset({"pay"})))
        elsewhere = self._other_company()
        stranger = self._new_user(
            "elsewhere", "billing_base.group_billing_manager", elsewhere
        )
        for model in ("billing.page.reader", "billing.page.seen"):
            self.assertFalse(self.env[model].with_user(stranger).search([]), model)


class TestPage(LiveCase, KvittHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = cls.link._token()

    def live(self, **params):
        return self.url_open(
            f"/my/invoices/{self.invoice.id}/live",
            params={"access_token": self.token, **params},
            allow_redirects=False,
        )

    def test_a_page_that_is_up_to_date_gets_nothing_drawn(self):
        first = self.live().json()
        self.assertIn("state", first["sections"])
        stamp = first["live"]["stamp"]
        self.assertTrue(self.admit(first["live"]["ticket"]))
        again = self.live(stamp=stamp).json()
        self.assertEqual(again["sections"], {})
        self.assertNotIn("order", again)
        self.invoice._billing_place_hold("disputed")
        self.env.flush_all()
        changed = self.live(stamp=stamp).json()
        self.assertNotEqual(changed["live"]["stamp"], stamp)
        self.assertIn("order", changed)

    def test_without_a_websocket_the_page_reports_as_it_asks(self):
        self.live(report=json.dumps({"shown": True, "seen": ["pay"]}))
        self.env.invalidate_all()
        reader = self.readers.search([("move_id", "=", self.invoice.id)])
        self.assertEqual(reader.visits, 1)
        self.assertEqual(reader.section_ids.code, "pay")
        self.assertTrue(
            self.invoice._billing_page_readers_here()[self.invoice.id]["customer"]
        )

    def test_a_report_that_is_none_is_passed_over(self):
        for report in ("", "{", "[]", "7", '{"seen": 7}'):
            self.assertEqual(self.live(report=report).status_code, 200, report)

    def test_the_page_has_what_it_needs_to_stay_up_to_date(self):
        page = self.url_open(
            f"/my/invoices/{self.invoice.id}", params={"access_token": self.token}
        ).text
        self.assertIn(f'data-stamp="{self.invoice._billing_page_stamp()}"', page)
        self.assertIn('id="k-offline"', page)
        self.assertNotIn("Staff view", page)

    def test_staff_open_the_same_page_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        self.kari.lang = "sv_SE"
        action = self.invoice.action_billing_customer_view()
        self.assertEqual(action["url"], f"/sv/my/invoices/{self.invoice.id}")
        self.kari.lang = "en_US"
        self.authenticate("billing_user", "billing_user")
        page = self.url_open(f"/my/invoices/{self.invoice.id}").text
        self.assertIn("Staff view", page)
        self.assertIn('data-visitor="staff"', page)
        self.env.invalidate_all()
        self.assertFalse(self.readers.search([("move_id", "=", self.invoice.id)]))
