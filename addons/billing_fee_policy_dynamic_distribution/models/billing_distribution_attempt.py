import logging

import psycopg2
from markupsafe import Markup

from odoo import api, fields, models

from odoo.addons.billing_dynamic_distribution.core import smtp, state

_logger = logging.getLogger(__name__)


class BillingDistributionAttempt(models.Model):
    """Messages that are reminders: what they say is the reminder's."""

    _inherit = "billing.distribution.attempt"

    reminder_id = fields.Many2one(
        "billing.reminder", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    origin = fields.Selection(
        selection_add=[("reminder", "Reminder")],
        ondelete={"reminder": "set default"},
    )

    # === COMPUTE METHODS - E-MAIL === #

    @api.depends("reminder_id")
    def _compute_email(self):
        """Override: reminders have texts of their own, one for each kind."""
        own = self.filtered("reminder_id")
        layouts = {}
        for attempt in own:
            attempt._render_reminder(layouts)
        return super(BillingDistributionAttempt, self - own)._compute_email()

    def _render_reminder(self, layouts):
        """Compute the e-mail of one reminder.

        :param dict layouts: those that are rendered already, by company and language
        """
        self.ensure_one()
        reminder_sudo = self.sudo().reminder_id
        company_sudo = reminder_sudo.company_id
        lang = reminder_sudo._get_language()
        attempt = (
            self.sudo()
            .with_company(company_sudo)
            .with_context(lang=lang, tz=company_sudo.partner_id.tz)
        )
        template = reminder_sudo._get_template().with_env(attempt.env)
        try:
            subject, body, sender = (
                template._render_field(name, reminder_sudo.ids)[reminder_sudo.id]
                for name in ("subject", "body_html", "email_from")
            )
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            # Whatever safe_eval meets.
            _logger.info("Reminder %s cannot be rendered", self.id, exc_info=True)
            self._set_email(error=smtp.one_line(str(error.__cause__ or error)))
            return
        key = company_sudo, lang
        if key not in layouts:
            layouts[key] = attempt._render_layout(company_sudo, lang)
        self._set_email(
            " ".join((subject or "").split()),
            Markup(body),
            layouts[key],
            sender or attempt._get_email_from(),
            attempt._get_reply_to()[self.id],
        )

    # === BUSINESS METHODS - STATE === #

    @api.model
    def _apply_all(self, reports):
        """Extended: what did not arrive is looked after by a job of its own.

        Here outcomes are written down, which must not fail because a letter cannot be
        printed.
        """
        moved = super()._apply_all(reports)
        lost = moved.sudo().filtered(
            lambda attempt: (
                attempt.reminder_id
                and attempt.state in (*state.FAILED, state.CANCELLED)
            )
        )
        if lost:
            self.env.ref(
                "billing_fee_policy_dynamic_distribution.ir_cron_undelivered"
            ).sudo()._trigger()
        return moved
