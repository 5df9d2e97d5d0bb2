import dataclasses
import logging

import psycopg2

from odoo import api, fields, models

from odoo.addons.billing_bank_file.core import decision

_logger = logging.getLogger(__name__)


class BillingPayment(models.Model):
    """The fee shield, seen from the payment."""

    # Apart from proposing and accepting: another subject.
    _inherit = "billing.payment"  # pylint: disable=consider-merging-classes-inherited

    shield = fields.Char(
        string="Fee Shield",
        compute="_compute_shield",
        help="Invoices this payment may be for get no fee, reminder or collection "
        "until it is decided on.",
    )

    # === COMPUTE METHODS === #

    @api.depends("candidate_ids.is_shielding")
    @api.depends_context("lang")
    def _compute_shield(self):
        for payment in self:
            is_shielding = any(payment.candidate_ids.mapped("is_shielding"))
            payment.shield = is_shielding and self.env._("Fee shield on")

    # === BUSINESS METHODS === #

    def _set_aside(self, error):
        """Extend `billing_bank_file`: the invoice of a payment that could not be
        booked is shielded like that of one in review."""
        res = super()._set_aside(error)
        try:
            with self.env.cr.savepoint():
                payment_sudo = self.sudo().with_company(self.company_id)
                [item] = payment_sudo._decide()
                payment_sudo._store_candidates([_with_shares(item)])
        except psycopg2.OperationalError:
            raise
        except Exception:
            # What hinders the booking may hinder this too. The payment is set aside
            # with its reason either way.
            _logger.exception("No candidates for payment %s", self.id)
        return res


def _with_shares(item):
    """A decision whose candidates are what it was to be booked on."""
    if not item.shares:
        return item
    return dataclasses.replace(
        item,
        candidates=tuple(
            decision.Candidate(
                share.move_id,
                partner_id=0,
                probability=item.probability,
                amount_residual=share.amount,
                reference="",
                distance=0,
            )
            for share in item.shares
            if share.amount > 0
        ),
    )
