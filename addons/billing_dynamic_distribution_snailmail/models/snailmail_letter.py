from odoo import fields, models

from odoo.addons.billing_dynamic_distribution.core import state


class SnailmailLetter(models.Model):
    _inherit = "snailmail.letter"

    billing_attempt_key = fields.Char(
        string="Message",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Key of the message of ours that this letter is.",
    )

    def write(self, vals):
        """Extension: a letter that Odoo sends later on moves its message.

        One that staff send by Odoo's own «Send & print» becomes one, so that no plan
        sends it again. While our own call is being made, its outcome tells.
        """
        result = super().write(vals)
        if vals.get("state") == "sent" and not self.env.context.get("billing_calling"):
            self._billing_note_sent()
            keys = (
                self.sudo()
                .filtered("billing_attempt_key")
                .mapped("billing_attempt_key")
            )
            if keys:
                self.env["billing.distribution.attempt"].sudo().search(
                    [("key", "in", keys)]
                )._apply(state.SENT)
        return result

    def _billing_note_sent(self):
        """Note letters with invoices that no message of ours is behind, each once."""
        for letter_sudo in self.sudo():
            if letter_sudo.billing_attempt_key or letter_sudo.model != "account.move":
                continue
            move_sudo = self.env["account.move"].sudo().browse(letter_sudo.res_id)
            if move_sudo.move_type == "out_invoice":
                attempt_sudo = move_sudo._billing_record_sent(
                    "letter",
                    provider="snailmail",
                    provider_reference=f"snailmail-{letter_sudo.id}",
                )
                letter_sudo.billing_attempt_key = attempt_sudo.key
