from odoo import api, models
from odoo.tools import SQL, format_date, formatLang

#: Messages that are queued between two commits.
TELL_SIZE = 500
#: Bank days before the last moment on which who was not told gets a message.
SPARE_DAYS = 2


class BillingDebitClaim(models.Model):
    """How customers come to know what will be drawn, and when.

    Messages about an invoice say it by themselves, see
    ``billing.distribution.attempt._make``. What was not told that way in time is told
    in a message of its own.
    """

    _inherit = "billing.debit.claim"

    # === BUSINESS METHODS === #

    @api.model
    def _note_told(self, company):
        """Note for planned claims which messages have told of them, in one statement.

        A message that came back told nobody.

        :param company: ``res.company``
        :return: None
        """
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """
                UPDATE billing_debit_claim AS claim
                   SET told_on = told.day,
                       told_by = CASE WHEN told.day IS NULL THEN NULL
                                      ELSE 'message' END,
                       is_unreachable = claim.is_unreachable AND told.day IS NULL
                  FROM (SELECT planned.id,
                               MIN((attempt.called_at AT TIME ZONE 'UTC'
                                    AT TIME ZONE %(zone)s)::date) AS day
                          FROM billing_debit_claim AS planned
                     LEFT JOIN billing_distribution_item AS item
                            ON item.move_id = planned.move_id
                     LEFT JOIN billing_distribution_attempt AS attempt
                            ON attempt.id = item.attempt_id
                           AND attempt.tells_debit
                           AND attempt.state IN ('sent', 'delivered', 'opened')
                           AND attempt.called_at >= planned.fixed_at
                         WHERE planned.company_id = %(company)s
                           AND planned.state = 'planned' AND planned.notice = 'us'
                           AND COALESCE(planned.told_by, 'message') = 'message'
                      GROUP BY planned.id) AS told
                 WHERE claim.id = told.id AND claim.told_on IS DISTINCT FROM told.day
             RETURNING claim.id
                """,
                zone=company._billing_zone().zone,
                company=company.id,
            )
        )
        self.invalidate_model(["told_on", "told_by", "is_unreachable"], flush=False)

    @api.model
    def _tell(self, agreement):
        """Queue messages for customers whom nothing else told in time.

        :param agreement: in superuser mode
        :return: None
        """
        if agreement.telling != "message":
            return
        clock = agreement._clock()
        commit = self.env["ir.cron"]._commit_progress
        while True:
            claims = self._find_untold(agreement, clock)
            if not claims:
                return
            claims._queue_messages()
            commit(len(claims))

    @api.model
    def _find_untold(self, agreement, clock):
        """Return claims about which a message has to go now, at most some."""
        self.flush_model()
        days = [
            day
            for (day,) in self.env.execute_query(
                SQL(
                    """SELECT DISTINCT date FROM billing_debit_claim
                        WHERE agreement_id = %s AND state = 'planned'
                          AND notice = 'us' AND told_on IS NULL""",
                    agreement.id,
                )
            )
            if clock.today
            >= clock.calendar.add_bank_days(clock.notice_deadline(day), -SPARE_DAYS)
        ]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT claim.id FROM billing_debit_claim AS claim
                 WHERE claim.agreement_id = %s AND claim.state = 'planned'
                   AND claim.notice = 'us' AND claim.told_on IS NULL
                   AND claim.is_unreachable IS NOT TRUE AND claim.date = ANY(%s)
                   AND NOT EXISTS (
                       SELECT FROM billing_distribution_item AS item
                         JOIN billing_distribution_attempt AS attempt
                           ON attempt.id = item.attempt_id
                        WHERE item.move_id = claim.move_id AND attempt.tells_debit
                          -- What is still to be sent will say the day as it is then.
                          AND (attempt.state = 'planned'
                               OR attempt.planned_at >= claim.fixed_at
                              AND attempt.state IN ('calling', 'uncertain')))
                 ORDER BY claim.id LIMIT %s
                """,
                agreement.id,
                days,
                TELL_SIZE,
            )
        )
        return self.sudo().browse(claim_id for (claim_id,) in rows)

    def _queue_messages(self):
        """Queue a message about each of the claims, by the customer's own channel."""
        content = self.env.ref("billing_direct_debit.content_debit_planned")
        moves = self.move_id
        channels = self.env["billing.distribution.sender"]._find_channels(moves)
        by_channel = {}
        for claim in self:
            code = channels.get(claim.move_id.id)
            by_channel.setdefault(code, self.browse())
            by_channel[code] |= claim
        lost = by_channel.pop(None, self.browse())
        lost.is_unreachable = True
        lost._log("debit.unreachable")
        for code, claims in by_channel.items():
            claims.move_id._billing_queue_attempts(code, content=content, origin="plan")

    # === WORDS === #

    def _words(self):
        """Return in a sentence for staff how the claim stands.

        :rtype: str
        """
        self.ensure_one()
        _ = self.env._
        texts = {
            "planned": _("%(scheme)s: %(amount)s will be drawn on %(day)s."),
            "batched": _(
                "%(scheme)s: %(amount)s will be drawn on %(day)s. It is in %(batch)s."
            ),
            "delivered": _(
                "%(scheme)s: %(amount)s is drawn on %(day)s. The bank has it."
            ),
            "accepted": _(
                "%(scheme)s: %(amount)s is drawn on %(day)s. The bank took it."
            ),
            "bank_retry": _(
                "%(scheme)s: there was not enough money on %(day)s. The bank tries "
                "again."
            ),
        }
        text = texts.get(self.state) or ""
        if self.cancel_state in ("waiting", "sent"):
            text = _("%(scheme)s: the bank is asked not to draw it on %(day)s.")
        elif self.cancel_state in ("too_late", "refused"):
            text = _(
                "%(scheme)s: %(amount)s is drawn on %(day)s. It was too late to stop "
                "it."
            )
        elif self.is_unreachable:
            text = _(
                "%(scheme)s: %(amount)s is not drawn before somebody tells the "
                "customer. No address works."
            )
        return text % {
            "scheme": self.agreement_id._scheme_name(),
            "amount": formatLang(self.env, self.amount, currency_obj=self.currency_id),
            "day": format_date(self.env, self.date),
            "batch": self.batch_id.name or "",
        }
