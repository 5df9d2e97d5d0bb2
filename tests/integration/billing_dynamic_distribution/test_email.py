"""E-mail: what customers get, and what is known of it afterwards."""

from datetime import timedelta
from unittest.mock import patch

from odoo.tools import format_date

from odoo.addons.billing_dynamic_distribution.core import mail_key, state
from odoo.addons.billing_dynamic_distribution.core.channel import ChannelError

from ...mail_server import MailServer, answer_of_a_person
from .common import MONDAY
from .email_common import KARI, OLA, EmailCase


class TestEmail(EmailCase):
    """One e-mail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.email_sms_letter()

    def test_it_says_what_to_pay_and_leads_to_the_page(self):
        move, attempt = self.post_and_send()
        [mail] = self.mailbox.received
        self.assertEqual(mail.recipients, [KARI])
        message = mail.message
        self.assertEqual(message["To"].addresses[0].display_name, "Kari Nordmann")
        self.assertEqual(message["From"].addresses[0].addr_spec, self.company.email)
        url = attempt.item_ids.page_url
        self.assertRegex(url, rf"/my/invoices/{move.id}\?access_token=[\w-]{{20,}}$")
        for kind in ("html", "plain"):
            body = mail.body(kind).replace("&amp;", "&")
            for text in (
                move.name,
                "1,000.00",
                "December 7, 2026",
                url,
                "Kari Nordmann",
            ):
                self.assertIn(text, body)
        self.assertIn(move.name, message["Subject"])
        self.assertEqual(attempt.state, state.SENT)
        self.assertEqual(attempt.subject, message["Subject"])

    def test_it_can_be_read_aloud(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.kari.lang = "nb_NO"
        move, _attempt = self.post_and_send()
        [mail] = self.mailbox.received
        body = mail.body()
        self.assertIn('<html lang="nb-NO">', body)
        self.assertNotIn("<table", body)
        self.assertEqual(body.count(f"/my/invoices/{move.id}"), 1)
        self.assertIn("/nb/my/invoices/", body.replace("/nb_NO/", "/nb/"))
        # Amount and date as Norwegians write them.
        self.assertIn("1\N{NO-BREAK SPACE}000,00", mail.body("plain"))
        self.assertIn("7. desember 2026", mail.body("plain"))

    def test_it_carries_its_key_wherever_it_may_come_back_from(self):
        _move, attempt = self.post_and_send()
        [mail] = self.mailbox.received
        self.assertEqual(mail_key.keys_in(mail.message["Message-Id"]), (attempt.key,))
        self.assertEqual(mail.message[mail_key.HEADER], attempt.key)
        self.assertEqual(mail.envelope_id, attempt.key)
        self.assertEqual(mail.sender, "bounce@fjordlys.example")
        self.assertEqual(mail.message["Auto-Submitted"], "auto-generated")

    def test_with_tagged_return_addresses_the_envelope_carries_it_too(self):
        self.company.billing_email_tagged_return = True
        _move, attempt = self.post_and_send()
        [mail] = self.mailbox.received
        self.assertEqual(mail.sender, f"bounce+billing-{attempt.key}@fjordlys.example")

    def test_odoo_decides_on_server_and_sender(self):
        self.mail_server.from_filter = "elsewhere.example"
        self.company.alias_domain_id.default_from = "notify@elsewhere.example"
        self.post_and_send()
        [mail] = self.mailbox.received
        self.assertEqual(
            mail.message["From"].addresses[0].addr_spec, "notify@elsewhere.example"
        )
        self.assertEqual(mail.sender, "notify@elsewhere.example")

    def test_a_text_may_ask_for_a_server_and_a_place_for_answers(self):
        other = MailServer()
        other.start()
        self.addCleanup(other.stop)
        self.content.mail_template_id.write(
            {
                "mail_server_id": self.mail_server.copy({"smtp_port": other.port}).id,
                "reply_to": "svar@fjordlys.example",
            }
        )
        self.content.action_use_in_plans()
        self.post_and_send()
        self.assertEqual(self.mailbox.received, [])
        [mail] = other.received
        self.assertEqual(
            mail.message["Reply-To"].addresses[0].addr_spec, "svar@fjordlys.example"
        )

    def test_it_stands_in_the_conversation_once(self):
        mails = self.env["mail.mail"].search_count([])
        move, attempt = self.post_and_send()
        messages = move.message_ids.filtered(
            lambda message: message.message_type == "email_outgoing"
        )
        self.assertEqual(len(messages), 1)
        self.assertEqual(attempt.mail_message_id, messages)
        self.assertEqual(
            messages.message_id, self.mailbox.received[0].message["Message-Id"]
        )
        self.assertIn("Here is what there is to pay", messages.body)
        self.assertEqual(messages.notification_ids.notification_status, "sent")
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        # Later reports change nothing there.
        attempt._apply(state.DELIVERED)
        attempt._apply(state.OPENED)
        self.assertEqual(attempt.mail_message_id, messages)

    def test_what_staff_read_opens_nothing(self):
        move, attempt = self.post_and_send()
        self.assertIn(f"/my/invoices/{move.id}", attempt.preview)
        for text in (attempt.preview, str(attempt.mail_message_id.body)):
            self.assertNotIn("access_token", text)

    def test_an_answer_lands_with_the_invoice(self):
        move, attempt = self.post_and_send()
        self.receive(answer_of_a_person(self.mailbox.received[0], "I pay on Friday"))
        answer = move.message_ids[0]
        self.assertEqual(answer.message_type, "email")
        self.assertIn("I pay on Friday", answer.body)
        self.assertEqual(answer.author_id, self.kari)
        self.assertFalse(answer.is_internal)
        self.assertEqual(attempt.state, state.SENT)

    def test_several_invoices_go_in_one(self):
        with self.at(0):
            moves = self.create_invoice() | self.create_invoice(amount=250)
            moves[1].invoice_date_due += timedelta(days=30)
            moves.action_post()
            self.send()
        [mail] = self.mailbox.received
        attempt = self.attempts_of(moves[0])
        days = [
            format_date(self.env, move.invoice_date_due, date_format="long")
            for move in moves
        ]
        self.assertIn(" and ".join(days), " ".join(mail.body("plain").split()))
        self.assertEqual(attempt, self.attempts_of(moves[1]))
        for move, item in zip(moves, attempt.item_ids, strict=True):
            self.assertIn(item.page_url, mail.body("plain"))
            self.assertIn(move.name, mail.body("plain"))
            self.assertEqual(
                len(move.message_ids.filtered(lambda m: m.subject == attempt.subject)),
                1,
            )
        self.assertIn("1,250.00", mail.message["Subject"])
        # The answer has one place to go to.
        self.receive(answer_of_a_person(mail))
        self.assertEqual(moves[0].message_ids[0].message_type, "email")

    def test_an_address_on_odoos_list_is_left_alone(self):
        self.env["mail.blacklist"]._add(KARI)
        move, _attempt = self.post_and_send()
        self.assertEqual(self.mailbox.received, [])
        self.assertIn("sms", self.counter.channels())

    def test_a_name_cannot_bring_headers_of_its_own(self):
        self.kari.name = 'Kari "X"\r\nBcc: evil@evil.example'
        self.post_and_send()
        [mail] = self.mailbox.received
        self.assertEqual(mail.recipients, [KARI])
        self.assertIsNone(mail.message["Bcc"])

    def test_a_text_that_cannot_be_rendered_waits_for_its_repair(self):
        template = self.content.mail_template_id
        good = template.body_html
        template.body_html = '<p t-out="object.nothing_of_the_kind">x</p>'
        self.content.action_use_in_plans()
        move, attempt = self.post_and_send()
        self.assertEqual(attempt.state, state.FAILED_SOFT)
        self.assertIn("nothing_of_the_kind", attempt.failure_reason)
        self.assertEqual(self.point().state, "unverified")
        # Only the managers hear of it.
        self.assertNotIn(KARI, self.mailbox.counts())
        template.body_html = good
        self.content.action_use_in_plans()
        self.go_to(0.25)
        self.assertEqual(self.mailbox.counts()[KARI], 1)

    def test_one_that_cannot_be_rendered_keeps_nobody_else_back(self):
        # Breaks for whoever has no reference.
        self.content.mail_template_id.body_html = (
            '<t t-set="x" t-value="1 / (object.recipient_id.ref != \'bad\')"/>'
            '<t t-out="object.invoices_html"/>'
        )
        self.content.action_use_in_plans()
        ola = self.create_customer("Ola", OLA, ref="bad")
        with self.at(0):
            moves = self.create_invoice() | self.create_invoice(ola)
            moves.action_post()
            self.send()
        counts = self.mailbox.counts()
        self.assertEqual((counts[KARI], counts[OLA]), (1, 0))
        self.assertEqual(self.attempts_of(moves[1]).state, state.FAILED_SOFT)

    def test_a_content_without_an_e_mail_text_says_so(self):
        self.content.mail_template_id = False
        move = self.create_invoice()
        move.action_post()
        attempt = move._billing_queue_attempts("email")
        with self.assertRaises(ChannelError) as caught:
            self.channel._prepare(attempt)
        self.assertEqual(caught.exception.kind, "soft")


class TestEmailPdf(EmailCase):
    """The invoice's own PDF goes along where the company or the step wants it."""

    def plan(self, attach_pdf):
        self.create_plan(("email", 0, "not_paid", {"attach_pdf": attach_pdf}))

    def attachments(self):
        [mail] = self.mailbox.received
        return list(mail.message.iter_attachments())

    def test_link_only(self):
        self.plan("company")
        move, _attempt = self.post_and_send()
        self.assertEqual(self.attachments(), [])
        self.assertFalse(move.invoice_pdf_report_id)

    def test_as_the_company_does(self):
        self.company.billing_pdf_policy = "attach"
        self.plan("company")
        move, attempt = self.post_and_send()
        [pdf] = self.attachments()
        self.assertEqual(pdf.get_content(), move.invoice_pdf_report_id.raw)
        self.assertEqual(pdf.get_filename(), move.invoice_pdf_report_id.name)
        self.assertEqual(attempt.pdf_attachment_ids, move.invoice_pdf_report_id)
        self.assertIn(
            move.invoice_pdf_report_id, attempt.mail_message_id.attachment_ids
        )

    def test_the_same_file_is_sent_ever_after(self):
        self.plan("attach")
        move, attempt = self.post_and_send()
        first = move.invoice_pdf_report_id
        content = first.raw
        with self.at(1):
            again = move._billing_queue_attempts("email")
            again.attach_pdf = True
            with patch.object(
                self.registry["account.move.send"], "_prepare_invoice_pdf_report"
            ) as render:
                self.send()
        render.assert_not_called()
        self.assertEqual(len(self.mailbox.received), 2)
        self.assertEqual(again.pdf_attachment_ids, first)
        [pdf] = self.mailbox.received[1].message.iter_attachments()
        self.assertEqual(pdf.get_content(), content)

    def test_what_is_too_much_stays_on_the_page(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "base.default_max_email_size", "0.0001"
        )
        self.plan("attach")
        move, attempt = self.post_and_send()
        self.assertEqual(self.attachments(), [])
        self.assertEqual(attempt.state, state.SENT)

    def test_files_of_the_text_go_along(self):
        self.content.mail_template_id.attachment_ids = self.env["ir.attachment"].create(
            {"name": "Vilkår.pdf", "raw": b"%PDF-1.4 x", "mimetype": "application/pdf"}
        )
        self.plan("link")
        self.post_and_send()
        [file] = self.attachments()
        self.assertEqual(file.get_filename(), "Vilkår.pdf")
        self.assertEqual(file.get_content(), b"%PDF-1.4 x")

    def test_each_is_made_alone(self):
        moves = self.create_invoice() | self.create_invoice()
        moves.action_post()
        rendered = []
        send = self.registry["account.move.send"]
        prepare = send._prepare_invoice_pdf_report

        def note(self, invoices_data):
            rendered.append(len(invoices_data))
            return prepare(self, invoices_data)

        with patch.object(send, "_prepare_invoice_pdf_report", note):
            pdfs = moves._billing_own_pdfs()
            self.assertEqual(moves._billing_own_pdfs(), pdfs)
        self.assertEqual(rendered, [1, 1])
        self.assertEqual(pdfs.mapped("res_id"), moves.ids)


class TestEmailServer(EmailCase):
    """What mail servers answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.email_sms_letter()

    def test_no_such_user_goes_on_at_once(self):
        self.mailbox.answer(KARI, "550 5.1.1 no such user")
        move, attempts = self.post_and_send()
        email, sms = attempts
        self.assertEqual(email.state, state.FAILED_HARD)
        self.assertEqual(email.failure_code, "5.1.1")
        self.assertEqual(self.point().state, "blocked")
        self.assertEqual((sms.channel, sms.state), ("sms", state.SENT))
        # Nothing was sent, nothing stands in the conversation.
        self.assertFalse(email.mail_message_id)

    def test_a_full_mailbox_goes_on_at_once_and_keeps_the_address(self):
        self.mailbox.answer(KARI, "552 5.2.2 mailbox full")
        _move, attempts = self.post_and_send()
        self.assertEqual(attempts[0].state, state.FAILED_HARD)
        self.assertEqual(attempts[1].channel, "sms")
        self.assertEqual(self.point().state, "unverified")

    def test_put_off_is_tried_again_and_arrives_once(self):
        self.mailbox.answer(KARI, "450 4.2.1 later", "")
        move, attempt = self.post_and_send()
        self.assertEqual(attempt.state, state.FAILED_SOFT)
        self.assertEqual(self.counter.calls, [])
        self.go_to(1 / 24)
        self.go_to(2 / 24)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.attempts_of(move)[-1].state, state.SENT)
        self.assertEqual(self.point().state, "unverified")
        self.assertEqual(self.counter.calls, [])

    def test_put_off_for_good_goes_on(self):
        self.mailbox.answer(KARI, "450 4.2.1 later")
        move, _attempt = self.post_and_send()
        for hour in range(1, 12):
            self.go_to(hour / 24)
        self.assertEqual(self.mailbox.received, [])
        self.assertEqual(self.counter.channels(), ["sms"])

    def test_silence_after_the_message_is_never_sent_again(self):
        self.mailbox.drop_after_data(KARI)
        move, attempt = self.post_and_send()
        self.assertEqual(attempt.state, state.UNCERTAIN)
        # It may be answered: it has its place in the conversation.
        self.assertTrue(attempt.mail_message_id)
        for day in (1, 2):
            self.go_to(day)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.counter.calls, [])
        # Not opened in three days: the next channel steps in.
        self.go_to(3)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.counter.channels(), ["sms"])

    def test_a_server_that_is_down_blames_nobody(self):
        self.mailbox.stop()
        move, attempt = self.post_and_send()
        self.assertEqual(attempt.state, state.FAILED_SOFT)
        self.assertFalse(attempt.is_address_fault)
        self.assertEqual(self.point().state, "unverified")
        self.mailbox.start()
        self.go_to(0.2)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.counter.calls, [])

    def test_a_server_that_does_not_want_us_blames_nobody(self):
        self.mailbox.answer_sender("550 5.7.1 not from you")
        _move, attempt = self.post_and_send()
        self.assertEqual(attempt.state, state.FAILED_SOFT)
        self.assertEqual(self.point().state, "unverified")
        self.mailbox.answer_sender(None)
        self.go_to(0.2)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})

    def test_an_address_that_cannot_be_written_to(self):
        move, _run = self.post()
        attempt = move._billing_queue_attempts("email")
        attempt.address = "kåre@kunde.example"
        prepared = self.channel._prepare(attempt)
        outcome = self.channel._call(attempt, prepared)
        self.assertEqual(outcome.event, state.FAILED_HARD)
        self.assertEqual(self.mailbox.received, [])

    def test_the_second_address_of_a_customer_comes_before_the_next_channel(self):
        self.env["billing.contact.point"].create(
            {"partner_id": self.kari.id, "channel": "email", "address": OLA}
        )
        self.mailbox.answer(KARI, "550 5.1.1 no such user")
        self.post_and_send()
        self.assertEqual(self.mailbox.counts(), {OLA: 1})
        self.assertEqual(self.counter.calls, [])


class TestEmailBatch(EmailCase):
    """Many e-mails at once."""

    def prepared(self, count):
        partners = self.env["res.partner"].create(
            [
                {"name": f"Customer {number}", "email": f"c{number}@kunde.example"}
                for number in range(count)
            ]
        )
        moves = self.env["account.move"].concat(
            *(self.create_invoice(partner) for partner in partners)
        )
        moves.action_post()
        attempts = moves._billing_queue_attempts("email")
        self.env.flush_all()
        return attempts

    def test_one_connection_and_each_gets_its_own(self):
        attempts = self.prepared(20)
        self.mailbox.answer("c3@kunde.example", "550 5.1.1 no such user")
        self.mailbox.answer("c5@kunde.example", "450 4.2.1 later")
        self.mailbox.drop_after_data("c7@kunde.example")
        with self.at(MONDAY):
            self.sender._call_batch("email")
        states = {a.address.partition("@")[0]: a.state for a in attempts}
        special = {
            "c3": state.FAILED_HARD,
            "c5": state.FAILED_SOFT,
            "c7": state.UNCERTAIN,
        }
        self.assertEqual(
            states, {name: special.get(name, state.SENT) for name in states}
        )
        self.assertEqual(sum(self.mailbox.counts().values()), 18)
        self.assertEqual(set(self.mailbox.counts().values()), {1})
        self.assertEqual(self.mailbox.sessions, 2)
        for mail in self.mailbox.received:
            name = mail.recipients[0].partition("@")[0][1:]
            self.assertIn(f"Hi Customer {name},", mail.body("plain"))

    def test_queries_do_not_grow_with_the_batch(self):
        def queries(count):
            self.prepared(count)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with self.at(MONDAY):
                self.assertEqual(self.sender._call_batch("email"), count)
            return self.env.cr.sql_log_count - before

        queries(2)
        few, many = queries(5), queries(24)
        self.assertLessEqual(many, few + 3)

    def test_after_a_crash_all_but_one_are_known(self):
        attempts = self.prepared(5)
        attempts.write({"worker": 4711, "state": "calling"})
        pairs = [(attempt, self.channel._prepare(attempt)) for attempt in attempts]
        handed_over = self.channel._call_batch(pairs)
        known = [next(handed_over)[1], next(handed_over)[1]]
        # Here the process dies: nothing is written down in the database.
        del handed_over
        self.assertEqual([outcome.event for outcome in known], [state.SENT] * 2)
        looked_up = [self.channel._look_up(attempt) for attempt in attempts]
        self.assertEqual(looked_up[:2], known)
        self.assertEqual(
            [(o.event, o.code) for o in looked_up[2:]],
            [(state.FAILED_SOFT, "not_received")] * 3,
        )
        self.assertEqual(len(self.mailbox.received), 2)

    def test_nobody_knows_of_what_was_never_begun(self):
        [attempt] = self.prepared(1)
        self.assertIsNone(self.channel._look_up(attempt))
