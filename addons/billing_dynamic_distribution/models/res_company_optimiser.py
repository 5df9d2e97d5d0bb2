from dataclasses import replace

from odoo import fields, models

from ..core.optimiser import Rails


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_optimise = fields.Boolean(
        string="Learn from Messages",
        default=True,
        help="Every night, what was opened and paid in time is compared, and changes "
        "of plans are proposed. Nothing changes before a manager says so.",
    )
    billing_optimise_customers = fields.Boolean(
        string="Learn What Each Customer Opens",
        help="Keeps for each customer the channel and the part of the day that reach "
        "them best, for steps that ask for it. This is a profile of a person: your "
        "privacy notice has to mention it.",
    )
    billing_optimise_sample = fields.Integer(
        string="Invoices Needed",
        default=200,
        help="Invoices behind each side before a change may be approved.",
    )
    billing_optimise_certainty = fields.Float(
        string="Certainty Needed",
        default=0.95,
        help="How likely a change must do good before it may be approved.",
    )
    billing_optimise_holdout = fields.Float(
        string="Customers Left Out",
        default=0.1,
        help="Share of customers that never get what is being tried, so that its "
        "effect can be told.",
    )
    billing_optimise_tolerance = fields.Float(
        string="A Try May Cost",
        default=0.01,
        help="Share of invoices that may be paid late because of a try, at worst. A "
        "new try begins with so few customers that this is kept.",
    )
    billing_optimise_worth = fields.Monetary(
        string="Worth of Payment in Time",
        default=50.0,
        currency_field="currency_id",
        help="What it saves you when an invoice is paid in time: reminders, calls, "
        "interest. A change must be worth more than it costs.",
    )
    billing_optimise_cost_invoice = fields.Monetary(
        string="Most for an Invoice",
        currency_field="currency_id",
        help="What the messages of an invoice may cost on average. 0: no limit.",
    )
    billing_optimise_cost_month = fields.Monetary(
        string="Most in a Month",
        currency_field="currency_id",
        help="What the messages of a plan may cost in a month. 0: no limit.",
    )

    _billing_optimise_shares = models.Constraint(
        "CHECK(billing_optimise_certainty > 0.5 AND billing_optimise_certainty < 1"
        " AND billing_optimise_holdout BETWEEN 0 AND 0.9"
        " AND billing_optimise_tolerance BETWEEN 0 AND 1"
        " AND billing_optimise_sample >= 0 AND billing_optimise_worth >= 0"
        " AND billing_optimise_cost_invoice >= 0"
        " AND billing_optimise_cost_month >= 0)",
        "Shares lie between 0 and 1, certainty above a half, and nothing is negative.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: what is kept about customers goes when learning is switched off."""
        result = super().write(vals)
        if not vals.keys().isdisjoint(
            {"billing_optimise", "billing_optimise_customers"}
        ):
            off = self.filtered(
                lambda company: (
                    not company.billing_optimise
                    or not company.billing_optimise_customers
                )
            )
            self.env["billing.distribution.preference"].sudo().search(
                [("company_id", "in", off.ids)]
            ).unlink()
        return result

    # === BUSINESS METHODS === #

    def _billing_calendars(self, partners):
        """Extension: when customers usually open, where the company keeps that."""
        calendars = super()._billing_calendars(partners)
        if not self.billing_optimise_customers:
            return calendars
        bands = partners._billing_learned_bands(self)
        for partner in partners:
            band = bands.get(partner.commercial_partner_id.id)
            if band:
                calendars[partner.id] = replace(calendars[partner.id], habit=band)
        return calendars

    def _billing_rails(self):
        """Return what the optimiser has to keep to.

        :rtype: core.optimiser.Rails
        """
        self.ensure_one()
        return Rails(
            least_sample=self.billing_optimise_sample,
            certainty=self.billing_optimise_certainty,
            cost_per_invoice=self.billing_optimise_cost_invoice or None,
            cost_per_month=self.billing_optimise_cost_month or None,
            worth=self.billing_optimise_worth,
            holdout=self.billing_optimise_holdout,
            tolerance=self.billing_optimise_tolerance,
        )
