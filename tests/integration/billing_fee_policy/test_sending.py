"""Sending a reminder: all of it or nothing, once, by the address that works."""

from datetime import timedelta
from unittest.mock import patch

from .letter_common import DAY, LetterCase


class TestSending(LetterCase):
    def sent_events(self, reminder):
        return self.events.search(
            [
                ("kind", "=", "reminder.sent"),
                ("move_id", "in", reminder.line_ids.move_id.ids),
            ]
        )

    def charges(self, reminder):
        return self.env["billing.charge"].search(
            [("reminder_line_id", "in", reminder.line_ids.ids)]
        )

    def test_it_books_prints_and_queues_in_one_go(self):
        reminder = self.prepare("reminder")
        self.assertTrue(self.send(reminder))
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.sent_channel, "email")
        self.assertEqual(reminder.contact_point_id.address, "kari@kunde.example")
        self.assertEqual(self.charges(reminder).mapped("amount"), [38])
        self.assertAlmostEqual(reminder.letter_total, 1287)
        [mail] = self.mails()
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.attachment_ids, reminder.pdf_attachment_id)
        self.assertIn("1,287.00", mail.subject)
        self.assertIn("access_token=", mail.body_html)
        self.assertIn(mail.mail_message_id, reminder.line_ids.move_id.message_ids)
        event = self.sent_events(reminder)
        self.assertEqual(len(event), 1)
        self.assertEqual(event.channel, "email")
        self.assertTrue(event.customer_visible)

    def test_twice_is_once(self):
        reminder = self.prepare("reminder")
        self.assertTrue(self.send(reminder))
        self.assertFalse(self.send(reminder))
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(len(self.charges(reminder)), 1)
        self.assertEqual(len(self.sent_events(reminder)), 1)

    def test_one_that_was_not_approved_stays_where_it_is(self):
        self.company.billing_reminder_approval = "approve"
        reminder = self.prepare("reminder")
        self.assertFalse(self.send(reminder))
        self.assertEqual(reminder.state, "prepared")
        reminder.action_approve()
        self.assertTrue(self.send(reminder))

    def test_a_friendly_reminder_charges_nothing_and_brings_no_file(self):
        reminder = self.prepare("soft")
        self.assertTrue(self.send(reminder))
        self.assertFalse(self.charges(reminder))
        self.assertFalse(reminder.deadline)
        [mail] = self.mails()
        self.assertFalse(mail.attachment_ids)
        self.assertIn("costs you nothing", mail.body_html)

    def test_what_is_paid_meanwhile_is_not_sent(self):
        reminder = self.prepare("reminder")
        self._register_payment(reminder.line_ids.move_id)
        self.assertFalse(self.send(reminder))
        self.assertEqual(reminder.state, "cancelled")
        self.assertFalse(self.charges(reminder))
        self.assertFalse(self.mails())

    def test_a_hold_that_came_meanwhile_is_heeded(self):
        reminder = self.prepare("reminder")
        reminder.line_ids.move_id._billing_place_hold("Disputed")
        self.assertFalse(self.send(reminder))
        self.assertFalse(self.mails())

    def test_nothing_is_booked_when_nobody_can_be_reached(self):
        self.customer.write({"email": False, "street": False})
        reminder = self.prepare("reminder")
        self.assertFalse(self.send(reminder))
        self.assertEqual(reminder.state, "failed")
        self.assertIn("no address", reminder.failure_reason)
        self.assertFalse(self.charges(reminder))
        [event] = self.events.search(
            [("kind", "=", "reminder.failed"), ("partner_id", "=", self.customer.id)]
        )
        self.assertFalse(event.customer_visible)
        self.assertIn("no address", event.display_text)

    def test_an_engine_that_does_not_print_leaves_nothing_behind(self):
        reminder = self.prepare("reminder")
        report = self.env.registry["ir.actions.report"]
        with (
            patch.object(report, "_render_qweb_pdf", side_effect=ValueError("no ink")),
            self.assertLogs("odoo.addons.billing_fee_policy", "ERROR"),
        ):
            self.assertFalse(reminder._billing_send())
        self.assertEqual(reminder.state, "failed")
        self.assertIn("no ink", reminder.failure_reason)
        self.assertFalse(self.charges(reminder))
        self.assertFalse(self.mails())

    def test_the_step_may_choose_the_channel(self):
        reminder = self.prepare("reminder", channel="letter")
        self.assertTrue(self.send(reminder))
        self.assertEqual(reminder.sent_channel, "letter")
        self.assertFalse(self.mails())

    def test_the_sentence_of_a_fee_that_was_dropped_stands_in_the_message(self):
        reminder = self.prepare("reminder")
        waiver = self.env.registry["billing.waiver"]
        line = self.env.registry["billing.reminder.line"]
        dropped = self.env["billing.waiver"].new({})
        with (
            patch.object(
                waiver, "_customer_sentence", lambda _self: "We dropped the fee."
            ),
            patch.object(line, "waiver_ids", dropped),
        ):
            self.assertIn("We dropped the fee.", self.text(reminder))
            self.assertEqual(reminder.waiver_text, "We dropped the fee.")

    def test_withdrawing_takes_back_what_was_charged(self):
        reminder = self.prepare("reminder")
        self.send(reminder)
        move = reminder.line_ids.move_id
        reminder._billing_withdraw("It never went out.")
        self.assertEqual(reminder.state, "cancelled")
        self.assertEqual(reminder.cancel_reason, "It never went out.")
        self.assertEqual(self.charges(reminder).state, "reversed")
        self.assertFalse(move._billing_additions().get(move.id))
        # What was sent never counted: the claim is where it was before.
        self.assertFalse(move._billing_notices()[move.id])

    def test_messages_of_others_do_not_become_letters(self):
        template = self.env.ref("billing_base.mail_template_new_link")
        self.assertNotIn("letter", self.customer._billing_senders())
        self.assertFalse(
            self.customer._billing_send_letter(
                self.env["billing.contact.point"], template, self.customer, None
            )
        )


class TestLettersToPrint(LetterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = False

    def letter(self, **values):
        reminder = self.prepare("notice", **values)
        self.assertTrue(self.send(reminder))
        return reminder

    def print_all(self, batch, day=DAY):
        batch = batch.with_context(billing_date=day)
        report = self.env.registry["ir.actions.report"]
        batch_module = "odoo.addons.billing_fee_policy.models.billing_letter_batch"
        with (
            patch.object(
                report, "_render_qweb_pdf", lambda *_args, **_kwargs: (b"new", "pdf")
            ),
            patch(f"{batch_module}.merge_pdf", b"|".join),
        ):
            return batch.action_print()

    def test_who_has_no_email_gets_a_letter_that_waits_to_be_printed(self):
        reminder = self.letter()
        self.assertEqual(reminder.sent_channel, "letter")
        batch = reminder.batch_id
        self.assertEqual(batch.state, "open")
        self.assertEqual(batch.letter_count, 1)
        action = self.print_all(batch)
        self.assertIn(str(batch.pdf_attachment_id.id), action["url"])
        self.assertEqual(batch.state, "printed")
        self.assertEqual(batch.pdf_attachment_id.raw, b"%PDF-")
        self.assertEqual(batch.printed_by_id, self.env.user)

    def test_pressed_twice_it_is_the_same_file(self):
        batch = self.letter().batch_id
        first = self.print_all(batch)
        self.assertEqual(self.print_all(batch), first)

    def test_the_next_letter_begins_another_batch(self):
        batch = self.letter().batch_id
        self.assertEqual(
            self.env["billing.letter.batch"]._get_open(self.company), batch
        )
        self.print_all(batch)
        self.assertNotEqual(
            self.env["billing.letter.batch"]._get_open(self.company), batch
        )

    def test_what_was_paid_meanwhile_is_taken_out_with_its_fee(self):
        reminder = self.letter()
        batch = reminder.batch_id
        other = self._new_partner("Ola", street="Bryggen 6", zip="5003", city="Bergen")
        self.overdue(partner=other)
        second = self.plan()
        self.send(second)
        self._register_payment(reminder.line_ids.move_id)
        self.print_all(batch)
        self.assertEqual(reminder.state, "cancelled")
        self.assertFalse(reminder.batch_id)
        self.assertEqual(
            self.env["billing.charge"]
            .search([("reminder_line_id", "in", reminder.line_ids.ids)])
            .mapped("state"),
            ["reversed"],
        )
        self.assertEqual(batch.reminder_ids, second)
        self.assertEqual(second.state, "sent")

    def test_a_letter_that_waited_gives_as_many_days_from_the_day_it_is_posted(self):
        reminder = self.letter()
        first = reminder.deadline
        self.print_all(reminder.batch_id, day=DAY + timedelta(days=3))
        self.assertEqual(reminder.day, DAY + timedelta(days=3))
        self.assertGreaterEqual(reminder.deadline, first + timedelta(days=3))
        self.assertEqual(reminder.pdf_attachment_id.raw, b"new")

    def test_nothing_is_left_to_print(self):
        reminder = self.letter()
        self._register_payment(reminder.line_ids.move_id)
        with self.assertRaisesRegex(Exception, "no letter left"):
            self.print_all(reminder.batch_id)
