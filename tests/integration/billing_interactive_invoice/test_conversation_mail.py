"""E-mails around a conversation: answers that come in, and what must not go out."""

from odoo.tests import new_test_user

from .conversation_common import ConversationCase


class TestConversationMail(ConversationCase):
    def mails_of(self, message):
        return self.env["mail.mail"].search([("mail_message_id", "=", message.id)])

    def shown(self):
        return [one["text"] for one in self.invoice._billing_conversation_messages()]

    # === WHAT COMES IN === #

    def test_an_answer_by_email_lands_in_the_conversation(self):
        self.ask()
        answer = self.answer()
        reply = self.email(
            answer, "Thank you!\n\nOn Mon, 23 Nov 2026 at 10:00, Fjordlys wrote:\n> No."
        )
        self.assertEqual(reply.author_id, self.kari)
        self.assertEqual(self.conversation.state, "open")
        self.assertEqual(self.conversation.preview, "Thank you!")
        self.assertIn("Thank you!", self.shown())

    def test_an_answer_to_our_notice_does_too(self):
        self.ask()
        self.answer()
        self.at(2026, 11, 23, 9, 6)
        self.run_job()
        notice = self.notices().mail_message_id
        self.assertNotIn(notice, self.invoice._billing_said_messages())
        self.email(notice, "Got it")
        self.assertEqual(self.conversation.preview, "Got it")
        self.assertFalse(self.conversation.unread_since)

    def test_an_answer_to_the_invoice_itself_is_no_internal_note(self):
        sent = self.note(
            "Your invoice",
            email_layout_xmlid="mail.mail_notification_layout",
            partner_ids=self.kari.ids,
        )
        self.assertTrue(self.mails_of(sent), "the invoice goes out")
        reply = self.email(sent, "I cannot open it")
        self.assertEqual(reply.subtype_id, self.env.ref("mail.mt_comment"))
        self.assertEqual(self.conversation.state, "open")
        self.assertEqual(self.shown(), ["I cannot open it"])

    def test_an_employee_who_answers_a_note_by_email_stays_internal(self):
        note = self.note()
        self.email(note, "I know her", sender="anne.lie@fjordlys.example")
        self.assertFalse(self.conversation)
        self.assertEqual(self.shown(), [])

    def test_an_email_that_says_it_is_from_staff_reaches_no_customer(self):
        question = self.ask()
        forged = self.email(
            question, "Pay to 1234.56.78903", sender="anne.lie@fjordlys.example"
        )
        self.assertEqual(forged.subtype_id, self.env.ref("mail.mt_note"))
        self.assertTrue(forged.is_internal)
        self.assertEqual(self.shown(), ["When do I have to pay?"])
        self.assertEqual(self.conversation.state, "open")

    def test_whoever_is_not_known_is_not_taken_for_staff(self):
        self.ask()
        answer = self.answer()
        self.email(answer, "I am from Fjordlys", sender="somebody@evil.example")
        [*_before, last] = self.invoice._billing_conversation_messages()
        self.assertFalse(last["by_staff"])
        self.assertNotIn("somebody", last["name"])
        self.assertEqual(self.conversation.state, "open")

    # === WHAT MUST NOT GO OUT === #

    def test_a_note_reaches_no_customer_however_it_is_addressed(self):
        self.invoice.message_subscribe(self.kari.ids)
        note = self.note(partner_ids=self.kari.ids)
        self.assertFalse(self.mails_of(note))
        self.assertFalse(note.notification_ids)
        self.assertEqual(self.shown(), [])

    def test_a_note_still_reaches_colleagues(self):
        note = self.note(partner_ids=self.manager.partner_id.ids)
        self.assertEqual(note.notification_ids.res_partner_id, self.manager.partner_id)

    def test_a_message_marked_internal_reaches_no_customer(self):
        self.invoice.message_subscribe(self.kari.ids)
        message = self.answer("Only us", is_internal=True)
        self.assertFalse(self.mails_of(message))
        self.assertEqual(self.shown(), [])
        self.assertFalse(self.conversation)

    def test_the_customer_gets_no_second_email_from_odoo(self):
        self.invoice.message_subscribe(self.kari.ids)
        answer = self.answer(partner_ids=self.kari.ids)
        self.assertFalse(self.mails_of(answer))

    def test_others_who_follow_are_told_as_ever_under_the_chosen_name(self):
        adviser = self._new_partner("Adviser", email="adviser@office.example")
        self.invoice.message_subscribe(adviser.ids)
        self.user.signature = "<p>Anne Lie, direct line 99 99 99 99</p>"
        answer = self.answer()
        mail = self.mails_of(answer)
        self.assertEqual(mail.recipient_ids, adviser)
        self.assertEqual(mail.email_from, '"Anne" <faktura@fjordlys.example>')
        self.assertNotIn("Lie", mail.body_html)
        self.assertEqual(answer.author_id, self.user.partner_id)

    def test_full_names_are_left_to_odoo(self):
        self.company.billing_page_staff_name = "full"
        self.assertEqual(self.answer().email_from, self.user.email_formatted)

    def test_the_customer_does_not_hear_from_us_what_they_wrote(self):
        self.invoice.message_subscribe(self.kari.ids)
        self.assertFalse(self.mails_of(self.ask()))

    # === WHO SPEAKS === #

    def test_an_employee_who_is_the_customer_speaks_as_the_customer(self):
        employee = new_test_user(
            self.env, "employee", "base.group_user", company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )  # fmt: skip
        invoice = self._new_invoices(partner=employee.partner_id)
        message = invoice.sudo().message_post(
            body="Mine",
            author_id=employee.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertFalse(message._billing_is_by_staff())

    def test_links_are_links_only_where_staff_wrote_them(self):
        self.ask("See https://evil.example/pay now")
        self.answer("See https://fjordlys.example/help now")
        yours, ours = self.shown()
        self.assertNotIn("<a", yours)
        self.assertIn('href="https://fjordlys.example/help"', ours)
        self.assertIn("noopener", ours)
