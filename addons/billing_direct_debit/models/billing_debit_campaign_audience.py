from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class BillingDebitCampaign(models.Model):
    """Whom a campaign is for: who would gain, and who is left alone."""

    _inherit = "billing.debit.campaign"

    # === BUSINESS METHODS - WHO === #

    def _forget(self):
        """Forget who would be told, as the rules have changed."""
        self.sudo().offer_ids.unlink()
        self.write({"prepared_at": False})

    def _prepare(self):
        """Find who would gain, and why some of them are left out.

        The rows of an earlier look are replaced.

        :return: None
        """
        self.ensure_one()
        self.check_access("write")
        if self.state != "draft":
            raise UserError(self.env._("The campaign has begun."))
        self.sudo().offer_ids.unlink()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO billing_debit_offer
                     (campaign_id, company_id, partner_id, move_id, gain, invoices,
                      invoices_late, reminders, state,
                      create_uid, create_date, write_uid, write_date)
              SELECT %(campaign)s, %(company)s, gain.partner_id, gain.move_id,
                     gain.gain, gain.invoices, gain.invoices_late, gain.reminders,
                     'left_out', %(uid)s, %(now)s, %(uid)s, %(now)s
                FROM (%(gains)s) AS gain
           RETURNING partner_id""",
                gains=self._gains_sql(),
                campaign=self.id,
                company=self.company_id.id,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        partner_ids = [partner_id for (partner_id,) in rows]
        self.env.execute_query(
            SQL(
                """WITH reason AS (%(reasons)s)
              UPDATE billing_debit_offer AS offer
                 SET reason = reason.reason,
                     state = CASE WHEN reason.reason IS NULL THEN 'planned'
                                  ELSE 'left_out' END
                FROM reason
               WHERE offer.campaign_id = %(campaign)s
                 AND offer.partner_id = reason.partner_id
           RETURNING offer.id""",
                reasons=self._reasons_sql(partner_ids, draw=True),
                campaign=self.id,
            )
        )
        self.env["billing.debit.offer"].invalidate_model()
        self.invalidate_recordset()
        self.prepared_at = fields.Datetime.now()

    def _gains_sql(self):
        """Return who would gain, and by what it is seen.

        Customers with direct debit are not among them. An invoice was late when the
        last payment came later than the due date and some days, or has not come yet.
        """
        today = self.company_id._billing_today()
        return SQL(
            """SELECT customer.partner_id, customer.move_id, customer.invoices,
                      customer.invoices_late, customer.reminders,
                      CASE WHEN %(for_late)s
                                AND customer.invoices_late >= %(late_count)s
                           THEN 'late'
                           WHEN %(for_reminded)s
                                AND customer.reminders >= %(reminder_count)s
                           THEN 'reminded'
                           ELSE 'manual' END AS gain
                 FROM (SELECT invoice.partner_id,
                              (ARRAY_AGG(invoice.id ORDER BY invoice.is_open DESC,
                                         invoice.invoice_date DESC,
                                         invoice.id DESC))[1] AS move_id,
                              COUNT(*) AS invoices,
                              COUNT(*) FILTER (
                                  WHERE COALESCE(invoice.paid_on, %(today)s)
                                        > invoice.due + %(late_days)s)
                                  AS invoices_late,
                              COALESCE(SUM(invoice.reminders), 0) AS reminders
                         FROM (%(invoices)s) AS invoice
                     GROUP BY invoice.partner_id
                       HAVING COUNT(*) >= %(min_invoices)s) AS customer
                WHERE ((%(for_late)s AND customer.invoices_late >= %(late_count)s)
                       OR (%(for_reminded)s
                           AND customer.reminders >= %(reminder_count)s)
                       OR %(for_manual)s)
                  AND NOT EXISTS (
                      SELECT
                        FROM billing_mandate AS mandate
                       WHERE mandate.company_id = %(company)s
                         AND mandate.partner_id = customer.partner_id
                         AND mandate.state IN ('draft', 'sent', 'active'))""",
            invoices=self._invoices_sql(
                today - relativedelta(months=self.period_months)
            ),
            company=self.company_id.id,
            today=today,
            for_late=self.for_late,
            for_reminded=self.for_reminded,
            for_manual=self.for_manual,
            late_count=self.late_count,
            late_days=self.late_days,
            reminder_count=self.reminder_count,
            min_invoices=self.min_invoices,
        )

    def _invoices_sql(self, since):
        """Return the invoices that are looked at, when paid, and how often reminded of.

        :param date since: of the first invoice
        """
        return SQL(
            """SELECT move.id, move.commercial_partner_id AS partner_id,
                      move.invoice_date,
                      COALESCE(move.invoice_date_due, move.invoice_date) AS due,
                      move.payment_state NOT IN ('paid', 'in_payment') AS is_open,
                      paid.day AS paid_on,
                      (SELECT COUNT(*)
                         FROM billing_event AS event
                        WHERE event.move_id = move.id
                          AND event.kind = ANY(%(kinds)s)) + (
                       SELECT COUNT(*)
                         FROM billing_distribution_item AS item
                         JOIN billing_distribution_attempt AS attempt
                           ON attempt.id = item.attempt_id
                         JOIN billing_distribution_run AS run ON run.id = item.run_id
                         JOIN billing_distribution_plan AS plan
                           ON plan.id = run.plan_id
                        WHERE item.move_id = move.id
                          AND attempt.sent_at IS NOT NULL
                          AND plan.is_reminder) AS reminders
                 FROM account_move AS move
            LEFT JOIN LATERAL (
                      SELECT MAX(partial.max_date) AS day
                        FROM account_move_line AS line
                        JOIN account_partial_reconcile AS partial
                          ON partial.debit_move_id = line.id
                       WHERE line.move_id = move.id
                         AND move.payment_state IN ('paid', 'in_payment')) AS paid
                   ON TRUE
                WHERE move.company_id = %(company)s
                  AND move.move_type = 'out_invoice'
                  AND move.state = 'posted'
                  AND move.payment_state <> 'reversed'
                  AND move.amount_total > 0
                  AND move.invoice_date >= %(since)s""",
            company=self.company_id.id,
            since=since,
            kinds=sorted(self._reminder_kinds()),
        )

    @api.model
    def _reminder_kinds(self):
        """Return the kinds of event that say that a customer was reminded.

        Besides the messages of distribution plans that ask for payment again. Extended
        by addons with reminders of their own.

        :rtype: set[str]
        """
        return set()

    def _reasons_sql(self, partner_ids, draw):
        """Return why customers are left out, the first reason that holds, or NULL.

        :param list partner_ids: ids of the customers that are asked about
        :param bool draw: whether some are drawn by lot to compare with
        """
        company = self.company_id
        today = company._billing_today()
        return SQL(
            """SELECT partner.id AS partner_id, CASE
                 WHEN EXISTS (
                      SELECT FROM billing_mandate AS mandate
                       WHERE mandate.company_id = %(company)s
                         AND mandate.partner_id = partner.id
                         AND mandate.state IN ('draft', 'sent', 'active'))
                 THEN 'has_mandate'
                 WHEN EXISTS (
                      SELECT FROM billing_mandate AS mandate
                       WHERE mandate.company_id = %(company)s
                         AND mandate.partner_id = partner.id
                         AND mandate.state = 'ended'
                         AND mandate.ended_on > %(ended_since)s)
                 THEN 'ended'
                 WHEN partner.billing_debit_no_offers_on IS NOT NULL THEN 'said_no'
                 WHEN EXISTS (
                      SELECT FROM billing_debit_offer AS offer
                        JOIN billing_debit_campaign AS campaign
                          ON campaign.id = offer.campaign_id
                       WHERE offer.company_id = %(company)s
                         AND offer.partner_id = partner.id
                         AND offer.campaign_id <> %(campaign)s
                         AND (offer.sent_at > %(quiet_since)s
                              OR (%(draw)s AND offer.state = 'planned'
                                  AND campaign.state = 'sending')))
                 THEN 'asked'
                 WHEN partner.id = ANY(%(troubled)s) THEN 'trouble'
                 WHEN NOT EXISTS (%(points)s) THEN 'no_address'
                 WHEN %(needs_consent)s
                      AND NOT EXISTS (%(points)s AND point.consent_marketing)
                 THEN 'no_consent'
                 WHEN %(draw)s AND MOD(
                      HASHTEXT(%(campaign)s || ':' || partner.id) & 2147483647, 100
                      ) < %(holdout)s
                 THEN 'held_out'
                  END AS reason
                 FROM res_partner AS partner
                WHERE partner.id = ANY(%(partners)s)""",
            partners=partner_ids,
            company=company.id,
            campaign=self.id,
            troubled=self._troubled_customers(partner_ids),
            ended_since=today - relativedelta(months=self.ended_months),
            quiet_since=company._billing_now()
            - relativedelta(months=self.quiet_months),
            points=self._points_sql(),
            needs_consent=self.basis == "consent",
            draw=draw,
            holdout=self.holdout_share,
        )

    def _points_sql(self):
        """Return the electronic addresses of ``partner`` that messages may go to."""
        return SQL(
            """SELECT FROM billing_contact_point AS point
                WHERE point.partner_id = partner.id
                  AND point.active
                  AND point.consent_billing
                  AND point.state IN ('unverified', 'working')
                  AND point.channel = ANY(%s)""",
            sorted(
                self.env["res.partner"].with_company(self.company_id)._billing_senders()
            ),
        )

    def _troubled_customers(self, partner_ids):
        """Return whose open invoices are on hold, or with a collection agency.

        :param list partner_ids: ids of the customers that are asked about
        :rtype: list[int]
        """
        moves = self.env["account.move"].sudo()
        unpaid = moves.search(
            [
                ("company_id", "=", self.company_id.id),
                ("commercial_partner_id", "in", partner_ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("amount_residual", ">", 0),
            ]
        )
        troubled = moves.browse(
            move_id for move_id, held in unpaid._billing_holds().items() if held
        ) | moves.browse(unpaid._billing_collections())
        return troubled.commercial_partner_id.ids

    def _reasons_against(self, partner_ids):
        """Return why customers should not be told now, by id.

        :param list partner_ids: of customers of the campaign
        :rtype: dict[int, str | None]
        """
        self.ensure_one()
        self.env.flush_all()
        return dict(
            self.env.execute_query(self._reasons_sql(list(partner_ids), draw=False))
        )

    def _allowed_points(self, partner):
        """Return the addresses of a customer that this campaign may use.

        :rtype: billing.contact.point
        """
        self.ensure_one()
        points_sudo = (
            self.env["billing.contact.point"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", partner.id),
                    ("state", "in", ("unverified", "working")),
                ]
            )
        )
        if self.basis == "consent":
            points_sudo = points_sudo.filtered("consent_marketing")
        return points_sudo
