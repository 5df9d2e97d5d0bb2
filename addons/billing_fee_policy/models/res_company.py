from datetime import time

import pytz

from odoo import api, fields, models

#: Hours in which customers are written to: Monday to Friday, and Saturday. They bind
#: agencies in Norway's new law (§ 15) and do no harm to anybody else.
WEEKDAY_HOURS = (time(8), time(21))
SATURDAY_HOURS = (time(9), time(15))


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_reminder_approval = fields.Selection(
        [
            ("approve", "After somebody has approved them"),
            ("automatic", "By themselves"),
        ],
        string="Reminders Go Out",
        required=True,
        default="approve",
    )
    billing_reminder_hours = fields.Boolean(
        string="At Decent Hours Only",
        default=True,
        help="Monday to Friday 8 to 21, Saturday 9 to 15, not on public holidays.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        self.env["billing.dunning.policy"].sudo()._create_shipped_policies(companies)
        return companies

    # === BUSINESS METHODS === #

    def _billing_may_write_now(self):
        """Whether a reminder may go out at this moment, by the company's clock.

        A run made as on another day works at noon of that day.
        """
        self.ensure_one()
        if not self.billing_reminder_hours:
            return True
        now = pytz.utc.localize(self._billing_now()).astimezone(self._billing_zone())
        weekday = now.weekday()
        if weekday == 6:
            return False
        if weekday < 5 and not self._bank_calendar().is_bank_day(now.date()):
            return False
        start, end = SATURDAY_HOURS if weekday == 5 else WEEKDAY_HOURS
        return start <= now.time() < end
