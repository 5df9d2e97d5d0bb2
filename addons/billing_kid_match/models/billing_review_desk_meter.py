from datetime import datetime, time

import pytz

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core import decision, resolution

from ..core.meter import Meter
from .billing_review_desk import WAITING

#: Kinds of events by which a payment is placed.
PLACED_KINDS = ("payment.reconciled", "payment.partial", "payment.assigned")


class BillingReviewDesk(models.AbstractModel):
    """Counts what matching has saved."""

    _inherit = "billing.review.desk"  # pylint: disable=consider-merging-classes-inherited

    # === ACTIONS === #

    @api.model
    @api.readonly
    def meter(self):
        """What matching saved today and this month, in the present company.

        :return: ``today`` and ``month``, see :meth:`_meter`
        :rtype: dict
        :raises AccessError: for others than billing users
        """
        self._check_staff()
        today = self.env.company._billing_today()
        return {
            "today": self._meter(today),
            "month": self._meter(today.replace(day=1)),
        }

    # === BUSINESS METHODS === #

    def _meter(self, since):
        """Who found the invoices of the payments that came since a day.

        :param datetime.date since: first day
        :return: the numbers of :class:`~..core.meter.Meter`
        :rtype: dict
        """
        company = self.env.company
        zone = self.env.tz
        start = (
            zone.localize(datetime.combine(since, time.min))
            .astimezone(pytz.utc)
            .replace(tzinfo=None)
        )
        self.env["billing.payment"].flush_model()
        self.env["billing.payment.candidate"].flush_model()
        [(placed, waiting, by_staff, staff_placed, repaired)] = self.env.execute_query(
            SQL(
                """
                WITH staff AS MATERIALIZED (
                    SELECT DISTINCT (event.payload->>'payment_id')::int AS payment_id
                      FROM billing_event event
                     WHERE event.company_id = %(company)s
                       AND event.kind IN %(kinds)s
                       AND event.actor = 'staff'
                       AND event.occurred_at >= %(start)s
                ), came AS MATERIALIZED (
                    SELECT file.id FROM billing_bank_file file
                     WHERE file.company_id = %(company)s
                       AND file.create_date >= %(start)s
                )
                SELECT %(came_placed)s,
                       %(came_waiting)s,
                       (SELECT count(*) FROM staff),
                       (SELECT count(*) FROM staff
                          JOIN billing_payment p ON p.id = staff.payment_id
                         WHERE (p.file_id IN (SELECT id FROM came)
                                OR p.file_id IS NULL AND p.create_date >= %(start)s)
                           AND p.state IN %(placed)s),
                       (SELECT count(*)
                          FROM billing_payment_candidate c
                          JOIN billing_payment p ON p.id = c.payment_id
                         WHERE c.company_id = %(company)s AND c.sequence = 0
                           AND c.create_date >= %(start)s
                           AND (p.file_id IN (SELECT id FROM came)
                                OR p.file_id IS NULL AND p.create_date >= %(start)s)
                           AND p.state IN %(placed)s
                           AND (p.resolution IS NULL
                                OR p.resolution NOT IN %(elsewhere)s)
                           AND NOT EXISTS (SELECT 1 FROM staff
                                            WHERE staff.payment_id = p.id))
                """,
                came_placed=SQL(
                    "%s - (SELECT count(*) FROM billing_payment p"
                    " WHERE p.company_id = %s AND p.resolution IN %s"
                    " AND (p.file_id IN (SELECT id FROM came)"
                    " OR p.file_id IS NULL AND p.create_date >= %s))",
                    self._count_came(
                        SQL("p.state IN %s", tuple(decision.CREDITED)), start
                    ),
                    company.id,
                    resolution.ELSEWHERE,
                    start,
                ),
                came_waiting=self._count_came(
                    SQL("p.state IN %s AND p.amount > 0", WAITING), start
                ),
                company=company.id,
                elsewhere=resolution.ELSEWHERE,
                kinds=PLACED_KINDS,
                start=start,
                placed=tuple(decision.CREDITED),
            )
        )
        found = placed - staff_placed
        meter = Meter(
            found,
            min(repaired, found),
            by_staff,
            waiting,
            company.billing_match_minutes,
        )
        return {
            "placed": meter.placed,
            "repaired": meter.repaired,
            "by_staff": meter.by_staff,
            "waiting": meter.waiting,
            "minutes_before": meter.minutes_before,
            "minutes_after": meter.minutes_after,
            "minutes_saved": meter.minutes_saved,
            "share": meter.share,
        }

    def _count_came(self, condition, start):
        """Count payments that came from files or from other importers' lines.

        :param SQL condition: on ``billing_payment p``
        :param datetime start: since when, UTC
        :rtype: SQL
        """
        return SQL(
            "((SELECT count(*) FROM billing_payment p"
            " WHERE p.file_id IN (SELECT id FROM came) AND %(condition)s)"
            " + (SELECT count(*) FROM billing_payment p"
            " WHERE p.file_id IS NULL AND p.company_id = %(company)s"
            " AND p.create_date >= %(start)s AND %(condition)s))",
            condition=condition,
            company=self.env.company.id,
            start=start,
        )
