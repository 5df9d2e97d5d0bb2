from secrets import token_hex

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from ..core import law, review

#: Fields of a pack whose names the evaluator shares.
CORE_FIELDS = (
    "code",
    "reset_months",
    "rounding_code",
    "compensation_code",
    "compensation_rate_on",
    "compensation_offset",
    "interest_code",
    "interest_addition_code",
    "interest_first_day",
    "day_count",
)
SUBJECTS = ("dispute", "delivery", "compensation", "offset", "interest")


class BillingLawPack(models.Model):
    """The law on reminders, fees and interest of one country, as dated data.

    Which letters there are and what they may cost stands in its rules, amounts in its
    rates. Past the day it was reviewed through nothing is charged, so that no stale
    amount goes out; managers hear of it in time.
    """

    _name = "billing.law.pack"
    _description = "Law on Fees"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "country_id, in_force_from desc, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: f"law_{token_hex(4)}",
    )
    country_id = fields.Many2one(
        "res.country", required=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, help="Of all amounts of the law."
    )
    in_force_from = fields.Date(
        tracking=True,
        copy=False,
        help="Empty: prepared, not in force. Of several, the latest one counts.",
    )
    in_force_until = fields.Date(
        tracking=True,
        copy=False,
        help="Last day. Empty: until a later law of the country is in force.",
    )
    reviewed_through = fields.Date(
        required=True,
        tracking=True,
        help="Last day for which somebody looked that rules and rates hold. After it "
        "letters with a fee wait.",
    )
    alert_days = fields.Integer(
        string="Remind Managers",
        default=30,
        help="Days before the review ends, or before a rate runs out.",
    )
    state = fields.Selection(
        [
            ("prepared", "Prepared"),
            ("in_force", "In force"),
            ("stale", "Review overdue"),
            ("past", "Past"),
        ],
        compute="_compute_state",
    )
    note = fields.Text(translate=True, help="What is assumed or not known for sure.")
    rule_ids = fields.One2many(
        "billing.law.rule", "pack_id", string="Letters", copy=True
    )
    rate_ids = fields.Many2many(
        "billing.law.rate",
        string="Rates",
        compute="_compute_rate_ids",
        help="Those of this law and those of its country.",
    )
    missing_html = fields.Html(string="Missing", compute="_compute_missing_html")

    # What no single letter decides
    reset_months = fields.Integer(
        string="Fees Anew After",
        help="Months after the last letter with a fee. 0: never.",
    )
    rounding_code = fields.Selection(
        selection="_selection_rate", string="Fees Are Rounded To"
    )
    compensation_code = fields.Selection(
        selection="_selection_rate",
        string="Compensation",
        help="For late payment between businesses.",
    )
    compensation_rate_on = fields.Selection(
        [
            ("default", "The first day of the delay"),
            ("claim", "The day it is claimed"),
            ("lower", "Either day, whichever is lower"),
        ],
        string="Amount Of",
        required=True,
        default="lower",
    )
    compensation_offset = fields.Selection(
        [
            ("difference", "Fees are taken off"),
            ("either", "Never beside a fee"),
        ],
        string="With Fees",
        required=True,
        default="either",
    )
    interest_code = fields.Selection(
        selection="_selection_rate", string="Late Interest"
    )
    interest_addition_code = fields.Selection(
        selection="_selection_rate", string="On Top of It"
    )
    interest_first_day = fields.Integer(
        string="Interest Runs From",
        default=1,
        help="Days after the due date of the first day that bears interest.",
    )
    day_count = fields.Selection(
        [
            ("actual/365", "365 days, leap years too"),
            ("actual/actual", "365 days, in leap years 366"),
        ],
        string="A Year Has",
        required=True,
        default="actual/365",
    )
    dispute_paragraph = fields.Char(string="Paragraph on Objections")
    delivery_paragraph = fields.Char(string="Paragraph on Delivery")
    compensation_paragraph = fields.Char(string="Paragraph on Compensation")
    offset_paragraph = fields.Char(string="Paragraph on Fees Beside It")
    interest_paragraph = fields.Char(string="Paragraph on Interest")

    _code_unique = models.UniqueIndex("(code)", "Another law has this code.")
    _numbers_positive = models.Constraint(
        "CHECK(reset_months >= 0 AND alert_days >= 0 AND interest_first_day >= 0)",
        "Days and months cannot be negative.",
    )

    # === COMPUTE METHODS === #

    @api.depends("in_force_from", "in_force_until", "reviewed_through")
    @api.depends_context("billing_date")
    def _compute_state(self):
        today = self.env.company._billing_today()
        for pack in self:
            if not pack.in_force_from or pack.in_force_from > today:
                pack.state = "prepared"
            elif pack.in_force_until and pack.in_force_until < today:
                pack.state = "past"
            elif not pack.reviewed_through or pack.reviewed_through < today:
                pack.state = "stale"
            else:
                pack.state = "in_force"

    @api.depends("country_id")
    def _compute_rate_ids(self):
        rates = self.env["billing.law.rate"].search(
            [("country_id", "in", self.country_id.ids)]
        )
        for pack in self:
            own = (False, pack._origin.id)
            pack.rate_ids = rates.filtered(
                lambda rate, pack=pack, own=own: (
                    rate.country_id == pack.country_id and rate.pack_id.id in own
                )
            )

    @api.depends("reviewed_through", "alert_days", "rule_ids")
    @api.depends_context("billing_date", "lang")
    def _compute_missing_html(self):
        today = self.env.company._billing_today()
        for pack in self:
            pack.missing_html = pack._lacks_html(today)

    # === CONSTRAINT METHODS === #

    @api.constrains("in_force_from", "in_force_until")
    def _check_in_force(self):
        for pack in self:
            if (
                pack.in_force_from
                and pack.in_force_until
                and pack.in_force_until < pack.in_force_from
            ):
                raise ValidationError(
                    self.env._("A law cannot end before it is in force.")
                )

    # === SELECTION METHODS === #

    def _selection_rate(self):
        return (
            self.env["billing.law.rate"]
            ._fields["code"]
            ._description_selection(self.env)
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        packs = super().create(vals_list)
        self.env.registry.clear_cache()
        return packs

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        if "reviewed_through" in vals:
            self._close_alerts()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === ACTIONS === #

    def action_rates(self):
        """Open the rates of the law and of its country (button)."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_law_rate_action"
        )
        action["domain"] = [
            ("country_id", "=", self.country_id.id),
            ("pack_id", "in", (self.id, False)),
        ]
        action["context"] = {
            "default_country_id": self.country_id.id,
            "search_default_group_code": 1,
        }
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _for(self, company_or_country, day):
        """Return the law in force for a company or a country on a day.

        :param company_or_country: ``res.company``, ``res.country`` or an ISO 3166-1
            alpha-2 code
        :param date day: day of the letter
        :rtype: core.law.Pack | None
        """
        code = self._country_code(company_or_country)
        return law.choose(self._core_packs(code), code, day)

    @api.model
    def _fee_sizes(self, company_or_country, day):
        """Return what a letter about an ordinary claim cost in the year before ``day``.

        Whoever looks for the fee in a payment asks this: payments differ from the
        claim by one of them, or by the sum of some.

        :rtype: list[decimal.Decimal]
        """
        code = self._country_code(company_or_country)
        return review.fee_sizes(self._core_packs(code), code, day)

    @api.model
    def _review_shipped(self, days):
        """Move the review forward to the day that comes with this version.

        :param dict days: last day reviewed, ISO, by code of the pack
        :return: None
        """
        for pack in self.search([("code", "in", list(days))]):
            through = fields.Date.to_date(days[pack.code])
            if pack.reviewed_through < through:
                pack.reviewed_through = through

    # === HELPERS === #

    @api.model
    def _country_code(self, company_or_country):
        if isinstance(company_or_country, str):
            return company_or_country
        record_sudo = company_or_country.sudo()
        if record_sudo._name == "res.company":
            record_sudo = (
                record_sudo.account_fiscal_country_id or record_sudo.country_id
            )
        return record_sudo.code or ""

    @api.model
    @ormcache("country_code")
    def _core_packs(self, country_code):
        """Return all packs of a country; kept until a pack, rule or rate changes."""
        packs_sudo = self.sudo().search([("country_id.code", "=", country_code)])
        return tuple(pack_sudo._to_core() for pack_sudo in packs_sudo)

    def _to_core(self):
        """Return the pack as the evaluator takes it."""
        self.ensure_one()
        rates = self.env["billing.law.rate"].search(
            [
                ("country_id", "=", self.country_id.id),
                ("pack_id", "in", (self.id, False)),
            ]
        )
        return law.Pack(
            country=self.country_id.code,
            currency=self.currency_id.name,
            reviewed_through=self.reviewed_through,
            in_force_from=self.in_force_from or None,
            in_force_until=self.in_force_until or None,
            rates=tuple(rate._to_core() for rate in rates),
            rules={rule.kind: rule._to_core() for rule in self.rule_ids},
            paragraphs={
                subject: self[f"{subject}_paragraph"] or "" for subject in SUBJECTS
            },
            **{name: self[name] or self._falsy_core(name) for name in CORE_FIELDS},
        )

    def _falsy_core(self, name):
        """Return what an empty field is for the evaluator: 0 or an empty text."""
        return 0 if self._fields[name].type == "integer" else ""
