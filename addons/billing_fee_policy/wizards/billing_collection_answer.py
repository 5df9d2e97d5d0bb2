import base64

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.billing_base.core.answer_file import AnswerError


class BillingCollectionAnswer(models.TransientModel):
    """A file with what became of cases, uploaded by hand."""

    _name = "billing.collection.answer"
    _description = "Answer of a Collection Agency"

    agency_id = fields.Many2one("billing.collection.agency", required=True)
    file = fields.Binary(required=True, attachment=False)
    file_name = fields.Char()

    # === ACTIONS === #

    def action_read(self):
        """Read the file (button)."""
        self.ensure_one()
        self.agency_id.check_access("read")
        try:
            cases = self.agency_id._apply_answers(base64.b64decode(self.file))
        except AnswerError as error:
            name = self.file_name or self.env._("File")
            raise UserError(
                "\n".join(f"{name}:{problem}" for problem in error.problems)
            ) from error
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s cases have news.", len(cases)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
