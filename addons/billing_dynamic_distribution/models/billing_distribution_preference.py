from collections import defaultdict
from datetime import timedelta
from random import Random

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import hours, optimiser
from .billing_distribution_learner import DAYS

#: Messages of a customer by a channel, or in a part of the day, to go by.
LEAST = 4


class BillingDistributionPreference(models.Model):
    """What reaches a customer best, as far as the customer's own messages tell.

    Made anew every night from the last twelve months where the company learns about
    customers, and deleted where it does not. It never outdoes what the customer chose.
    """

    _name = "billing.distribution.preference"
    _description = "What Reaches a Customer"
    _order = "partner_id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    channel = fields.Char(readonly=True)
    channel_certainty = fields.Float(readonly=True)
    channel_count = fields.Integer(string="Messages by It", readonly=True)
    band = fields.Selection(
        [
            ("morning", "Morning"),
            ("midday", "Midday"),
            ("afternoon", "Afternoon"),
            ("evening", "Evening"),
        ],
        string="Part of the Day",
        readonly=True,
    )
    band_certainty = fields.Float(readonly=True)
    band_count = fields.Integer(string="Messages Then", readonly=True)

    _customer_unique = models.UniqueIndex(
        "(company_id, partner_id)", "The customer is known already."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _learn(self, company):
        """Make the preferences of a company's customers anew.

        :param company: the ``res.company``
        """
        self.search([("company_id", "=", company.id)]).unlink()
        if not company.billing_optimise_customers:
            return
        found = defaultdict(dict)
        for partner_id, preference in self._prefer(company, "channel").items():
            found[partner_id].update(
                channel=preference.choice,
                channel_certainty=preference.certainty,
                channel_count=preference.count,
            )
        for partner_id, preference in self._prefer(company, "band").items():
            if preference.choice in hours.BANDS:
                found[partner_id].update(
                    band=preference.choice,
                    band_certainty=preference.certainty,
                    band_count=preference.count,
                )
        self.create(
            [
                {"partner_id": partner_id, "company_id": company.id, **vals}
                for partner_id, vals in sorted(found.items())
            ]
        )

    @api.model
    def _prefer(self, company, what):
        """Return what each customer opens more than what is usual.

        :param str what: ``channel`` or ``band``
        :return: ``core.optimiser.Preference`` by customer
        """
        by_partner, rows = defaultdict(dict), []
        totals = defaultdict(int)
        for partner_id, code, opened, count in self._count_messages(company, what):
            by_partner[partner_id][code] = (opened, count)
            rows.append((code, opened, count))
            totals[code] += count
        if not totals:
            return {}
        usual = max(sorted(totals), key=totals.get)
        known = optimiser.customer_prior(rows)
        found = {}
        for partner_id, own in by_partner.items():
            preference = optimiser.prefer(
                usual, known, own, Random(f"{what} {company.id} {partner_id}"), LEAST
            )
            if preference:
                found[partner_id] = preference
        return found

    @api.model
    def _count_messages(self, company, what):
        """Return (customer, choice, opened, messages) of messages that arrived.

        Customers who object are left out, and so is what was sent lately and may still
        be opened. Opening counts within three days, so that what was seen at last by
        another channel does not.
        """
        now = company._billing_now()
        attempts = self.env["billing.distribution.attempt"]
        attempts.flush_model()
        self.env["res.partner"].flush_model(["billing_learn_nothing"])
        make = company._billing_calendar_maker()
        choice = SQL("attempt.channel")
        if what == "band":
            choice = self.env["billing.distribution.learner"]._band_sql(
                SQL(
                    "(attempt.sent_at AT TIME ZONE 'UTC') AT TIME ZONE %s",
                    make(None, None).zone,
                )
            )
        return self.env.execute_query(
            SQL(
                """SELECT attempt.partner_id, %(choice)s,
                          COUNT(*) FILTER (
                              WHERE attempt.opened_at
                                    < attempt.sent_at + INTERVAL '3 days'),
                          COUNT(*)
                     FROM billing_distribution_attempt AS attempt
                     JOIN res_partner AS partner ON partner.id = attempt.partner_id
                    WHERE attempt.company_id = %(company)s
                      AND partner.billing_learn_nothing IS NOT TRUE
                      AND attempt.sent_at BETWEEN %(since)s AND %(until)s
                      AND attempt.state IN ('sent', 'delivered', 'opened')
                    GROUP BY 1, 2""",
                choice=choice,
                company=company.id,
                since=now - timedelta(days=DAYS),
                until=now - timedelta(days=3),
            )
        )
