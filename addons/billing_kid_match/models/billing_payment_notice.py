import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core import decision

from .account_move_shield import UNDECIDED_SQL

_logger = logging.getLogger(__name__)

#: Notices taken, sent and committed at a time.
BATCH_SIZE = 50
#: How sure the customer must be before somebody is asked about a payment: the question
#: tells amount and day of what may be another person's payment.
ASK_CERTAINTY = 0.99
#: Days after which nobody is asked any more: when asking is switched on, old cases stay
#: what they are.
ASK_UNTIL_DAYS = 30
#: Invoices a question names.
INVOICES_NAMED = 5


class BillingPaymentNotice(models.Model):
    """A message to a customer about a payment, to be sent once.

    Rows are written with the decision on the payment, in its transaction, and sent by
    a scheduled job, so that booking neither waits for a message nor fails because of
    one. There is one row for each payment and kind: that, and nothing else, keeps
    anybody from being told twice.
    """

    _name = "billing.payment.notice"
    _description = "Message about a Payment"
    _order = "id desc"
    _rec_name = "payment_id"

    payment_id = fields.Many2one(
        "billing.payment", required=True, readonly=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("repaired", "Reference Repaired"), ("needed", "What Is It for?")],
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    state = fields.Selection(
        [
            ("waiting", "To Send"),
            ("sent", "Sent"),
            ("unreachable", "Not Reached"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    channel = fields.Char(readonly=True)
    sent_at = fields.Datetime(string="Sent", readonly=True)
    error = fields.Char(readonly=True)

    # What the texts ask for
    lang = fields.Char(compute="_compute_texts")
    amount = fields.Monetary(related="payment_id.amount")
    currency_id = fields.Many2one(related="payment_id.currency_id")
    day = fields.Date(related="payment_id.booking_date")
    stated = fields.Char(
        compute="_compute_texts", help="The reference as the customer wrote it."
    )
    reference = fields.Char(related="move_id.payment_reference")
    page_url = fields.Char(compute="_compute_page_url")
    invoice_ids = fields.Many2many(
        "account.move",
        string="Invoices",
        compute="_compute_invoice_ids",
        help="Open invoices of the customer that the payment may be for.",
    )
    is_shielded = fields.Boolean(
        compute="_compute_invoice_ids", help="None of the invoices is reminded of."
    )

    _payment_kind_unique = models.UniqueIndex(
        "(payment_id, kind)", "The customer has been told of this payment."
    )
    _waiting_idx = models.Index("(id) WHERE state = 'waiting'")

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "payment_id")
    def _compute_texts(self):
        for notice in self:
            notice.lang = notice.partner_id.lang or notice.company_id.partner_id.lang
            notice.stated = notice.payment_id.reference

    @api.depends("move_id", "lang")
    def _compute_page_url(self):
        for notice in self:
            notice.page_url = notice.move_id and notice._page_url_of(notice.move_id)

    @api.depends("payment_id", "partner_id")
    def _compute_invoice_ids(self):
        for notice in self:
            customer = notice.partner_id.commercial_partner_id
            moves = notice.payment_id.candidate_ids.filtered(
                lambda candidate, customer=customer: (
                    candidate.is_open and candidate.partner_id == customer
                )
            ).move_id[:INVOICES_NAMED]
            notice.invoice_ids = moves
            notice.is_shielded = moves and len(moves._billing_shields()) == len(moves)

    # === ACTIONS === #

    def action_retry(self):
        """Try notices once more that failed or reached nobody."""
        self.check_access("read")
        self.sudo().filtered(
            lambda notice: notice.state in ("failed", "unreachable")
        ).write({"state": "waiting", "error": False})

    # === BUSINESS METHODS - QUEUE === #

    @api.model
    def _queue_repaired(self, settled):
        """Note for telling that payments settled invoices with other references than
        the customer stated.

        Whether it was a slip that was repaired is looked at when the notice is sent:
        the evidence is stored after the decision. One statement for a whole batch.

        :param settled: list of pairs of ``billing.payment`` id and ``account.move`` id
        :return: None
        """
        self.env["billing.payment"].flush_model(["reference_key", "amount"])
        self.env["account.move"].flush_model(["payment_reference", "partner_id"])
        self.env["res.company"].flush_model(["billing_match_tell_repaired"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO billing_payment_notice
                       (payment_id, kind, company_id, partner_id, move_id, state,
                        create_uid, create_date, write_uid, write_date)
                SELECT DISTINCT ON (payment.id)
                       payment.id, 'repaired', payment.company_id, move.partner_id,
                       move.id, 'waiting', %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(payments)s, %(moves)s) AS settled(payment_id, move_id)
                  JOIN billing_payment AS payment ON payment.id = settled.payment_id
                  JOIN account_move AS move ON move.id = settled.move_id
                  JOIN res_company AS company ON company.id = payment.company_id
                 WHERE company.billing_match_tell_repaired
                   AND payment.amount > 0
                   AND payment.reference_key IS DISTINCT FROM move.payment_reference
                 ORDER BY payment.id, move.id
           ON CONFLICT (payment_id, kind) DO NOTHING
                """,
                payments=[payment_id for payment_id, _move_id in settled],
                moves=[move_id for _payment_id, move_id in settled],
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )

    @api.model
    def _queue_needed(self, company):
        """Note payments whose customers are to be asked what they are for.

        :param company: the ``res.company``
        :return: None
        """
        today = company._billing_today()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO billing_payment_notice
                       (payment_id, kind, company_id, partner_id, move_id, state,
                        create_uid, create_date, write_uid, write_date)
                SELECT payment.id, 'needed', payment.company_id,
                       COALESCE(likely.partner_id, payment.partner_id),
                       likely.move_id, 'waiting', %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM billing_payment AS payment
             LEFT JOIN account_bank_statement_line AS line
                    ON line.id = payment.statement_line_id
             LEFT JOIN LATERAL (
                       SELECT move.commercial_partner_id,
                              sum(candidate.probability) AS certainty,
                              (array_agg(move.partner_id ORDER BY candidate.sequence)
                              )[1] AS partner_id,
                              (array_agg(move.id ORDER BY move.amount_residual <= 0,
                                                          candidate.sequence)
                              )[1] AS move_id
                         FROM billing_payment_candidate AS candidate
                         JOIN account_move AS move ON move.id = candidate.move_id
                        WHERE candidate.payment_id = payment.id
                          AND (payment.partner_id IS NULL
                               OR move.commercial_partner_id = payment.partner_id)
                        GROUP BY move.commercial_partner_id
                        ORDER BY certainty DESC
                        LIMIT 1) AS likely ON TRUE
                 WHERE payment.company_id = %(company)s
                   AND payment.state IN ('proposed', 'unmatched', 'assigned')
                   AND payment.resolution IS DISTINCT FROM 'parked'
                   AND payment.booking_date BETWEEN %(first)s AND %(last)s
                   AND (payment.partner_id IS NOT NULL
                        OR likely.certainty >= %(certainty)s)
                   AND %(undecided)s
           ON CONFLICT (payment_id, kind) DO NOTHING
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                company=company.id,
                first=today - timedelta(days=ASK_UNTIL_DAYS),
                last=company._bank_calendar().add_bank_days(
                    today, -company.billing_match_tell_days
                )
                if company.billing_match_tell_days
                else today,
                certainty=ASK_CERTAINTY,
                undecided=SQL(UNDECIDED_SQL),
            )
        )

    # === BUSINESS METHODS - SENDING === #

    @api.model
    def _cron_send(self):
        """Find whom to ask, then send what waits, batch by batch."""
        for company in self.env["res.company"].search(
            [("billing_match_tell_needed", "=", True)]
        ):
            self._queue_needed(company)
        while True:
            done, remaining = self._send_next()
            time_left = self.env["ir.cron"]._commit_progress(done, remaining=remaining)
            if not (done and time_left):
                break

    @api.model
    def _send_next(self):
        """Send the next notices in the present transaction.

        Those that another worker holds are passed over. One that fails never stops
        the others.

        :return: (notices dealt with, notices still waiting)
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM billing_payment_notice
                 WHERE state = 'waiting'
                 ORDER BY id LIMIT %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                BATCH_SIZE,
            )
        )
        notices = self.browse(notice_id for (notice_id,) in rows)
        still_true = notices._still_true()
        still_true._issue_links()
        for notice in still_true:
            try:
                with self.env.cr.savepoint():
                    notice._send()
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                _logger.exception("Notice %s cannot be sent", notice.id)
                notice.write({"state": "failed", "error": str(error)})
                notice.company_id._billing_alert(
                    self.env._("Messages about payments"), error
                )
        (notices - still_true).unlink()
        return len(notices), self.search_count([("state", "=", "waiting")])

    def _still_true(self):
        """Those of the notices that still tell how things are.

        A match may have been undone, a question answered, or messages switched off.
        """
        payments = self.payment_id
        settled = payments._settled_amounts()
        undecided = self._undecided_payments()
        return self.filtered(
            lambda notice: (
                (
                    notice.kind == "repaired"
                    and notice.company_id.billing_match_tell_repaired
                    and notice.payment_id.state in decision.BOOKED
                    and notice.move_id.id in settled.get(notice.payment_id.id, ())
                    and any(
                        candidate.distance > 0 and candidate.move_id == notice.move_id
                        for candidate in notice.payment_id.candidate_ids
                    )
                )
                or (
                    notice.kind == "needed"
                    and notice.company_id.billing_match_tell_needed
                    and notice.payment_id.id in undecided
                )
            )
        )

    def _undecided_payments(self):
        """Ids of the payments of the notices that are not decided on, in one query."""
        if not self:
            return set()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payment.id
                  FROM billing_payment AS payment
             LEFT JOIN account_bank_statement_line AS line
                    ON line.id = payment.statement_line_id
                 WHERE payment.id = ANY(%s) AND %s
                """,
                self.payment_id.ids,
                SQL(UNDECIDED_SQL),
            )
        )
        return {payment_id for (payment_id,) in rows}

    def _send(self):
        """Tell the customer, and leave an event."""
        self.ensure_one()
        notice = self.with_company(self.company_id)
        template = self.env.ref(f"billing_kid_match.mail_template_{self.kind}")
        point = notice.partner_id._billing_tell(
            template, notice, thread=notice.move_id or notice.partner_id
        )
        notice.write(
            {
                "state": "sent" if point else "unreachable",
                "channel": point.channel,
                "sent_at": fields.Datetime.now() if point else False,
            }
        )
        if not point:
            return
        self._get_links().channel = point.channel
        self.env["billing.event"]._log(
            [
                {
                    "kind": f"payment.told_{self.kind}",
                    "move_id": self.move_id.id,
                    "partner_id": self.partner_id.commercial_partner_id.id,
                    "company_id": self.company_id.id,
                    "channel": point.channel,
                    "amount": self.amount,
                    "currency_id": self.currency_id.id,
                    "payload": {
                        "payment_id": self.payment_id.id,
                        "contact_point_id": point.id,
                        "address": point.address,
                    },
                    "dedup_key": f"payment.told_{self.kind}:{self.payment_id.id}",
                }
            ]
        )

    # === BUSINESS METHODS - LINKS === #

    def _issue_links(self):
        """Give every notice a personal link to each of its invoices, all at once.

        :return: None
        """
        self.env["billing.link"].sudo()._issue(
            [
                {"move_id": move.id, "key": notice._get_link_key()}
                for notice in self
                for move in notice.move_id | notice.invoice_ids
            ]
        )

    def _get_links(self):
        """Return the personal links of the notices, in superuser mode.

        :rtype: billing.link
        """
        return (
            self.env["billing.link"]
            .sudo()
            .search([("key", "in", [notice._get_link_key() for notice in self])])
        )

    def _get_link_key(self):
        self.ensure_one()
        return f"notice:{self.id}"

    # === HELPERS === #

    def _page_url_of(self, move):
        """The customer's own page of an invoice, in the language of the notice.

        Before the notice goes out there is no link that opens it without signing in.
        """
        link_sudo = self._get_links().filtered(lambda link: link.move_id == move)
        if link_sudo:
            return link_sudo._url(self.lang)
        return f"{move.get_base_url()}{move.access_url}"

    def _get_invoices(self):
        """What a question says of the invoices it names (called by its text).

        :return: list of dict of ``name``, ``amount``, ``due`` and ``url``
        """
        self.ensure_one()
        return [
            {
                "name": move.name,
                "amount": move.currency_id.with_context(lang=self.lang).format(
                    move.amount_residual
                ),
                "due": move.invoice_date_due,
                "url": self._page_url_of(move),
            }
            for move in self.invoice_ids
        ]
