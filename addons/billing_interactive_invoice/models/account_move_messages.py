import hashlib
from urllib.parse import urlencode

from odoo import fields, models

from ..core import audience, page_message
from ..core.section import Section
from .billing_message_audience import SETTLED

#: Context key with which staff look at a page as it would be with a message that is not
#: published yet.
PREVIEW = "billing_preview_message"


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_page_sections(self, visitor):
        """Override: what the company wants to tell, urgent news before the payment."""
        sections = super()._billing_page_sections(visitor)
        urgent, below = self._billing_page_banners(visitor)
        if urgent:
            sections.append(
                Section(
                    "notice",
                    "billing_interactive_invoice.page_notice",
                    {"messages": urgent},
                    sequence=15,
                )
            )
        if below:
            sections.append(
                Section(
                    "messages",
                    "billing_interactive_invoice.page_messages",
                    {"messages": below},
                    sequence=70,
                )
            )
        return sections

    def _billing_page_stamp(self):
        """Override: a page is out of date when other messages run."""
        running_sudo = self.env["billing.message"]._running(self.company_id)
        told = [(message.id, message.write_date) for message in running_sudo]
        stamp = f"{super()._billing_page_stamp()}{sorted(told)}"
        return hashlib.sha256(stamp.encode()).hexdigest()[:16]

    def _billing_page_data(self, visitor):
        """Override: a page on which staff preview a message stays as it is."""
        data = super()._billing_page_data(visitor)
        preview_sudo = self._billing_previewed_message(visitor)
        if preview_sudo:
            query = urlencode(
                {"lang": self.env.lang or "", "preview_message": preview_sudo.id}
            )
            data["live"] = f"/my/invoices/{self.id}/live?{query}"
        return data

    def _billing_page_banners(self, visitor):
        """Return the messages on the page of the invoice.

        With nothing published that is one query, however many invoices there are; else
        a few more, however many messages.

        :param core.visitor_rights.Visitor visitor: who looks
        :return: those above the payment and those below, in superuser mode and in order
        :rtype: tuple[billing.message, billing.message]
        """
        self.ensure_one()
        messages_sudo = self.env["billing.message"]._running(self.company_id)
        preview_sudo = self._billing_previewed_message(visitor)
        messages_sudo -= preview_sudo
        reader = self._billing_message_reader(messages_sudo, visitor.partner_id)
        if messages_sudo:
            facts = self._billing_audience_facts()
            messages_sudo = messages_sudo.filtered(
                lambda message: not audience.unmet(message._audience_rule(), facts)
            )
        urgent, below = page_message.choose(
            [message._to_core() for message in messages_sudo], reader
        )
        if preview_sudo:
            # It takes the place it would have, so another one may have to go.
            first = preview_sudo._to_core()
            others = (urgent + below)[: page_message.MOST - 1]
            urgent, below = page_message.choose([first, *others], _ANYBODY)
        return (
            messages_sudo.browse(message.id for message in urgent),
            messages_sudo.browse(message.id for message in below),
        )

    def _billing_previewed_message(self, visitor):
        """Return the message that staff want to see on the page, or none."""
        messages_sudo = self.env["billing.message"].sudo()
        message_id = self.env.context.get(PREVIEW)
        if not message_id or visitor.is_customer:
            return messages_sudo
        return messages_sudo.search(
            [("id", "=", message_id), ("company_id", "=", self.company_id.id)]
        )

    def _billing_message_reader(self, messages, partner_id):
        """Return what decides which of the messages a customer sees.

        :param messages: ``billing.message`` records of the invoice's company
        :param int partner_id: the customer's record
        :rtype: core.page_message.Reader
        """
        self.ensure_one()
        seen_days, closed = self.env["billing.message.reading"]._known(
            messages, partner_id, self.company_id._billing_today()
        )
        offers = any(
            page_message.family(message.kind) == page_message.OFFER
            for message in messages
        )
        return page_message.Reader(
            may_offer=offers and self._billing_may_offer(),
            demanded=offers and self._billing_is_demanded(),
            seen_days=seen_days,
            closed=closed,
        )

    def _billing_may_offer(self):
        """Whether the customer agreed to offers on any channel that is in use.

        :rtype: bool
        """
        self.ensure_one()
        partners = self.partner_id | self.commercial_partner_id
        return bool(
            self.env["billing.contact.point"]
            .sudo()
            .search_count(
                [
                    ("partner_id", "in", partners.ids),
                    ("consent_marketing", "=", True),
                ],
                limit=1,
            )
        )

    def _billing_is_demanded(self):
        """Whether the page asks for money that is late, or that waits for an answer.

        :rtype: bool
        """
        self.ensure_one()
        standing = self._billing_standings()[self.id]
        return (
            standing.is_late
            or standing.tone in ("late", "wait")
            or bool(self._billing_holds()[self.id])
        )

    def _billing_audience_facts(self):
        """Return what the rules of messages ask about the invoice.

        :rtype: core.audience.Facts
        """
        self.ensure_one()
        tags = (self.partner_id | self.commercial_partner_id).category_id
        shipping = self.partner_shipping_id.zip or self.partner_id.zip
        return audience.Facts(
            tags=_with_ancestors(tags),
            postcode=audience.postcode_key(shipping),
            categories=_with_ancestors(self.invoice_line_ids.product_id.categ_id),
            customer="company" if self.commercial_partner_id.is_company else "person",
            invoice=self._billing_audience_state(),
            amount=self.amount_total_signed,
            language=self.partner_id.lang or "",
        )

    def _billing_audience_state(self):
        """Return how the invoice stands, of ``core.audience``: paid, due or overdue."""
        self.ensure_one()
        if self.payment_state in SETTLED:
            return audience.PAID
        due = self.invoice_date_due
        if due and due < self.company_id._billing_today():
            return audience.OVERDUE
        return audience.NOT_DUE

    def _billing_shown_message(self, visitor, message_id):
        """Return a message that stands, or stood, on pages such as this one.

        :param core.visitor_rights.Visitor visitor: who looks
        :param int message_id: of the ``billing.message``
        :return: in superuser mode; none when it is not for customers of the company
        :rtype: billing.message
        """
        self.ensure_one()
        published = (
            self.env["billing.message"]
            .sudo()
            .search(
                [
                    ("id", "=", message_id),
                    ("company_id", "=", self.company_id.id),
                    ("state", "!=", "draft"),
                ]
            )
        )
        previewed = self._billing_previewed_message(visitor)
        return published or previewed.filtered(lambda one: one.id == message_id)

    def _billing_note_message(self, visitor, message_id, what):
        """Count what became of a message on the page of the invoice.

        :param core.visitor_rights.Visitor visitor: who looks; of staff nothing counts
        :param int message_id: of the ``billing.message``
        :param str what: ``shown``, ``clicked`` or ``closed``
        :return: None
        """
        self.ensure_one()
        message_sudo = self._billing_shown_message(visitor, message_id)
        if visitor.is_customer and message_sudo:
            new_sudo = self.env["billing.message.reading"]._note(
                message_sudo,
                visitor.partner_id,
                self.company_id._billing_today(),
                what,
            )
            self._billing_log_message(new_sudo, what)

    def _billing_log_message(self, messages, what):
        """Leave in the customer's history what somebody may have to prove or explain.

        That a tip or an offer was merely in view is nobody's business.
        """
        self.env["billing.event"]._log(
            [
                {
                    "kind": f"message.{what}",
                    "move_id": self.id,
                    "actor": "customer",
                    "payload": {
                        "message_id": message.id,
                        "message": message.with_context(
                            lang=self.company_id.partner_id.lang
                        ).title,
                    },
                    "dedup_key": f"message.{what}:{message.id}"
                    f":{self.commercial_partner_id.id}"
                    f":{fields.Datetime.to_string(message.published_at)}",
                }
                for message in messages
                if what != "shown"
                or page_message.family(message.kind) == page_message.NOTICE
            ]
        )


#: Sees everything: what staff preview is shown whoever it is for.
_ANYBODY = page_message.Reader(may_offer=True)


def _with_ancestors(records):
    """Return the ids of records in a tree, and of all that they are part of."""
    return frozenset(
        int(part)
        for path in records.mapped("parent_path")
        for part in path.split("/")
        if part
    )
