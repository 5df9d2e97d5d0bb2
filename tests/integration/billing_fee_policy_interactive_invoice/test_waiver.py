"""What conversations and notices tell the waiver rules; dropping a fee from there."""

from datetime import date, datetime, time, timedelta

from ..billing_interactive_invoice.conversation_common import ConversationCase

DAY = date(2026, 11, 23)


class TestWaiver(ConversationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice.partner_id.zip = "0150"

    def facts(self):
        return self.invoice._billing_waiver_facts(
            self.company, DAY, {self.invoice.id: 38}
        )[self.invoice.id]

    def test_a_conversation_says_whose_turn_it_is(self):
        self.assertFalse(self.facts().conversation)
        self.ask()
        self.assertTrue(self.facts().conversation)
        # Closed without an answer: none was needed.
        self.conversation.action_close()
        self.assertFalse(self.facts().conversation)

    def test_a_notice_of_an_outage(self):
        notice = self.env["billing.message"].create(
            {
                "title": "Power cut in the centre",
                "kind": "notice_outage",
                "company_id": self.company.id,
                "postcodes": "0150-0159",
            }
        )
        self.assertFalse(self.facts().outage)
        notice.action_publish()
        self.assertTrue(self.facts().outage)
        self.assertEqual(
            self.invoice._billing_outages(), {self.invoice.id: notice.title}
        )
        notice.postcodes = "5500"
        self.assertFalse(self.facts().outage)
        # One that was over before the invoice was made is none of its own.
        made = datetime.combine(self.invoice.invoice_date, time(12))
        notice.write({"postcodes": False, "date_to": made - timedelta(days=1)})
        self.assertFalse(self.facts().outage)
        notice.date_to = made
        self.assertTrue(self.facts().outage)
        notice.kind = "notice_other"
        self.assertFalse(self.facts().outage)

    def test_a_fee_is_dropped_from_the_conversation(self):
        self.ask("Must I pay the fee?")
        self.assertFalse(self.conversation.billing_has_live_charge)
        self.env["billing.charge"]._book(
            [
                {
                    "key": "fee",
                    "kind": "fee",
                    "move_id": self.invoice.id,
                    "amount": 38,
                    "day": DAY,
                }
            ]
        )
        self.conversation.invalidate_recordset()
        self.invoice.invalidate_recordset()
        self.assertTrue(self.conversation.billing_has_live_charge)
        action = self.conversation.action_billing_waive()
        wizard = (
            self.env["billing.waive.wizard"]
            .with_context(**action["context"])
            .create(
                {
                    "reason_id": self.env.ref(
                        "billing_fee_policy.waiver_reason_mistake"
                    ).id
                }
            )
        )
        wizard.action_waive()
        self.assertEqual(wizard.charge_ids.state, "waived")
        # The message is part of the conversation, and the answer lands there.
        mail = self.env["mail.mail"].search(
            [("subject", "ilike", "dropped the fee")], order="id desc", limit=1
        )
        self.assertEqual(
            (mail.model, mail.res_id), (self.invoice._name, self.invoice.id)
        )
