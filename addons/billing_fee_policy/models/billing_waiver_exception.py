from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..core import waiver as core


class BillingWaiverException(models.Model):
    """What was arranged with one customer about fees, for a time.

    It goes before all rules. A company with objective criteria only does not use it.
    """

    _name = "billing.waiver.exception"
    _description = "Waiver Exception"
    _order = "date_until desc, id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="cascade",
        index=True,
        domain="[('parent_id', '=', False)]",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    effect = fields.Selection(
        [(core.FORGIVE, "Are Forgiven"), (core.KEEP, "Stay")],
        string="Fees",
        required=True,
        default=core.FORGIVE,
    )
    date_since = fields.Date(
        string="From",
        required=True,
        default=lambda self: self.env.company._billing_today(),
    )
    date_until = fields.Date(
        string="Until",
        required=True,
        default=lambda self: self.env.company._billing_today() + relativedelta(years=1),
        help="Last day. An exception without an end is one that nobody remembers.",
    )
    reason = fields.Char(
        required=True, help="For staff. Write nothing here about somebody's health."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Arranged By",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    state = fields.Selection(
        [("planned", "Planned"), ("active", "Active"), ("expired", "Expired")],
        compute="_compute_state",
        search="_search_state",
    )

    _dates_forward = models.Constraint(
        "CHECK(date_since <= date_until)", "An exception cannot end before it begins."
    )
    _partner_idx = models.Index("(company_id, partner_id, date_until)")

    # === COMPUTE METHODS === #

    @api.depends("date_since", "date_until", "company_id")
    @api.depends_context("billing_date")
    def _compute_state(self):
        for exception in self:
            today = (exception.company_id or self.env.company)._billing_today()
            if exception.date_until and exception.date_until < today:
                exception.state = "expired"
            elif exception.date_since and exception.date_since > today:
                exception.state = "planned"
            else:
                exception.state = "active"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._billing_today()
        expired = Domain("date_until", "<", today)
        planned = Domain("date_since", ">", today)
        domains = {
            "expired": expired,
            "planned": planned,
            "active": ~expired & ~planned,
        }
        return Domain.OR(domains[state] for state in value if state in domains)
