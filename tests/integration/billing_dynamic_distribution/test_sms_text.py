"""What an SMS says, how long it is and what it costs, before and when it is sent."""

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user

from odoo.addons.billing_dynamic_distribution.core import sms_text
from odoo.addons.billing_dynamic_distribution.core.channel import ChannelError

from .sms_common import SmsCase

ADDRESS = "http://127.0.0.1:1/cgi-bin/sendsms"


class TestSmsText(SmsCase):
    def prepare(self, body, **vals):
        content = self.content.create({"name": "Text", "sms_body": body})
        return self.channel._prepare(self.make_attempt(content_id=content.id, **vals))

    def link_of(self, prepared):
        [line] = [w for w in prepared.parts.text.split() if "access_token" in w]
        return line

    def test_the_link_is_in_every_message(self):
        for body in ("Uten lenke", "Med {{ object.item_ids.page_url }} i midten"):
            attempt = self.make_attempt(
                content_id=self.content.create({"name": "x", "sms_body": body}).id
            )
            text = self.channel._prepare(attempt).parts.text
            self.assertEqual(text.count(attempt.item_ids.page_url), 1)

    def test_without_a_text_of_the_company(self):
        attempt = self.make_attempt(content_id=False)
        prepared = self.channel._prepare(attempt)
        self.assertIn(attempt.item_ids.page_url, prepared.parts.text)
        self.assertIn("100", prepared.parts.text)
        self.assertEqual(sms_text.alphabet(prepared.parts.text), "gsm7")

    def test_several_invoices_in_one_message(self):
        moves = self.make_invoice() + self.make_invoice() + self.make_invoice()
        attempt = self.make_attempt(moves=moves, content_id=False)
        text = self.channel._prepare(attempt).parts.text
        for link in attempt.item_ids.mapped("page_url"):
            self.assertIn(link, text)
        self.assertIn("3", text.splitlines()[0])

    def test_staff_see_no_token(self):
        attempt = self.make_attempt()
        prepared = self.channel._prepare(attempt)
        token = attempt.item_ids.link_id._token()
        self.assertIn(token, prepared.parts.text)
        self.assertNotIn(token, prepared.text)
        self.assertIn("/my/invoices/", prepared.text)

    def test_amounts_of_the_language_pack_cost_no_second_segment(self):
        # nb_NO writes thousands and currency with spaces that are not GSM's.
        body = "Å betale: {{ format_amount(1234.5, object.currency_id) }} – takk!"
        prepared = self.prepare(body)
        self.assertEqual(sms_text.measure(prepared.parts.text).foreign, ())
        self.company.billing_sms_typewriter = False
        prepared = self.prepare(body)
        self.assertEqual(sms_text.measure(prepared.parts.text).foreign, ("–",))

    def test_a_long_text_is_cut_and_its_link_is_not(self):
        self.company.billing_sms_max_segments = 2
        attempt = self.make_attempt(
            content_id=self.content.create(
                {
                    "name": "Long",
                    "sms_body": "Kjære kunde. " * 40 + "{{ object.item_ids.page_url }}",
                }
            ).id
        )
        prepared = self.channel._prepare(attempt)
        self.assertEqual(prepared.segments, 2)
        self.assertTrue(
            prepared.parts.text.endswith("... " + attempt.item_ids.page_url)
        )

    def test_cost(self):
        self.company.billing_sms_price = 0.35
        prepared = self.prepare("x" * 200)
        self.assertEqual(prepared.segments, 2)
        self.assertAlmostEqual(prepared.expected_cost, 0.70)
        self.assertAlmostEqual(self.channel._cost(self.company, prepared), 0.70)

    def test_cost_in_another_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "company_id": self.company.id,
                "name": "2020-01-01",
                "inverse_company_rate": 10.0,
            }
        )
        self.company.write(
            {"billing_sms_price": 0.03, "billing_sms_price_currency_id": euro.id}
        )
        self.assertAlmostEqual(self.company._billing_sms_cost(2), 0.6)

    def test_a_template_that_cannot_be_filled_in(self):
        with self.assertRaises(ChannelError) as failure:
            self.prepare("{{ object.no_such_field }}")
        self.assertFalse(failure.exception.address_fault)

    def test_no_number(self):
        with self.assertRaises(ChannelError) as failure:
            self.channel._prepare(self.make_attempt(number=False))
        self.assertEqual(failure.exception.kind, "hard")

    # === SHOWN WHILE IT IS WRITTEN === #

    def test_length_and_cost_are_shown_while_writing(self):
        self.make_invoice()
        self.company.billing_sms_price = 0.5
        self.company.billing_sms_typewriter = False
        contents = self.env["billing.distribution.content"].with_company(self.company)
        with Form(contents) as form:
            form.name = "Text"
            form.sms_body = "Hei"
            self.assertEqual((form.sms_segments, form.sms_alphabet), (1, "gsm7"))
            self.assertIn("/my/invoices/", form.sms_sample)
            self.assertEqual(form.sms_cost, 0.5)
            form.sms_body = "Hei " * 40
            self.assertEqual((form.sms_segments, form.sms_cost), (2, 1.0))
            form.sms_body = "Hei – der " * 12
            self.assertEqual(form.sms_alphabet, "ucs2")
            self.assertEqual(form.sms_foreign, "–")
            form.sms_body = "{{ object.nothing }}"
            self.assertTrue(form.sms_problem)
            self.assertEqual(form.sms_segments, 0)
            form.sms_body = "{{ object.item_ids.move_id.name }}"
            self.assertIn("INV/", form.sms_sample)

    def test_the_shown_length_is_the_sent_length(self):
        for content in self.env["billing.distribution.content"].search([]):
            attempt = self.make_attempt(content_id=content.id, lang="en_US")
            sample = content.with_company(self.company).with_context(lang="en_US")
            if not content.sms_body or content.company_id:
                continue
            self.assertEqual(sample.sms_problem, "")
            prepared = self.channel._prepare(attempt)
            # The sample is another invoice: its amount and number may be longer.
            self.assertAlmostEqual(
                sample.sms_units, len(prepared.parts.text), delta=8, msg=content.name
            )
            # What Kvitt ships fits in two segments, link included.
            self.assertLessEqual(prepared.segments, 2, prepared.parts.text)

    def test_no_invoice_to_show(self):
        company = self.env["res.company"].create({"name": "New"})
        content = self.content.with_company(company)
        self.assertEqual(content.sms_problem, "")
        self.assertIn("/my/invoices/", content.sms_sample)

    def test_expressions_are_for_who_may_write_templates(self):
        manager = new_test_user(
            self.env, "sms-manager", "billing_base.group_billing_manager"
        )
        contents = self.content.with_user(manager).sudo(False)
        self.assertFalse(manager.has_group("mail.group_mail_template_editor"))
        unsafe = "{{ object.env['res.users'] }}"
        with self.assertRaises(ValidationError):
            contents.create({"name": "x", "sms_body": unsafe})
        mine = contents.create(
            {"name": "x", "sms_body": "Fra {{ object.company_id.name }}"}
        )
        self.assertIn(manager.company_id.name, mine.sms_sample)
        with self.assertRaises(ValidationError):
            mine.sms_body = unsafe
        with self.assertRaises(ValidationError):
            mine.update_field_translations("sms_body", {"nb_NO": unsafe})
        # What Kvitt ships may be edited by who may write texts.
        shipped = self.env.ref("billing_dynamic_distribution.content_invoice")
        shipped = shipped.with_user(manager).sudo(False)
        shipped.sms_body = shipped.sms_body + "!"
        self.assertEqual(shipped.sms_problem, "")


class TestSmsSettings(SmsCase):
    def test_senders(self):
        for sender in ("Fjordlys", "Fjord AS", "26112", "+4799887766", False):
            self.company.billing_sms_sender = sender
        for sender in ("Fjordlys Strøm", "Strøm", "12", "<script>"):
            with self.assertRaises(ValidationError):
                self.company.billing_sms_sender = sender

    def test_a_gateway_that_cannot_work_is_refused(self):
        good = {"billing_sms_provider": "http", "billing_sms_http_url": ADDRESS}
        self.company.write(good)
        for name, value in (
            ("billing_sms_http_url", "ftp://gateway.example"),
            ("billing_sms_http_url", "gateway"),
            ("billing_sms_http_parameters", "to={to}"),
            ("billing_sms_http_parameters", "to={to}\ntext={body}"),
            ("billing_sms_http_parameters", "to={to}\ntext={text}\nnonsense"),
            ("billing_sms_http_accepted", "(unclosed"),
            ("billing_sms_http_accepted", False),
        ):
            with self.subTest(name, value=value), self.assertRaises(ValidationError):
                self.company.write({name: value})

    def test_only_administrators_read_the_password(self):
        self.company.billing_sms_http_password = "hunter2"
        manager = new_test_user(
            self.env,
            "sms-manager",
            "billing_base.group_billing_manager",
            company_id=self.company.id,
        )
        mine = self.company.with_user(manager).sudo(False)
        self.assertTrue(mine.billing_sms_provider)
        secret = [
            name
            for name in mine._fields
            if name.startswith(("billing_sms_http", "billing_sms_report"))
        ]
        self.assertEqual(len(secret), 9)
        self.assertFalse(set(secret) & mine.fields_get().keys())
        for name in secret:
            with self.assertRaises(AccessError):
                mine.read([name])
        # Yet a manager may see a text, and the jobs may send.
        shipped = self.env.ref("billing_dynamic_distribution.content_invoice")
        self.assertTrue(shipped.with_user(manager).sudo(False).sms_segments)

    def test_when_there_is_a_provider(self):
        company = self.company
        self.env["iap.account"].search([("service_name", "=", "sms")]).unlink()
        self.assertFalse(self.channel._is_available(company))
        service = self.env["iap.service"].search([("technical_name", "=", "sms")])
        account = self.env["iap.account"].create(
            {"service_id": service.id, "state": "unregistered"}
        )
        self.assertFalse(self.channel._is_available(company))
        account.state = "registered"
        self.assertTrue(self.channel._is_available(company))
        account.state = False
        company.write({"billing_sms_http_url": ADDRESS, "billing_sms_provider": "http"})
        self.assertTrue(self.channel._is_available(company))

    def test_who_wants_no_sms(self):
        point = self.customer.billing_contact_point_ids.filtered(
            lambda point: point.channel == "sms"
        )
        self.assertEqual(self.channel._contact_points(self.customer), point)
        self.env["phone.blacklist"].add(point.address)
        self.assertFalse(self.channel._contact_points(self.customer))

    def test_the_settings_are_saved(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        settings.get_views([(False, "form")])
        settings.create(
            {
                "billing_sms_provider": "http",
                "billing_sms_http_url": ADDRESS,
                "billing_sms_sender": "Lys",
            }
        ).execute()
        self.assertEqual(self.company.billing_sms_sender, "Lys")
        self.assertEqual(self.company.billing_sms_provider, "http")
