"""The history of an invoice, as customers and as staff read it."""

from datetime import datetime

from odoo.addons.billing_interactive_invoice.core.visitor_rights import LINK, Visitor

from ..billing_base.common import LinkCase


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
        self.assertEqual(day, "Saturday, November 21, 2026")
        self.assertEqual(time.replace("\u202f", " "), "12:30 AM")
        self.assertEqual(text, f"Invoice {self.invoice.name} is paid. Thank you!")
        self.assertEqual(first_day, "Monday, November 2, 2026")

    def test_days_are_named_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        [(day, [(time, _text)])] = self.told("nb_NO")
        self.assertEqual(day, "Mandag 2. november 2026")
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
