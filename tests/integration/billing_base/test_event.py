"""The event log: append-only, in batch, readable in every language."""

from datetime import datetime
from unittest.mock import patch

from markupsafe import Markup
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import freeze_time
from odoo.tools import mute_logger

from .common import BillingBaseCase


class TestEventLog(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._new_invoices()

    def _log(self, **values):
        return self.events._log([{"kind": "invoice.paid", **values}])

    # === WRITING === #

    @freeze_time("2026-11-21 12:00:00")
    def test_what_is_left_out_comes_from_the_invoice(self):
        event = self._log(move_id=self.invoice.id, amount=100.0)
        self.assertRecordValues(
            event,
            [
                {
                    "occurred_at": datetime(2026, 11, 21, 12),
                    "move_id": self.invoice.id,
                    "partner_id": self.partner_a.id,
                    "company_id": self.company.id,
                    "currency_id": self.invoice.currency_id.id,
                    "amount": 100.0,
                    "actor": "system",
                    "user_id": False,
                    "customer_visible": True,
                    "dedup_key": False,
                }
            ],
        )

    def test_customer_of_an_event_is_the_commercial_partner(self):
        child = self._new_partner(parent_id=self.partner_a.id)
        invoice = self._new_invoices(partner=child)
        self.assertEqual(self._log(move_id=invoice.id).partner_id, self.partner_a)

    def test_staff_event_names_the_user(self):
        event = self.events.with_user(self.user)._log(
            [{"kind": "invoice.paid", "actor": "staff"}]
        )
        self.assertEqual(event.user_id, self.user)
        self.assertEqual(event.create_uid, self.user)

    def test_payload_keeps_dates_as_text(self):
        event = self._log(payload={"due": self.invoice.invoice_date, "n": 1})
        self.assertEqual(event.payload, {"due": "2026-11-02", "n": 1})

    def test_visibility_can_differ_from_the_kind(self):
        self.assertFalse(self._log(customer_visible=False).customer_visible)

    def test_nothing_to_log_writes_nothing(self):
        with self.assertQueryCount(0):
            self.assertFalse(self.events._log([]))

    def test_wrong_events_are_refused(self):
        for values in (
            {"kind": "no.such.kind"},
            {"kind": None},
            {"kind": "invoice.paid", "actor": "robot"},
            {"kind": "invoice.paid", "payload": ["a", "list"]},
            {"kind": "invoice.paid", "create_uid": 1},
        ):
            with self.subTest(values=values), self.assertRaises(ValueError):
                self.events._log([values])

    def test_one_wrong_event_keeps_the_whole_batch_out(self):
        before = self.events.search_count([])
        with self.assertRaises(ValueError):
            self.events._log([{"kind": "invoice.paid"}, {"kind": "nonsense"}])
        self.assertEqual(self.events.search_count([]), before)

    def test_same_number_of_queries_for_many_events(self):
        """One read of the invoices, one insert, however many there are."""
        invoices = self._new_invoices(count=20)
        for count in (10, 100):
            vals_list = [
                {"kind": "invoice.paid", "move_id": invoices[n % 20].id, "amount": n}
                for n in range(count)
            ]
            self.env.invalidate_all()
            with self.subTest(count=count), self.assertQueryCount(3):
                self.assertEqual(len(self.events._log(vals_list)), count)

    # === ONCE ONLY === #

    def test_repeated_key_is_written_once(self):
        first = self._log(dedup_key="invoice.paid:1")
        self.assertEqual(len(first), 1)
        self.assertFalse(self._log(dedup_key="invoice.paid:1"))

    def test_key_twice_in_a_batch_is_written_once(self):
        events = self.events._log(
            [
                {"kind": "invoice.paid", "dedup_key": "a"},
                {"kind": "invoice.paid", "dedup_key": "a"},
                {"kind": "invoice.paid", "dedup_key": "b"},
                {"kind": "invoice.paid"},
                {"kind": "invoice.paid"},
            ]
        )
        self.assertEqual(
            sorted(events.mapped(lambda event: event.dedup_key or "")),
            ["", "", "a", "b"],
        )

    @mute_logger("odoo.sql_db")
    def test_database_itself_refuses_a_repeated_key(self):
        event = self._log(dedup_key="a")
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO billing_event (kind, company_id, actor, occurred_at,"
                " dedup_key) SELECT kind, company_id, actor, occurred_at, dedup_key"
                " FROM billing_event WHERE id = %s",
                [event.id],
            )

    # === APPEND ONLY === #

    def test_nobody_creates_changes_or_deletes_an_event(self):
        event = self._log(move_id=self.invoice.id)
        everybody = {
            "billing user": event.with_user(self.user),
            "billing manager": event.with_user(self.manager),
            "administrator": event.with_user(self.env.ref("base.user_admin")),
            "superuser": event.sudo(),
            "superuser with the key in another case": event.sudo().with_context(
                Billing_Event_Retention=True
            ),
            "manager with the retention key": event.with_user(
                self.manager
            ).with_context(billing_event_retention=True),
        }
        for who, own_event in everybody.items():
            with self.subTest(who=who):
                with self.assertRaises(AccessError):
                    own_event.write({"payload": {}})
                with self.assertRaises(AccessError):
                    own_event.amount = 5
                with self.assertRaises(AccessError):
                    own_event.unlink()
                with self.assertRaises(AccessError):
                    own_event.copy()
                with self.assertRaises(AccessError):
                    own_event.create({"kind": "invoice.paid", "actor": "system"})
        self.assertTrue(event.exists())

    def test_events_outlive_the_draft_they_were_about(self):
        draft = self._new_invoices(post=False)
        event = self._log(move_id=draft.id)
        draft.unlink()
        event.invalidate_recordset()
        self.assertTrue(event.exists())
        self.assertFalse(event.move_id)
        self.assertEqual(event.partner_id, self.partner_a)

    # === RETENTION === #

    def _run_retention(self):
        progress = []
        with patch.object(
            self.env.registry["ir.cron"],
            "_commit_progress",
            lambda cron, done=0, *, remaining=None: (
                progress.append((done, remaining)) or 60.0
            ),
        ):
            self.events._cron_retention()
        return progress

    def test_events_are_kept_for_good_by_default(self):
        event = self._log(occurred_at=datetime(1999, 1, 1))
        self.assertEqual(self._run_retention(), [])
        self.assertTrue(event.exists())

    @freeze_time("2026-11-21 12:00:00")
    def test_events_past_their_keeping_time_go(self):
        other_company = self._other_company()
        self.company.billing_event_retention_months = 12
        old = self._log(occurred_at=datetime(2025, 11, 21, 11, 59))
        young = self._log(occurred_at=datetime(2025, 11, 21, 12, 1))
        foreign = self._log(
            occurred_at=datetime(1999, 1, 1), company_id=other_company.id
        )
        self.assertEqual(self._run_retention(), [(1, 0)])
        self.assertFalse(old.exists())
        self.assertTrue(young.exists())
        self.assertTrue(foreign.exists())

    def test_retention_commits_in_batches(self):
        self.company.billing_event_retention_months = 1
        self.events._log(
            [{"kind": "invoice.paid", "occurred_at": datetime(2001, 1, 1)}] * 5
        )
        with patch("odoo.addons.billing_base.models.billing_event.RETENTION_BATCH", 2):
            self.assertEqual(self._run_retention(), [(2, 3), (2, 1), (1, 0)])

    # === READING === #

    def test_sentence_is_made_from_kind_and_payload(self):
        event = self.events._log(
            [
                {
                    "kind": "contact.blocked",
                    "channel": "email",
                    "payload": {"address": "a@b.no", "reason": "unknown user"},
                }
            ]
        )
        self.assertEqual(event.label, "Contact point blocked")
        self.assertEqual(event.icon, "fa-ban")
        self.assertEqual(
            event.display_text, "E-mail a@b.no is no longer used: unknown user"
        )

    def test_payload_cannot_pass_itself_off_as_the_amount(self):
        event = self._log(
            move_id=self.invoice.id,
            amount=100.0,
            payload={"amount": "1 000 000", "invoice": "another"},
        )
        self.assertIn(self.invoice.name, event.display_text)
        self.assertIn("100.00", event.display_text)
        self.assertNotIn("1 000 000", event.display_text)

    def test_hostile_payload_stays_text(self):
        event = self.events._log(
            [
                {
                    "kind": "hold.placed",
                    "payload": {
                        "reason": "<img src=x onerror=alert(1)> %(user)s {0.__class__}"
                    },
                }
            ]
        )
        text = event.display_text
        self.assertIn("<img src=x onerror=alert(1)> %(user)s {0.__class__}", text)
        self.assertNotIsInstance(text, Markup)
        shown = self.env["ir.qweb"]._render(
            self.env["ir.ui.view"]
            .create(
                {
                    "type": "qweb",
                    "name": "t",
                    "arch": '<p><t t-out="event.display_text"/></p>',
                }
            )
            .id,
            {"event": event},
        )
        self.assertIn("&lt;img src=x", shown)
        self.assertNotIn("<img", shown)

    def test_payload_that_is_not_what_the_kind_says_is_shown_as_it_came(self):
        event = self.events._log(
            [{"kind": "invoice.posted", "payload": {"due": "soonish"}}]
        )
        self.assertIn("due soonish", event.display_text)

    def test_text_comes_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.env["res.lang"]._activate_lang("sv_SE")
        event = self._log(
            move_id=self.invoice.id, amount=1234.5, payload={"until": "2026-12-01"}
        )
        event_class = self.env.registry["billing.event"]
        original = event_class._billing_event_kinds
        texts = {
            "nb_NO": ("Betalt", "Betalt %(amount)s, frist %(until)s"),
            "sv_SE": ("Betald", "Betald %(amount)s, senast %(until)s"),
        }

        def translated_kinds(self):
            kinds = original(self)
            label, text = texts.get(self.env.lang, ("Paid", "Paid %(amount)s"))
            kinds["invoice.paid"] = {
                "label": label,
                "text": text,
                "formats": {"until": "date"},
            }
            return kinds

        with patch.object(event_class, "_billing_event_kinds", translated_kinds):
            norwegian = event.with_context(lang="nb_NO")
            swedish = event.with_context(lang="sv_SE")
            self.assertEqual(norwegian.label, "Betalt")
            self.assertRegex(
                norwegian.display_text, r"^Betalt .*1.234,50.*, frist 01\.12\.2026$"
            )
            self.assertEqual(swedish.label, "Betald")
            self.assertRegex(
                swedish.display_text, r"^Betald .*1.234,50.*, senast 2026-12-01$"
            )
            self.assertRegex(event.display_text, r"^Paid .*1,234\.50")
            selection = dict(
                self.events.with_context(lang="sv_SE").fields_get(["kind"])["kind"][
                    "selection"
                ]
            )
            self.assertEqual(selection["invoice.paid"], "Betald")

    def test_customer_reads_a_sentence_of_his_own(self):
        event = self._log(move_id=self.invoice.id)
        customer = event.with_context(billing_customer_view=True)
        self.assertTrue(customer.display_text.endswith("Thank you!"))
        self.assertNotEqual(event.display_text, customer.display_text)

    def test_event_of_an_addon_that_is_gone_still_shows(self):
        event = self._log()
        self.env.cr.execute(
            "UPDATE billing_event SET kind = 'gone.kind' WHERE id = %s", [event.id]
        )
        event.invalidate_recordset()
        self.assertEqual(event.label, "gone.kind")
        self.assertEqual(event.display_text, "gone.kind")
        event.web_read({"kind": {}, "display_text": {}})

    def test_kinds_are_grouped_in_views(self):
        self._log(move_id=self.invoice.id)
        groups = self.events.formatted_read_group(
            [("move_id", "=", self.invoice.id)], ["kind"], ["__count"]
        )
        self.assertEqual(
            {group["kind"]: group["__count"] for group in groups},
            {"invoice.posted": 1, "invoice.paid": 1},
        )

    # === LIFE OF AN INVOICE === #

    def test_posting_and_payment_leave_events(self):
        invoices = self._new_invoices(count=2)
        self._register_payment(invoices[0])
        found = self.events.search([("move_id", "in", invoices.ids)], order="id")
        self.assertEqual(
            found.mapped(lambda event: (event.kind, event.move_id)),
            [
                ("invoice.posted", invoices[0]),
                ("invoice.posted", invoices[1]),
                ("invoice.paid", invoices[0]),
            ],
        )
        self.assertEqual(found[0].payload, {"due": "2026-11-02"})

    def test_what_staff_take_back_leaves_events(self):
        draft = self._new_invoices(post=False)
        draft.button_cancel()
        self.assertFalse(self.events.search([("move_id", "=", draft.id)]))
        self.invoice.button_cancel()
        found = self.events.search([("move_id", "=", self.invoice.id)], order="id")
        self.assertEqual(
            found.mapped("kind"),
            ["invoice.posted", "invoice.reset", "invoice.cancelled"],
        )
        self.assertEqual(found[2].user_id, self.env.user)
        self.assertIn("was cancelled by", found[2].display_text)

    def test_vendor_bills_stay_out_of_the_history(self):
        bill = self.init_invoice("in_invoice", amounts=[100.0], post=True)
        self.assertFalse(self.events.search([("move_id", "=", bill.id)]))

    def test_counts_and_actions_lead_to_the_history(self):
        self._log(move_id=self.invoice.id)
        self.assertEqual(self.invoice.billing_event_count, 2)
        self.assertEqual(self.partner_a.billing_event_count, 2)
        for record in (self.invoice, self.partner_a):
            action = record.action_billing_history()
            self.assertEqual(self.events.search_count(action["domain"]), 2)

    # === ACCESS === #

    def test_who_may_read(self):
        other_company = self._other_company()
        own = self._log(move_id=self.invoice.id)
        foreign = self._log(company_id=other_company.id)
        as_user = self.events.with_user(self.user)
        self.assertIn(own, as_user.search([]))
        self.assertNotIn(foreign, as_user.search([]))
        with self.assertRaises(AccessError):
            foreign.with_user(self.user).read(["kind"])
        for login, groups in (
            ("invoicing", "account.group_account_invoice"),
            ("portal_reader", "base.group_portal"),
        ):
            reader = self._new_user(login, groups)
            with self.subTest(login=login), self.assertRaises(AccessError):
                own.with_user(reader).read(["kind"])

    def test_invoicing_staff_without_billing_rights_still_post(self):
        clerk = self._new_user("clerk", "account.group_account_invoice")
        invoice = self._new_invoices(post=False)
        invoice.with_user(clerk).action_post()
        self.assertTrue(self.events.search([("move_id", "=", invoice.id)]))
