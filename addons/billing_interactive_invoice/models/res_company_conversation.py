from datetime import timedelta

import pytz

from odoo import api, fields, models

from odoo.addons.billing_base.core.bank_days import holidays_of

from ..core import conversation as core
from ..core import waiting
from ..core.opening_hours import OpeningHours

#: Answers whose waits tell how long the next one takes: this many, and none older.
RECENT_ANSWERS = 20
RECENT = timedelta(days=30)
#: Conversations without answer that are looked at for the same.
MOST_WAITING = 500


class ResCompany(models.Model):
    """How a company talks with its customers on their invoices."""

    _inherit = "res.company"

    billing_page_staff_name = fields.Selection(
        [
            (core.FULL_NAME, "Full name"),
            (core.FIRST_NAME, "First name"),
            (core.TEAM_NAME, "Name of the team"),
        ],
        string="Staff Shown As",
        default=core.FIRST_NAME,
        required=True,
        help="What customers read above an answer, on the page and in messages.",
    )
    billing_page_team_name = fields.Char(
        string="Name of the Team",
        translate=True,
        help="Who answers. Left empty: Customer service.",
    )
    billing_page_answer_hours = fields.Float(
        string="Answer Within",
        default=8.0,
        help="Opening hours after which a question without answer is late. 0: none is.",
    )
    billing_page_notice_minutes = fields.Integer(
        string="Tell the Customer After",
        default=5,
        help="Minutes that an answer may lie unread on the page before the customer "
        "gets a message about it.",
    )
    billing_page_close_days = fields.Integer(
        string="Close After",
        default=14,
        help="Days after our last answer on which a conversation is closed by itself. "
        "0: never.",
    )
    billing_page_upload_mb = fields.Integer(
        string="Greatest File",
        default=10,
        help="Megabytes that each file of a customer may have. 0: none are taken.",
    )
    billing_page_watcher_ids = fields.Many2many(
        "res.users",
        "billing_page_watcher_rel",
        "company_id",
        "user_id",
        string="Told of New Questions",
        domain=[("share", "=", False)],
        help="Whoever a conversation is assigned to is told of it; these are told of "
        "those that nobody has taken.",
    )
    billing_opening_hours_ids = fields.One2many(
        "billing.opening.hours", "company_id", string="Opening Hours"
    )

    _billing_page_conversation_positive = models.Constraint(
        "CHECK(billing_page_answer_hours >= 0 AND billing_page_notice_minutes >= 0 "
        "AND billing_page_close_days >= 0 AND billing_page_upload_mb >= 0)",
        "Times and sizes cannot be negative.",
    )

    # === BUSINESS METHODS - OPENING HOURS === #

    def _billing_opening_hours(self):
        """Return when customer service of the company is there, by its own clock.

        Public holidays of its country are closed, and so are the exceptions in the
        bank calendar.

        :rtype: core.opening_hours.OpeningHours
        """
        self.ensure_one()
        calendar = self._bank_calendar()

        def is_closed(day):
            if day in calendar.opened:
                return False
            return day in calendar.closed or day in holidays_of(
                calendar.country, day.year
            )

        return OpeningHours(
            tuple(row._to_span() for row in self.sudo().billing_opening_hours_ids),
            is_closed,
        )

    def _billing_local(self, moment):
        """Return a moment as naive UTC by the company's own clock, naive too."""
        zone = self._billing_zone()
        return pytz.utc.localize(moment).astimezone(zone).replace(tzinfo=None)

    def _billing_from_local(self, moment):
        """Return a moment by the company's own clock as naive UTC."""
        local = self._billing_zone().localize(moment)
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    # === BUSINESS METHODS - WAITING === #

    def _billing_usual_wait(self, hours=None):
        """Return how long a customer who asks now waits, as one may honestly tell.

        :param core.opening_hours.OpeningHours hours: of the company, when known
        :return: unit and count as of ``core.waiting.in_words``; None with too few
            answers to say
        :rtype: tuple[str, int] | None
        """
        self.ensure_one()
        hours = hours or self._billing_opening_hours()
        now = self._billing_now()
        answered = (
            self.env["billing.conversation.wait"]
            .sudo()
            .search(
                [("company_id", "=", self.id), ("answered_at", ">=", now - RECENT)],
                order="answered_at desc, id desc",
                limit=RECENT_ANSWERS,
            )
        )
        if len(answered) < waiting.FEWEST_ANSWERS:
            return None
        still = (
            self.env["billing.conversation"]
            .sudo()
            .search_fetch(
                [("company_id", "=", self.id), ("waiting_since", "!=", False)],
                ["waiting_since"],
                order="waiting_since, id",
                limit=MOST_WAITING,
            )
        )
        local_now = self._billing_local(now)
        minutes = waiting.honest_wait(
            answered.mapped("minutes"),
            (
                hours.minutes_between(
                    self._billing_local(conversation.waiting_since), local_now
                )
                for conversation in still
            ),
        )
        return waiting.in_words(minutes, hours.minutes_a_day())

    # === BUSINESS METHODS - NAMES === #

    def _billing_team_name(self):
        """Return who answers, in the language of the environment."""
        self.ensure_one()
        return self.sudo().billing_page_team_name or self.env._("Customer service")

    def _billing_staff_name(self, partner):
        """Return what a member of staff is called before customers.

        :param partner: the ``res.partner`` of the member of staff; the system itself
            speaks as the team
        :rtype: str
        """
        self.ensure_one()
        if partner.id == self._billing_system_id():
            return self._billing_team_name()
        return core.shown_name(
            self.sudo().billing_page_staff_name or core.TEAM_NAME,
            partner.sudo().name,
            self._billing_team_name(),
        )

    @api.model
    def _billing_system_id(self):
        """Return the id of the ``res.partner`` in whose name Odoo itself writes."""
        return self.env["ir.model.data"]._xmlid_to_res_id("base.partner_root")
