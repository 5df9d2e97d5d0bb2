from odoo import api, fields, models
from odoo.tools import format_date

#: What is added up.
MEASURES = (
    "soft",
    "reminder",
    "notice",
    "demand",
    "letters",
    "handed",
    "fees",
    "due",
    "forgiven_fees",
    "forgiven",
    "charged",
    "compensation",
    "conversations",
    "minutes",
    "income",
    "cost",
    "result",
    "customers",
    "hit",
)


class BillingFeeSimulationLine(models.Model):
    """Sums of a simulation over a month and a group of customers; they add up."""

    _name = "billing.fee.simulation.line"
    _description = "Sums of a Simulation"
    _order = "simulation_id, side desc, month, segment"

    simulation_id = fields.Many2one(
        "billing.fee.simulation", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="simulation_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="simulation_id.currency_id")
    side = fields.Selection(
        [("was", "As It Was"), ("a", "Policy A"), ("b", "Policy B")],
        string="Policy",
        required=True,
    )
    month = fields.Date(required=True)
    segment = fields.Selection(
        lambda self: list(self.env["billing.fee.history"]._segments().items()),
        string="Customer Group",
        required=True,
    )
    soft = fields.Integer(string="Friendly Reminders")
    reminder = fields.Integer(string="Reminders")
    notice = fields.Integer(string="Collection Notices")
    demand = fields.Integer(string="Payment Demands")
    letters = fields.Integer(string="Letters and Messages")
    handed = fields.Integer(string="Ready for Collection")
    fees = fields.Integer(string="Fees Due")
    due = fields.Monetary(string="Amount of Fees Due")
    forgiven_fees = fields.Integer(string="Fees Forgiven")
    forgiven = fields.Monetary(string="Amount Forgiven")
    charged = fields.Monetary()
    compensation = fields.Monetary()
    conversations = fields.Float()
    minutes = fields.Float(string="Minutes of Staff")
    income = fields.Monetary()
    cost = fields.Monetary(string="Handling Cost")
    result = fields.Monetary(string="Left")
    customers = fields.Integer(
        string="Customers Written To",
        help="In the month of their first letter of the period.",
    )
    hit = fields.Integer(
        string="Customers Charged",
        help="In the month of their first fee of the period that was not forgiven.",
    )

    _part_unique = models.UniqueIndex("(simulation_id, side, month, segment)")

    # === HELPERS === #

    def _sum(self):
        """Return the sum of each measure over the lines.

        :rtype: dict[str, float]
        """
        return {name: sum(self.mapped(name)) for name in MEASURES}

    @api.model
    def _label(self, name, value):
        """Return what a month or customer group is called.

        :param str name: ``month`` or ``segment``
        :rtype: str
        """
        if name == "month":
            return format_date(self.env, value, date_format="MMMM y")
        return self.env["billing.fee.history"]._segments().get(value, value)
