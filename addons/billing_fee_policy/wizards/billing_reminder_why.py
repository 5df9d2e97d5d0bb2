from markupsafe import Markup

from odoo import api, fields, models


class BillingReminderWhy(models.TransientModel):
    """Tells why nothing is sent about an invoice."""

    _name = "billing.reminder.why"
    _description = "Why Nothing Is Sent"

    move_id = fields.Many2one(
        "account.move", string="Invoice", required=True, ondelete="cascade"
    )
    day = fields.Date(
        required=True,
        default=lambda self: self.env.company._billing_today(),
        help="On which it is asked.",
    )
    answer = fields.Html(compute="_compute_answer")

    # === COMPUTE METHODS === #

    @api.depends("move_id", "day")
    def _compute_answer(self):
        for wizard in self:
            wizard.move_id.check_access("read")
            sentences = self.env["billing.dunning.planner"]._explain(
                wizard.move_id, wizard.day
            )
            wizard.answer = Markup("<ul>%s</ul>") % Markup().join(
                Markup("<li>%s</li>") % sentence for sentence in sentences
            )
