from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..core.profit import Figures

#: Sums that ``core.profit`` judges by.
FIGURES = (
    "fees",
    "due",
    "forgiven",
    "paid",
    "unpaid",
    "letters",
    "conversations",
    "payers",
    "payers_lost",
    "spared",
    "spared_lost",
)


class BillingFeeReport(models.Model):
    """What fees bring in and what they cost.

    A row is a charge, a fee that was forgiven before it was charged, a letter with a
    fee, or a customer of whom it is known by now whether they stayed.
    """

    _name = "billing.fee.report"
    _description = "Fee Profit and Loss"
    _auto = False
    _order = "date desc, id"
    _rec_name = "date"

    date = fields.Date(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    policy_id = fields.Many2one("billing.dunning.policy", readonly=True)
    segment = fields.Selection(
        lambda self: list(self.env["billing.fee.history"]._segments().items()),
        string="Customer Group",
        readonly=True,
    )
    fees = fields.Integer(string="Fees Due", readonly=True)
    due = fields.Monetary(string="Amount of Fees Due", readonly=True)
    forgiven_fees = fields.Integer(string="Fees Forgiven", readonly=True)
    forgiven = fields.Monetary(string="Amount Forgiven", readonly=True)
    charged = fields.Monetary(string="Amount Charged", readonly=True)
    paid = fields.Monetary(
        string="Fees Paid",
        readonly=True,
        help="Fees, and compensation for late payment, that customers have paid.",
    )
    unpaid = fields.Monetary(string="Fees Not Paid Yet", readonly=True)
    interest = fields.Monetary(string="Interest Paid", readonly=True)
    letters = fields.Integer(string="Letters with a Fee", readonly=True)
    conversations = fields.Integer(
        readonly=True,
        help="Letters with a fee after which the customer wrote, objected, or had the "
        "fee dropped by staff.",
    )
    minutes = fields.Float(string="Minutes of Staff", readonly=True)
    cost = fields.Monetary(string="Handling Cost", readonly=True)
    result = fields.Monetary(
        string="Left", readonly=True, help="Fees paid less handling cost."
    )
    payers = fields.Integer(
        string="Charged, Known by Now",
        readonly=True,
        help="Customers who were charged their first fee long enough ago to see "
        "whether they stayed.",
    )
    payers_lost = fields.Integer(string="Charged and Left", readonly=True)
    spared = fields.Integer(
        string="Forgiven, Known by Now",
        readonly=True,
        help="Customers whose first fee was forgiven, as long ago.",
    )
    spared_lost = fields.Integer(string="Forgiven and Left", readonly=True)

    # === BUSINESS METHODS === #

    @api.model
    def _figures(self, company, since=None, until=None, segment=None):
        """Return the sums that are judged.

        :param company: the ``res.company``
        :param date since: first day, None = from the beginning
        :param date until: last day, None = through the end
        :param str segment: of customers, None = all
        :rtype: core.profit.Figures
        """
        domain = Domain("company_id", "=", company.id)
        if since:
            domain &= Domain("date", ">=", since)
        if until:
            domain &= Domain("date", "<=", until)
        if segment:
            domain &= Domain("segment", "=", segment)
        [row] = self.sudo()._read_group(
            domain, aggregates=[f"{name}:sum" for name in FIGURES]
        )
        return Figures(
            **{
                name: Decimal(str(value or 0))
                if self._fields[name].type == "monetary"
                else int(value or 0)
                for name, value in zip(FIGURES, row, strict=True)
            }
        )

    # === QUERY === #

    @property
    def _table_query(self) -> SQL:
        today = fields.Date.to_date(
            self.env.context.get("billing_date")
        ) or fields.Date.context_today(self)
        return SQL(
            """WITH fee AS (%(fees)s), part AS (
                   %(charges)s UNION ALL %(letters)s UNION ALL %(customers)s)
               SELECT part.id, part.date, part.company_id, company.currency_id,
                      part.partner_id, part.policy_id, %(segment)s AS segment,
                      part.fees, part.due, part.forgiven_fees, part.forgiven,
                      part.due - part.forgiven AS charged, part.paid, part.unpaid,
                      part.interest,
                      part.letters, part.conversations, %(minutes)s AS minutes,
                      %(cost)s AS cost, part.paid - %(cost)s AS result,
                      part.payers, part.payers_lost, part.spared, part.spared_lost
                 FROM part
                 JOIN res_company AS company ON company.id = part.company_id
                 JOIN res_partner AS partner ON partner.id = part.partner_id""",
            fees=self._fees_sql(),
            charges=self._charges_sql(),
            letters=self._letters_sql(),
            customers=self._customers_sql(today),
            segment=self.env["billing.fee.history"]._segment_sql(),
            minutes=self._minutes_sql(),
            cost=SQL("%s * company.billing_fee_hour_cost / 60.0", self._minutes_sql()),
        )

    @api.model
    def _minutes_sql(self):
        return SQL(
            """(part.letters * company.billing_fee_letter_minutes
                + part.conversations * company.billing_fee_conversation_minutes
               )::numeric"""
        )

    @api.model
    def _fees_sql(self):
        """Return a query of everything that was charged, or forgiven before."""
        return SQL(
            """SELECT charge.id * 8 AS id, charge.company_id, charge.partner_id,
                      charge.day, charge.kind, charge.amount, charge.move_id,
                      charge.state = 'waived' AS waived, charge.state = 'paid' AS paid,
                      line.reminder_id
                 FROM billing_charge AS charge
            LEFT JOIN billing_reminder_line AS line
                   ON line.id = charge.reminder_line_id
                WHERE charge.state <> 'reversed'
            UNION ALL
               SELECT waiver.id * 8 + 1, waiver.company_id, waiver.partner_id,
                      waiver.day, 'fee', waiver.amount, waiver.move_id, TRUE, FALSE,
                      line.reminder_id
                 FROM billing_waiver AS waiver
            LEFT JOIN billing_reminder_line AS line
                   ON line.id = waiver.reminder_line_id
                WHERE waiver.state = 'granted' AND waiver.charge_id IS NULL"""
        )

    @api.model
    def _charges_sql(self):
        """Return the rows of charges and of fees forgiven before."""
        return SQL(
            """SELECT fee.id, fee.day AS date, fee.company_id, fee.partner_id,
                      reminder.policy_id,
                      (fee.kind = 'fee')::int AS fees,
                      CASE WHEN fee.kind = 'fee' THEN fee.amount ELSE 0 END AS due,
                      (fee.kind = 'fee' AND fee.waived)::int AS forgiven_fees,
                      CASE WHEN fee.kind = 'fee' AND fee.waived
                           THEN fee.amount ELSE 0 END AS forgiven,
                      CASE WHEN fee.kind <> 'interest' AND fee.paid
                           THEN fee.amount ELSE 0 END AS paid,
                      CASE WHEN fee.kind <> 'interest'
                                AND NOT fee.paid AND NOT fee.waived
                           THEN fee.amount ELSE 0 END AS unpaid,
                      CASE WHEN fee.kind = 'interest' AND fee.paid
                           THEN fee.amount ELSE 0 END AS interest,
                      0 AS letters, 0 AS conversations, 0 AS payers,
                      0 AS payers_lost, 0 AS spared, 0 AS spared_lost
                 FROM fee
            LEFT JOIN billing_reminder AS reminder ON reminder.id = fee.reminder_id"""
        )

    @api.model
    def _letters_sql(self):
        """Return the rows of letters with a fee, and whether a conversation followed.

        What the customer wrote on the invoice, an objection, or a fee that staff
        dropped: whichever there was, it is one conversation.
        """
        return SQL(
            """SELECT letter.id * 8 + 2, letter.day, letter.company_id,
                      letter.partner_id, letter.policy_id, 0, 0, 0, 0, 0, 0, 0, 1,
                      (EXISTS (
                          SELECT
                            FROM mail_message AS message
                            JOIN res_partner AS author
                              ON author.id = message.author_id
                           WHERE message.model = 'account.move'
                             AND message.res_id = ANY(letter.move_ids)
                             AND message.message_type IN ('comment', 'email')
                             AND author.commercial_partner_id = letter.partner_id
                             AND message.date >= letter.day
                             AND message.date < letter.until)
                       OR EXISTS (
                          SELECT
                            FROM billing_charge_objection AS objection
                           WHERE objection.move_id = ANY(letter.move_ids)
                             AND objection.day >= letter.day
                             AND objection.day < letter.until)
                       OR EXISTS (
                          SELECT
                            FROM billing_waiver AS waiver
                           WHERE waiver.move_id = ANY(letter.move_ids)
                             AND waiver.origin = 'staff'
                             AND waiver.day >= letter.day
                             AND waiver.day < letter.until)
                      )::int, 0, 0, 0, 0
                 FROM (SELECT reminder.id, reminder.day, reminder.company_id,
                              reminder.commercial_partner_id AS partner_id,
                              reminder.policy_id,
                              reminder.day + company.billing_fee_conversation_days
                                  AS until,
                              ARRAY_AGG(DISTINCT fee.move_id) AS move_ids
                         FROM fee
                         JOIN billing_reminder AS reminder
                           ON reminder.id = fee.reminder_id
                         JOIN res_company AS company
                           ON company.id = reminder.company_id
                        WHERE fee.kind = 'fee'
                     GROUP BY reminder.id, company.id) AS letter"""
        )

    @api.model
    def _customers_sql(self, today):
        """Return the rows of customers of whom it is known whether they stayed.

        Each once: by what became of the first fee. Who got no invoice in the last days
        of the time that is looked at counts as gone.
        """
        return SQL(
            """SELECT first.id + 4, first.day, first.company_id,
                      first.partner_id, NULL::int, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                      (NOT first.waived)::int, (NOT first.waived AND first.lost)::int,
                      first.waived::int, (first.waived AND first.lost)::int
                 FROM (SELECT DISTINCT ON (fee.company_id, fee.partner_id)
                              fee.id, fee.company_id, fee.partner_id, fee.day,
                              fee.waived,
                              company.billing_fee_churn_days AS days,
                              NOT EXISTS (
                                  SELECT
                                    FROM account_move AS move
                                   WHERE move.company_id = fee.company_id
                                     AND move.commercial_partner_id = fee.partner_id
                                     AND move.move_type = 'out_invoice'
                                     AND move.state = 'posted'
                                     AND move.billing_claim_id IS NULL
                                     AND move.invoice_date
                                         <= fee.day + company.billing_fee_churn_days
                                     AND move.invoice_date
                                         > fee.day + company.billing_fee_churn_days
                                           - company.billing_fee_quiet_days) AS lost
                         FROM fee
                         JOIN res_company AS company ON company.id = fee.company_id
                        WHERE fee.kind = 'fee'
                     ORDER BY fee.company_id, fee.partner_id, fee.day, fee.id) AS first
                WHERE first.day + first.days <= %s""",
            today,
        )
