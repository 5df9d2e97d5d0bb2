"""What the tests of conversations share."""

from datetime import datetime
from unittest.mock import patch

from odoo import Command
from odoo.tests import freeze_time

from odoo.addons.billing_interactive_invoice.core.visitor_rights import Visitor

from ..billing_base.common import LinkCase

#: A Monday, at ten by the company's clock.
NOW = datetime(2026, 11, 23, 9)
PDF = b"%PDF-1.7\nreceipt"
EMAIL = """\
From: {sender}
To: {to}
Subject: Re: your answer
Message-Id: <{ident}@customer.example>
In-Reply-To: {parent}
References: {parent}
Content-Type: text/plain; charset=utf-8

{body}
"""


class ConversationCase(LinkCase):
    """A company with opening hours, two who answer, and a customer with an invoice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        freezer = freeze_time(NOW)
        cls.clock = freezer.start()
        cls.addClassCleanup(freezer.stop)
        cls.conversations = cls.env["billing.conversation"]
        cls.company.write(
            {
                "billing_page_answer_hours": 4.0,
                "billing_page_notice_minutes": 5,
                "billing_opening_hours_ids": [
                    Command.create({"weekday": str(day), "hour_from": 8, "hour_to": 16})
                    for day in range(5)
                ],
            }
        )
        cls.company.partner_id.tz = "Europe/Oslo"
        cls.user.name = "Anne Lie"
        cls.user.email = "anne.lie@fjordlys.example"
        cls.visitor = Visitor("link", partner_id=cls.kari.id)

    def at(self, *moment):
        """Let the clock show another moment of UTC until the test is over."""
        self.clock.move_to(datetime(*moment))
        self.addCleanup(self.clock.move_to, NOW)

    def ask(self, text="When do I have to pay?", move=None, **kwargs):
        message = (move or self.invoice)._billing_customer_says(
            self.visitor, text, **kwargs
        )
        # The hook follows what is said; the test sees it as the next request would.
        self.env.invalidate_all()
        return message

    def answer(self, text="By the day on the page.", user=None, move=None, **values):
        move = (move or self.invoice).with_user(user or self.user)
        message = move.message_post(
            **{
                "body": text,
                "message_type": "comment",
                "subtype_xmlid": "mail.mt_comment",
                **values,
            }
        )
        self.env.invalidate_all()
        return message.sudo()

    def note(self, text="Careful, she is angry.", **values):
        return self.answer(text, subtype_xmlid="mail.mt_note", **values)

    def email(self, parent, body="Thank you.", sender="kari@kunde.example", ident="r1"):
        self.env["mail.thread"].message_process(
            None,
            EMAIL.format(
                sender=sender,
                to="faktura@fjordlys.example",
                ident=ident,
                parent=parent.message_id,
                body=body,
            ),
        )
        self.env.invalidate_all()
        return self.invoice.message_ids.sorted("id")[-1]

    @property
    def conversation(self):
        return self.conversations.search([("move_id", "=", self.invoice.id)])

    def run_job(self):
        """Do what the scheduled job does, without committing."""
        cron_class = type(self.env["ir.cron"])
        with patch.object(cron_class, "_commit_progress", return_value=float("inf")):
            self.conversations._cron_conversations()
        self.env.invalidate_all()

    def chat_kinds(self):
        return self.events.search(
            [("move_id", "=", self.invoice.id), ("kind", "=like", "chat.%")], order="id"
        ).mapped("kind")

    def notices(self):
        """Return the messages to the customer that wait to go out."""
        return self.env["mail.mail"].search(
            [("email_to", "=", "kari@kunde.example")], order="id"
        )
