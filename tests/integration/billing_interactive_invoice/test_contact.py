"""Customers change how they are reached."""

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .trust_common import CODE, PHONE, TrustCase

NEW = "kari.ny@kunde.example"
SCRIPT = {"X-Requested-With": "kvitt"}


class TestContact(TrustCase):
    def ask(self, address=NEW, **values):
        values.setdefault("point", self.point("kari@kunde.example").id)
        return self.post("contact_email", address=address, **values)

    def verify(self, code=f"{CODE:06d}", **values):
        return self.post("contact_verify", code=code, **values)

    def kinds(self, move=None):
        return self.events.search(
            [("move_id", "=", self.invoice.id), ("kind", "=like", "contact.%")]
        ).mapped("kind")

    def test_a_link_alone_changes_nothing(self):
        for action in ("email", "sms", "verify", "prefer", "consent"):
            with self.subTest(action=action):
                answer = self.post(f"contact_{action}", address=NEW, point="1")
                self.assertEqual(answer.status_code, 303)
                self.assertIn(self.path("code"), answer.headers["Location"])
                answer = self.post(f"contact_{action}", headers=SCRIPT)
                self.assertEqual(answer.status_code, 403)
                self.assertIn(self.path("code"), answer.json()["location"])
        self.assertEqual(self.kari.email, "kari@kunde.example")
        self.assertFalse(self.codes.search([]))

    def test_a_new_address_is_used_when_its_code_came_back(self):
        self.prove()
        answer = self.ask()
        self.assertEqual(answer.status_code, 303)
        [mail] = self.mails(NEW)
        self.assertEqual(self.code_in(mail.body_html), "123 456")
        self.assertEqual(
            self.kari.email, "kari@kunde.example", "nothing changes before"
        )
        self.assertIn(NEW, self.section(self.get(), "contact"))
        asked, answer = answer, self.verify()
        self.assertEqual(answer.status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(self.kari.email, NEW)
        new = self.point(NEW)
        self.assertEqual((new.active, new.state), (True, "working"))
        self.assertFalse(self.point("kari@kunde.example").active)
        replaced = self.events.search([("kind", "=", "contact.replaced")])
        self.assertEqual(replaced.actor, "customer")
        self.assertIn("contact.verified", self.kinds())
        # Whoever gets hold of where the forms led to reads what was said, and no more.
        self.new_browser()
        for told in (asked, answer):
            page = self.url_open(told.headers["Location"], headers=PHONE)
            self.assertIn("new address", self.section(page, "contact"))
            self.assertNotIn("@", self.section(page, "contact"))

    def test_who_reads_at_the_old_address_hears_of_it(self):
        self.prove()
        before = self.mails("kari@kunde.example")
        self.ask()
        self.assertEqual(self.mails("kari@kunde.example"), before)
        self.verify()
        notice = self.mails("kari@kunde.example") - before
        self.assertIn("Was it not you?", notice.body_html)
        self.assertNotIn(NEW, notice.body_html)

    def test_the_history_on_the_page_names_no_address(self):
        self.prove()
        self.ask()
        self.verify()
        event = self.events.search([("kind", "=", "contact.verified")])
        self.assertTrue(event.customer_visible)
        shown = event.with_context(billing_customer_view=True).display_text
        self.assertNotIn("@", shown)
        self.new_browser()
        self.assertNotIn("kunde.example", self.get().text)

    def test_a_wrong_code_changes_nothing_and_is_said_beside_the_form(self):
        self.prove()
        self.ask()
        answer = self.verify("000000")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("4 more times", self.section(answer, "contact"))
        answer = self.post("contact_verify", code="000000", headers=SCRIPT)
        self.assertIn("not the code we sent last", answer.json()["error"])
        self.assertEqual(self.kari.email, "kari@kunde.example")

    def test_the_code_that_proved_who_it_is_confirms_no_address(self):
        self.prove()
        self.assertEqual(self.verify().status_code, 422)
        self.assertEqual(self.kari.email, "kari@kunde.example")

    def test_addresses_that_are_none_are_refused(self):
        self.prove()
        for address in (
            "",
            "kari",
            "x@y.example\nBcc: z@y.example",
            "kari@kunde.example",
            "<script>alert(1)</script>",
        ):
            with self.subTest(address=address):
                answer = self.ask(address)
                self.assertEqual(answer.status_code, 422)
                self.assertNotIn("<script>alert", answer.text)
        self.assertEqual(len(self.codes.search([("purpose", "=", "address")])), 0)

    def test_contact_points_of_others_are_out_of_reach(self):
        self.prove()
        olas = self.point("ola@annen.example")
        self.assertEqual(self.ask(point=olas.id).status_code, 422)
        self.assertEqual(self.post("contact_prefer", point=olas.id).status_code, 422)
        self.post(
            "contact_consent", point=olas.id, **{f"consent_marketing-{olas.id}": "1"}
        )
        self.env.invalidate_all()
        self.assertEqual(olas.sequence, 10)
        self.assertFalse(olas.consent_marketing)
        self.assertTrue(olas.consent_billing)

    def test_the_address_of_an_employee_is_not_changed_here(self):
        """Whoever has it can have the password sent to it."""
        new_test_user(
            self.env,
            "contact_colleague",
            "base.group_user",
            partner_id=self.kari.id,
            email="kari@kunde.example",
        )
        self.prove()
        answer = self.ask()
        self.assertEqual(answer.status_code, 422)
        self.assertIn("changed in Odoo", self.section(answer, "contact"))
        self.assertFalse(self.mails(NEW))

    def test_who_has_no_address_adds_one(self):
        new_test_user(
            self.env, "contact_kari", "base.group_portal", partner_id=self.kari.id
        )
        self.kari.email = False
        self.env.flush_all()
        self.authenticate("contact_kari", "contact_kari")
        self.assertEqual(self.ask(point="").status_code, 303)
        self.assertEqual(self.verify().status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(self.kari.email, NEW)
        self.assertEqual(self.point(NEW).state, "working")

    def test_a_number_is_asked_for_where_it_can_be_confirmed(self):
        self.prove()
        self.assertNotIn("mobile number", self.section(self.get(), "contact"))
        answer = self.post("contact_sms", address="+47 990 00 000")
        self.assertEqual(answer.status_code, 422)

    def test_what_is_used_first(self):
        second = self.env["billing.contact.point"].create(
            {
                "partner_id": self.kari.id,
                "channel": "email",
                "address": "jobb@kunde.example",
            }
        )
        self.env.flush_all()
        self.prove()
        self.assertEqual(self.post("contact_prefer", point=second.id).status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(self.invoice._billing_code_points()[0], second.sudo())
        customer = self.kari.with_company(self.company)
        self.assertEqual(customer.invoice_sending_method, "email")
        self.post("contact_prefer", point=self.point("kari@kunde.example").id)
        self.env.invalidate_all()
        self.assertEqual(second.sequence, 10)
        self.assertIn("contact.preferred", self.kinds())

    def test_what_may_be_sent(self):
        point = self.point("kari@kunde.example")
        phone = self.point("+4799012347")
        phone.consent_tracking = True
        self.env.flush_all()
        self.prove()
        self.post(
            "contact_consent",
            point=[point.id, phone.id],
            **{f"consent_marketing-{point.id}": "1"},
        )
        self.env.invalidate_all()
        self.assertTrue(point.consent_marketing)
        self.assertFalse(point.consent_billing)
        self.assertFalse(phone.consent_billing)
        self.assertTrue(phone.consent_tracking, "was not asked for")
        event = self.events.search([("kind", "=", "contact.consent")])
        self.assertEqual(
            event.payload["changes"][0],
            {
                "contact_point_id": point.id,
                "consent_billing": False,
                "consent_marketing": True,
            },
        )
        self.post("contact_consent", point=[point.id], **event.payload["changes"][0])
        self.assertEqual(len(self.events.search([("kind", "=", "contact.consent")])), 2)

    def test_a_form_that_comes_twice_counts_once(self):
        self.prove()
        for _time in range(2):
            self.ask(nonce="the-same-form")
        self.assertEqual(len(self.mails(NEW)), 1)

    def test_codes_to_new_addresses_count_with_the_others(self):
        self.prove()
        statuses = [
            self.ask(f"kari{nth}@kunde.example").status_code for nth in range(4)
        ]
        self.assertEqual(statuses, [303, 303, 422, 422])

    @mute_logger("odoo.http")
    def test_the_forms_are_ours(self):
        self.prove()
        for action in ("email", "sms", "verify", "prefer", "consent"):
            answer = self.post(f"contact_{action}", csrf_token="")
            self.assertEqual(answer.status_code, 400)
