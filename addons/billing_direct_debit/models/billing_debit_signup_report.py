from odoo import api, fields, models
from odoo.tools import SQL

#: Ways in which a mandate comes about without work for staff.
BY_THEMSELVES = ("page", "internet_bank", "bank")


class BillingDebitSignupReport(models.Model):
    """Mandates that came and mandates that went.

    A row is one of the two. What a registration saves is counted for those that became
    active and that nobody had to type in.
    """

    _name = "billing.debit.signup.report"
    _description = "Mandates Won and Lost"
    _auto = False
    _order = "date desc, id"
    _rec_name = "date"

    date = fields.Date(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    mandate_id = fields.Many2one("billing.mandate", readonly=True)
    campaign_id = fields.Many2one("billing.debit.campaign", readonly=True)
    scheme = fields.Selection(
        lambda self: self._mandate_selection("scheme"), readonly=True
    )
    origin = fields.Selection(
        lambda self: self._mandate_selection("origin"),
        string="Signed Up",
        readonly=True,
    )
    ended_by = fields.Selection(
        lambda self: self._mandate_selection("ended_by"), readonly=True
    )
    kind = fields.Selection(
        [("won", "Sign-up"), ("rejected", "Rejected"), ("ended", "Ended")],
        string="What",
        readonly=True,
    )
    signups = fields.Integer(string="Sign-ups", readonly=True)
    activated = fields.Integer(
        string="Active", readonly=True, help="Sign-ups that the bank has confirmed."
    )
    ended = fields.Integer(readonly=True)
    net = fields.Integer(
        string="More or Fewer", readonly=True, help="Sign-ups confirmed, less ended."
    )
    days = fields.Integer(
        string="Days Until Active",
        readonly=True,
        aggregator="avg",
        help="From the signature to the bank's confirmation.",
    )
    saving = fields.Monetary(
        string="Estimated Saving",
        readonly=True,
        help="What is saved for each registration (setting), for those that became "
        "active without work for staff.",
    )

    # === SELECTION METHODS === #

    @api.model
    def _mandate_selection(self, name):
        """Return the values of a selection of mandates, in the reader's language."""
        return (
            self.env["billing.mandate"]._fields[name]._description_selection(self.env)
        )

    # === QUERY === #

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """WITH mandate AS (%(mandates)s)
               SELECT mandate.id * 2 AS id, mandate.company_id, mandate.currency_id,
                      mandate.partner_id, mandate.id AS mandate_id,
                      mandate.campaign_id, mandate.scheme, mandate.origin,
                      NULL AS ended_by, mandate.won_on AS date,
                      CASE WHEN mandate.state = 'rejected' THEN 'rejected'
                           ELSE 'won' END AS kind,
                      1 AS signups,
                      (mandate.active_from IS NOT NULL)::int AS activated,
                      0 AS ended,
                      (mandate.active_from IS NOT NULL)::int AS net,
                      GREATEST(mandate.active_from - mandate.won_on, 0) AS days,
                      CASE WHEN mandate.active_from IS NOT NULL
                                AND mandate.origin = ANY(%(saved)s)
                           THEN mandate.saving ELSE 0 END AS saving
                 FROM mandate
            UNION ALL
               SELECT mandate.id * 2 + 1, mandate.company_id, mandate.currency_id,
                      mandate.partner_id, mandate.id, mandate.campaign_id,
                      mandate.scheme, mandate.origin, mandate.ended_by,
                      mandate.ended_on, 'ended', 0, 0, 1, -1, NULL, 0
                 FROM mandate
                WHERE mandate.state = 'ended' AND mandate.ended_on IS NOT NULL""",
            mandates=self._mandates_sql(),
            saved=list(BY_THEMSELVES),
        )

    @api.model
    def _mandates_sql(self):
        """Return the mandates that were ever signed, with the day by local clock."""
        return SQL(
            """SELECT mandate.id, mandate.company_id, company.currency_id,
                      mandate.partner_id, mandate.scheme, mandate.origin,
                      mandate.state, mandate.active_from, mandate.ended_on,
                      mandate.ended_by, offer.campaign_id,
                      company.billing_debit_saving AS saving,
                      (COALESCE(mandate.signed_at, mandate.create_date)
                          AT TIME ZONE 'UTC'
                          AT TIME ZONE COALESCE(home.tz, 'Europe/Oslo'))::date
                          AS won_on
                 FROM billing_mandate AS mandate
                 JOIN res_company AS company ON company.id = mandate.company_id
                 JOIN res_partner AS home ON home.id = company.partner_id
            LEFT JOIN billing_debit_offer AS offer
                   ON offer.mandate_id = mandate.id AND offer.sent_at IS NOT NULL
                WHERE mandate.state <> 'draft'"""
        )
