from odoo import fields, models


class BillingOpeningHours(models.Model):
    """Hours of a weekday in which customer service is there."""

    _name = "billing.opening.hours"
    _description = "Opening Hours of Customer Service"
    _order = "company_id, weekday, hour_from"
    _rec_name = "weekday"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
        index=True,
    )
    weekday = fields.Selection(
        [
            ("0", "Monday"),
            ("1", "Tuesday"),
            ("2", "Wednesday"),
            ("3", "Thursday"),
            ("4", "Friday"),
            ("5", "Saturday"),
            ("6", "Sunday"),
        ],
        string="Day",
        required=True,
        default="0",
    )
    hour_from = fields.Float(string="From", required=True, default=8.0)
    hour_to = fields.Float(string="To", required=True, default=16.0)

    # A minute at least: what is shorter than that is rounded away.
    _hours_in_order = models.Constraint(
        "CHECK(hour_from >= 0 AND hour_to <= 24 AND hour_to - hour_from >= 0.0166)",
        "Opening hours begin before they end, within one day.",
    )

    def _to_span(self):
        """Return weekday, first minute and minute of closing, as the core has them."""
        self.ensure_one()
        return (
            int(self.weekday),
            round(self.hour_from * 60),
            round(self.hour_to * 60),
        )
