from dataclasses import replace

from odoo import api, models
from odoo.tools import SQL

from ..core import hours, plan


class BillingDistributionPlanner(models.AbstractModel):
    _inherit = "billing.distribution.planner"

    @api.model
    def _insert_version(self, version_sudo, moves_sql, trigger_key, at):
        """Extension: first messages that come when the customer usually opens.

        Moments are worked out once for each time zone and part of the day.
        """
        runs = super()._insert_version(version_sudo, moves_sql, trigger_key, at)
        steps = version_sudo._to_steps()
        company = version_sudo.company_id
        if not runs or steps[0].window != hours.LEARNED:
            return runs
        self.env["billing.distribution.preference"].flush_model()
        make = company._billing_calendar_maker()
        kinds = self.env.execute_query(
            SQL(
                """SELECT DISTINCT partner.tz, partner.country_id, country.code,
                          preference.band
                     FROM billing_distribution_run AS run
                     JOIN account_move AS move ON move.id = run.move_id
                     JOIN res_partner AS partner ON partner.id = move.partner_id
                LEFT JOIN res_country AS country ON country.id = partner.country_id
                     JOIN billing_distribution_preference AS preference
                       ON preference.partner_id = run.partner_id
                      AND preference.company_id = run.company_id
                    WHERE run.id = ANY(%s) AND preference.band IS NOT NULL""",
                list(runs.ids),
            )
        )
        if not kinds:
            return runs
        self.env.execute_query(
            SQL(
                """UPDATE billing_distribution_run AS run
                      SET next_at = clock.next_at
                     FROM account_move AS move, res_partner AS partner,
                          billing_distribution_preference AS preference,
                          UNNEST(%(zones)s::varchar[], %(countries)s::integer[],
                                 %(bands)s::varchar[], %(nexts)s::timestamp[])
                              AS clock(zone, country_id, band, next_at)
                    WHERE run.id = ANY(%(runs)s) AND move.id = run.move_id
                      AND partner.id = move.partner_id
                      AND preference.partner_id = run.partner_id
                      AND preference.company_id = run.company_id
                      AND clock.zone IS NOT DISTINCT FROM partner.tz
                      AND clock.country_id IS NOT DISTINCT FROM partner.country_id
                      AND clock.band = preference.band
                RETURNING run.id""",
                zones=[kind[0] for kind in kinds],
                countries=[kind[1] for kind in kinds],
                bands=[kind[3] for kind in kinds],
                nexts=[
                    plan.start(steps, at, replace(make(tz, code), habit=band)).at
                    for tz, _id, code, band in kinds
                ],
                runs=list(runs.ids),
            )
        )
        runs.invalidate_recordset(["next_at"], flush=False)
        return runs
