from odoo import api, fields, models
from odoo.tools import SQL

#: Months that are looked back on.
MONTHS = 24
#: Share → the sums it is made of.
SHARES = {
    "share": ("on_debit", "customers"),
    "invoice_share": ("invoices_on_debit", "invoices"),
}


class BillingDebitAdoptionReport(models.Model):
    """How many customers pay by direct debit, month by month.

    A row is a customer who was invoiced in a month.
    """

    _name = "billing.debit.adoption.report"
    _description = "Share on Direct Debit"
    _auto = False
    _order = "date desc, id"
    _rec_name = "date"

    date = fields.Date(string="Month", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    kind = fields.Selection(
        [("person", "Private"), ("company", "Company")],
        string="Customer Group",
        readonly=True,
    )
    customers = fields.Integer(readonly=True, help="Who got an invoice in the month.")
    on_debit = fields.Integer(
        string="On Direct Debit",
        readonly=True,
        help="Of these, who had an active mandate at the end of the month.",
    )
    share = fields.Float(
        string="Share of Customers (%)", readonly=True, aggregator="avg"
    )
    invoices = fields.Integer(readonly=True)
    invoices_on_debit = fields.Integer(
        string="Invoices on Direct Debit",
        readonly=True,
        help="Issued while the customer had an active mandate.",
    )
    invoice_share = fields.Float(
        string="Share of Invoices (%)", readonly=True, aggregator="avg"
    )

    # === QUERY === #

    def _read_group_select(self, aggregate_spec, query):
        """Override of `base`: a share of a group is one of its sums by the other."""
        name, _sep, aggregator = aggregate_spec.partition(":")
        if name not in SHARES or aggregator != "avg":
            return super()._read_group_select(aggregate_spec, query)
        part, whole = (
            self._field_to_sql(self._table, field, query) for field in SHARES[name]
        )
        return SQL("100.0 * SUM(%s) / NULLIF(SUM(%s), 0)", part, whole)

    @property
    def _table_query(self) -> SQL:
        today = fields.Date.to_date(
            self.env.context.get("billing_date")
        ) or fields.Date.context_today(self)
        return SQL(
            """SELECT month.id, month.date, month.company_id, month.partner_id,
                      CASE WHEN partner.is_company THEN 'company'
                           ELSE 'person' END AS kind,
                      1 AS customers, month.on_debit,
                      100.0 * month.on_debit AS share, month.invoices,
                      month.invoices_on_debit,
                      100.0 * month.invoices_on_debit / month.invoices
                          AS invoice_share
                 FROM (%s) AS month
                 JOIN res_partner AS partner ON partner.id = month.partner_id""",
            self._months_sql(today),
        )

    @api.model
    def _months_sql(self, today):
        """Return who was invoiced in which month, and whether a mandate was active.

        From the month before the first mandate on. Only for companies that have an
        agreement with a bank: others have no share.
        """
        return SQL(
            """SELECT MIN(move.id) AS id, move.company_id,
                      move.commercial_partner_id AS partner_id,
                      DATE_TRUNC('month', move.invoice_date)::date AS date,
                      COUNT(DISTINCT move.id) AS invoices,
                      COUNT(DISTINCT move.id) FILTER (
                          WHERE mandate.active_from <= move.invoice_date
                            AND (mandate.ended_on IS NULL
                                 OR mandate.ended_on > move.invoice_date))
                          AS invoices_on_debit,
                      COALESCE(BOOL_OR(
                          mandate.ended_on IS NULL
                          OR mandate.ended_on > LEAST(%(today)s::date, (
                              DATE_TRUNC('month', move.invoice_date)
                              + INTERVAL '1 month - 1 day')::date)
                      ) FILTER (
                          WHERE mandate.active_from <= LEAST(%(today)s::date, (
                              DATE_TRUNC('month', move.invoice_date)
                              + INTERVAL '1 month - 1 day')::date)
                      ), FALSE)::int AS on_debit
                 FROM account_move AS move
            LEFT JOIN billing_mandate AS mandate
                   ON mandate.company_id = move.company_id
                  AND mandate.partner_id = move.commercial_partner_id
                  AND mandate.active_from IS NOT NULL
                WHERE move.move_type = 'out_invoice'
                  AND move.state = 'posted'
                  AND move.invoice_date <= %(today)s
                  AND move.invoice_date >= GREATEST(
                      DATE_TRUNC('month', %(today)s::date)
                          - %(months)s * INTERVAL '1 month', (
                      SELECT DATE_TRUNC('month', MIN(first.active_from))
                             - INTERVAL '1 month'
                        FROM billing_mandate AS first
                       WHERE first.company_id = move.company_id))
                  AND move.company_id IN (
                      SELECT company_id FROM billing_debit_agreement)
             GROUP BY move.company_id, move.commercial_partner_id,
                      DATE_TRUNC('month', move.invoice_date)""",
            today=today,
            months=MONTHS,
        )
