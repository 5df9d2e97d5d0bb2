import logging

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

#: Payments that a customer's habit is the mean of. Older ones fade away.
HABIT_LENGTH = 12
#: Traces put into the memory between two commits.
FOLD_BATCH = 5000


class BillingPayerMemory(models.Model):
    """Accounts and names that have paid for a customer before, and how often.

    A row is kept for each customer: an account that pays for many, such as an
    employer's, has many rows, and their counts tell what it says about any of them.
    """

    _name = "billing.payer.memory"
    _description = "Remembered Payer"
    _order = "last_date desc, id desc"
    _rec_name = "key"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    kind = fields.Selection(
        [("account", "Account"), ("name", "Name")],
        required=True,
        readonly=True,
    )
    key = fields.Char(
        string="Account or Name",
        help="Accounts in letters and digits; names as their words in plain letters, "
        "sorted.",
        required=True,
        readonly=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Paid for",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    count = fields.Integer(string="Payments", required=True, readonly=True)
    first_date = fields.Date(string="First Paid", required=True, readonly=True)
    last_date = fields.Date(string="Last Paid", required=True, readonly=True)

    _key_unique = models.UniqueIndex(
        "(company_id, kind, key, partner_id)",
        "This payer is remembered for this customer already.",
    )
    _retention_idx = models.Index("(company_id, last_date)")

    # === BUSINESS METHODS - FEEDING === #

    @api.model
    def _fold(self, trace_ids):
        """Put traces into the memory, or take them out of it again.

        Rows of the memory are shared by all who book at the same time. When another
        worker has just changed one of them, the traces wait for the schedule: a batch
        of payments is never booked again because of what it taught.

        :param trace_ids: ids of ``billing.payer.trace``, written already
        :return: None
        """
        if not trace_ids:
            return
        try:
            with self.env.cr.savepoint(flush=False):
                self._fold_now(trace_ids)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
            _logger.info("What %s payments taught waits: %s", len(trace_ids), error)
            self.env.ref("billing_kid_match.ir_cron_payer_memory")._trigger()

    @api.model
    def _fold_now(self, trace_ids):
        """See :meth:`_fold`. All take their rows in the same order, against deadlocks.

        :raises psycopg2.errors.SerializationFailure: another worker was faster
        """
        traces = SQL("t.id = ANY(%s)", list(trace_ids))
        for query in (
            self._remember_sql(traces),
            self._habit_sql(traces),
            SQL(
                "UPDATE billing_payer_trace t SET state = 'counted'"
                " WHERE %s AND t.state = 'new'",
                traces,
            ),
        ):
            self._run(query)
        gone = self._run(
            SQL(
                "SELECT DISTINCT t.partner_id FROM billing_payer_trace t"
                " WHERE %s AND t.state = 'gone'",
                traces,
            )
        )
        if gone:
            self._take_back(traces, [row[0] for row in gone])
        self.env["billing.payer.habit"].invalidate_model()
        self.env["billing.payer.trace"].invalidate_model()
        self.invalidate_model()

    @api.model
    def _take_back(self, traces, partner_ids):
        """Subtract what undone payments had taught."""
        for query in (
            self._forget_sql(traces),
            self._unhabit_sql(traces),
            SQL(
                "DELETE FROM billing_payer_memory WHERE count <= 0"
                " AND partner_id = ANY(%s)",
                partner_ids,
            ),
            SQL(
                "DELETE FROM billing_payer_habit WHERE count <= 0"
                " AND partner_id = ANY(%s)",
                partner_ids,
            ),
            SQL(
                "DELETE FROM billing_payer_trace t WHERE %s AND t.state = 'gone'",
                traces,
            ),
        ):
            self._run(query)

    @api.model
    def _run(self, query):
        """Run a statement that another worker may make fail; that is no error here."""
        self.env.cr.execute(query, log_exceptions=False)
        return self.env.cr.fetchall() if self.env.cr.description else []

    @api.model
    def _remember_sql(self, traces):
        return SQL(
            """
            INSERT INTO billing_payer_memory AS memory
                   (company_id, kind, key, partner_id, count, first_date, last_date,
                    create_uid, create_date, write_uid, write_date)
            SELECT t.company_id, k.kind, k.key, t.partner_id, count(*), min(t.day),
                   max(t.day), %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM billing_payer_trace t
             CROSS JOIN LATERAL (VALUES ('account', t.account_key),
                                        ('name', t.name_key)) AS k(kind, key)
             WHERE %(traces)s AND t.state = 'new' AND k.key IS NOT NULL
             GROUP BY t.company_id, k.kind, k.key, t.partner_id
             ORDER BY t.company_id, k.kind, k.key, t.partner_id
       ON CONFLICT (company_id, kind, key, partner_id) DO UPDATE
               SET count = memory.count + EXCLUDED.count,
                   first_date = LEAST(memory.first_date, EXCLUDED.first_date),
                   last_date = GREATEST(memory.last_date, EXCLUDED.last_date),
                   write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date
            """,
            traces=traces,
            uid=self.env.uid,
            now=self.env.cr.now(),
        )

    @api.model
    def _forget_sql(self, traces):
        return SQL(
            """
            UPDATE billing_payer_memory AS memory
               SET count = memory.count - gone.count
              FROM (SELECT t.company_id, k.kind, k.key, t.partner_id, count(*)
                      FROM billing_payer_trace t
                     CROSS JOIN LATERAL (VALUES ('account', t.account_key),
                                                ('name', t.name_key)) AS k(kind, key)
                     WHERE %s AND t.state = 'gone' AND k.key IS NOT NULL
                     GROUP BY t.company_id, k.kind, k.key, t.partner_id) AS gone
             WHERE memory.company_id = gone.company_id AND memory.kind = gone.kind
               AND memory.key = gone.key AND memory.partner_id = gone.partner_id
            """,
            traces,
        )

    @api.model
    def _habit_sql(self, traces):
        """Add to the running means; new payments count at least as much as old ones."""
        return SQL(
            """
            INSERT INTO billing_payer_habit AS habit
                   (company_id, partner_id, count, mean_delay, last_date,
                    create_uid, create_date, write_uid, write_date)
            SELECT t.company_id, t.partner_id, count(*), avg(t.delay), max(t.day),
                   %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM billing_payer_trace t
             WHERE %(traces)s AND t.state = 'new' AND t.delay IS NOT NULL
             GROUP BY t.company_id, t.partner_id
             ORDER BY t.company_id, t.partner_id
       ON CONFLICT (company_id, partner_id) DO UPDATE
               SET mean_delay =
                   (habit.mean_delay
                    * LEAST(habit.count, GREATEST(%(length)s - EXCLUDED.count, 0))
                    + EXCLUDED.mean_delay * EXCLUDED.count)
                   / (LEAST(habit.count, GREATEST(%(length)s - EXCLUDED.count, 0))
                      + EXCLUDED.count),
                   count = habit.count + EXCLUDED.count,
                   last_date = GREATEST(habit.last_date, EXCLUDED.last_date),
                   write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date
            """,
            traces=traces,
            uid=self.env.uid,
            now=self.env.cr.now(),
            length=HABIT_LENGTH,
        )

    @api.model
    def _unhabit_sql(self, traces):
        """Reverse :meth:`_habit_sql`: to the day while a habit is short, or when the
        last payment is undone; nearly so otherwise."""
        return SQL(
            """
            UPDATE billing_payer_habit AS habit
               SET mean_delay = CASE WHEN gone.rest > 0
                       THEN (habit.mean_delay * (gone.rest + gone.count) - gone.days)
                            / gone.rest
                       ELSE habit.mean_delay END,
                   count = habit.count - gone.count
              FROM (SELECT h.id, count(*), sum(t.delay) AS days,
                           LEAST(h.count - count(*), GREATEST(%s - count(*), 0)) AS rest
                      FROM billing_payer_trace t
                      JOIN billing_payer_habit h ON h.company_id = t.company_id
                       AND h.partner_id = t.partner_id
                     WHERE %s AND t.state = 'gone' AND t.delay IS NOT NULL
                     GROUP BY h.id) AS gone
             WHERE habit.id = gone.id
            """,
            HABIT_LENGTH,
            traces,
        )

    # === BUSINESS METHODS - SCHEDULE === #

    @api.model
    def _cron_keep(self):
        """Take up what waits, and forget what was kept long enough."""
        remaining = True
        while remaining:
            try:
                done = self._fold_waiting()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody books with the same payers at this moment.
                self.env.cr.rollback()
                self.env.ref("billing_kid_match.ir_cron_payer_memory")._trigger()
                break
            remaining = done == FOLD_BATCH
            if not self.env["ir.cron"]._commit_progress(done):
                return
        for company in self.env["res.company"].sudo().search([]):
            forgotten = self._forget_old(company)
            if not self.env["ir.cron"]._commit_progress(forgotten):
                return

    @api.model
    def _fold_waiting(self):
        """Put traces that had to wait into the memory.

        :return: number of traces
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM billing_payer_trace WHERE state != 'counted'
                 ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
                """,
                FOLD_BATCH,
            )
        )
        trace_ids = [row[0] for row in self.env.cr.fetchall()]
        if trace_ids:
            self._fold_now(trace_ids)
        return len(trace_ids)

    @api.model
    def _forget_old(self, company):
        """Delete what has not been seen for as long as the company remembers payers.

        :param company: the ``res.company``
        :return: number of rows deleted
        """
        months = company.billing_match_memory_months
        limit = company._billing_today() - relativedelta(months=months)
        deleted = 0
        for table, column in (
            ("billing_payer_memory", "last_date"),
            ("billing_payer_habit", "last_date"),
            ("billing_payer_trace", "day"),
        ):
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE company_id = %s AND (%s < %s OR %s)",
                    SQL.identifier(table),
                    company.id,
                    SQL.identifier(column),
                    limit,
                    not months,
                )
            )
            deleted += self.env.cr.rowcount
        self.invalidate_model()
        self.env["billing.payer.habit"].invalidate_model()
        self.env["billing.payer.trace"].invalidate_model()
        return deleted

    # === BUSINESS METHODS - CUSTOMERS === #

    @api.model
    def _forget_customers(self, partners, companies):
        """Erase all that is remembered of who pays for customers, and how they pay.

        :param partners: commercial partners
        :param companies: whose memory
        :return: number of remembered payers by company id
        """
        domain = [
            ("partner_id", "in", partners.ids),
            ("company_id", "in", companies.ids),
        ]
        counts = {
            company.id: count
            for company, count in self.sudo()._read_group(
                domain, ["company_id"], ["__count"]
            )
        }
        for model in (self, self.env["billing.payer.habit"]):
            model.sudo().search(domain).unlink()
        self.env["billing.payer.trace"].sudo().search(domain).unlink()
        return counts

    @api.model
    def _merge_customers(self, source_ids, target_id):
        """Let one customer take over what is remembered of others.

        :param source_ids: ids of partners that cease to be
        :param target_id: id of the one that stays
        """
        cr = self.env.cr
        for source_id in source_ids:
            # A payment that paid for both now paid for one: it counts once.
            twice = SQL(
                """
                t.partner_id = %s AND EXISTS (
                    SELECT FROM billing_payer_trace other
                     WHERE other.payment_id = t.payment_id AND other.partner_id = %s
                       AND other.state != 'gone')
                """,
                source_id,
                target_id,
            )
            cr.execute(
                SQL(
                    "DELETE FROM billing_payer_trace t WHERE t.state = 'new' AND %s",
                    twice,
                )
            )
            cr.execute(
                SQL(
                    "UPDATE billing_payer_trace t SET state = 'gone'"
                    " WHERE t.state = 'counted' AND %s",
                    twice,
                )
            )
            cr.execute(
                SQL(
                    "UPDATE billing_payer_trace SET partner_id = %s"
                    " WHERE partner_id = %s",
                    target_id,
                    source_id,
                )
            )
        cr.execute(
            SQL(
                """
                WITH moved AS (
                    DELETE FROM billing_payer_memory WHERE partner_id = ANY(%s)
                    RETURNING *)
                INSERT INTO billing_payer_memory AS memory
                       (company_id, kind, key, partner_id, count, first_date,
                        last_date, create_uid, create_date, write_uid, write_date)
                SELECT company_id, kind, key, %s, sum(count), min(first_date),
                       max(last_date), min(create_uid), min(create_date),
                       max(write_uid), max(write_date)
                  FROM moved GROUP BY company_id, kind, key
           ON CONFLICT (company_id, kind, key, partner_id) DO UPDATE
                   SET count = memory.count + EXCLUDED.count,
                       first_date = LEAST(memory.first_date, EXCLUDED.first_date),
                       last_date = GREATEST(memory.last_date, EXCLUDED.last_date)
                """,
                list(source_ids),
                target_id,
            )
        )
        cr.execute(
            SQL(
                """
                WITH moved AS (
                    DELETE FROM billing_payer_habit WHERE partner_id = ANY(%s)
                    RETURNING *)
                INSERT INTO billing_payer_habit AS habit
                       (company_id, partner_id, count, mean_delay, last_date,
                        create_uid, create_date, write_uid, write_date)
                SELECT company_id, %s, sum(count), sum(mean_delay * count) / sum(count),
                       max(last_date), min(create_uid), min(create_date),
                       max(write_uid), max(write_date)
                  FROM moved GROUP BY company_id
           ON CONFLICT (company_id, partner_id) DO UPDATE
                   SET mean_delay = (habit.mean_delay * habit.count
                                     + EXCLUDED.mean_delay * EXCLUDED.count)
                                    / (habit.count + EXCLUDED.count),
                       count = habit.count + EXCLUDED.count,
                       last_date = GREATEST(habit.last_date, EXCLUDED.last_date)
                """,
                list(source_ids),
                target_id,
            )
        )
        self.env["billing.payer.habit"].invalidate_model()
        self.env["billing.payer.trace"].invalidate_model()
        self.invalidate_model()
