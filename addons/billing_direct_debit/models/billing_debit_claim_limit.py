from odoo import api, fields, models

from ..core import debit_limit
from .billing_debit_claim import OPEN


class BillingDebitClaim(models.Model):
    """Debits above what the customer's bank let through so far: told before."""

    _inherit = "billing.debit.claim"

    warned_on = fields.Date(
        readonly=True,
        copy=False,
        help="The customer was told that it may be above the limit at the bank.",
    )

    # === HOOKS === #

    def _on_planned(self):
        """Override: who has a limit is warned before the claim goes."""
        result = super()._on_planned()
        self.sudo()._warn_limits()
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _warn_planned(self, company):
        """Warn of what was planned before its limit was known, or has become more.

        :param company: ``res.company``
        :return: None
        """
        self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("state", "in", ("planned", "batched")),
                ("warned_on", "=", False),
                "|",
                ("mandate_id.learnt_limit", ">", 0),
                ("mandate_id.limit_amount", ">", 0),
            ]
        )._warn_limits()

    def _warn_limits(self):
        """Warn customers of debits that are above their limit, as far as is known.

        The limit is for a calendar month, so that all that is drawn in it counts.
        Those of agreements that say so are not drawn.

        :return: claims whose customers were warned now
        :rtype: billing.debit.claim
        """
        asked = self.filtered(
            lambda claim: (
                not claim.warned_on
                and claim.state in OPEN
                and claim.agreement_id.limit_action != "none"
                and (claim.mandate_id.learnt_limit or claim.mandate_id.limit_amount)
            )
        )
        if not asked:
            return asked
        mandates = asked.mandate_id
        limits = mandates._debit_limits()
        drawn = mandates._drawn_by_month()
        above = asked.filtered(
            lambda claim: (
                limits[claim.mandate_id.id].judge(
                    drawn[claim.mandate_id.id][debit_limit.month_of(claim.date)]
                )
                == debit_limit.ABOVE
            )
        )
        if not above:
            return above
        for company, claims in above.grouped("company_id").items():
            claims.write({"warned_on": company._billing_today()})
        above._log("debit.warned", key="limit")
        above.filtered(lambda claim: claim.agreement_id.limit_action == "hold")._cancel(
            "limit"
        )
        above._queue_message("limit")
        return above
