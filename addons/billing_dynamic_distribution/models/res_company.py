from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import clock
from ..core.checks import Caps
from ..core.plan import Retries

#: While a provider is down its channel is tried again for about a day.
PROVIDER_RETRIES = Retries(
    times=26, first_wait=timedelta(minutes=5), longest_wait=timedelta(hours=1)
)


class ResCompany(models.Model):
    _inherit = "res.company"

    # When people may be written to
    billing_quiet_hours = fields.Boolean(
        string="Quiet Hours",
        default=True,
        help="E-mail and SMS go out only while people may be disturbed, by the clock "
        "of the customer.",
    )
    billing_hours_weekday_from = fields.Float(default=8.0)
    billing_hours_weekday_to = fields.Float(default=21.0)
    billing_hours_saturday_from = fields.Float(default=9.0)
    billing_hours_saturday_to = fields.Float(default=15.0)
    billing_hours_sunday_from = fields.Float(default=0.0)
    billing_hours_sunday_to = fields.Float(default=0.0)
    billing_send_on_holidays = fields.Boolean(
        string="Also on Public Holidays", default=False
    )
    billing_send_bank_days_only = fields.Boolean(
        string="On Bank Days Only",
        help="Messages go out only on days on which customers can pay.",
    )

    # How much a customer gets at most
    billing_cap_email_day = fields.Integer(string="E-mails a Day", default=3)
    billing_cap_email_week = fields.Integer(string="E-mails a Week", default=10)
    billing_cap_sms_day = fields.Integer(string="SMS a Day", default=2)
    billing_cap_sms_week = fields.Integer(string="SMS a Week", default=5)

    # How messages are made and followed
    billing_pdf_policy = fields.Selection(
        [("link", "Link only"), ("attach", "Attach the PDF")],
        string="PDF with E-mails",
        required=True,
        default="link",
    )
    billing_settle_minutes = fields.Integer(
        string="Settle After",
        default=15,
        help="Minutes after which the provider is asked about a message nobody "
        "settled.",
    )
    billing_soft_retries = fields.Integer(
        string="Further Tries",
        default=3,
        help="How often a channel is tried again after a passing trouble, before the "
        "next one steps in.",
    )
    billing_soft_retry_minutes = fields.Integer(
        string="First Wait",
        default=30,
        help="Minutes before the first further try; each later one waits twice as "
        "long.",
    )

    _billing_distribution_positive = models.Constraint(
        "CHECK(billing_cap_email_day >= 0 AND billing_cap_email_week >= 0"
        " AND billing_cap_sms_day >= 0 AND billing_cap_sms_week >= 0"
        " AND billing_settle_minutes > 0 AND billing_soft_retries BETWEEN 0 AND 20"
        " AND billing_soft_retry_minutes > 0)",
        "Caps, tries and waits cannot be negative, and a wait takes a minute at least.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains(
        "billing_quiet_hours",
        "billing_hours_weekday_from",
        "billing_hours_weekday_to",
        "billing_hours_saturday_from",
        "billing_hours_saturday_to",
        "billing_hours_sunday_from",
        "billing_hours_sunday_to",
    )
    def _check_billing_hours(self):
        for company in self:
            week = company._billing_week()
            hours = [day for day in week if day is not None]
            if any(start < 0 or end > clock.DAY[1] for start, end in hours):
                raise ValidationError(
                    self.env._("The hours of a day lie between 0:00 and 24:00.")
                )
            if week[0] is None:
                raise ValidationError(
                    self.env._("Leave some hours of working days to write in.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        self.env["billing.distribution.plan"].sudo()._create_shipped_plans(companies)
        return companies

    # === BUSINESS METHODS - CLOCK === #

    def _billing_week(self):
        """Return the hours of each weekday as ``core.clock.Calendar`` takes them."""
        self.ensure_one()
        if not self.billing_quiet_hours:
            return clock.ALWAYS

        def hours(start, end):
            minutes = round(start * 60), round(end * 60)
            return minutes if minutes[0] < minutes[1] else None

        weekday = hours(self.billing_hours_weekday_from, self.billing_hours_weekday_to)
        return (weekday,) * 5 + (
            hours(self.billing_hours_saturday_from, self.billing_hours_saturday_to),
            hours(self.billing_hours_sunday_from, self.billing_hours_sunday_to),
        )

    def _billing_calendars(self, partners):
        """Return the clock by which each of the customers is written to.

        :param partners: those the invoices are addressed to
        :rtype: dict[int, core.clock.Calendar]
        """
        self.ensure_one()
        make = self._billing_calendar_maker()
        return {
            partner.id: make(partner.tz, partner.country_id.code)
            for partner in partners.sudo()
        }

    def _billing_calendar_maker(self):
        """Return a function of time zone and country that returns their calendar.

        A customer without either lives where the company is.
        """
        self.ensure_one()
        company_sudo = self.sudo()
        week = company_sudo._billing_week()
        bank = self._bank_calendar()
        home = company_sudo.partner_id
        home_country = home.country_id.code or ""
        home_zone = clock.zone_of(home.tz, home_country)
        bank_days_only = company_sudo.billing_send_bank_days_only
        keeps_holidays = (
            company_sudo.billing_quiet_hours
            and not company_sudo.billing_send_on_holidays
        )
        made = {}

        def make(zone, country):
            # A colleague's user has the time zone of the server until somebody looks.
            key = zone or "", country or ""
            if key not in made:
                land = country or home_country
                made[key] = clock.Calendar(
                    zone=clock.zone_of(zone, country, home_zone),
                    week=week,
                    country=land if keeps_holidays else "",
                    bank=bank,
                    bank_days_only=bank_days_only,
                )
            return made[key]

        return make

    def _billing_due_limit(self):
        """Return the moment up to which what is due is done now (UTC).

        Now; in a run made as on another day, the end of that day.
        """
        self.ensure_one()
        if not self.env.context.get("billing_date"):
            return self._billing_now()
        calendar = self._billing_calendar_maker()(None, None)
        return clock.to_utc(
            datetime.combine(self._billing_today(), time(23, 59, 59)), calendar.zone
        )

    # === BUSINESS METHODS - RULES === #

    def _billing_caps(self, group):
        """Return how many messages a customer gets by a group of channels.

        :param str group: one of ``billing_channel.GROUPS``
        :rtype: core.checks.Caps
        """
        self.ensure_one()
        if group == "email":
            return Caps(self.billing_cap_email_day, self.billing_cap_email_week)
        if group == "sms":
            return Caps(self.billing_cap_sms_day, self.billing_cap_sms_week)
        return Caps()

    def _billing_retries(self, is_address_fault=True):
        """Return how often a channel is tried again after a passing trouble.

        :param bool is_address_fault: the trouble is the customer's address, not the
            provider
        :rtype: core.plan.Retries
        """
        self.ensure_one()
        if not is_address_fault:
            return PROVIDER_RETRIES
        return Retries(
            times=self.billing_soft_retries,
            first_wait=timedelta(minutes=self.billing_soft_retry_minutes),
        )
