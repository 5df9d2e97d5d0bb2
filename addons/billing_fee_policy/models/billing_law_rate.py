from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import law

#: What is set anew for each half-year, and must not be carried into the next.
HALF_YEARLY = ("late_interest", "reference_rate")
#: The same where the law of the country sets it so, by country and code.
HALF_YEARLY_IN = {("NO", "b2b_compensation")}

UNITS = {
    "late_interest": "percent",
    "reference_rate": "percent",
    "late_interest_addition": "points",
    "fee_fraction_reminder": "share",
    "fee_fraction_own_demand": "share",
}


class BillingLawRate(models.Model):
    """One amount or percentage that a law sets, from a day on.

    Rates of a pack belong to it alone; rates without one, such as late interest, hold
    in the whole country whichever pack is in force.
    """

    _name = "billing.law.rate"
    _description = "Rate Set by Law"
    _order = "country_id, code, valid_from desc, id desc"
    _rec_name = "code"

    country_id = fields.Many2one(
        "res.country", required=True, index=True, ondelete="restrict"
    )
    pack_id = fields.Many2one(
        "billing.law.pack",
        string="Law",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: the rate holds in the country whichever law is in force.",
    )
    code = fields.Selection(
        [
            ("inkassosats", "Inkassosats"),
            ("fee_fraction_reminder", "Reminder fee, share of the inkassosats"),
            ("fee_fraction_own_demand", "Fee of own demand, share of the inkassosats"),
            ("fee_rounding", "Fees are rounded to"),
            ("letter_fee", "Fee of the creditor's own letter"),
            ("reminder_fee", "Reminder fee"),
            ("collection_demand_fee", "Fee of a collection demand"),
            ("instalment_plan_fee", "Fee of an instalment plan"),
            ("b2b_compensation", "Compensation for late payment"),
            ("late_interest", "Late interest"),
            ("reference_rate", "Reference rate"),
            ("late_interest_addition", "Late interest above the reference rate"),
        ],
        string="Rate",
        required=True,
    )
    valid_from = fields.Date(string="From", required=True)
    expires = fields.Date(
        string="Through",
        compute="_compute_expires",
        store=True,
        precompute=True,
        help="What is set for a half-year ends with it, and is not carried forward.",
    )
    value = fields.Float(digits=(12, 4), required=True, aggregator=None)
    unit = fields.Selection(
        [
            ("currency", "Amount"),
            ("percent", "% a year"),
            ("points", "Percentage points"),
            ("share", "Share"),
        ],
        compute="_compute_unit",
    )
    source = fields.Char(
        required=True, help="Where it stands: number of the regulation or address."
    )

    _code_unique = models.UniqueIndex(
        "(country_id, COALESCE(pack_id, 0), code, valid_from)",
        "There is a rate from this day on already. Correct that one.",
    )

    # === COMPUTE METHODS === #

    @api.depends("code", "valid_from", "country_id")
    def _compute_expires(self):
        for rate in self:
            half_yearly = (
                rate.code in HALF_YEARLY
                or (rate.country_id.code, rate.code) in HALF_YEARLY_IN
            )
            if not rate.valid_from or not half_yearly:
                rate.expires = False
                continue
            month = 6 if rate.valid_from.month < 7 else 12
            rate.expires = rate.valid_from + relativedelta(month=month, day=31)

    @api.depends("code")
    def _compute_unit(self):
        for rate in self:
            rate.unit = UNITS.get(rate.code, "currency")

    @api.depends("code", "valid_from")
    def _compute_display_name(self):
        labels = dict(self._fields["code"]._description_selection(self.env))
        for rate in self:
            rate.display_name = f"{labels.get(rate.code, '')} {rate.valid_from or ''}"

    # === CONSTRAINT METHODS === #

    @api.constrains("pack_id", "country_id")
    def _check_country(self):
        for rate in self:
            if rate.pack_id and rate.pack_id.country_id != rate.country_id:
                raise ValidationError(
                    self.env._("The rate and its law belong to different countries.")
                )

    @api.constrains("value", "code")
    def _check_value(self):
        for rate in self:
            if rate.value < 0 and rate.code != "reference_rate":
                raise ValidationError(self.env._("A rate cannot be negative."))
            if rate.code == "fee_rounding" and rate.value <= 0:
                raise ValidationError(
                    self.env._("Fees cannot be rounded to nothing. Delete the rate.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rates = super().create(vals_list)
        self._changed()
        return rates

    def write(self, vals):
        result = super().write(vals)
        self._changed()
        return result

    def unlink(self):
        result = super().unlink()
        self._changed()
        return result

    @api.model
    def _load_records(self, data_list, update=False):
        """Override of `base`: a rate that comes with an update may be there already.

        Managers enter a rate as soon as it is published. The record of the update is
        then theirs, as they entered it.
        """
        for data in data_list:
            xml_id, values = data.get("xml_id"), data["values"]
            if not xml_id or self.env.ref(xml_id, raise_if_not_found=False):
                continue
            entered = self.search(
                [
                    ("country_id", "=", values["country_id"]),
                    ("pack_id", "=", values.get("pack_id", False)),
                    ("code", "=", values["code"]),
                    ("valid_from", "=", values["valid_from"]),
                ]
            )
            if entered:
                self.env["ir.model.data"]._update_xmlids(
                    [{"xml_id": xml_id, "record": entered, "noupdate": True}]
                )
        return super()._load_records(data_list, update)

    # === HELPERS === #

    def _changed(self):
        """Let nobody go on with the rates of before."""
        self.env.registry.clear_cache()
        self.env["billing.law.pack"].invalidate_model(["rate_ids", "missing_html"])

    def _to_core(self):
        """Return the rate as the evaluator takes it."""
        self.ensure_one()
        # Four digits are what the column keeps: 8.75, not what a float makes of it.
        value = f"{self.value:.4f}".rstrip("0").rstrip(".")
        return law.Rate(
            code=self.code,
            valid_from=self.valid_from,
            value=Decimal(value),
            unit=self.unit,
            source=self.source,
            expires=self.expires or None,
        )
