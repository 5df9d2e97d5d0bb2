"""What customers say against a fee: the invoice waits, and somebody answers."""

from unittest.mock import patch

from lxml import html

from odoo.exceptions import AccessError, UserError

from ...common import KvittHttpCase
from .charge_common import ChargeCase


class TestChargeObjection(ChargeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claim = cls.overdue()
        cls.objections = cls.env["billing.charge.objection"]
        cls.company.billing_objection_user_id = cls.user

    def setUp(self):
        super().setUp()
        self.charge = self.book(self.claim)

    def object(self, text="I paid in time"):
        return self.objections._object(self.claim, text).with_user(self.user)

    def test_the_invoice_waits_and_somebody_has_a_task(self):
        objection = self.object()
        self.assertEqual(self.objections._object(self.claim, "Again"), objection)
        for what in ("fee", "reminder", "handover"):
            self.assertTrue(self.claim._billing_blocked(what))
        self.assertFalse(self.claim._billing_blocked("distribution"))
        self.assertEqual(objection.activity_ids.user_id, self.user)
        self.assertEqual(self.claim._billing_objected(), {self.claim.id})
        self.assertIn("charge.objected", self.kinds(self.claim))

    def test_agreeing_drops_the_fee_and_tells_the_customer(self):
        objection = self.object()
        objection.action_accept()
        self.assertEqual(self.charge.state, "waived")
        self.assertFalse(self.claim._billing_blocked("fee"))
        self.assertFalse(objection.activity_ids)
        mail = self.env["mail.mail"].search([("email_to", "=", "kari@kunde.example")])
        self.assertIn("You were right", mail[:1].body_html)
        with self.assertRaisesRegex(UserError, "answered already"):
            objection.action_decline()

    def test_declining_needs_an_answer(self):
        objection = self.object()
        with self.assertRaisesRegex(UserError, "Write an answer"):
            objection.action_decline()
        objection.answer = "The payment came on the 20th."
        objection.action_decline()
        self.assertEqual((objection.state, self.charge.state), ("declined", "booked"))
        self.assertFalse(self.claim._billing_blocked("fee"))
        # Another objection may come.
        self.assertEqual(self.object("But").state, "open")

    def test_what_cannot_be_objected_to(self):
        with self.assertRaisesRegex(UserError, "Tell us"):
            self.objections._object(self.claim, "  ")
        self.charge._waive("Goodwill")
        with self.assertRaisesRegex(UserError, "no fee"):
            self.objections._object(self.claim, "Too much")

    def test_what_was_said_is_not_changed(self):
        with self.assertRaises(AccessError):
            self.object().text = "I did not mean it"

    def test_the_task_goes_to_who_is_there(self):
        self.company.billing_objection_user_id = False
        self.claim.invoice_user_id = self.manager
        staff = self.company._billing_objection_staff(self.claim)
        self.assertEqual(staff, self.manager)
        self.claim.invoice_user_id = self.env.ref("base.user_root")
        staff = self.company._billing_objection_staff(self.claim)
        self.assertTrue(staff.has_group("billing_base.group_billing_manager"))
        self.assertFalse(staff._is_superuser())

    def test_the_card_on_the_customers_page(self):
        (card,) = (
            card
            for card in self.claim._billing_ordered_customer_cards()[self.claim.id]
            if card.code == "about_fee"
        )
        self.assertEqual(card.values["left"], "kr\xa038.00")
        self.assertEqual(card.values["together"], "kr\xa01,287.00")
        self.assertTrue(card.values["may_object"])
        self.object()
        (card,) = (
            card
            for card in self.charge.document_id._billing_ordered_customer_cards()[
                self.charge.document_id.id
            ]
            if card.code == "about_fee"
        )
        self.assertEqual(card.values["claim"], self.claim)
        self.assertFalse(card.values["may_object"])


class TestChargePage(ChargeCase, KvittHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claim = cls.overdue()
        cls.link = cls.env["billing.link"]._issue(
            [{"move_id": cls.claim.id, "key": "fee"}]
        )
        cls.token = cls.link._token()

    def open_page(self):
        answer = self.url_open(
            f"/my/invoices/{self.claim.id}?access_token={self.token}",
            allow_redirects=True,
        )
        self.assertEqual(answer.status_code, 200)
        return html.fromstring(answer.content).xpath("//*[@id='about_fee']")

    def send(self, form, text):
        values = {
            field.get("name"): field.get("value") or ""
            for field in form.xpath(".//input")
        }
        return self.url_open(
            form.get("action"), data={**values, "text": text}, allow_redirects=False
        )

    def test_objecting_on_odoos_own_page_and_on_ours(self):
        self.assertFalse(self.open_page())
        self.book(self.claim)
        move_class = self.env.registry["account.move"]
        plain = (
            patch.object(move_class, "_billing_has_page", lambda move: False)
            if hasattr(move_class, "_billing_has_page")
            else patch.object(move_class, "_description", move_class._description)
        )
        with plain:
            (card,) = self.open_page()
            text = " ".join(card.text_content().split())
            self.assertIn("Reminder fee: kr 38.00", text)
            self.assertIn("inkassoforskriften § 1-2", text)
            answer = self.send(card.xpath(".//form")[0], "I paid in time")
        self.assertEqual(answer.status_code, 303)
        self.assertIn("#about_fee", answer.headers["Location"])
        objection = self.env["billing.charge.objection"].search(
            [("move_id", "=", self.claim.id)]
        )
        self.assertEqual(objection.text, "I paid in time")
        (card,) = self.open_page()
        self.assertIn("Somebody looks into it", card.text_content())
        self.assertFalse(card.xpath(".//form"))
        objection.sudo().answer = "It came late."
        objection.action_decline()
        (card,) = self.open_page()
        self.assertIn("It came late.", card.text_content())
        self.assertEqual(self.send(card.xpath(".//form")[0], "No").status_code, 303)
        self.assertEqual(objection.search_count([("text", "=", "No")]), 1)

    def test_a_link_of_another_invoice_does_not_object(self):
        other = self.overdue()
        self.book(other)
        self.book(self.claim)
        (card,) = self.open_page()
        form = card.xpath(".//form")[0]
        form.set("action", f"/my/invoices/{other.id}/object_to_fee")
        self.assertEqual(self.send(form, "Mine").status_code, 404)
        self.assertFalse(
            self.env["billing.charge.objection"].search([("move_id", "=", other.id)])
        )
