from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import audience

#: How long after its date a paid invoice still counts as one that customers open.
OPENED_FOR = timedelta(days=90)
#: Invoices on which there is nothing to pay any more.
SETTLED = ("paid", "in_payment", "reversed")


class BillingMessage(models.Model):
    _inherit = "billing.message"

    # Whom it is for; what is empty asks for nothing
    tag_ids = fields.Many2many(
        "res.partner.category",
        "billing_message_tag_rel",
        string="Segments",
        help="Customers with one of these tags.",
    )
    excluded_tag_ids = fields.Many2many(
        "res.partner.category",
        "billing_message_excluded_tag_rel",
        string="Not These Segments",
    )
    postcodes = fields.Text(
        help="Of the delivery address, divided by commas: 0150, 0150-0299 or 55*."
    )
    product_category_ids = fields.Many2many(
        "product.category",
        string="Products",
        help="Invoices with a product of one of these categories.",
    )
    customer_kind = fields.Selection(
        [("person", "Private Customers"), ("company", "Companies")], string="Customers"
    )
    invoice_state = fields.Selection(
        [
            ("unpaid", "Not Paid"),
            ("not_due", "Not Paid and Not Yet Due"),
            ("overdue", "Overdue"),
            ("paid", "Paid"),
        ],
        string="Invoices",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_from = fields.Monetary(string="Total From", help="0: from any amount.")
    amount_to = fields.Monetary(string="Total Up To", help="0: up to any amount.")
    language_ids = fields.Many2many("res.lang", string="Languages")
    reach_customer_count = fields.Integer(
        string="Customers in the Audience", compute="_compute_reach"
    )
    reach_invoice_count = fields.Integer(
        string="Invoices in the Audience",
        compute="_compute_reach",
        help="Invoices that are not paid, or not older than 90 days.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "company_id",
        "tag_ids",
        "excluded_tag_ids",
        "postcodes",
        "product_category_ids",
        "customer_kind",
        "invoice_state",
        "amount_from",
        "amount_to",
        "language_ids",
    )
    def _compute_reach(self):
        """Count whom the audience holds; offers only reach who agreed to them."""
        for message in self:
            try:
                domain = message._audience_domain() & message._opened_domain()
            except ValueError:
                # A list of postcodes that is still being written.
                message.reach_customer_count = message.reach_invoice_count = 0
                continue
            [(customers, invoices)] = (
                self.env["account.move"]
                .sudo()
                ._read_group(
                    domain, [], ["commercial_partner_id:count_distinct", "__count"]
                )
            )
            message.reach_customer_count = customers
            message.reach_invoice_count = invoices

    # === CONSTRAINT METHODS === #

    @api.constrains("postcodes")
    def _check_postcodes(self):
        for message in self:
            try:
                audience.parse_postcodes(message.postcodes)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "«%(entry)s» says no postcodes. Write them as 0150, 0150-0299 "
                        "or 55*, divided by commas.",
                        entry=error.args[0],
                    )
                ) from error

    @api.constrains("amount_from", "amount_to")
    def _check_amounts(self):
        for message in self:
            if message.amount_to and message.amount_from > message.amount_to:
                raise ValidationError(
                    self.env._("No total is both above and below these amounts.")
                )

    # === BUSINESS METHODS === #

    def _audience_rule(self):
        """Return whom the message is for.

        :rtype: core.audience.Rule
        """
        self.ensure_one()
        return audience.Rule(
            tags=frozenset(self.tag_ids.ids),
            excluded_tags=frozenset(self.excluded_tag_ids.ids),
            postcodes=audience.parse_postcodes(self.postcodes),
            categories=frozenset(self.product_category_ids.ids),
            customer=self.customer_kind or "",
            invoice=self.invoice_state or "",
            amount_from=self.amount_from or None,
            amount_to=self.amount_to or None,
            languages=frozenset(self.language_ids.mapped("code")),
        )

    def _audience_domain(self):
        """Return the invoices that meet the rule of the message, as a domain.

        The same conditions as ``core.audience.unmet``, for counting.

        :rtype: odoo.fields.Domain
        :raises ValueError: a list of postcodes that cannot be read
        """
        self.ensure_one()
        rule = self._audience_rule()
        domain = Domain(
            [
                ("company_id", "=", self.company_id.id),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "=", "posted"),
            ]
        )
        if rule.tags:
            domain &= self._tags_domain(rule.tags)
        if rule.excluded_tags:
            domain &= ~self._tags_domain(rule.excluded_tags)
        if rule.postcodes:
            zips = self._matching_zips(rule)
            domain &= Domain("partner_shipping_id.zip", "in", zips) | (
                Domain("partner_shipping_id.zip", "in", [False, ""])
                & Domain("partner_id.zip", "in", zips)
            )
        if rule.categories:
            domain &= Domain(
                "invoice_line_ids.product_id.categ_id", "child_of", [*rule.categories]
            )
        if rule.customer:
            domain &= Domain(
                "commercial_partner_id.is_company", "=", rule.customer == "company"
            )
        if rule.invoice:
            domain &= self._state_domain(rule.invoice)
        if rule.amount_from is not None:
            domain &= Domain("amount_total_signed", ">=", rule.amount_from)
        if rule.amount_to is not None:
            domain &= Domain("amount_total_signed", "<=", rule.amount_to)
        if rule.languages:
            domain &= Domain("partner_id.lang", "in", [*rule.languages])
        return domain

    def _opened_domain(self):
        """Return the invoices that customers are likely to open, as a domain."""
        self.ensure_one()
        today = self.company_id._billing_today()
        return ~self._state_domain("paid") | Domain(
            "invoice_date", ">=", today - OPENED_FOR
        )

    # === HELPERS === #

    @api.model
    def _tags_domain(self, tags):
        ids = sorted(tags)
        return Domain("partner_id.category_id", "child_of", ids) | Domain(
            "commercial_partner_id.category_id", "child_of", ids
        )

    def _state_domain(self, state):
        """Return the invoices in a state of ``core.audience.INVOICE_STATES``."""
        paid = Domain("payment_state", "in", SETTLED)
        overdue = ~paid & Domain(
            "invoice_date_due", "<", self.company_id._billing_today()
        )
        return Domain.OR(
            {
                audience.PAID: paid,
                audience.OVERDUE: overdue,
                audience.NOT_DUE: ~paid & ~overdue,
            }[one]
            for one in audience.INVOICE_STATES[state]
        )

    def _matching_zips(self, rule):
        """Return the postcodes of customers, as they are written, that a rule holds."""
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT zip FROM res_partner WHERE zip > ''")
        )
        return [
            written
            for (written,) in rows
            if any(audience.postcode_key(written) in codes for codes in rule.postcodes)
        ]
