from odoo import fields, models

from ..core import disconnection

#: What every letter says, and what the law may ask for besides.
ALWAYS = frozenset({"claim", "cure"})
ASKED = tuple(code for code in disconnection.CONTENT if code not in ALWAYS)


class BillingDisconnectionRule(models.Model):
    """The law on cutting a supply that is not paid for, as dated data.

    For one country, service and kind of customer: how long, what the letter has to
    say, and what somebody has to have looked at. Where it is not known how long, no
    letter is made until somebody puts it in.
    """

    _name = "billing.disconnection.rule"
    _description = "Law on Disconnection"
    _order = "country_id, service, customer, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    country_id = fields.Many2one(
        "res.country", required=True, index=True, ondelete="restrict"
    )
    service = fields.Selection(
        [("electricity", "Electricity"), ("telecom", "Telephone and Broadband")],
        required=True,
    )
    customer = fields.Selection(
        [("consumer", "Consumers"), ("business", "Businesses")],
        string="Customers",
        required=True,
    )
    paragraph = fields.Char(help="Of the law or of the terms, as it is quoted.")
    days = fields.Integer(
        help="Days to pay before the supply may be cut. 0: not known, no notice is "
        "made."
    )
    from_service = fields.Boolean(
        string="Counted From Service",
        help="The days count from the day the customer was served with the letter, not "
        "from the day it was sent.",
    )
    warning_days = fields.Integer(
        string="Warning",
        help="Days that a warning gives before the notice may follow. 0: no warning is "
        "needed.",
    )
    tells_authority = fields.Boolean(
        string="Social Board Is Told",
        help="The social board of the municipality is told together with the notice.",
    )
    tries_person = fields.Boolean(
        string="Told in Person",
        help="Somebody has to try to tell the customer in person as well.",
    )
    says_danger = fields.Boolean(string="Danger to life, health or property")
    says_contact = fields.Boolean(string="Objections and trouble paying")
    says_costs = fields.Boolean(string="Costs of cutting and connecting")
    says_social = fields.Boolean(string="Social services")
    says_scope = fields.Boolean(string="What is limited")
    says_free_calls = fields.Boolean(string="Emergency calls")
    check_material = fields.Boolean(string="The breach is material", default=True)
    check_danger = fields.Boolean(string="No danger", default=True)
    check_objection = fields.Boolean(string="No objection", default=True)
    check_social = fields.Boolean(string="Social services do not pay", default=True)
    reviewed_through = fields.Date(
        required=True,
        help="Last day for which somebody looked that all this holds. After it no "
        "notice is made.",
    )
    note = fields.Text(translate=True, help="What is assumed or not known for sure.")

    _days_positive = models.Constraint(
        "CHECK(days >= 0 AND warning_days >= 0)", "Days cannot be negative."
    )
    _one_each = models.UniqueIndex(
        "(country_id, service, customer) WHERE active",
        "There is a rule for this country, service and kind of customer already.",
    )

    # === HELPERS === #

    def _to_core(self):
        """Return the rule in the form in which it is asked.

        :rtype: core.disconnection.Rule
        """
        self.ensure_one()
        return disconnection.Rule(
            paragraph=self.paragraph or "",
            days=self.days,
            content=ALWAYS | {code for code in ASKED if self[f"says_{code}"]},
            checks=frozenset(
                code for code in disconnection.CHECKS if self[f"check_{code}"]
            ),
            reviewed_through=self.reviewed_through,
            from_service=self.from_service,
            warning_days=self.warning_days,
            warning_content=ALWAYS,
            tells_authority=self.tells_authority,
            tries_person=self.tries_person,
        )
