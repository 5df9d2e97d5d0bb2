"""The forms of «Need help?», as browsers send them."""

import io
from datetime import timedelta

from lxml import html

from odoo.tests import new_test_user

from .trust_common import TrustCase


class TestHelpPage(TrustCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Not late, whatever the clock of the machine says.
        cls.today = cls.company._billing_today()
        cls.due = cls.today + timedelta(days=5)
        cls.invoice, cls.other = (
            cls._new_invoices(
                partner=cls.kari,
                invoice_date=cls.today,
                invoice_payment_term_id=False,
                invoice_date_due=cls.due,
                invoice_line_ids=[
                    (0, 0, {"name": "Power", "price_unit": 1200.0, "tax_ids": False})
                ],
            )
            for _nth in range(2)
        )
        cls.token, cls.other_token = (
            cls.env["billing.link"]
            ._issue([{"move_id": move.id, "key": "help"}])
            ._token()
            for move in (cls.invoice, cls.other)
        )

    def help(self, answer=None):
        # An answer that tells of an error counts as false.
        answer = self.get() if answer is None else answer
        self.assertIn(answer.status_code, (200, 422))
        return html.fromstring(answer.content).find(".//section[@id='help']")

    def words(self, element):
        return " ".join(element.text_content().split())

    def requests(self):
        self.env.invalidate_all()
        return self.env["billing.request"].search([("move_id", "=", self.invoice.id)])

    def told(self, answer):
        """Return what a form was answered with, after the way back to the page."""
        self.assertEqual(answer.status_code, 303, answer.text[:300])
        self.assertIn("#help", answer.headers["Location"])
        page = html.fromstring(
            self.url_open(answer.headers["Location"].split("#")[0]).content
        )
        return self.words(page.find_class("k-said")[0])

    def test_what_is_offered_and_what_it_costs(self):
        section = self.help()
        summaries = [self.words(item) for item in section.iter("summary")]
        self.assertEqual(
            summaries,
            ["Pay later", "Pay in parts", "I have paid", "Something is wrong"],
        )
        for details in section.iter("details"):
            self.assertIsNone(details.get("open"))
        words = self.words(section)
        self.assertEqual(words.count("costs nothing"), 3)
        for field in section.xpath(".//input[not(@type='hidden')] | .//select"):
            label = section.xpath(f".//label[@for='{field.get('id')}']")
            self.assertTrue(label or field.xpath("ancestor::label"), field.get("name"))

    def test_pay_later(self):
        day = self.due + timedelta(days=7)
        said = self.told(self.post("defer", day=day.isoformat()))
        self.assertIn("The new due date is", said)
        self.env.invalidate_all()
        self.assertEqual(self.invoice.invoice_date_due, day)
        self.assertIn("The due date was moved", self.words(self.help()))

    def test_a_form_that_arrives_twice_is_one(self):
        day = self.due + timedelta(days=7)
        for _again in range(2):
            answer = self.post("defer", day=day.isoformat(), nonce="abcdefgh12345678")
            self.assertIn("The new due date is", self.told(answer))
        self.assertEqual(len(self.requests()), 1)

    def test_what_does_not_do_is_said_beside_what_was_typed(self):
        day = (self.due + timedelta(days=70)).isoformat()
        answer = self.post("defer", day=day)
        self.assertEqual(answer.status_code, 422)
        section = self.help(answer)
        [details] = section.xpath(".//details[@open]")
        self.assertEqual(details.get("id"), "help-later")
        self.assertIn("Choose a day from", self.words(details))
        self.assertEqual(details.xpath(".//input[@name='day']/@value"), [day])
        self.assertFalse(self.requests())

    def test_pay_in_parts(self):
        section = self.help()
        self.assertEqual(
            section.xpath(".//input[@name='parts']/@value"), ["2", "3", "4"]
        )
        self.assertIn("Done. You pay", self.told(self.post("split", parts="3")))
        self.assertEqual(self.requests().part_ids.mapped("amount"), [400.0] * 3)
        words = self.words(self.help())
        self.assertIn("You pay in 3 parts. Next is part 1", words)
        self.assertNotIn("In how many parts", words)

    def test_i_have_paid_with_a_receipt(self):
        answer = self.post(
            "paid",
            day=self.today.isoformat(),
            amount="kr 1.200,00",
            files={
                "files": ("r<b>.html", io.BytesIO(b"\x89PNG\r\n\x1a\n0"), "text/html")
            },
        )
        self.assertIn("We look for your payment", self.told(answer))
        request = self.requests()
        self.assertEqual((request.amount, request.file_count), (1200.0, 1))
        file = self.env["ir.attachment"].search(
            [("res_model", "=", "billing.request"), ("res_id", "=", request.id)]
        )
        self.assertEqual(file.mimetype, "image/png")
        answer = self.get("file", str(file.id))
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertNotEqual(
            self.get(
                "file", str(file.id), move=self.other, token=self.other_token
            ).status_code,
            200,
        )

    def test_something_is_wrong_in_part(self):
        answer = self.post(
            "dispute",
            reason="usage",
            extent="part",
            amount="500",
            text="<img src=x onerror=alert(1)>",
        )
        self.assertIn("Thank you for telling us", self.told(answer))
        request = self.requests()
        self.assertEqual((request.amount, request.is_whole), (500.0, False))
        answer = self.get()
        self.assertNotIn("onerror", answer.text)
        section = self.help(answer)
        self.assertIn("500.00", self.words(section))
        self.assertNotIn(
            "Something is wrong", [s.text for s in section.iter("summary")]
        )
        taken = self.told(self.post("withdraw", request=str(request.id)))
        self.assertIn("taken it back", taken)
        self.assertEqual(self.requests().state, "withdrawn")

    def test_the_answer_of_staff_is_text(self):
        self.post("dispute", reason="other", extent="whole", text="Why?")
        request = self.requests().sudo()
        request.answer = "<b>Because</b>\nof the meter."
        request.with_user(self.user).action_decline()
        self.env.cr.flush()
        answer = self.get()
        self.assertIn("&lt;b&gt;Because&lt;/b&gt;", answer.text)
        self.assertIn("the invoice is right", self.words(self.help(answer)))

    def test_files_in_place_of_words(self):
        for action, names in (
            ("defer", ["day"]),
            ("promise", ["day"]),
            ("split", ["parts"]),
            ("paid", ["day", "amount"]),
            ("dispute", ["reason", "extent", "amount", "text"]),
            ("withdraw", ["request"]),
        ):
            for name in names:
                answer = self.post(
                    action, files={name: ("a.txt", io.BytesIO(b"2026"), "text/plain")}
                )
                self.assertEqual(answer.status_code, 422, f"{action}: {name}")
        self.assertFalse(self.requests())

    def test_staff_look_on(self):
        new_test_user(
            self.env, login="billing_clerk", groups="billing_base.group_billing_manager"
        ).company_ids |= self.company
        self.authenticate("billing_clerk", "billing_clerk")
        section = self.help(self.get(token=""))
        self.assertEqual(len(section.xpath(".//form/fieldset[not(@disabled)]")), 0)
        answer = self.post(
            "defer", token="", day=(self.due + timedelta(days=7)).isoformat()
        )
        self.assertEqual(answer.status_code, 303)
        self.assertFalse(self.requests())

    def test_who_is_signed_in_needs_no_link(self):
        user = new_test_user(self.env, login="billing_kari", groups="base.group_portal")
        user.partner_id.parent_id = self.kari
        self.authenticate("billing_kari", "billing_kari")
        day = self.due + timedelta(days=7)
        self.told(self.post("defer", token="", day=day.isoformat()))
        self.assertEqual(self.requests().asked_by, "portal")

    def test_a_paid_invoice_offers_to_object_only(self):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=self.invoice.ids)
            .create({"payment_date": self.today})
        )
        wizard._create_payments()
        self.assertEqual(
            [self.words(item) for item in self.help().iter("summary")],
            ["Something is wrong"],
        )

    def test_an_overdue_invoice_takes_a_promise(self):
        self.invoice._billing_set_due_date(self.today - timedelta(days=3))
        section = self.help()
        [form] = section.xpath(".//details[@id='help-later']//form")
        self.assertTrue(form.get("action").endswith("/promise"))
        day = self.today + timedelta(days=4)
        self.assertIn(
            "until then you get no reminders",
            self.told(self.post("promise", day=day.isoformat())),
        )
        self.assertEqual(self.requests().kind, "promise")
