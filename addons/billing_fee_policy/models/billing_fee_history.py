from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..core import replay

_DAY = timedelta(days=1)
_ZERO = Decimal(0)


class BillingFeeHistory(models.AbstractModel):
    """Tells what happened to the claims of a period, for simulations.

    Claims are read set by set: the number of queries does not depend on how many there
    are, and no invoice is loaded.
    """

    _name = "billing.fee.history"
    _description = "History of Claims"

    # === BUSINESS METHODS === #

    @api.model
    def _claims_sql(self, company, domain, since, until):
        """Return a query of claims that were not paid by their due date.

        Columns: ``id, customer_id, segment, business, due, arose, amount,
        currency_id`` (amount in the company's currency).

        :param company: the ``res.company``
        :param domain: on ``res.partner``: whose claims
        :param date since: first due date
        :param date until: last due date
        :rtype: SQL
        """
        partners = self.env["res.partner"].with_context(active_test=False)
        chosen = SQL("TRUE")
        if not domain.is_true():
            chosen = SQL("partner.id IN (%s)", partners._search(domain).select())
        return SQL(
            """SELECT move.id, partner.id AS customer_id, %(segment)s AS segment,
                      partner.is_company IS TRUE AS business,
                      move.invoice_date_due AS due,
                      COALESCE(move.invoice_date, move.date) AS arose,
                      ABS(move.amount_total_signed) AS amount, move.currency_id
                 FROM account_move AS move
                 JOIN res_partner AS partner ON partner.id = move.commercial_partner_id
                WHERE move.company_id = %(company)s AND move.move_type = 'out_invoice'
                  AND move.state = 'posted'
                  AND move.invoice_date_due BETWEEN %(since)s AND %(until)s
                  AND (move.amount_residual > 0
                       OR EXISTS (SELECT
                                    FROM account_move_line AS line
                                    JOIN account_partial_reconcile AS partial
                                      ON partial.debit_move_id = line.id
                                   WHERE line.move_id = move.id
                                     AND line.display_type = 'payment_term'
                                     AND partial.max_date > move.invoice_date_due))
                  AND %(chosen)s AND %(more)s""",
            segment=self._segment_sql(),
            company=company.id,
            since=since,
            until=until,
            chosen=chosen,
            more=SQL(" AND ").join(self.env["billing.dunning.planner"]._not_dunned()),
        )

    @api.model
    def _segment_sql(self):
        """Return the segment of ``res_partner AS partner``, a key of :meth:`_segments`.

        Addons with better groups of customers override both.
        """
        return SQL(
            "CASE WHEN partner.is_company THEN 'business' ELSE 'person' END",
        )

    @api.model
    def _segments(self):
        """Return the groups of customers that fees are counted by.

        :return: label by key
        :rtype: dict[str, str]
        """
        return {
            "person": self.env._("Private customers"),
            "business": self.env._("Companies"),
        }

    @api.model
    def _count(self, company, domain, since, until):
        """Return how many claims there are; see :meth:`_claims_sql`."""
        self.env.flush_all()
        claims = self._claims_sql(company, domain, since, until)
        [(count,)] = self.env.execute_query(
            SQL("SELECT COUNT(*) FROM (%s) AS claim", claims)
        )
        return count

    @api.model
    def _load(self, company, domain, since, until, rules=None, agreed=False):
        """Return the customers with the claims that fell due in a period.

        :param company: the ``res.company``
        :param domain: on ``res.partner``: whose claims
        :param date since: first due date
        :param date until: last due date
        :param rules: ``core.waiver.Rule`` that are asked, None = nothing is forgiven;
            what none of them asks for is not looked up where that takes long
        :param bool agreed: whether fees need an agreement
        :rtype: list[core.replay.Customer]
        """
        self.env.flush_all()
        claims = self._claims_sql(company, domain, since, until)
        rows = self.env.execute_query(SQL("%s ORDER BY due, move.id", claims))
        move_ids = [row[0] for row in rows]
        moves = self.env["account.move"].browse(move_ids)
        payments = self._load_payments(claims)
        pauses = self._load_pauses(claims)
        agreements = {}
        if agreed and move_ids:
            agreements = self.env["billing.law.agreement"]._for_moves(moves)
        about_claims = self._load_claim_facts(company, moves, rules or ())
        currencies = {
            currency.id: currency.name
            for currency in self.env["res.currency"].browse({row[7] for row in rows})
        }
        own = defaultdict(list)
        about = {}
        for move_id, customer_id, segment, business, due, arose, amount, money in rows:
            about[customer_id] = segment, business
            own[customer_id].append(
                replay.Claim(
                    move_id,
                    due,
                    arose,
                    Decimal(str(amount)),
                    payments.get(move_id, ()),
                    pauses.get(move_id, ()),
                    agreements.get(move_id),
                    currencies[money],
                    about_claims.get(move_id, {}),
                )
            )
        facts = self._load_customer_facts(company, since, moves, list(own), rules)
        late = {}
        if rules is not None:
            day = company._billing_today()
            late = moves._billing_waiver_late(company, day, list(own))
        return [
            replay.Customer(
                customer_id,
                segment,
                tuple(own[customer_id]),
                business,
                tuple(late.get(customer_id, ())),
                facts.get(customer_id, {}),
            )
            for customer_id, (segment, business) in about.items()
        ]

    # === HELPERS === #

    @api.model
    def _load_payments(self, claims):
        """Return day and amount of what was paid or credited, in order, by claim."""
        return {
            move_id: tuple(
                (day, Decimal(str(amount)))
                for day, amount in zip(days, amounts, strict=True)
            )
            for move_id, days, amounts in self.env.execute_query(
                SQL(
                    """SELECT line.move_id,
                              ARRAY_AGG(partial.max_date
                                        ORDER BY partial.max_date, partial.id),
                              ARRAY_AGG(partial.amount
                                        ORDER BY partial.max_date, partial.id)
                         FROM (%s) AS claim
                         JOIN account_move_line AS line
                           ON line.move_id = claim.id
                          AND line.display_type = 'payment_term'
                         JOIN account_partial_reconcile AS partial
                           ON partial.debit_move_id = line.id
                     GROUP BY line.move_id""",
                    claims,
                )
            )
        }

    @api.model
    def _load_pauses(self, claims):
        """Return when claims were on hold by hand, by claim.

        On the day on which a hold was lifted letters could go again.
        """
        pauses = defaultdict(tuple)
        for move_id, first, last, released, *blocks in self.env.execute_query(
            SQL(
                """SELECT hold.move_id, hold.date_since, hold.date_until,
                          hold.released_at::date, hold.block_reminder,
                          hold.block_fee, hold.block_handover
                     FROM (%s) AS claim
                     JOIN billing_hold AS hold ON hold.move_id = claim.id""",
                claims,
            )
        ):
            ends = [day for day in (last, released and released - _DAY) if day]
            stopped = zip(("reminder", "fee", "handover"), blocks, strict=True)
            pauses[move_id] += (
                replay.Pause(
                    first,
                    min(ends, default=None),
                    frozenset(what for what, is_stopped in stopped if is_stopped),
                ),
            )
        return pauses

    @api.model
    def _load_claim_facts(self, company, moves, rules):
        """Return what the rules ask about claims, as it is known today, by claim."""
        facts = defaultdict(dict)
        if any(rule.delivery for rule in rules):
            day = company._billing_today()
            for move_id, code in moves._billing_waiver_delivery(day).items():
                facts[move_id]["delivery"] = code
        if any(rule.outage for rule in rules):
            for move_id in moves._billing_outages():
                facts[move_id]["outage"] = True
        if any(rule.debit_failed for rule in rules):
            for move_id in moves._billing_debit_failures():
                facts[move_id]["debit_failed"] = True
        return facts

    @api.model
    def _load_customer_facts(self, company, since, moves, customer_ids, rules):
        """Return what the rules ask about customers, by customer."""
        facts = defaultdict(dict)
        if rules is None:
            return facts
        today = company._billing_today()
        for customer_id, first, vulnerable in self.env.execute_query(
            SQL(
                """SELECT id, billing_customer_since,
                          billing_is_vulnerable IS TRUE
                          AND COALESCE(billing_vulnerable_until >= %s, TRUE)
                     FROM res_partner WHERE id = ANY(%s)""",
                today,
                customer_ids,
            )
        ):
            facts[customer_id] = {"since": first, "vulnerable": vulnerable}
        for customer_id, first in moves._billing_waiver_since(
            company, customer_ids
        ).items():
            own = facts[customer_id]
            own["since"] = min(own.get("since") or first, first)
        waived, _spent = moves._billing_waiver_earlier(company, today, customer_ids)
        for customer_id, days in waived.items():
            before = tuple(day for day in days if day < since)
            facts[customer_id]["waived"] = before
        for customer_id, tags in moves._billing_waiver_tags(customer_ids).items():
            facts[customer_id]["tags"] = tags
        exemptions = moves._billing_waiver_exemptions(company, today, customer_ids)
        for customer_id, exemption in exemptions.items():
            facts[customer_id]["exemption"] = exemption
        return facts

    # === WHAT REALLY HAPPENED === #

    @api.model
    def _load_actual(self, company, domain, since, until):
        """Return the letters and fees there really were about the claims of a period.

        :return: sums by month and segment, as of a replay
        :rtype: dict[tuple[str, str], core.replay.Tally]
        """
        self.env.flush_all()
        claims = self._claims_sql(company, domain, since, until)
        sums = defaultdict(replay.Tally)
        known, hit = set(), set()
        for day, customer_id, segment, kind, channel in self._letter_rows(
            claims, until
        ):
            tally = sums[f"{day:%Y-%m}", segment]
            setattr(tally, kind, getattr(tally, kind) + 1)
            tally.paper += channel == "letter"
            if customer_id not in known:
                known.add(customer_id)
                tally.customers += 1
        letters = set()
        for day, customer_id, segment, kind, letter, amount, waived in self._fee_rows(
            claims, until
        ):
            tally = sums[f"{day:%Y-%m}", segment]
            amount = Decimal(str(amount))
            if kind == "compensation":
                tally.compensation += _ZERO if waived else amount
                continue
            tally.fees += 1
            tally.due += amount
            if letter and letter not in letters:
                letters.add(letter)
                tally.fee_letters += 1
            if waived:
                tally.forgiven_fees += 1
                tally.forgiven += amount
            elif customer_id not in hit:
                hit.add(customer_id)
                tally.hit += 1
        for day, segment in self._handed_rows(claims, until):
            sums[f"{day:%Y-%m}", segment].handed += 1
        return dict(sums)

    @api.model
    def _letter_rows(self, claims, until):
        """Return the letters that were sent about claims, the first ones first."""
        return self.env.execute_query(
            SQL(
                """WITH claim AS MATERIALIZED (%(claims)s),
                   letter AS (
                       SELECT DISTINCT ON (line.reminder_id)
                              line.reminder_id, claim.customer_id, claim.segment
                         FROM claim
                         JOIN billing_reminder_line AS line ON line.move_id = claim.id
                        WHERE line.state = 'sent')
                   SELECT reminder.day, letter.customer_id, letter.segment,
                          reminder.kind, reminder.channel
                     FROM letter
                     JOIN billing_reminder AS reminder
                       ON reminder.id = letter.reminder_id
                    WHERE reminder.day <= %(until)s
                 ORDER BY reminder.day, reminder.id""",
                claims=claims,
                until=until,
            )
        )

    @api.model
    def _fee_rows(self, claims, until):
        """Return the fees there were about claims, the first ones first.

        Those that were charged, and those that were forgiven before.
        """
        return self.env.execute_query(
            SQL(
                """WITH claim AS MATERIALIZED (%(claims)s)
                   SELECT fee.day, claim.customer_id, claim.segment, fee.kind,
                          line.reminder_id, fee.amount, fee.waived
                     FROM (SELECT move_id, day, kind, amount, reminder_line_id, id,
                                  state = 'waived' AS waived
                             FROM billing_charge
                            WHERE kind IN ('fee', 'compensation')
                              AND state <> 'reversed'
                        UNION ALL
                           SELECT move_id, day, 'fee', amount, reminder_line_id, id,
                                  TRUE
                             FROM billing_waiver
                            WHERE state = 'granted' AND charge_id IS NULL) AS fee
                     JOIN claim ON claim.id = fee.move_id
                LEFT JOIN billing_reminder_line AS line
                       ON line.id = fee.reminder_line_id
                    WHERE fee.day <= %(until)s
                 ORDER BY fee.day, fee.id""",
                claims=claims,
                until=until,
            )
        )

    @api.model
    def _handed_rows(self, claims, until):
        """Return day and segment of claims that were handed over for collection."""
        return self.env.execute_query(
            SQL(
                """SELECT collected.offered_on, claim.segment
                     FROM billing_collection_case AS collected
                     JOIN (%(claims)s) AS claim ON claim.id = collected.move_id
                    WHERE collected.offered_on <= %(until)s""",
                claims=claims,
                until=until,
            )
        )
