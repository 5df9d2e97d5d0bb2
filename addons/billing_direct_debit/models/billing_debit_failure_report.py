from odoo import api, fields, models
from odoo.tools import SQL

#: States of a claim that did not bring the money.
FAILED = ("failed", "rejected", "refunded", "bank_retry")
#: States in which a claim is on its way.
UNDER_WAY = ("planned", "batched", "delivered", "accepted", "bank_retry")


class BillingDebitFailureReport(models.Model):
    """Debits that failed: why, what was done, and whether the money came.

    A row is a claim that failed. Of an invoice that was debited again the money is
    counted with the last claim before it came.
    """

    _name = "billing.debit.failure.report"
    _description = "Failed Debits"
    _auto = False
    _order = "date desc, id"
    _rec_name = "move_id"

    date = fields.Date(string="Failed On", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    claim_id = fields.Many2one("billing.debit.claim", readonly=True)
    mandate_id = fields.Many2one("billing.mandate", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    move_id = fields.Many2one("account.move", string="Invoice", readonly=True)
    scheme = fields.Selection(
        lambda self: (
            self.env["billing.mandate"]
            ._fields["scheme"]
            ._description_selection(self.env)
        ),
        readonly=True,
    )
    attempt = fields.Integer(readonly=True, aggregator=None)
    code = fields.Char(string="Code of the Bank", readonly=True)
    reason = fields.Selection(lambda self: list(self._reasons().items()), readonly=True)
    done = fields.Selection(
        [
            ("bank_retry", "The bank tries again"),
            ("retry", "Debited again, not known yet"),
            ("retry_paid", "Debited again, paid"),
            ("retry_failed", "Debited again, failed again"),
            ("paid", "Paid another way"),
            ("credited", "Credited or cancelled"),
            ("asked", "Asked to pay another way"),
            ("nothing", "Nothing yet"),
        ],
        string="What Was Done",
        readonly=True,
    )
    failures = fields.Integer(readonly=True)
    repaired = fields.Integer(
        readonly=True, help="Failures after which the invoice was paid."
    )
    amount = fields.Monetary(readonly=True)
    recovered = fields.Monetary(
        readonly=True, help="Of the amount, what came in afterwards."
    )
    days = fields.Integer(
        string="Days to the Money",
        readonly=True,
        aggregator="avg",
        help="From the failure to the day the invoice was paid.",
    )

    # === SELECTION METHODS === #

    @api.model
    def _reasons(self):
        """Return the words for why a debit failed, by code of ``core.failure``.

        :rtype: dict[str, str]
        """
        return {
            **self.env["billing.debit.claim"]._failure_words(),
            "refunded": self.env._("Taken back by the customer"),
        }

    # === QUERY === #

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """SELECT failed.*,
                      (failed.done IN ('retry_paid', 'paid'))::int AS repaired,
                      CASE WHEN failed.done IN ('retry_paid', 'paid')
                           THEN failed.amount ELSE 0 END AS recovered,
                      CASE WHEN failed.done IN ('retry_paid', 'paid')
                           THEN GREATEST(failed.paid_on - failed.date, 0) END AS days
                 FROM (%s) AS failed""",
            self._failed_sql(),
        )

    @api.model
    def _failed_sql(self):
        """Return the claims that failed, with what became of each."""
        return SQL(
            """SELECT claim.id, claim.id AS claim_id,
                      COALESCE(claim.result_date, claim.date) AS date,
                      claim.company_id, claim.currency_id, claim.mandate_id,
                      claim.partner_id, claim.move_id, agreement.scheme,
                      claim.attempt, claim.result_code AS code,
                      %(reason)s AS reason, claim.amount, 1 AS failures,
                      CASE
                      WHEN claim.state = 'bank_retry' THEN 'bank_retry'
                      WHEN again.state = 'paid' THEN 'retry_paid'
                      WHEN again.state = ANY(%(under_way)s) THEN 'retry'
                      WHEN again.state = ANY(%(failed)s) THEN 'retry_failed'
                      WHEN move.payment_state IN ('paid', 'in_payment') THEN 'paid'
                      WHEN move.payment_state = 'reversed' OR move.state = 'cancel'
                          THEN 'credited'
                      WHEN claim.followup = 'otherwise' OR %(asked)s THEN 'asked'
                      ELSE 'nothing' END AS done,
                      COALESCE(again.result_date, paid.day) AS paid_on
                 FROM billing_debit_claim AS claim
                 JOIN billing_debit_agreement AS agreement
                   ON agreement.id = claim.agreement_id
                 JOIN account_move AS move ON move.id = claim.move_id
            LEFT JOIN LATERAL (
                      SELECT other.state, other.result_date
                        FROM billing_debit_claim AS other
                       WHERE other.previous_id = claim.id
                         AND other.state <> 'cancelled'
                    ORDER BY other.id DESC
                       LIMIT 1) AS again ON TRUE
            LEFT JOIN LATERAL (
                      SELECT MAX(partial.max_date) AS day
                        FROM account_move_line AS line
                        JOIN account_partial_reconcile AS partial
                          ON partial.debit_move_id = line.id
                       WHERE line.move_id = move.id
                         AND move.payment_state IN ('paid', 'in_payment')) AS paid
                   ON TRUE
                WHERE claim.state = ANY(%(failed)s)""",
            reason=self._reason_sql(),
            asked=self._asked_sql(),
            failed=list(FAILED),
            under_way=list(UNDER_WAY),
        )

    @api.model
    def _reason_sql(self):
        """Return the code of why ``claim`` failed, as an expression."""
        return SQL(
            """CASE WHEN claim.state = 'refunded' THEN 'refunded'
                    WHEN claim.state = 'bank_retry' THEN 'bank_will_retry'
                    WHEN claim.reason_code = ANY(%s) THEN claim.reason_code
                    ELSE 'not_paid' END""",
            list(self._reasons()),
        )

    @api.model
    def _asked_sql(self):
        """Return whether the customer of ``claim`` was asked for the money since.

        That is: a plan for failed debits has got a message out about the invoice.
        """
        return SQL(
            """EXISTS (
                   SELECT
                     FROM billing_distribution_run AS run
                     JOIN billing_distribution_plan AS plan ON plan.id = run.plan_id
                     JOIN billing_distribution_item AS item ON item.run_id = run.id
                     JOIN billing_distribution_attempt AS message
                       ON message.id = item.attempt_id
                    WHERE run.move_id = claim.move_id
                      AND plan.trigger = 'debit_failed'
                      AND message.channel <> 'debit'
                      AND message.sent_at >= COALESCE(claim.result_date, claim.date))"""
        )
