from odoo import api, fields, models

from ..core import answers


class BillingBankFile(models.Model):
    """Files that hold what banks answer to direct debit."""

    _inherit = "billing.bank.file"

    answer_ids = fields.One2many(
        comodel_name="billing.debit.answer", inverse_name="file_id", readonly=True
    )
    answer_count = fields.Integer(
        string="Answers on Direct Debit", compute="_compute_answer_counts"
    )
    answer_waiting_count = fields.Integer(
        string="Answers to Look At", compute="_compute_answer_counts"
    )

    # === COMPUTE METHODS === #

    def _compute_answer_counts(self):
        counts = {
            (file.id, state): count
            for file, state, count in self.env["billing.debit.answer"]._read_group(
                [("file_id", "in", self.ids)], ["file_id", "state"], ["__count"]
            )
        }
        for file in self:
            file.answer_count = sum(
                count
                for (file_id, _state), count in counts.items()
                if file_id == file.id
            )
            file.answer_waiting_count = counts.get((file.id, "worklist"), 0)

    # === ACTIONS === #

    def action_open_answers(self):
        """Open what the file says of direct debit, what waits first.

        :return: action
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "billing.debit.answer",
            "view_mode": "list,kanban,form",
            "domain": [("file_id", "=", self.id)],
        }

    # === BUSINESS METHODS === #

    @api.model
    def _extensions(self):
        """Extend with AvtaleGiro mandates and Autogiro."""
        return [*super()._extensions(), answers.DebitFiles()]

    def _store_messages(self, messages, journals):
        """Extend: what is said of direct debit changes mandates and claims."""
        ours = [message for message in messages if message.kind in answers.KINDS]
        others = [message for message in messages if message.kind not in answers.KINDS]
        told = super()._store_messages(others, journals) if others else {}
        told = dict(told)
        for state, count in (
            self.env["billing.debit.answer"].sudo()._keep(self, ours, journals).items()
        ):
            told[state] = told.get(state, 0) + count
        return told

    @api.model
    def _import(self, source, name, journal=None, told=None):
        """Extend: a complete list of mandates is compared with those that hold."""
        file, seen = super()._import(source, name, journal, told)
        self.env["billing.debit.answer"].sudo()._compare_lists(file.sudo())
        return file, seen
