from odoo import api, fields, models
from odoo.tools import format_date

#: Width of the longest bar, in percent.
WIDEST = 100.0


class BillingDistributionReplayLine(models.Model):
    """Sums of a replay over a month, a customer group, or all of it."""

    _name = "billing.distribution.replay.line"
    _description = "Sums of a Replay"
    _order = "replay_id, dimension, key"

    replay_id = fields.Many2one(
        "billing.distribution.replay", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="replay_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="replay_id.currency_id")
    dimension = fields.Selection(
        [("total", "All"), ("month", "Month"), ("segment", "Customers")], required=True
    )
    key = fields.Char()
    label = fields.Char(compute="_compute_label")
    invoices = fields.Integer()
    exact = fields.Integer(
        string="As Recorded", help="Invoices of which nothing had to be estimated."
    )
    departures = fields.Integer()
    messages_was = fields.Float(string="Messages, Was")
    messages_would = fields.Float(string="Messages, Would Be")
    channels = fields.Json()
    cost_was = fields.Monetary(string="Cost, Was")
    cost_would = fields.Monetary(string="Cost, Would Be")
    opened_was = fields.Float(string="Opened in Time, Was")
    opened_would = fields.Float(string="Opened in Time, Would Be")
    opened_low = fields.Float()
    opened_high = fields.Float()
    paid_was = fields.Float(string="Paid in Time, Was")
    paid_low = fields.Float(string="Paid in Time, at Least")
    paid_high = fields.Float(string="Paid in Time, at Most")
    fees_was = fields.Float(string="Fees Due, Was")
    fees_low = fields.Float(string="Fees Due, at Least")
    fees_high = fields.Float(string="Fees Due, at Most")

    # === COMPUTE METHODS === #

    @api.depends("dimension", "key")
    @api.depends_context("lang")
    def _compute_label(self):
        segments = self.env["billing.distribution.learner"]._segment_labels()
        for line in self:
            if line.dimension == "month":
                line.label = format_date(
                    self.env, f"{line.key}-01", date_format="MMMM y"
                )
            elif line.dimension == "segment":
                line.label = segments.get(line.key, line.key)
            else:
                line.label = self.env._("All invoices")

    # === HELPERS === #

    def _rows(self):
        """Return the figures of the report: label, was, would be, widths of bars."""
        self.ensure_one()
        money = self.currency_id.format
        fee = self.replay_id.fee
        rows = [
            (
                self.env._("Messages"),
                self.messages_was,
                self.messages_would,
                None,
                self._count,
            ),
            (self.env._("Cost"), self.cost_was, self.cost_would, None, money),
            (
                self.env._("Opened by the due date"),
                self.opened_was,
                self.opened_would,
                (self.opened_low, self.opened_high),
                self._share,
            ),
            (
                self.env._("Paid in time"),
                self.paid_was,
                None,
                (self.paid_low, self.paid_high),
                self._share,
            ),
            (
                self.env._("Reminder fees"),
                self.fees_was * fee,
                None,
                (self.fees_low * fee, self.fees_high * fee),
                money,
            ),
        ]
        return [self._row(*row) for row in rows]

    def _channel_rows(self):
        """Return messages by channel: label, was, would be."""
        self.ensure_one()
        field = self.env["billing.distribution.step"]._fields["channel"]
        labels = dict(field._description_selection(self.env))
        return [
            self._row(labels.get(channel, channel), was, would, None, self._count)
            for channel, (was, would) in sorted((self.channels or {}).items())
        ]

    def _row(self, label, was, would, limits, write):
        low, high = limits or (would, would)
        middle = (low + high) / 2 if would is None else would
        most = max(was, high, 1e-9)
        text = write(middle)
        if limits and write(low) != write(high):
            text = self.env._("%(low)s to %(high)s", low=write(low), high=write(high))
        return {
            "label": label,
            "was": write(was),
            "would": text,
            "was_width": round(WIDEST * was / most, 1),
            "would_width": round(WIDEST * middle / most, 1),
        }

    def _count(self, value):
        return self.env["billing.distribution.proposal"]._number(value, digits=0)

    def _share(self, value):
        """A number of invoices as percent of all."""
        percent = 100 * value / self.invoices if self.invoices else 0.0
        return f"{self.env['billing.distribution.proposal']._number(percent)} %"

    def _saved(self):
        """Return what the plan would have cost more (below zero: saved) in fees."""
        self.ensure_one()
        fee = self.replay_id.fee
        return (
            (self.fees_was - self.fees_high) * fee,
            (self.fees_was - self.fees_low) * fee,
        )
