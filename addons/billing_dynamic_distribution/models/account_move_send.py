from collections import defaultdict

from odoo import api, models

from .res_partner import SENDING_METHODS


class AccountMoveSend(models.AbstractModel):
    """Odoo's «Send & print» and the plans know of each other.

    What is sent there by one of our channels is queued as a message, and goes out with
    the channel's job. What Odoo itself sends by e-mail is noted as a message, so that
    no plan sends it again.
    """

    _inherit = "account.move.send"

    # === METHODS OF SENDING === #

    @api.model
    def _is_applicable_to_company(self, method, company):
        """Extended with our channels: those the company has set up."""
        if method not in SENDING_METHODS:
            return super()._is_applicable_to_company(method, company)
        channel = self.env["billing.channel"]._get(method)
        return channel is not None and channel.with_company(company)._is_available(
            company
        )

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        """Extended with our channels: invoices to customers with an address there."""
        if method not in SENDING_METHODS:
            return super()._is_applicable_to_move(method, move, **move_data)
        return (
            move.move_type == "out_invoice"
            and self._is_applicable_to_company(method, move.company_id)
            and bool(self._get_billing_points(method, move))
        )

    @api.model
    def _get_billing_points(self, method, move):
        """Return the contact points an invoice could be sent to by a channel."""
        channel = self.env["billing.channel"]._get(method)
        return channel.with_company(move.company_id)._contact_points(move.partner_id)

    @api.model
    def _get_alerts(self, moves, moves_data):
        """Extended: customers who have no address on the channel."""
        alerts = super()._get_alerts(moves, moves_data)
        for method in SENDING_METHODS:
            unreachable = moves.filtered(
                lambda move, method=method: (
                    method in moves_data[move]["sending_methods"]
                    and not self._is_applicable_to_move(method, move)
                )
            )
            if unreachable:
                label = self.env["billing.channel"]._get(method)._label()
                alerts[f"billing_{method}"] = {
                    "level": "danger" if len(moves) == 1 else "warning",
                    "message": self.env._(
                        "%(channel)s cannot be used for %(invoices)s: the customer has "
                        "no address there, or does not want invoices there.",
                        channel=label,
                        invoices=", ".join(unreachable.mapped("name")),
                    ),
                    "action_text": self.env._("View Customers"),
                    "action": unreachable.commercial_partner_id._get_records_action(),
                }
        return alerts

    # === SENDING === #

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        """Extended: queue messages for our channels. Nothing is called here."""
        by_method = defaultdict(self.env["account.move"].browse)
        for move, move_data in moves_data.items():
            for method in SENDING_METHODS:
                if method in move_data[
                    "sending_methods"
                ] and self._is_applicable_to_move(method, move, **move_data):
                    by_method[method] |= move
        for method, moves in by_method.items():
            moves._billing_queue_attempts(method, origin="odoo")
        return super()._hook_if_success(moves_data, from_cron)

    @api.model
    def _send_mail(self, move, mail_template, **kwargs):
        """Extended: note e-mails of invoices to customers."""
        latest = self._latest_message(move)
        result = super()._send_mail(move, mail_template, **kwargs)
        message_sudo = self._latest_message(move)
        if move.move_type == "out_invoice" and message_sudo != latest:
            message_sudo._billing_note_email(move)
        return result

    @api.model
    def _latest_message(self, move):
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [("model", "=", move._name), ("res_id", "=", move.id)],
                order="id desc",
                limit=1,
            )
        )
