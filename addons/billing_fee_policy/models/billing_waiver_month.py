from datetime import date
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL


class BillingWaiverMonth(models.Model):
    """How much goodwill a company gave in a month.

    One row for each company and month, which every decision that uses the budget
    changes. Two that decide at the same time on what is left therefore collide in the
    database, and the second is done again with what is left then.
    """

    _name = "billing.waiver.month"
    _description = "Goodwill of a Month"
    _order = "month desc, id desc"
    _rec_name = "month"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(required=True, readonly=True, help="Its first day.")
    spent = fields.Monetary(string="Forgiven", readonly=True)
    fee_count = fields.Integer(string="Fees", readonly=True)
    cap = fields.Monetary(compute="_compute_left")
    left = fields.Monetary(compute="_compute_left")

    _company_month_unique = models.Constraint(
        "UNIQUE(company_id, month)", "The month is there already."
    )

    # === COMPUTE METHODS === #

    @api.depends("spent", "company_id.billing_waiver_month_amount")
    def _compute_left(self):
        for month in self:
            month.cap = month.company_id.billing_waiver_month_amount
            month.left = max(month.cap - month.spent, 0) if month.cap else 0

    # === BUSINESS METHODS === #

    @api.model
    def _spent(self, company, day):
        """Return how much goodwill was given in the month of ``day``.

        :param company: the ``res.company``
        :param datetime.date day: any day of the month
        :rtype: decimal.Decimal
        """
        self.flush_model(["company_id", "month", "spent"])
        rows = self.env.execute_query(
            SQL(
                "SELECT spent FROM billing_waiver_month"
                " WHERE company_id = %s AND month = %s",
                company.id,
                day.replace(day=1),
            )
        )
        return Decimal(str(rows[0][0])) if rows else Decimal(0)

    @api.model
    def _add(self, company, day, amount, count):
        """Note that goodwill was given, or with negative values taken back.

        :param company: the ``res.company``
        :param datetime.date day: any day of the month
        :param amount: in the company's currency
        :param int count: number of fees
        :return: None
        """
        self.flush_model()
        self.env.execute_query(
            SQL(
                """INSERT INTO billing_waiver_month
                        (company_id, month, spent, fee_count,
                         create_uid, create_date, write_uid, write_date)
                 VALUES (%(company)s, %(month)s, %(amount)s, %(count)s,
                         %(uid)s, %(now)s, %(uid)s, %(now)s)
            ON CONFLICT (company_id, month) DO UPDATE
                    SET spent = billing_waiver_month.spent + excluded.spent,
                        fee_count = billing_waiver_month.fee_count
                            + excluded.fee_count,
                        write_uid = excluded.write_uid,
                        write_date = excluded.write_date
              RETURNING id""",
                company=company.id,
                month=date(day.year, day.month, 1),
                amount=Decimal(str(amount)),
                count=count,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.invalidate_model(["spent", "fee_count"], flush=False)
