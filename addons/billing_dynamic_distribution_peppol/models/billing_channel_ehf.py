import requests

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import (
    ChannelError,
    Outcome,
    Prepared,
)

#: States of an invoice at the access point in which it has got it.
HANDED_OVER = ("processing", "done")
#: What is known of a receiver that cannot be reached.
UNREACHABLE = ("not_valid", "not_valid_format")


class BillingChannel(models.AbstractModel):
    _inherit = "billing.channel"

    @api.model
    def _registry(self):
        """Extended with EHF."""
        return {**super()._registry(), "ehf": "billing.channel.ehf"}


class BillingChannelEhf(models.AbstractModel):
    """EHF through Odoo's Peppol access point.

    Odoo makes the file and hands it over, one invoice in a call. The access point takes
    no key of ours: an invoice that it has got is never handed over again, and a call
    that ended without an answer stays uncertain until somebody looks.
    """

    _name = "billing.channel.ehf"
    _inherit = "billing.channel"
    _description = "EHF"

    _channel = "ehf"
    _group = "other"
    # It goes from one system to another.
    _is_intrusive = False
    _can_bundle = False
    _can_look_up = True

    # === CONTRACT === #

    def _is_available(self, company):
        """Whether the company is registered to send."""
        return company.sudo().peppol_can_send

    def _prepare(self, attempt):
        """See whether the customer can be reached, as far as is known."""
        attempt_sudo = attempt.sudo()
        [move_sudo] = attempt_sudo.item_ids.move_id
        partner_sudo = move_sudo.commercial_partner_id.with_company(
            move_sudo.company_id
        )
        if partner_sudo.peppol_verification_state in UNREACHABLE:
            raise ChannelError(
                "hard",
                "not_on_peppol",
                self.env._(
                    "%(customer)s takes no EHF at %(address)s.",
                    customer=partner_sudo.display_name,
                    address=attempt_sudo.address or "",
                ),
                address_fault=True,
            )
        return Prepared(
            subject=move_sudo.name,
            text=attempt_sudo.address or "",
            parts=move_sudo.id,
        )

    def _call(self, attempt, prepared):
        """Let Odoo hand the invoice over."""
        move = self.env["account.move"].sudo().browse(prepared.parts)
        known = self._known(move)
        if known:
            return known
        try:
            self.env["account.move.send"].sudo().with_company(
                move.company_id
            )._generate_and_send_invoices(move, sending_methods=["peppol"])
        except UserError as error:
            return self._outcome_of_refusal(error)
        return self._known(move) or Outcome(
            state.FAILED_HARD,
            code="not_on_peppol",
            reason=self.env._("The customer cannot be reached by EHF."),
        )

    def _look_up(self, attempt):
        """An invoice that the access point has got carries its number."""
        [move] = attempt.sudo().item_ids.move_id
        move.invalidate_recordset(["peppol_move_state", "peppol_message_uuid"])
        return self._known(move)

    # === HELPERS === #

    @api.model
    def _known(self, move):
        """Return the outcome of an invoice that was handed over before, or None."""
        if move.peppol_move_state not in HANDED_OVER or not move.peppol_message_uuid:
            return None
        return Outcome(
            state.DELIVERED if move.peppol_move_state == "done" else state.SENT,
            reference=move.peppol_message_uuid,
        )

    @api.model
    def _outcome_of_refusal(self, error):
        """Return what an error of Odoo says of the message.

        Odoo wraps what happened on the line; whether anything was handed over is told
        by what it wrapped.
        """
        cause = error
        while cause and not isinstance(cause, requests.RequestException):
            cause = cause.__cause__ or cause.__context__
        if cause is None or isinstance(cause, requests.ConnectTimeout):
            is_refused = True
        else:
            is_refused = isinstance(
                cause, requests.ConnectionError
            ) and "NewConnection" in (repr(cause))
        return Outcome(
            state.FAILED_SOFT if is_refused else state.UNCERTAIN,
            code="peppol",
            reason=str(error),
            address_fault=False,
        )
