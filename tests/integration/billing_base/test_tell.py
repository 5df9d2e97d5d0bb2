"""Telling a customer something: through the best contact point, in their words."""

from unittest.mock import patch

from .common import BillingBaseCase


class TestTell(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "faktura@fjordlys.example"
        cls.customer = cls._new_partner(email="kari@kunde.example")
        cls.invoice = cls._new_invoices(partner=cls.customer)
        cls.template = cls.env["mail.template"].create(
            {
                "name": "Hello",
                "model_id": cls.env["ir.model"]._get_id("account.move"),
                "lang": "{{ object.partner_id.lang }}",
                "email_from": "{{ object.company_id.email_formatted }}",
                # Whatever somebody wrote here, the contact point decides.
                "email_to": "somebody@else.example",
                "email_cc": "somebody@else.example",
                "subject": "About {{ object.name }}",
                "body_html": "<p>Hi <t t-out='object.partner_id.name'/></p>",
            }
        )

    def tell(self, partner=None):
        return (partner or self.customer)._billing_tell(self.template, self.invoice)

    def mails(self):
        return self.env["mail.mail"].search(
            [("model", "=", "account.move"), ("res_id", "=", self.invoice.id)]
        )

    def unreachable(self):
        return self.events.search([("kind", "=", "contact.unreachable")])

    def point(self, address, partner=None):
        return self.env["billing.contact.point"].search(
            [
                ("partner_id", "=", (partner or self.customer).id),
                ("address", "=", address),
            ]
        )

    def add_point(self, address, **values):
        return self.env["billing.contact.point"].create(
            {
                "partner_id": self.customer.id,
                "channel": "email",
                "address": address,
                **values,
            }
        )

    def test_an_email_waits_in_the_queue_for_the_contact_point(self):
        told = self.tell()
        self.assertEqual(told, self.point("kari@kunde.example"))
        mail = self.mails()
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.email_to, "kari@kunde.example")
        self.assertFalse(mail.email_cc)
        self.assertFalse(mail.recipient_ids)
        self.assertEqual(mail.author_id, self.company.partner_id)
        self.assertIn("faktura@fjordlys.example", mail.email_from)
        self.assertEqual(mail.subject, f"About {self.invoice.name}")
        self.assertIn("Kari Nordmann", mail.body_html)
        self.assertIn(self.company.name, mail.body_html)
        self.assertFalse(self.unreachable())

    def test_files_of_the_record_go_along_with_those_of_the_text(self):
        own, terms = self.env["ir.attachment"].create(
            [{"name": "letter.pdf", "raw": b"letter"}, {"name": "terms", "raw": b"x"}]
        )
        self.template.attachment_ids = terms
        partner_class = self.env.registry["res.partner"]
        with patch.object(partner_class, "_billing_message_files", lambda *_args: own):
            self.tell()
        self.assertEqual(self.mails().attachment_ids, own | terms)

    def test_it_is_kept_in_the_conversation_of_the_invoice(self):
        self.tell()
        self.assertIn(self.mails().mail_message_id, self.invoice.message_ids)

    def test_the_layout_says_which_language_it_is_in(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.customer.lang = "nb_NO"
        self.tell()
        self.assertIn('lang="nb-NO"', self.mails().body_html)

    def test_the_customers_preference_decides(self):
        self.add_point("second@kunde.example", sequence=20)
        first = self.add_point("first@kunde.example", sequence=1)
        self.assertEqual(self.tell(), first)

    def test_what_fails_is_tried_last_and_what_is_blocked_never(self):
        failing, blocked = (
            self.add_point("failing@kunde.example", sequence=1),
            self.add_point("blocked@kunde.example", sequence=2),
        )
        for _time in range(3):
            failing._record_failure("soft", "mailbox full")
        blocked._record_failure("hard", "no such user")
        self.assertEqual(self.tell(), self.point("kari@kunde.example"))
        self.point("kari@kunde.example")._block("moved")
        self.assertEqual(self.tell(), failing)

    def test_nobody_is_told_who_said_no(self):
        self.point("kari@kunde.example").consent_billing = False
        self.assertFalse(self.tell())
        self.assertFalse(self.mails())

    def test_who_said_no_is_not_told_through_the_company_either(self):
        firm = self._new_partner("Nordmann AS", email="post@firma.example")
        self.customer.parent_id = firm
        self.point("kari@kunde.example").consent_billing = False
        self.assertFalse(self.tell())

    def test_a_contact_without_an_address_is_told_through_the_company(self):
        firm = self._new_partner(
            "Nordmann AS", email="post@firma.example", is_company=True
        )
        contact = self._new_partner("Regnskap", parent_id=firm.id)
        self.assertEqual(self.tell(contact), self.point("post@firma.example", firm))

    def test_odoos_own_list_of_those_who_want_no_mail_is_heeded(self):
        self.env["mail.blacklist"]._add("kari@kunde.example")
        self.assertFalse(self.tell())
        self.assertFalse(self.mails())

    def test_nobody_reached_leaves_one_event_however_often_it_is_tried(self):
        self.point("kari@kunde.example")._block("moved")
        self.assertFalse(self.tell())
        self.assertFalse(self.tell())
        event = self.unreachable()
        self.assertEqual(len(event), 1)
        self.assertEqual(event.partner_id, self.customer)
        self.assertIn("Hello", event.display_text)
        self.assertFalse(event.customer_visible)

    def test_an_addon_adds_a_channel_that_the_customer_may_prefer(self):
        self.customer.phone = "+47 406 12 345"
        phone = self.point("+4740612345")
        phone.sequence = 1
        sent = []
        partner_class = self.env.registry["res.partner"]
        original = partner_class._billing_senders

        def _billing_senders(partner):
            def send(point, template, record, thread):
                if template != self.template:
                    return False
                sent.append((point.address, record, thread))
                return True

            return {**original(partner), "sms": send}

        with patch.object(partner_class, "_billing_senders", _billing_senders):
            self.assertEqual(self.tell(), phone)
            self.assertEqual(sent, [("+4740612345", self.invoice, self.invoice)])
            # A text that the channel has no words for goes by the next one.
            other = self.template.copy()
            told = self.customer._billing_tell(other, self.invoice)
        self.assertEqual(told.channel, "email")
