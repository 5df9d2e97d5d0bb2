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

        While our own call is being made, its outcome tells.
        """
        result = super().write(vals)
        if vals.get("state") == "sent" and not self.env.context.get("billing_calling"):
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
