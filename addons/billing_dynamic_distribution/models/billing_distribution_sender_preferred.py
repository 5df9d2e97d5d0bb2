from collections import defaultdict

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from ..core import checks
from .billing_distribution_sender_runs import BATCH_SIZE


class BillingDistributionSender(models.AbstractModel):
    """By which channel runs go whose step leaves it to the customer."""

    _inherit = "billing.distribution.sender"

    @api.model
    def _resolve_virtual_runs(self):
        """Find out by which channel the runs go that are due on a virtual one.

        :return: None
        """
        commit = self.env["ir.cron"]._commit_progress
        for code in ("preferred", "last_opened"):
            while True:
                try:
                    runs_sudo = self._lock_due_runs(
                        code, self._limits(), limit=BATCH_SIZE
                    )
                    if not runs_sudo:
                        break
                    self._resolve(runs_sudo, code)
                    if not commit(len(runs_sudo), remaining=1):
                        return
                except psycopg2.OperationalError:
                    # Another worker has them.
                    self.env.cr.rollback()
                    break

    @api.model
    def _resolve(self, runs_sudo, code):
        """Set the channel of runs, or leave the step out where none is usable."""
        found = self._find_channels(
            runs_sudo.move_id, last_opened=code == "last_opened"
        )
        unreachable = runs_sudo.browse()
        for run in runs_sudo:
            channel = found.get(run.move_id.id)
            if channel:
                run.channel = channel
            else:
                unreachable |= run
        unreachable._skip(checks.NO_ADDRESS)

    @api.model
    def _find_channels(self, moves, last_opened=False):
        """Return the channel each invoice goes by when nobody says which.

        The one the customer last opened something on, if asked for; then the one that
        the customer chose; then what is known to reach the customer; then that of the
        best contact point.

        :rtype: dict[int, str | None]
        """
        found = {}
        for company, own_moves in moves.sudo().grouped("company_id").items():
            models_by_code = {
                code: self.env[name].with_company(company)
                for code, name in self.env["billing.channel"]._registry().items()
                if self.env[name]._is_available(company)
            }
            partners = own_moves.partner_id
            usable = defaultdict(dict)
            for code, model in models_by_code.items():
                for partner_id, (points, _why) in model._find_contact_points(
                    partners
                ).items():
                    if points:
                        usable[partner_id][code] = points[0]
            opened = self._last_opened(own_moves) if last_opened else {}
            chosen = {
                partner: partner._billing_chosen_channel(company)
                for partner in own_moves.commercial_partner_id
            }
            learned = own_moves.commercial_partner_id._billing_learned_channels(company)
            for move in own_moves:
                mine = usable[move.partner_id.id]
                wishes = (
                    opened.get(move.commercial_partner_id.id),
                    chosen[move.commercial_partner_id],
                    learned.get(move.commercial_partner_id.id),
                )
                best = min(
                    mine,
                    key=lambda code, mine=mine: (
                        mine[code].state == "failing",
                        mine[code].sequence,
                        mine[code].id,
                    ),
                    default=None,
                )
                found[move.id] = next((w for w in wishes if w in mine), best)
        return found

    @api.model
    def _last_opened(self, moves):
        """Return the channel each customer last opened a message on, by partner id."""
        self.env["billing.distribution.attempt"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT DISTINCT ON (partner_id) partner_id, channel
                         FROM billing_distribution_attempt
                        WHERE partner_id = ANY(%s) AND company_id = ANY(%s)
                          AND opened_at IS NOT NULL
                        ORDER BY partner_id, opened_at DESC, id DESC""",
                    list(moves.commercial_partner_id.ids),
                    list(moves.company_id.ids),
                )
            )
        )
