import logging
from datetime import timedelta

from odoo import api, models

from ..core import bounce, smtp, state

_logger = logging.getLogger(__name__)

#: A report that names only the recipient is about an e-mail of the last days: mail
#: servers try for up to five (RFC 5321 §4.5.4.1).
GUESS_WITHIN = timedelta(days=5)


class BillingEmailReport(models.AbstractModel):
    """What mail servers and mailboxes tell of our e-mails, from the mail gateway."""

    _name = "billing.email.report"
    _description = "Report about an E-mail"

    @api.model
    def _receive(self, message, message_dict):
        """Take in an e-mail, if it is a report about e-mails of ours.

        May get the same report twice.

        :param message: the e-mail, parsed by the standard library
        :param dict message_dict: what Odoo read of it, see ``mail.thread``
        :return: whether nobody else needs to see it
        :rtype: bool
        """
        is_done = False
        for report in bounce.read(message):
            attempts_sudo = self._find(report)
            if not attempts_sudo:
                continue
            _logger.info(
                "A mail server reports %s for message %s",
                report.kind,
                attempts_sudo.ids,
            )
            self._apply_report(report, attempts_sudo, message_dict)
            is_done = report.kind != bounce.FAILED and (
                report.kind != bounce.AUTO_REPLY or bool(message_dict.get("is_bounce"))
            )
        return is_done

    @api.model
    def _find(self, report):
        """Return the attempts a report is about.

        :param report: ``core.bounce.Report``
        :rtype: billing.distribution.attempt
        """
        attempts_sudo = self.env["billing.distribution.attempt"].sudo()
        if report.keys:
            found_sudo = attempts_sudo.search(
                [("key", "in", report.keys), ("channel", "=", "email")]
            )
            by_key = {attempt.key: attempt for attempt in found_sudo}
            for key in report.keys:
                if key in by_key:
                    return by_key[key]
        if report.message_ids:
            found_sudo = attempts_sudo.search(
                [
                    ("channel", "=", "email"),
                    ("mail_message_id.message_id", "in", report.message_ids),
                ]
            )
            own_sudo = found_sudo.filtered(
                lambda attempt: attempt.address == report.recipient
            )
            if own_sudo or len(found_sudo) == 1:
                return own_sudo or found_sudo
        if report.kind == bounce.FAILED and report.recipient:
            return attempts_sudo.search(
                [
                    ("channel", "=", "email"),
                    ("address", "=", report.recipient),
                    ("state", "in", (state.SENT, state.UNCERTAIN)),
                    ("called_at", ">", self.env.company._billing_now() - GUESS_WITHIN),
                ],
                order="called_at desc, id desc",
                limit=1,
            )
        return attempts_sudo

    @api.model
    def _apply_report(self, report, attempts_sudo, message_dict):
        """Do what a report asks for.

        :param report: ``core.bounce.Report``
        :param attempts_sudo: the attempts it is about
        """
        dedup = message_dict.get("message_id")
        if report.kind == bounce.FAILED:
            self._apply_failure(report, attempts_sudo, message_dict)
        elif report.kind in (bounce.DELIVERED, bounce.AUTO_REPLY):
            # A mailbox that answers has got what it answers to.
            attempts_sudo._apply(state.DELIVERED, dedup=dedup)
        elif report.kind == bounce.COMPLAINT:
            attempts_sudo._apply(state.DELIVERED, dedup=dedup)
            attempts_sudo.contact_point_id._block(
                self.env._("The customer reported an e-mail from us as unwanted.")
            )

    @api.model
    def _apply_failure(self, report, attempts_sudo, message_dict):
        """Note that e-mails did not arrive."""
        verdict = smtp.classify_report(report.status, report.diagnostic)
        moved_sudo = attempts_sudo._apply(
            state.FAILED_HARD,
            code=verdict.code,
            reason=verdict.reason or self.env._("The e-mail came back."),
            dedup=message_dict.get("message_id"),
            address_fault=verdict.address == smtp.HARD,
        ).sudo()
        if verdict.address == smtp.SOFT:
            # A full mailbox ends this message; one of many makes the address doubtful.
            moved_sudo.contact_point_id._record_failure(smtp.SOFT, verdict.reason)
        known_sudo = attempts_sudo[:1]
        if not message_dict.get("bounced_message") and known_sudo.mail_message_id:
            # So that Odoo, too, knows what the report is about.
            message_dict.update(
                bounced_message=known_sudo.mail_message_id,
                bounced_email=message_dict.get("bounced_email") or known_sudo.address,
            )
