from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..core import state
from .billing_channel import CHANNELS, VIRTUAL_CHANNELS
from .screen import day_text

#: What is that much late does not go out by itself.
LATE = timedelta(days=1)
#: Channels that the list of what needs somebody has a button for.
BUTTONS = ("email", "sms", "letter")


class BillingDistributionRun(models.Model):
    """Invoices that do not get on by themselves, and what can be done for them."""

    _inherit = "billing.distribution.run"

    needs_somebody = fields.Boolean(
        compute="_compute_needs_somebody",
        search="_search_needs_somebody",
        help="The run is stuck, or its message should have gone out a day ago.",
    )
    trouble_since = fields.Datetime(
        string="Since", compute="_compute_needs_somebody", help="When it got stuck."
    )
    trouble_text = fields.Char(string="What Is Wrong", compute="_compute_trouble_text")
    amount_due = fields.Monetary(related="move_id.amount_residual")
    date_due = fields.Date(related="move_id.invoice_date_due")
    phone = fields.Char(related="move_id.partner_id.phone")
    can_email = fields.Boolean(compute="_compute_can")
    can_sms = fields.Boolean(compute="_compute_can")
    can_letter = fields.Boolean(compute="_compute_can")

    # === COMPUTE METHODS === #

    @api.depends("state", "next_at", "ended_at", "last_item_id.attempt_id.planned_at")
    def _compute_needs_somebody(self):
        limit = self.env.company._billing_now() - LATE
        for run in self:
            since = run.ended_at
            if run.state == "waiting":
                since = run.next_at
            elif run.state == "sending":
                since = run.last_item_id.attempt_id.planned_at
            run.trouble_since = since
            run.needs_somebody = run.state == "stuck" or bool(
                run.state in ("waiting", "sending") and since and since < limit
            )

    def _search_needs_somebody(self, operator, value):
        if operator != "in":
            return NotImplemented
        limit = self.env.company._billing_now() - LATE
        domain = Domain.OR(
            [
                Domain("state", "=", "stuck"),
                Domain("state", "=", "waiting")
                # The index of what is due begins with the channel.
                & Domain(
                    "channel", "in", [code for code, _ in CHANNELS + VIRTUAL_CHANNELS]
                )
                & Domain("next_at", "<", limit),
                Domain("state", "=", "sending")
                & Domain("last_item_id.attempt_id.state", "in", list(state.UNSETTLED))
                & Domain("last_item_id.attempt_id.planned_at", "<", limit),
            ]
        )
        return domain if True in value else ~domain

    @api.depends("reason", "state", "next_at")
    @api.depends_context("lang", "tz")
    def _compute_trouble_text(self):
        for run in self:
            if run.state in ("waiting", "sending") and run.needs_somebody:
                run.trouble_text = self.env._(
                    "Should have gone out on %(day)s",
                    day=day_text(self.env, run.trouble_since),
                )
            else:
                run.trouble_text = run.reason

    def _compute_can(self):
        points = self._find_points()
        for run in self:
            for code in BUTTONS:
                run[f"can_{code}"] = code in points[run.id]

    # === HELPERS === #

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        """Override of `web`: groups are headed by reasons in words, not by codes."""
        formatter = super()._web_read_group_groupby_formatter(groupby_spec, values)
        if groupby_spec != "reason_code":
            return formatter
        labels = self._reason_labels()

        def in_words(value):
            code, domain = formatter(value)
            return labels.get(code, code) or self.env._("Late"), domain

        return in_words
