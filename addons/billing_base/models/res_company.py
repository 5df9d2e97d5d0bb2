import logging
from datetime import datetime, time

import pytz
from markupsafe import Markup

from odoo import fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..core import event_text
from ..core.bank_days import BankCalendar

_logger = logging.getLogger(__name__)


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_event_retention_months = fields.Integer(
        string="Keep Billing Events",
        help="Months after which billing events are deleted. 0: keep them for good.",
    )

    billing_link_days = fields.Integer(
        string="Links Work For",
        default=180,
        help="Days after the due date, or after sending when that is later, for which "
        "the personal link in a message opens the invoice without signing in.",
    )
    billing_visit_days = fields.Integer(
        string="Keep Visits",
        default=90,
        help="Days after which single visits to the pages of invoices are deleted. "
        "That an invoice was opened stays known.",
    )
    billing_payment_qr = fields.Selection(
        [("none", "No payment code"), ("usingqr", "UsingQR")],
        string="Payment QR Code",
        required=True,
        default="none",
        help="UsingQR is read by some Swedish banks' apps; try it with yours before "
        "customers see it.",
    )

    _billing_link_days_positive = models.Constraint(
        "CHECK(billing_link_days > 0)", "Links have to work for a day at least."
    )
    _billing_visit_days_positive = models.Constraint(
        "CHECK(billing_visit_days > 0)", "Visits have to be kept for a day at least."
    )
    _billing_event_retention_positive = models.Constraint(
        "CHECK(billing_event_retention_months >= 0)",
        "Events cannot be kept for a negative number of months.",
    )

    # === BUSINESS METHODS - CALENDAR === #

    def _billing_today(self):
        """Return the day on which billing works now.

        It is the date in the time zone of the company's own contact, else of its
        country, whoever asks; or ``billing_date`` in the context (a date), with
        which a run can be made as on another day.

        :rtype: datetime.date
        """
        self.ensure_one()
        forced = self.env.context.get("billing_date")
        if forced:
            return fields.Date.to_date(forced)
        zone = self._billing_zone()
        return pytz.utc.localize(fields.Datetime.now()).astimezone(zone).date()

    def _billing_now(self):
        """Return the moment at which billing works now, as naive UTC.

        The present one; in a run made as on another day, see :meth:`_billing_today`,
        noon of that day by the company's clock.

        :rtype: datetime.datetime
        """
        self.ensure_one()
        if not self.env.context.get("billing_date"):
            return fields.Datetime.now()
        noon = datetime.combine(self._billing_today(), time(12))
        return (
            self._billing_zone()
            .localize(noon)
            .astimezone(pytz.utc)
            .replace(tzinfo=None)
        )

    def _billing_zone(self):
        """Return the time zone of the company's own contact, else of its country."""
        self.ensure_one()
        partner_sudo = self.sudo().partner_id
        country_zones = pytz.country_timezones.get(
            partner_sudo.country_id.code or "", []
        )
        return pytz.timezone(partner_sudo.tz or next(iter(country_zones), "UTC"))

    def _bank_calendar(self):
        """Return the bank days of the company: its country's, with its exceptions.

        :rtype: core.bank_days.BankCalendar
        """
        self.ensure_one()
        company_sudo = self.sudo()
        country = company_sudo.account_fiscal_country_id or company_sudo.country_id
        exceptions_sudo = (
            self.env["billing.bank.holiday"]
            .sudo()
            .search([("company_id", "=", self.id)])
        )
        opened = exceptions_sudo.filtered("is_open")
        return BankCalendar(
            country=country.code or "",
            closed=frozenset((exceptions_sudo - opened).mapped("date")),
            opened=frozenset(opened.mapped("date")),
        )

    # === BUSINESS METHODS - ALERTS === #

    def _billing_alert(self, job, error):
        """Tell the billing managers of the company that a scheduled job fails.

        Leaves an event and notifies, at most once per job, company and day however
        often it is called. The caller commits, after rolling back what failed.

        :param str job: name of the job, as managers know it
        :param error: what went wrong, an exception or a text
        :return: whether the managers were told by this call
        :rtype: bool
        """
        self.ensure_one()
        day = self._billing_today()
        events = self.env["billing.event"]._log(
            [
                {
                    "kind": "job.failed",
                    "company_id": self.id,
                    "payload": {"job": job, "error": event_text.clean(error)},
                    "dedup_key": f"job.failed:{self.id}:{job}:{day.isoformat()}",
                }
            ]
        )
        if not events:
            return False
        managers_sudo = self._billing_managers()
        for lang, users_sudo in managers_sudo.grouped("lang").items():
            self.sudo().with_context(lang=lang)._notify_failed_job(
                users_sudo, job, error
            )
        return True

    def _billing_managers(self):
        """Return the billing managers of the company, in superuser mode.

        :rtype: res.users
        """
        self.ensure_one()
        return (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    (
                        "all_group_ids",
                        "in",
                        self.env.ref("billing_base.group_billing_manager").ids,
                    ),
                    ("company_ids", "in", self.ids),
                    ("share", "=", False),
                ]
            )
        )

    def _billing_each(self, job, work):
        """Do a scheduled job company by company, each committed by itself.

        One that fails does not keep the others back; its managers are told.

        :param str job: name of the job, as managers know it
        :param work: called with each company, as superuser and in that company
        :return: None
        """
        remaining = len(self)
        for company_id in self.ids:
            company_sudo = self.sudo().browse(company_id).with_company(company_id)
            try:
                work(company_sudo)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("«%s» failed in company %s", job, company_id)
                company_sudo._billing_alert(job, error)
            remaining -= 1
            if not self.env["ir.cron"]._commit_progress(1, remaining=remaining):
                return

    def _notify_failed_job(self, users, job, error):
        """Tell users, in the language of the environment, that a job failed."""
        self.partner_id.message_notify(
            partner_ids=users.partner_id.ids,
            subject=self.env._("Billing: %(job)s failed", job=job),
            body=Markup("<p>%s</p><p>%s</p>")
            % (
                self.env._(
                    "The scheduled job «%(job)s» of %(company)s failed. It will be "
                    "tried again by itself; if it goes on, look at the cause:",
                    job=job,
                    company=self.name,
                ),
                event_text.clean(error),
            ),
        )
