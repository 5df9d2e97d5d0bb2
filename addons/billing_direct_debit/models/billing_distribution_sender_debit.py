from dataclasses import replace

from odoo import api, models

from odoo.addons.billing_base.core.hold import blocking

from .account_move_debit import DEBIT_HOLD
from .billing_debit_claim import OPEN


class BillingDistributionSender(models.AbstractModel):
    """Plans for failed debits wait for what is under way."""

    _inherit = "billing.distribution.sender"

    @api.model
    def _gather_facts(self, runs_sudo, channel, code, company, known):
        """Override: nobody is asked for money that is just being drawn.

        The step that draws again waits for what holds reminders back (an objection, a
        promise), since drawing is more than reminding; the steps after it wait for the
        debit to end.
        """
        facts = super()._gather_facts(runs_sudo, channel, code, company, known)
        failed = runs_sudo.filtered(lambda run: run.plan_id.trigger == "debit_failed")
        if not failed:
            return facts
        moves = failed.move_id
        drawn = (
            self.env["billing.debit.claim"]
            .sudo()
            .search([("move_id", "in", moves.ids), ("state", "in", OPEN)])
            .move_id
        )
        holds = moves._billing_holds() if code == "debit" else {}
        for run in failed:
            fact, point = facts[run.id]
            if code == "debit":
                held = [
                    hold
                    for hold in blocking(holds[run.move_id.id], "reminder")
                    if hold.code != DEBIT_HOLD
                ]
                facts[run.id] = (
                    replace(
                        fact,
                        is_held=fact.is_held or bool(held),
                        is_needed=fact.is_needed and run.move_id not in drawn,
                    ),
                    point,
                )
            elif run.move_id in drawn:
                facts[run.id] = (replace(fact, is_held=True), point)
        return facts
