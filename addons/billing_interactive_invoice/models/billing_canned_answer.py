from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date, formatLang

from ..core import canned


class BillingCannedAnswer(models.Model):
    """An answer that staff give again and again, in each language of the customers."""

    _name = "billing.canned.answer"
    _description = "Canned Answer"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    text = fields.Text(
        required=True,
        translate=True,
        help="Places that are filled: {customer}, {first_name}, {invoice}, {amount} "
        "(what is left to pay), {due}, {reference} and {staff}.",
    )
    topic_ids = fields.Many2many("billing.conversation.topic", string="Topics")
    company_id = fields.Many2one(
        "res.company", help="Left empty: for all companies.", index=True
    )

    @api.constrains("text")
    def _check_places(self):
        for answer in self:
            unknown = canned.unknown(answer.text)
            if unknown:
                raise ValidationError(
                    self.env._(
                        "Nothing is known to put into {%(place)s}. Places are: "
                        "%(places)s",
                        place=unknown[0],
                        places=", ".join(f"{{{place}}}" for place in canned.PLACES),
                    )
                )

    def _render_for(self, move):
        """Return the answer to the customer of an invoice, in their language.

        :param move: the ``account.move``
        :rtype: str
        """
        self.ensure_one()
        move_sudo = move.sudo()
        partner_sudo = move_sudo.partner_id
        answer = self.with_context(lang=partner_sudo.lang or self.env.lang)
        name = partner_sudo.name or ""
        return canned.render(
            answer.text,
            {
                "customer": name,
                # A company has no first name to be called by.
                "first_name": name if partner_sudo.is_company else name.split(" ")[0],
                "invoice": move_sudo.name,
                "amount": formatLang(
                    answer.env,
                    move_sudo.amount_residual,
                    currency_obj=move_sudo.currency_id,
                ),
                "due": format_date(answer.env, move_sudo.invoice_date_due),
                "reference": move_sudo.payment_reference,
                "staff": move_sudo.company_id.with_env(answer.env)._billing_staff_name(
                    self.env.user.partner_id
                ),
            },
        )
