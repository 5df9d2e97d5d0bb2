"""The history of an invoice, as customers and as staff read it."""

from datetime import datetime
from unittest.mock import patch

from odoo.tests import freeze_time

from odoo.addons.billing_interactive_invoice.core.visitor_rights import LINK, Visitor

from ..billing_base.common import LinkCase


@freeze_time("2026-11-22 12:00:00")
class TestHistory(LinkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = Visitor(LINK, partner_id=cls.kari.id)
        cls.invoice = cls._new_invoices(partner=cls.kari)
        cls.env["billing.event"].flush_model()
        cls.cr.execute(
            "UPDATE billing_event SET occurred_at = '2026-11-02 08:00' "
            "WHERE move_id = %s",
            [cls.invoice.id],
        )

    def log(self, kind, at, **values):
        return self.events._log(
            [
                {
                    "kind": kind,
                    "move_id": self.invoice.id,
                    "occurred_at": datetime.fromisoformat(at),
                    **values,
                }
            ]
        )

    def told(self, lang="en_US"):
        """Return what the page tells: (day, [(time, text)])."""
        move = self.invoice.sudo().with_context(lang=lang)
        shown, earlier = move._billing_page_history()
        return [
            (day["name"], [(entry["time"], entry["text"]) for entry in day["entries"]])
            for day in shown + earlier
        ]

    def test_days_and_times_are_the_companys(self):
        self.company.partner_id.tz = "Europe/Oslo"
        self.log("invoice.paid", "2026-11-20 23:30:00", amount=100)
        (day, [(time, text)]), (first_day, _first) = self.told()
        self.assertEqual(day, "Saturday, November 21")
        self.assertEqual(time.replace("\u202f", " "), "12:30 AM")
        self.assertEqual(text, f"Invoice {self.invoice.name} is paid. Thank you!")
        self.assertEqual(first_day, "Monday, November 2")

    def test_days_are_named_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        [(day, [(time, _text)])] = self.told("nb_NO")
        self.assertEqual(day, "Mandag 2. november")
        self.assertEqual(time, "09:00")

    def test_what_is_not_for_the_customer_is_not_told(self):
        self.log("contact.blocked", "2026-11-20 12:00:00", payload={"reason": "spam"})
        self.log("hold.placed", "2026-11-20 12:00:00", payload={"reason": "fraud?"})
        self.assertEqual(len(self.told()), 1)

    def test_another_invoices_history_stays_with_it(self):
        other = self._new_invoices(partner=self.kari)
        texts = [text for _day, entries in self.told() for _time, text in entries]
        self.assertFalse([text for text in texts if other.name in text])

    def test_the_section_is_drawn_with_the_older_part_folded(self):
        for day in range(3, 20):
            self.log("invoice.paid", f"2026-11-{day:02} 12:00:00", amount=1)
        sections = self.invoice.sudo()._billing_page_sections(self.customer)
        (section,) = (one for one in sections if one.code == "history")
        self.assertEqual(len(section.values["shown"]), 8)
        self.assertEqual(section.values["earlier_count"], 10)
        drawn = self.env["ir.qweb"]._render(section.template, section.values)
        self.assertIn("Show earlier (10)", " ".join(str(drawn).split()))

    def test_the_history_takes_as_many_queries_however_long_it_is(self):
        move_sudo = self.invoice.sudo()

        def count():
            self.env.invalidate_all()
            move_sudo._billing_page_history()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            move_sudo._billing_page_history()
            return self.cr.sql_log_count - before

        short = count()
        for day in range(3, 20):
            self.log("invoice.paid", f"2026-11-{day:02} 12:00:00", amount=1)
        self.assertEqual(count(), short)

    def test_staff_see_what_the_customer_reads_beside_what_happened(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        paid = self.log("invoice.paid", "2026-11-20 12:00:00", amount=100)
        blocked = self.log("contact.blocked", "2026-11-20 12:00:00")
        events = (paid | blocked).with_user(self.user)
        self.assertIn("Thank you!", events[0].customer_text)
        self.assertIn("is paid", events[0].display_text)
        self.assertFalse(events[1].customer_text)
        self.kari.lang = "nb_NO"
        events.invalidate_recordset()
        self.assertIn("Takk!", events[0].customer_text)

    # === WHAT IS DONE IN ODOO ITSELF === #

    def kinds(self, move=None):
        """Return what the transaction, ended here, left in the history."""
        self.env.cr.flush()
        return self.events.search(
            [
                ("move_id", "=", (move or self.invoice).id),
                ("kind", "!=", "invoice.posted"),
            ],
            order="id",
        )

    def pay(self, amount, move=None):
        return self._register_payment(
            move or self.invoice, amount=amount, payment_date="2026-11-20"
        )

    def test_a_part_payment_by_hand_is_told_with_what_remains(self):
        self.pay(30)
        (event,) = self.kinds()
        self.assertEqual(event.kind, "invoice.part_paid")
        self.assertTrue(event.customer_visible)
        text = event.with_context(billing_customer_view=True).display_text
        self.assertEqual(
            text.replace("\xa0", " "), "We have received kr 30.00. kr 70.00 remains."
        )

    def test_the_last_part_is_told_once(self):
        self.pay(30)
        self.kinds()
        self.pay(70)
        self.assertEqual(
            self.kinds().mapped("kind"), ["invoice.part_paid", "invoice.paid"]
        )

    def test_a_payment_taken_off_again_is_told(self):
        self.pay(30)
        self.kinds()
        self.invoice.line_ids.remove_move_reconcile()
        self.assertEqual(
            self.kinds().mapped("kind"), ["invoice.part_paid", "invoice.payment_undone"]
        )
        self.assertEqual(self.kinds()[-1].amount, 30)

    def test_what_was_put_right_within_a_step_is_not_told(self):
        self.pay(30)
        self.invoice.line_ids.remove_move_reconcile()
        self.assertFalse(self.kinds())

    def test_what_a_step_took_back_is_not_told(self):
        self.pay(30)
        self.kinds()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.invoice.line_ids.remove_move_reconcile()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertEqual(self.kinds().mapped("kind"), ["invoice.part_paid"])

    def test_a_credit_note_is_told_as_a_credit(self):
        credit = self.invoice._reverse_moves(
            [{"invoice_date": "2026-11-20", "date": "2026-11-20"}], cancel=False
        )
        credit.invoice_line_ids.price_unit = 40
        credit.action_post()
        lines = (self.invoice | credit).line_ids
        lines.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        (event,) = self.kinds()
        self.assertEqual((event.kind, event.amount), ("invoice.credited", 40))

    def test_who_told_of_a_payment_already_is_believed(self):
        """Addons that read bank files have kinds of their own."""
        kinds = type(self.events)._billing_event_kinds
        with patch.object(
            type(self.events),
            "_billing_event_kinds",
            lambda events: {
                **kinds(events),
                "payment.tested": {"label": "Tested", "customer_visible": True},
            },
        ):
            self.pay(30)
            self.log("payment.tested", "2026-11-20 12:00:00")
            self.assertEqual(self.kinds().mapped("kind"), ["payment.tested"])

    def test_another_due_date_is_told_and_that_it_came_back_is_not(self):
        due = self.invoice.invoice_date_due
        self.invoice.invoice_date_due = "2026-12-24"
        self.invoice.invoice_date_due = due
        self.assertFalse(self.kinds())
        self.invoice.invoice_date_due = "2026-12-24"
        (event,) = self.kinds()
        self.assertEqual(event.kind, "invoice.due_moved")
        text = event.with_context(billing_customer_view=True).display_text
        self.assertEqual(text, "The due date is now 12/24/2026.")

    def test_vendor_bills_and_drafts_leave_no_history(self):
        draft = self._new_invoices(partner=self.kari, post=False)
        draft.invoice_date_due = "2026-12-24"
        self.assertFalse(self.kinds(draft))
