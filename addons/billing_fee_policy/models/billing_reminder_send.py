import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.billing_base.core import contact

from ..core import contents
from .billing_reminder_letter import REPORT, text_of

_logger = logging.getLogger(__name__)

#: In the context: channels a reminder may go out by, a tuple of codes; empty = any.
CHANNELS = "billing_reminder_channels"


class BillingReminder(models.Model):
    """Sending: books, prints and tells, all of it or nothing."""

    _inherit = "billing.reminder"

    sent_at = fields.Datetime(readonly=True, copy=False)
    sent_channel = fields.Char(readonly=True, copy=False)
    sent_channel_label = fields.Char(
        string="Sent By", compute="_compute_sent_channel_label"
    )
    failure_reason = fields.Char(readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends("sent_channel")
    @api.depends_context("lang")
    def _compute_sent_channel_label(self):
        labels = self.env["billing.event"]._get_channel_labels()
        for reminder in self:
            reminder.sent_channel_label = labels.get(
                reminder.sent_channel, reminder.sent_channel
            )

    # === ACTIONS === #

    def action_preview_letter(self):
        """Print what the customer gets, or got (button)."""
        self.ensure_one()
        if self.pdf_attachment_id:
            return {
                "type": "ir.actions.act_url",
                "url": f"/web/content/{self.pdf_attachment_id.id}",
                "target": "new",
            }
        return self.env.ref("billing_fee_policy.action_report_reminder").report_action(
            self, config=False
        )

    # === BUSINESS METHODS === #

    def _billing_send(self):
        """Send one approved reminder, in this transaction.

        Everything is looked at once more; what is charged is booked, the letter is made
        and looked through, and the message is queued. The caller commits: either all
        of this happened or nothing did. One that is somebody else's at this moment, or
        was sent already, is left alone.

        :return: whether it was sent; where not, the reminder says why
        :rtype: bool
        :raises psycopg2.OperationalError: the database wants the transaction repeated
        """
        self.ensure_one()
        reminder_sudo = self.sudo().with_company(self.company_id)
        if not reminder_sudo.try_lock_for_update(allow_referencing=True):
            return False
        reminder_sudo.invalidate_recordset(["state"])
        if reminder_sudo.state != "approved":
            return False
        today = self.company_id._billing_today()
        if not reminder_sudo._billing_refresh(today):
            return False
        try:
            with self.env.cr.savepoint():
                point_sudo = reminder_sudo._book_and_tell()
        except psycopg2.OperationalError:
            raise
        except UserError as error:
            reminder_sudo._note_failed(str(error))
            return False
        except Exception as error:
            # Whatever templates and their expressions meet: one letter that cannot be
            # made does not keep the others back.
            _logger.exception("Reminder %s could not be sent", self.id)
            reminder_sudo._note_failed(str(error.__cause__ or error))
            return False
        reminder_sudo._note_sent(point_sudo)
        return True

    def _book_and_tell(self):
        """Book what the reminder charges, make its letter and queue the message.

        :return: the contact point it goes to
        :rtype: billing.contact.point
        :raises UserError: the letter may not go out as it is, or nobody can be reached
        """
        self.ensure_one()
        charges = self.env["billing.charge"]._book(self.line_ids._billing_charge_vals())
        charges_by_line = charges.grouped("reminder_line_id")
        for line in self.line_ids:
            own = charges_by_line.get(line, charges.browse())
            interest = own.filtered(
                lambda charge: charge.kind == "interest" and charge.state == "booked"
            )
            line.interest_amount = sum(interest.mapped("amount"))
        # From here on it says what was booked, not what is planned.
        self.state = "sent"
        letter = self._make_letter()
        self.letter_total = float(letter["document"].total)
        self._check_message(letter)
        point_sudo = self._tell_customer()
        self._tell_by_sms_too(point_sudo)
        return point_sudo

    def _tell_customer(self):
        """Queue the message, by the customer's best address that it may go to.

        :return: the contact point it goes to
        :rtype: billing.contact.point
        :raises UserError: nobody can be reached
        """
        self.ensure_one()
        channels = (self.channel,) if self.channel else ()
        point = self.partner_id.with_context(**{CHANNELS: channels})._billing_tell(
            self._get_template(), self, thread=self._get_thread()
        )
        if not point:
            raise UserError(
                self.env._(
                    "%(customer)s has no address that the reminder could go to.",
                    customer=self.partner_id.display_name,
                )
            )
        for link in self._get_links().values():
            link.channel = point.channel
        return point.sudo()

    def _make_letter(self):
        """Print the letter, once for each time it is sent, and return what it says.

        :rtype: dict
        :raises UserError: something that the law asks for is not in it
        """
        self.ensure_one()
        reminder = self.with_context(lang=self._get_language())
        letter = reminder._get_letter()
        self._refuse(contents.missing(letter["document"]))
        report = self.env["ir.actions.report"].sudo().with_company(self.company_id)
        html, _kind = report._render_qweb_html(
            REPORT, self.ids, data={"report_type": "pdf"}
        )
        self._refuse(
            contents.unsaid(
                contents.required_of(letter["document"]),
                reminder._get_shown(letter),
                text_of(html),
            )
        )
        pdf, _kind = report._render_qweb_pdf(REPORT, self.ids)
        self.pdf_attachment_id = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": f"{letter['title']} {self.day.isoformat()}.pdf",
                    "raw": pdf,
                    "mimetype": "application/pdf",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )
        return letter

    def _check_message(self, letter):
        """See that the words of the e-mail say what they have to.

        A friendly reminder goes without a letter, so that its text has to say it all;
        beside a letter the text may be shorter, but not leave out how much is to be
        paid, until when, and what happens otherwise.

        :raises UserError: something is not in it
        """
        self.ensure_one()
        reminder = self.with_context(lang=self._get_language())
        [body] = (
            self._get_template()
            ._render_field("body_html", self.ids, compute_lang=True)
            .values()
        )
        needed = contents.required_of(letter["document"]) - {contents.RECIPIENT}
        if self.kind != contents.SOFT:
            needed &= {
                contents.CONCERNS,
                contents.AMOUNT,
                contents.DEADLINE,
                contents.COLLECTION,
                contents.CONSEQUENCE,
            }
        # The layout around it names the company.
        text = f"{self.company_id.name} {text_of(body)}"
        self._refuse(contents.unsaid(needed, reminder._get_shown(letter), text))

    def _refuse(self, fields_missing):
        """Stop a letter that lacks something.

        :param fields_missing: of ``core.contents.FIELDS``
        :raises UserError: there are some
        """
        if not fields_missing:
            return
        labels = self._get_field_labels()
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        raise UserError(
            self.env._(
                "«%(kind)s» to %(customer)s is not sent. This is missing in it: "
                "%(missing)s.",
                kind=kinds[self.kind],
                customer=self.partner_id.display_name,
                missing=", ".join(labels[field] for field in fields_missing),
            )
        )

    def _tell_by_sms_too(self, point):
        """Say by SMS that a letter is on its way, where the company wants that."""
        if (
            self.kind == contents.SOFT
            or point.channel == "sms"
            or not self.company_id.billing_reminder_sms_too
        ):
            return
        partner = self.partner_id.with_context(**{CHANNELS: ("sms",)})
        points_sudo = (
            self.env["billing.contact.point"]
            .sudo()
            .search([("partner_id", "=", partner.id), ("channel", "=", "sms")])
        )
        # Nobody is unreachable whom the letter reaches.
        if "sms" in partner._billing_senders() and contact.preferred(points_sudo):
            partner._billing_tell(
                self.env.ref("billing_fee_policy.mail_template_heads_up"),
                self,
                thread=self._get_thread(),
            )

    def _billing_withdraw(self, reason):
        """Take back reminders that count as sent and never went out.

        What they charged is taken back to the cent, and the claims are planned anew.

        :param str reason: for staff
        :return: those that were taken back
        :rtype: billing.reminder
        """
        todo_sudo = self.sudo().filtered(lambda reminder: reminder.state == "sent")
        todo_sudo._take_back_charges(reason)
        todo_sudo.write({"state": "cancelled", "cancel_reason": reason})
        self.env["billing.event"]._log(
            [
                {
                    "kind": "reminder.cancelled",
                    "move_id": line_sudo.move_id.id,
                    "payload": {
                        "reminder_id": line_sudo.reminder_id.id,
                        "letter": line_sudo.reminder_id.kind,
                        "reason": reason,
                    },
                    "dedup_key": f"reminder.cancelled:{line_sudo.id}",
                }
                for line_sudo in todo_sudo.line_ids
            ]
        )
        return todo_sudo.with_env(self.env)

    def _take_back_charges(self, reason):
        """Take back what the reminders charged and is not paid.

        :param str reason: for staff
        :return: None
        """
        charges_sudo = (
            self.env["billing.charge"]
            .sudo()
            .search(
                [
                    ("reminder_line_id", "in", self.line_ids.ids),
                    ("state", "=", "booked"),
                ]
            )
        )
        if charges_sudo:
            charges_sudo._reverse(reason)

    # === HELPERS === #

    def _get_template(self):
        """Return the texts of the message, as superuser.

        :rtype: mail.template
        """
        self.ensure_one()
        return self.env.ref(f"billing_fee_policy.mail_template_{self.kind}").sudo()

    def _get_thread(self):
        """Return the invoice whose conversation the message and its answer belong to.

        Of several, the one that was due first.

        :rtype: account.move
        """
        self.ensure_one()
        return self.line_ids.move_id.sorted(
            lambda move: (move.invoice_date_due, move.id)
        )[:1]

    def _note_failed(self, reason):
        """Write down that the reminder could not be sent, and why."""
        self.ensure_one()
        reason = " ".join(reason.split())
        self._billing_fail(reason)
        self.env["billing.event"]._log(
            [
                {
                    "kind": "reminder.failed",
                    "move_id": line.move_id.id,
                    "payload": {
                        "reminder_id": self.id,
                        "letter": self.kind,
                        "reason": reason,
                    },
                }
                for line in self.line_ids
            ]
        )

    def _note_sent(self, point):
        """Write down that the reminder is on its way."""
        self.ensure_one()
        self.write(
            {
                "sent_at": self.company_id._billing_now(),
                "sent_channel": point.channel,
                "contact_point_id": point.id,
                "failure_reason": False,
            }
        )
        self.line_ids.waiver_ids._grant()
        self.env["billing.event"]._log(
            [
                {
                    "kind": "reminder.sent",
                    "move_id": line.move_id.id,
                    "channel": point.channel,
                    "amount": line.principal,
                    "payload": {
                        "reminder_id": self.id,
                        "letter": self.kind,
                        "deadline": self.deadline or "",
                    },
                    "dedup_key": f"reminder.sent:{line.id}",
                }
                for line in self.line_ids
            ]
        )
