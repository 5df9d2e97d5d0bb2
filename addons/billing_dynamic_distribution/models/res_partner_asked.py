from contextlib import contextmanager

from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: who chooses how invoices come gets there what is unseen."""
        method = vals.get("invoice_sending_method")
        if not method:
            return super().write(vals)
        with self._billing_notice_wishes(method):
            return super().write(vals)

    # === BUSINESS METHODS === #

    @contextmanager
    def _billing_notice_wishes(self, wanted=None):
        """Let unseen invoices go by the channel that customers come to prefer within.

        The number of queries does not depend on how many customers there are.

        :param str wanted: code of the channel they ask for, None = whichever it
            becomes
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
                and wanted in (None, after[move.id])
            )
        )
        for channel, own_sudo in asked_sudo.grouped(
            lambda move: after[move.id]
        ).items():
            own_sudo._billing_distribute_asked(channel)
