from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import payday

#: Months of history from which pay-days are learnt.
MONTHS = 24


class ResCompany(models.Model):
    """On which days of the month customers have money."""

    _inherit = "res.company"

    # 31 chances from 0 to 1, see ``core.payday``; empty = nothing learnt yet.
    billing_pay_chances = fields.Json(readonly=True)

    # === JOB === #

    @api.model
    def _cron_learn_pay_days(self):
        """Learn from all customers on which days of the month there is money."""
        agreements_sudo = self.env["billing.debit.agreement"].sudo().search([])
        agreements_sudo.company_id._billing_each(
            self.env._("Learn pay-days"),
            lambda company: company._billing_learn_pay_days(),
        )

    # === BUSINESS METHODS === #

    def _billing_learn_pay_days(self):
        """Learn from all customers on which days of the month there is money.

        :return: None
        """
        self.ensure_one()
        paid, failed = self._billing_pay_history()
        self.sudo().billing_pay_chances = list(
            payday.chances(_by_day(paid.get(None, {})), _by_day(failed.get(None, {})))
        )

    def _billing_customer_chances(self, partners):
        """Return for customers the chances that there is money, by day of the month.

        What is known of each is weighed against what is known of all.

        :param partners: commercial ``res.partner`` records
        :return: by partner id, see ``core.payday.chances``
        :rtype: dict[int, tuple[float, ...]]
        """
        self.ensure_one()
        everybody = tuple(self.sudo().billing_pay_chances or payday.UNKNOWN)
        paid, failed = self._billing_pay_history(partners)
        return {
            partner_id: payday.chances(
                _by_day(paid.get(partner_id, {})),
                _by_day(failed.get(partner_id, {})),
                everybody,
            )
            for partner_id in partners.ids
        }

    # === HELPERS === #

    def _billing_pay_history(self, partners=None):
        """Return on which days of the month customers paid, and debits failed.

        :param partners: commercial ``res.partner`` records, None = all together
        :return: of payments and of failures: by partner id, None for all together, the
            number on each day of the month
        :rtype: tuple[dict, dict]
        """
        since = self._billing_today() - relativedelta(months=MONTHS)
        whose = SQL("NULL::int")
        their_lines = their_claims = SQL("TRUE")
        if partners is not None:
            whose = SQL("move.commercial_partner_id")
            their_lines = SQL("line.partner_id = ANY(%s)", partners.ids)
            their_claims = SQL("move.commercial_partner_id = ANY(%s)", partners.ids)
        self.env.flush_all()
        paid = self.env.execute_query(
            SQL(
                """SELECT %(whose)s, EXTRACT(DAY FROM partial.max_date)::int, COUNT(*)
                     FROM account_partial_reconcile AS partial
                     JOIN account_move_line AS line ON line.id = partial.debit_move_id
                     JOIN account_move AS move ON move.id = line.move_id
                     JOIN account_move_line AS other
                       ON other.id = partial.credit_move_id
                     JOIN account_move AS counterpart ON counterpart.id = other.move_id
                    WHERE partial.company_id = %(company)s
                      AND partial.max_date >= %(since)s
                      AND move.move_type = 'out_invoice'
                      AND counterpart.move_type = 'entry'
                      AND %(their)s
                    GROUP BY 1, 2""",
                whose=whose,
                company=self.id,
                since=since,
                their=their_lines,
            )
        )
        failed = self.env.execute_query(
            SQL(
                """SELECT %(whose)s, EXTRACT(DAY FROM claim.date)::int, COUNT(*)
                     FROM billing_debit_claim AS claim
                     JOIN account_move AS move ON move.id = claim.move_id
                    WHERE claim.company_id = %(company)s AND claim.date >= %(since)s
                      AND claim.state = 'failed'
                      AND claim.reason_code IN ('funds', 'not_paid')
                      AND %(their)s
                    GROUP BY 1, 2""",
                whose=whose,
                company=self.id,
                since=since,
                their=their_claims,
            )
        )
        return _by_partner(paid), _by_partner(failed)


def _by_partner(rows):
    found = {}
    for partner_id, day, count in rows:
        found.setdefault(partner_id, {})[day] = count
    return found


def _by_day(counts):
    return [counts.get(day, 0) for day in range(1, payday.DAYS + 1)]
