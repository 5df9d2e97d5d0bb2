"""«Is this invoice real?»"""

from lxml import html

from odoo.tools import mute_logger

from .trust_common import PHONE, TrustCase


class TestCheck(TrustCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bank = cls.env["res.partner.bank"].create(
            {
                "acc_number": "NO9386011117947",
                "partner_id": cls.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        cls.invoice.partner_bank_id = bank
        cls.reference = cls.invoice.payment_reference

    def ask(self, reference=None, amount="100,00", account=""):
        return self.env["account.move"]._billing_check_genuine(
            self.reference if reference is None else reference, amount, account
        )

    def post_check(self, **values):
        return self.url_open(
            "/invoice/check/answer",
            data={"csrf_token": self.csrf(), "lang": "en_US", **values},
            headers=PHONE,
        )

    def answer(self, response):
        element = html.fromstring(response.content).find_class("k-check")[0]
        return " ".join(element.text_content().split())

    def test_reference_and_amount_have_to_be_right_at_once(self):
        spaced = " ".join(self.reference)
        for reference, amount, answer in (
            (self.reference, "100,00", "yes"),
            (spaced, "kr 100", "yes"),
            (self.reference, "100,01", "no"),
            (self.olas.payment_reference + "1", "100,00", "no"),
            (self.reference, "", "no"),
            ("", "100", "no"),
            (self.reference, "-100", "no"),
            ("%", "100", "no"),
        ):
            with self.subTest(reference=reference, amount=amount):
                self.assertEqual(self.ask(reference, amount), answer)

    def test_what_is_left_to_pay_is_right_too(self):
        self._register_payment(self.invoice, amount=40.0)
        self.assertEqual(self.ask(amount="60"), "yes")
        self.assertEqual(self.ask(amount="100"), "yes")
        self.assertEqual(self.ask(amount="40"), "no")

    def test_the_account_is_what_swindlers_change(self):
        for account, answer in (
            ("NO93 8601 1117 947", "yes"),
            ("8601.11.17947", "yes"),
            ("8601.11.17948", "account"),
            ("x", "account"),
        ):
            with self.subTest(account=account):
                self.assertEqual(self.ask(account=account), answer)
        self.assertEqual(self.ask(amount="7", account="8601.11.17947"), "no")

    def test_only_invoices_that_are_out_are_real(self):
        self.invoice.button_draft()
        self.assertEqual(self.ask(), "no")
        self.invoice.button_cancel()
        self.assertEqual(self.ask(), "no")

    def test_queries_do_not_tell_whether_there_is_such_a_reference(self):
        self.ask("1234567890")
        self.env.flush_all()
        counts = []
        for reference in (self.reference, "9999999999"):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.ask(reference, "3")
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(abs(counts[0] - counts[1]), 2)

    def test_the_page_answers_yes_or_no_and_shows_nothing_else(self):
        page = self.post_check(reference=self.reference, amount="100")
        self.assertIn("Yes, we have sent this invoice", self.answer(page))
        for secret in (self.invoice.name, self.kari.name, "kunde.example", "NO93"):
            self.assertNotIn(secret, page.text)
        for company in self.env["res.company"].search([]):
            self.assertNotIn(company.name, page.text, "nor whose it is")
        page = self.post_check(reference=self.reference, amount="101")
        unknown = self.post_check(reference="123", amount="101")
        self.assertEqual(self.answer(page), self.answer(unknown))
        page = self.post_check(reference=self.reference, amount="100", account="1")
        self.assertIn("Do not pay", self.answer(page))

    def test_what_was_typed_comes_back_as_text(self):
        page = self.post_check(reference='"><script>alert(1)</script>', amount="<b>")
        self.assertNotIn("<script>alert", page.text)
        self.assertNotIn("<b>", page.text)
        field = html.fromstring(page.content).find(".//input[@id='reference']")
        self.assertEqual(field.get("value"), '"><script>alert(1)</script>')

    def test_ten_questions_and_then_a_pause(self):
        statuses = [
            self.post_check(reference="123", amount=str(nth + 1)).status_code
            for nth in range(12)
        ]
        self.assertEqual(statuses, [200] * 10 + [429] * 2)
        page = self.post_check(reference=self.reference, amount="100")
        self.assertIn(
            "Please wait", self.answer(page), "the right one is not told apart"
        )

    def test_thousands_of_questions_get_ten_answers(self):
        limits = self.env["billing.page.limit"]
        allowed = sum(limits._take("check", address="192.0.2.1") for _ in range(2_000))
        self.assertEqual(allowed, 10)

    def test_an_empty_question_is_none(self):
        limits = self.env["billing.page.limit"]
        before = limits.search_count([])
        page = self.post_check(reference="", amount="")
        self.assertEqual(page.status_code, 422)
        self.assertEqual(limits.search_count([]), before)

    @mute_logger("odoo.http")
    def test_the_form_is_ours(self):
        answer = self.url_open(
            "/invoice/check/answer", data={"reference": "1", "amount": "1"}
        )
        self.assertEqual(answer.status_code, 400)

    def test_the_page_is_strict_and_runs_without_scripts(self):
        page = self.url_open("/invoice/check", headers=PHONE)
        self.assertEqual(page.status_code, 200)
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        self.assertEqual(page.headers["X-Content-Type-Options"], "nosniff")


class TestLimit(TrustCase):
    def test_a_subject_and_a_network_are_counted_by_themselves(self):
        limits = self.env["billing.page.limit"]
        for nth in range(50):
            taken = limits._take("action", address="192.0.2.1", subject="link:1")
            self.assertEqual(taken, nth < 40)
        self.assertTrue(limits._take("action", "192.0.2.1", "link:2"))
        self.assertFalse(limits._take("action", "192.0.2.2", "link:1"))
        self.assertFalse(limits.search([("who", "like", "192.0.2")]))

    def test_it_is_over_after_a_while(self):
        limits = self.env["billing.page.limit"]
        while limits._take("check", "192.0.2.1"):
            pass
        self.env.cr.execute(
            "UPDATE billing_page_limit SET used_at = used_at - interval '10 minutes'"
        )
        self.assertTrue(limits._take("check", "192.0.2.1"))
        self.env.cr.execute(
            "UPDATE billing_page_limit SET used_at = used_at - interval '1 day'"
        )
        limits._gc_uses()
        self.assertFalse(limits.search([]))

    def test_forms_on_the_page_are_limited(self):
        visitor = f"link:{self.links._find(self.token).id}"
        limits = self.env["billing.page.limit"]
        while limits._take("action", subject=visitor):
            pass
        self.prove()
        answer = self.post("contact_prefer", point="1")
        self.assertEqual(answer.status_code, 429)
        answer = self.post(
            "contact_prefer", headers={"X-Requested-With": "kvitt"}, point="1"
        )
        self.assertEqual(answer.status_code, 429)
        self.assertIn("wait ten minutes", answer.json()["error"])
