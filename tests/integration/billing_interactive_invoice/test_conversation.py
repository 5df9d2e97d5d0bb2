"""Whose turn it is, who is told, and who waits how long."""

from datetime import datetime
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from .conversation_common import NOW, PDF, ConversationCase


class TestConversation(ConversationCase):
    def test_a_question_waits_for_us(self):
        self.ask()
        self.assertRecordValues(
            self.conversation,
            [
                {
                    "state": "open",
                    "waiting_since": NOW,
                    "unread_count": 1,
                    "last_by": "customer",
                    "preview": "When do I have to pay?",
                    "partner_id": self.kari.id,
                    "company_id": self.company.id,
                }
            ],
        )
        self.assertEqual(self.chat_kinds(), ["chat.asked"])

    def test_late_is_reckoned_in_opening_hours(self):
        # Four hours from ten are two; from half past three they end on Tuesday.
        self.ask()
        self.assertEqual(self.conversation.due_at, datetime(2026, 11, 23, 13))
        self.at(2026, 11, 23, 14, 30)
        self.ask(move=self.other)
        later = self.conversations.search([("move_id", "=", self.other.id)])
        self.assertEqual(later.due_at, datetime(2026, 11, 24, 10, 30))
        self.assertFalse(later.is_late)
        self.assertEqual(
            self.conversations.search([("is_late", "=", True)]), self.conversation
        )
        self.assertIn(later, self.conversations.search([("is_late", "=", False)]))

    def test_an_answer_ends_the_wait_and_is_kept_for_the_next_customer(self):
        self.ask()
        self.at(2026, 11, 23, 9, 30)
        self.answer()
        self.assertRecordValues(
            self.conversation,
            [
                {
                    "state": "waiting",
                    "waiting_since": False,
                    "due_at": False,
                    "unread_count": 0,
                    "user_id": self.user.id,
                    "unread_since": datetime(2026, 11, 23, 9, 30),
                }
            ],
        )
        self.assertRecordValues(
            self.env["billing.conversation.wait"].search([]),
            [{"minutes": 30, "in_time": True, "user_id": self.user.id}],
        )
        self.assertEqual(
            self.chat_kinds(), ["chat.asked", "chat.assigned", "chat.answered"]
        )

    def test_several_questions_are_one_wait(self):
        self.ask()
        self.at(2026, 11, 23, 10)
        self.ask("Hello?")
        self.assertEqual(self.conversation.waiting_since, NOW)
        self.assertEqual(self.conversation.unread_count, 2)
        self.at(2026, 11, 23, 15)
        self.answer()
        wait = self.env["billing.conversation.wait"].search([])
        # It closed at three by this clock.
        self.assertEqual((wait.minutes, wait.in_time), (6 * 60, False))

    def test_a_note_is_no_answer(self):
        self.ask()
        self.note()
        self.assertEqual(self.conversation.state, "open")
        self.assertEqual(self.conversation.preview, "When do I have to pay?")

    def test_what_is_sent_by_template_is_no_answer(self):
        self.ask()
        self.answer(email_layout_xmlid="mail.mail_notification_light")
        self.assertEqual(self.conversation.state, "open")

    def test_nothing_is_followed_on_what_is_no_invoice_to_a_customer(self):
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.kari.id}
        )
        self.answer(move=bill)
        self.assertFalse(self.conversations.search([("move_id", "=", bill.id)]))

    def test_one_conversation_however_often_it_is_begun(self):
        first = self.conversations._of(self.invoice + self.other)
        self.assertEqual(self.conversations._of(self.invoice + self.other), first)
        self.assertEqual(first.move_id, self.invoice + self.other)

    def test_closed_opens_again_with_the_next_word(self):
        self.ask()
        self.conversation.with_user(self.user).action_close()
        self.assertEqual(self.conversation.state, "closed")
        self.assertFalse(self.conversation.waiting_since)
        self.ask("One thing more")
        self.assertEqual(self.conversation.state, "open")

    def test_what_is_over_closes_by_itself(self):
        self.ask()
        self.answer()
        self.at(2026, 12, 6, 9)
        self.run_job()
        self.assertEqual(self.conversation.state, "waiting")
        self.at(2026, 12, 8, 9)
        self.run_job()
        self.assertEqual(self.conversation.state, "closed")

    def test_a_question_never_closes_by_itself(self):
        self.ask()
        self.at(2027, 1, 8, 9)
        self.run_job()
        self.assertEqual(self.conversation.state, "open")

    # === READING === #

    def test_staff_who_opens_it_has_read_it(self):
        message = self.ask()
        self.conversation.with_user(self.user).action_mark_read()
        self.assertEqual(self.conversation.unread_count, 0)
        self.assertEqual(self.conversation.staff_read_id, message)
        self.assertTrue(self.invoice._billing_conversation_messages()[0]["read"])

    def test_the_customer_has_read_what_was_before_them(self):
        self.ask()
        first = self.answer()
        last = self.answer("And here is more.")
        self.invoice._billing_page_message_seen(first.id)
        self.assertTrue(self.conversation.unread_since)
        self.invoice._billing_page_message_seen(last.id)
        self.assertFalse(self.conversation.unread_since)
        self.assertFalse(self.conversation.notice_at)
        self.assertEqual(self.conversation.customer_read_id, last)

    def test_messages_of_others_are_no_sign_of_reading(self):
        self.ask()
        self.answer()
        elsewhere = self.answer(move=self.other)
        self.invoice._billing_page_message_seen(elsewhere.id)
        self.invoice._billing_page_message_seen(2**31 - 1)
        self.assertTrue(self.conversation.unread_since)

    # === TOPICS === #

    def topic(self, **values):
        return self.env["billing.conversation.topic"].create(
            {"name": "Moon", "words": "måne*", **values}
        )

    def test_words_give_it_its_topic(self):
        topic = self.topic()
        self.ask("Hva med månelyset?")
        self.assertEqual(self.conversation.topic_ids, topic)

    def test_what_comes_with_the_addon_knows_three_languages(self):
        paid = self.env.ref("billing_interactive_invoice.topic_paid")
        for text in ("Jeg har betalt", "Jag har betalat", "I have paid"):
            self.assertEqual(
                paid._matching(text, self.company), paid, f"{text} is about {paid.name}"
            )

    def test_what_staff_took_away_stays_away(self):
        topic = self.topic()
        self.ask("Månen")
        self.conversation.with_user(self.user).topic_ids = [Command.clear()]
        self.ask("Månen igjen")
        self.assertFalse(self.conversation.topic_ids)
        self.conversation.topic_ids = topic
        self.assertFalse(self.conversation.rejected_topic_ids)

    def test_a_topic_brings_who_takes_it_and_by_when(self):
        self.topic(user_id=self.user.id, answer_hours=1)
        self.ask("Månen")
        self.assertEqual(self.conversation.user_id, self.user)
        self.assertEqual(self.conversation.due_at, datetime(2026, 11, 23, 10))

    def test_who_took_it_keeps_it(self):
        self.topic(user_id=self.manager.id)
        self.ask()
        self.conversation.with_user(self.user).action_take()
        self.ask("Månen")
        self.assertEqual(self.conversation.user_id, self.user)
        self.assertIn("chat.assigned", self.chat_kinds())

    def test_topics_of_other_companies_are_theirs(self):
        self.topic(company_id=self._other_company().id)
        self.ask("Månen")
        self.assertFalse(self.conversation.topic_ids)

    # === ANSWERING IN THE INBOX === #

    def test_an_answer_from_the_inbox_is_on_the_invoice(self):
        self.ask()
        conversation = self.conversation.with_user(self.user)
        conversation.draft = "Of course <b>you</b> can.\nGood luck"
        conversation.action_send()
        message = self.invoice.message_ids.sorted("id")[-1]
        self.assertEqual(message.author_id, self.user.partner_id)
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_comment"))
        self.assertIn("&lt;b&gt;you", message.body)
        self.assertFalse(conversation.draft)
        self.assertEqual(self.conversation.state, "waiting")

    def test_a_second_click_sends_nothing(self):
        self.ask()
        conversation = self.conversation.with_user(self.user)
        conversation.draft = "Yes"
        conversation.action_send()
        with self.assertRaises(UserError):
            conversation.action_send()

    def test_a_canned_answer_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.kari.lang = "nb_NO"
        canned = self.env["billing.canned.answer"].create(
            {"name": "Hi", "text": "Hi {first_name}: {amount} for {invoice}, {staff}"}
        )
        canned.with_context(lang="nb_NO").text = "Hei {first_name}: {amount}, {staff}"
        self.ask()
        conversation = self.conversation.with_user(self.user).new(
            {"draft": "First.", "canned_answer_id": canned.id},
            origin=self.conversation,
        )
        conversation._onchange_canned_answer_id()
        draft = conversation.draft.replace("\N{NO-BREAK SPACE}", " ")
        self.assertEqual(draft, "First.\n\nHei Kari: kr 100,00, Anne")
        self.assertFalse(conversation.canned_answer_id)

    def test_a_canned_answer_with_a_place_nobody_knows_is_refused(self):
        with self.assertRaises(ValidationError):
            self.env["billing.canned.answer"].create({"name": "x", "text": "{amuont}"})

    def test_the_thread_shows_staff_notes_as_such(self):
        self.ask("<script>alert(1)</script> Hi")
        self.note("A secret")
        self.answer("Our answer")
        thread = self.conversation.with_user(self.user).thread_html
        self.assertIn("A secret", thread)
        self.assertIn("customers never see it", thread)
        self.assertIn("&lt;script&gt;", thread)
        self.assertNotIn("<script>", thread)
        self.assertLess(thread.index("Our answer"), thread.index("A secret"))

    # === TELLING THE CUSTOMER === #

    def test_nobody_is_told_before_the_answer_lay_unread(self):
        self.ask()
        self.answer()
        self.assertEqual(self.conversation.notice_at, datetime(2026, 11, 23, 9, 5))
        self.run_job()
        self.assertFalse(self.notices())

    def test_who_closed_the_page_is_told_once(self):
        self.ask()
        self.answer("You can pay on Friday.")
        self.answer("Or on Saturday.")
        self.at(2026, 11, 23, 9, 6)
        self.run_job()
        mail = self.notices()
        self.assertEqual(len(mail), 1)
        self.assertIn("You can pay on Friday.", mail.body_html)
        self.assertIn("Or on Saturday.", mail.body_html)
        self.assertIn("/my/invoices/", mail.body_html)
        self.assertIn("chat.notified", self.chat_kinds())
        self.at(2026, 11, 23, 9, 30)
        self.answer("Or on Sunday.")
        self.at(2026, 11, 23, 12)
        self.run_job()
        self.assertEqual(self.notices(), mail)

    def test_what_is_new_after_a_day_is_told_again(self):
        self.ask()
        self.answer("First")
        self.at(2026, 11, 23, 9, 6)
        self.run_job()
        self.answer("Second")
        self.at(2026, 11, 24, 9, 7)
        self.run_job()
        self.assertEqual(len(self.notices()), 2)
        self.at(2026, 11, 26, 9)
        self.run_job()
        self.assertEqual(len(self.notices()), 2)

    def test_who_read_it_is_not_told(self):
        self.ask()
        message = self.answer()
        self.invoice._billing_page_message_seen(message.id)
        self.at(2026, 11, 23, 9, 6)
        self.run_job()
        self.assertFalse(self.notices())

    def test_who_has_the_page_open_is_told_when_they_left(self):
        self.ask()
        self.answer()
        here = {self.invoice.id: {"customer": True, "staff": False}}
        self.at(2026, 11, 23, 9, 6)
        with patch.object(
            type(self.invoice), "_billing_page_readers_here", lambda moves: here
        ):
            self.run_job()
        self.assertFalse(self.notices())
        self.at(2026, 11, 23, 9, 12)
        self.run_job()
        self.assertEqual(len(self.notices()), 1)

    def test_the_message_names_staff_as_the_company_chose(self):
        for policy, name in (
            ("full", "Anne Lie"),
            ("first", "Anne"),
            ("team", "The service desk"),
        ):
            self.company.billing_page_staff_name = policy
            self.company.billing_page_team_name = "The service desk"
            self.ask()
            self.answer()
            [(who, _text)] = self.conversation._get_notice_answers()
            self.assertEqual(who, name)

    def test_its_link_opens_the_page(self):
        self.ask()
        self.answer()
        url = self.conversation._get_notice_url()
        self.assertEqual(self.conversation._get_notice_url(), url)
        template = self.env.ref(
            "billing_interactive_invoice.mail_template_conversation"
        ).sudo()
        text = template._render_field("billing_sms_text", self.conversation.ids)
        self.assertIn(url, text[self.conversation.id])
        token = url.partition("access_token=")[2].partition("#")[0]
        self.assertEqual(self.links._find(token).move_id, self.invoice)

    # === TELLING STAFF === #

    def told(self, user):
        notifications_sudo = self.env["mail.notification"].sudo()
        return notifications_sudo.search_count(
            [
                ("res_partner_id", "=", user.partner_id.id),
                ("mail_message_id.message_type", "=", "user_notification"),
                ("mail_message_id.res_id", "=", self.invoice.id),
            ]
        )

    def test_watchers_are_told_of_what_nobody_has_taken_once(self):
        self.company.billing_page_watcher_ids = self.user + self.manager
        self.ask()
        self.ask("Hello?")
        self.assertEqual((self.told(self.user), self.told(self.manager)), (1, 1))

    def test_who_took_it_is_told_of_the_next_question(self):
        self.company.billing_page_watcher_ids = self.manager
        self.ask()
        self.conversation.user_id = self.user
        self.answer()
        self.invoice.message_unsubscribe(self.user.partner_id.ids)
        self.ask("And now?")
        self.assertEqual((self.told(self.user), self.told(self.manager)), (1, 1))

    def test_delay_is_told_once(self):
        self.company.billing_page_watcher_ids = self.manager
        self.ask()
        self.at(2026, 11, 23, 13, 1)
        self.run_job()
        self.run_job()
        self.assertEqual(self.told(self.manager), 2)
        self.assertEqual(self.chat_kinds(), ["chat.asked", "chat.late"])

    @mute_logger(
        "odoo.addons.billing_interactive_invoice.models.billing_conversation_notice"
    )
    def test_one_that_fails_does_not_keep_the_others_back(self):
        self.ask()
        self.ask(move=self.other)
        self.at(2026, 11, 23, 14)
        told = []
        failing = self.conversation.id

        def tell(conversation):
            if conversation.id == failing:
                raise ValueError("out of order")
            told.append(conversation.move_id)
            conversation.late_told_at = NOW

        kind = type(self.conversations)
        with patch.object(kind, "_tell_staff_of_delay", tell):
            with patch.object(self.env.cr, "rollback"):
                self.run_job()
        self.assertIn(self.other, told)
        self.assertNotIn(self.invoice, told)
        self.assertTrue(self.events.search([("kind", "=", "job.failed")]))

    # === WAITING TIME === #

    def test_nothing_is_promised_by_few_answers(self):
        self.ask()
        self.answer()
        self.assertIsNone(self.company._billing_usual_wait())

    def test_what_is_told_is_what_recent_customers_waited(self):
        conversation = self.conversations._of(self.other)
        self.env["billing.conversation.wait"].sudo().create(
            [
                {
                    "conversation_id": conversation.id,
                    "company_id": self.company.id,
                    "asked_at": NOW,
                    "answered_at": NOW,
                    "minutes": minutes,
                }
                for minutes in (8, 9, 10, 11, 400)
            ]
        )
        self.assertEqual(self.company._billing_usual_wait(), ("minutes", 10))
        # Six who have waited an hour weigh more than five who had their answer.
        for move in self._new_invoices(6, partner=self.kari):
            self.ask(move=move)
        self.at(2026, 11, 23, 10)
        self.assertEqual(self.company._billing_usual_wait(), ("hours", 1))

    def test_holidays_are_closed(self):
        hours = self.company._billing_opening_hours()
        self.assertTrue(hours.is_open(datetime(2026, 12, 23, 12)))
        self.assertFalse(hours.is_open(datetime(2026, 12, 25, 12)))

    # === FILES === #

    def test_files_come_along_under_safe_names(self):
        message = self.ask("Here", files=[("../My receipt.exe", PDF)])
        self.assertEqual(message.attachment_ids.name, "My receipt.pdf")
        self.assertEqual(message.attachment_ids.raw, PDF)
        self.assertEqual(message.attachment_ids.res_id, self.invoice.id)
        self.assertIn(
            message.attachment_ids, self.invoice._billing_page_files(self.visitor)
        )

    def test_what_is_not_taken_leaves_nothing(self):
        self.company.billing_page_upload_mb = 1
        for name, content in (
            ("receipt.pdf", b"MZ\x90\x00 not a pdf"),
            ("page.html", b"<html><script>"),
            ("drawing.svg", b"<svg onload='x()'>"),
            ("big.pdf", b"%PDF-" + b"0" * 1024 * 1024),
            ("empty.pdf", b""),
        ):
            with self.subTest(name), self.assertRaises(UserError):
                self.ask("Here", files=[(name, content)])
        with self.assertRaises(UserError):
            self.ask("Many", files=[(f"{nth}.pdf", PDF) for nth in range(6)])
        self.assertFalse(self.conversation)

    def test_a_scanner_has_the_last_word(self):
        seen = []

        def scan(move, name, content, mimetype):
            seen.append((name, content, mimetype))
            raise UserError("There is something bad in it.")

        with patch.object(type(self.invoice), "_billing_scan_upload", scan):
            with self.assertRaises(UserError):
                self.ask("Here", files=[("a.pdf", PDF)])
        self.assertEqual(seen, [("a.pdf", PDF, "application/pdf")])

    def test_nothing_and_too_much_are_refused(self):
        for text in ("", "  \n ", "x" * 5001):
            with self.assertRaises(UserError):
                self.ask(text)

    def test_stored_files_belong_to_their_record(self):
        files = self.invoice._billing_store_uploads([("a.png", PDF)])
        self.assertEqual(
            (files.res_model, files.res_id), ("account.move", self.invoice.id)
        )
        self.assertEqual((files.name, files.mimetype), ("a.pdf", "application/pdf"))

    # === RIGHTS === #

    def test_only_billing_users_see_conversations(self):
        self.ask()
        outsider = self._new_user("outsider", "base.group_user")
        with self.assertRaises(AccessError):
            self.conversation.with_user(outsider).read(["preview"])
        elsewhere = self._new_user(
            "elsewhere", "billing_base.group_billing_manager", self._other_company()
        )
        self.assertFalse(self.conversations.with_user(elsewhere).search([]))
        with self.assertRaises(AccessError):
            self.conversation.with_user(elsewhere).action_send()

    def test_users_work_and_managers_configure(self):
        topic = self.topic()
        with self.assertRaises(AccessError):
            topic.with_user(self.user).name = "Sun"
        topic.with_user(self.manager).name = "Sun"
        with self.assertRaises(AccessError):
            self.conversations.with_user(self.user).create({"move_id": self.other.id})

    def test_the_button_on_the_invoice_begins_it(self):
        action = self.other.with_user(self.user).action_billing_conversation()
        self.assertEqual(
            self.conversations.browse(action["res_id"]).move_id, self.other
        )

    def test_the_page_asks_the_same_number_of_questions_for_many_messages(self):
        for nth in range(3):
            self.ask(f"Question {nth}")
            self.answer(f"Answer {nth}")

        def draw():
            self.env.invalidate_all()
            return self.invoice.sudo()._billing_conversation_messages()

        draw()
        self.env.flush_all()
        before = self.cr.sql_log_count
        self.assertEqual(len(draw()), 6)
        few = self.cr.sql_log_count - before
        for nth in range(10):
            self.ask(f"Question {nth}")
            self.answer(f"Answer {nth}")
        self.env.flush_all()
        with self.assertQueryCount(few):
            self.assertEqual(len(draw()), 26)
