from contextlib import contextmanager

from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: who chooses how invoices come gets there what is unseen."""
        if not vals.get("invoice_sending_method"):
            return super().write(vals)
        with self._billing_notice_wishes(chosen_only=True):
            return super().write(vals)

    # === BUSINESS METHODS === #

    @contextmanager
    def _billing_notice_wishes(self, chosen_only=False):
        """Let unseen invoices go by the channel that customers come to prefer within.

        The number of queries does not depend on how many customers there are.

        :param bool chosen_only: only where it becomes the channel they chose
        :return: context
        """
        moves_sudo = self.env["account.move"]._billing_unseen(self)
        if not moves_sudo:
            yield
            return
        sender_sudo = self.env["billing.distribution.sender"].sudo()
        before = sender_sudo._find_channels(moves_sudo)
        yield
        after = sender_sudo._find_channels(moves_sudo)
        asked_sudo = moves_sudo.filtered(
            lambda move: (
                after[move.id]
                and after[move.id] != before[move.id]
                and (
                    not chosen_only
                    or after[move.id]
                    == move.commercial_partner_id._billing_chosen_channel(
                        move.company_id
                    )
                )
            )
        )
        for channel, own_sudo in asked_sudo.grouped(
            lambda move: after[move.id]
        ).items():
            own_sudo._billing_distribute_asked(channel)
