from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from ..core import calibration
from .billing_match_verdict import IS_RIGHT_SQL


class BillingMatchReliability(models.Model):
    """How often what was said to be so certain turned out right.

    One row for each company and group of probabilities.
    """

    _name = "billing.match.reliability"
    _description = "Reliability of Matching"
    _order = "company_id, bin"
    _rec_name = "range_text"
    _auto = False
    _depends = {
        "billing.match.verdict": [
            "company_id",
            "decided_on",
            "outcome",
            "probability",
            "rank",
            "result",
        ]
    }

    company_id = fields.Many2one("res.company", readonly=True)
    bin = fields.Integer(readonly=True, aggregator=None)
    range_text = fields.Char(string="Said", compute="_compute_range_text")
    judged = fields.Integer(
        string="Payments", help="Payments of which this was said.", readonly=True
    )
    booked = fields.Integer(
        string="By Itself", help="Those booked without a person.", readonly=True
    )
    settled = fields.Integer(
        string="Known",
        help="Those where the truth is known: a person decided, or nobody took back "
        "for 30 days what was booked without one.",
        readonly=True,
    )
    confirmed = fields.Integer(
        help="Known, and the likeliest invoice was the right one.", readonly=True
    )
    undone = fields.Integer(
        help="Taken off the invoice by a person.",
        readonly=True,
    )
    other = fields.Integer(
        help="A person chose another invoice than the likeliest.",
        readonly=True,
    )
    second = fields.Integer(
        string="Second Place", help="A person chose the second.", readonly=True
    )
    third = fields.Integer(
        string="Third Place", help="A person chose the third.", readonly=True
    )
    said = fields.Float(
        string="Mean Said",
        help="Mean of what was said of those where the truth is known.",
        digits=(6, 5),
        readonly=True,
        aggregator=None,
    )
    seen = fields.Float(
        help="Share of those where the truth is known that was right.",
        digits=(6, 5),
        readonly=True,
        aggregator=None,
    )
    low = fields.Float(
        string="At Least",
        help="The true share lies between this and the next with 95 % certainty.",
        digits=(6, 5),
        compute="_compute_interval",
    )
    high = fields.Float(string="At Most", digits=(6, 5), compute="_compute_interval")
    calibrated = fields.Float(
        string="Smoothed",
        help="What was seen, put in order: who says more must not be right less often.",
        digits=(6, 5),
        compute="_compute_calibrated",
    )
    assessment = fields.Selection(
        [
            ("few", "Too Few to Tell"),
            ("fits", "As Said"),
            ("optimistic", "Less Than Said"),
            ("pessimistic", "More Than Said"),
        ],
        string="In Words",
        compute="_compute_interval",
    )

    # === COMPUTE METHODS === #

    @api.depends("bin")
    @api.depends_context("lang")
    def _compute_range_text(self):
        for row in self:
            lower, upper = calibration.bounds(row.bin)
            row.range_text = self.env._(
                "%(lower)s to %(upper)s %%",
                lower=self._percent(lower),
                upper=self._percent(upper),
            )

    @api.depends("settled", "confirmed", "said")
    def _compute_interval(self):
        for row in self:
            row.low, row.high = calibration.wilson(row.confirmed, row.settled)
            if row.said > row.high:
                row.assessment = "optimistic"
            elif row.said < row.low:
                row.assessment = "pessimistic"
            else:
                row.assessment = "fits" if row.settled >= 10 else "few"

    @api.depends("company_id", "settled", "said", "seen")
    def _compute_calibrated(self):
        fitted = {
            company: calibration.isotonic(
                (row.said, row.seen, row.settled) for row in rows
            )
            for company, rows in self.search(
                [("company_id", "in", self.company_id.ids)]
            )
            .grouped("company_id")
            .items()
        }
        for row in self:
            curve = fitted[row.company_id]
            row.calibrated = curve(row.said) if curve and row.settled else 0.0

    # === ACTIONS === #

    def action_open_verdicts(self):
        """Open the payments behind the row."""
        self.ensure_one()
        lower, upper = calibration.bounds(self.bin)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Said: %(range)s", range=self.range_text),
            "res_model": "billing.match.verdict",
            "view_mode": "list,pivot",
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("probability", ">=", lower),
                ("probability", "<" if upper < 1 else "<=", upper),
            ],
        }

    # === HELPERS === #

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT v.company_id * 100 + v.bin AS id, v.company_id, v.bin,
                   count(*) AS judged,
                   count(*) FILTER (WHERE v.outcome IN ('reconciled', 'partial'))
                       AS booked,
                   count(v.is_right) AS settled,
                   count(*) FILTER (WHERE v.is_right) AS confirmed,
                   count(*) FILTER (WHERE v.result = 'undone') AS undone,
                   count(*) FILTER (WHERE v.result = 'accepted' AND v.rank != 1)
                       AS other,
                   count(*) FILTER (WHERE v.result = 'accepted' AND v.rank = 2)
                       AS second,
                   count(*) FILTER (WHERE v.result = 'accepted' AND v.rank = 3)
                       AS third,
                   COALESCE(avg(v.probability) FILTER (WHERE v.is_right IS NOT NULL), 0)
                       AS said,
                   COALESCE(avg(v.is_right::int), 0) AS seen
              FROM (SELECT v.*, %s AS is_right,
                           width_bucket(v.probability::float, %s::float[]) AS bin
                      FROM billing_match_verdict v) AS v
             GROUP BY v.company_id, v.bin
            """,
            SQL(IS_RIGHT_SQL),
            list(calibration.LIMITS),
        )

    @api.model
    def _percent(self, share):
        """A share in percent with as many digits as it takes."""
        for digits in range(4):
            if round(share * 100, digits) == round(share * 100, 6):
                return formatLang(self.env, share * 100, digits=digits)
        return formatLang(self.env, share * 100, digits=4)
