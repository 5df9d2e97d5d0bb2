from odoo import api, fields, models
from odoo.tools import format_date, format_list

#: What the texts about a debit are made of besides the usual.
PLACES = ("object.debit_day_text", "object.debit_scheme_text")
#: The text that brings invoices, in which «please pay» is wrong for who need not.
INVOICE = "billing_dynamic_distribution.content_invoice"
PLANNED = "billing_direct_debit.content_debit_planned"


class BillingDistributionAttempt(models.Model):
    """Messages about invoices that will be drawn say so."""

    _inherit = "billing.distribution.attempt"

    tells_debit = fields.Boolean(
        string="Tells of a Direct Debit",
        readonly=True,
        copy=False,
        help="It says when its invoices are drawn from the customer's account.",
    )
    debit_day_text = fields.Char(compute="_compute_debit_texts")
    debit_scheme_text = fields.Char(compute="_compute_debit_texts")

    # === COMPUTE METHODS === #

    @api.depends("item_ids.debit_on", "lang")
    @api.depends_context("lang")
    def _compute_debit_texts(self):
        for attempt in self:
            items_sudo = attempt.sudo().item_ids.filtered("debit_on")
            lang = self.env.context.get("lang") or attempt.lang
            days = [
                format_date(self.env, day, lang_code=lang, date_format="long")
                for day in sorted(set(items_sudo.mapped("debit_on")))
            ]
            attempt.debit_day_text = (
                format_list(self.env, days, lang_code=lang) if days else ""
            )
            attempt.debit_scheme_text = ", ".join(
                dict.fromkeys(items_sudo.mapped("debit_scheme"))
            )

    # === BUSINESS METHODS === #

    @api.model
    def _make(self, vals_list):
        """Extend: invoices that are drawn are brought with words of their own.

        Nobody is asked to pay what will be drawn. Where a message is also about
        invoices to pay, an e-mail says with each of them which it is.
        """
        moves = self.env["account.move"].browse(
            item["move_id"] for vals in vals_list for item in vals["items"]
        )
        debits = moves._billing_debits()
        if not debits:
            return super()._make(vals_list)
        planned = self.env.ref(PLANNED)
        contents = self.env["billing.distribution.content"].sudo()
        prepared = []
        for vals in vals_list:
            drawn = [item["move_id"] in debits for item in vals["items"]]
            content = contents.browse(vals.get("content_id") or [])
            original = content.original_id or content
            if all(drawn) and original == self.env.ref(INVOICE):
                vals = {**vals, "content_id": planned.id}
                original = planned
            tells = original == planned or (any(drawn) and vals["channel"] == "email")
            prepared.append({**vals, "tells_debit": tells})
        return super()._make(prepared)

    # === HELPERS === #

    def _get_invoice_values(self):
        """Extend: when an invoice is drawn, and that nobody has to pay it."""
        values = super()._get_invoice_values()
        by_name = {item.move_id.name: item for item in self.sudo().item_ids}
        for value in values:
            item_sudo = by_name.get(value["name"])
            if not item_sudo or not item_sudo.debit_on:
                continue
            value["debit"] = {
                "day": format_date(self.env, item_sudo.debit_on, date_format="long"),
                "scheme": item_sudo.debit_scheme,
            }
            value["is_open"] = False
        return values

    @api.model
    def mail_allowed_qweb_expressions(self):
        """Override of `mail`: places that everybody may use in the texts."""
        return tuple(dict.fromkeys((*super().mail_allowed_qweb_expressions(), *PLACES)))


class BillingDistributionItem(models.Model):
    _inherit = "billing.distribution.item"

    debit_on = fields.Date(string="Drawn On", compute="_compute_debit")
    debit_scheme = fields.Char(compute="_compute_debit")

    # === COMPUTE METHODS === #

    @api.depends("move_id.billing_claim_ids.state", "move_id.billing_claim_ids.date")
    def _compute_debit(self):
        """When the invoices are drawn, all in as many queries as one."""
        debits = self.sudo().move_id._billing_debits()
        for item in self:
            debit = debits.get(item.move_id.id)
            item.debit_on = debit and debit.day
            item.debit_scheme = debit and debit.scheme
