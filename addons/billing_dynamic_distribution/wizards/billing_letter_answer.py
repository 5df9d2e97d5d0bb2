import base64
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.billing_base.core.answer_file import AnswerError

from ..core import letters, state

_logger = logging.getLogger(__name__)

#: What a print house says → event of the attempt, and whether the address is to blame.
EVENTS = {
    letters.PRINTED: (state.DELIVERED, False),
    letters.RETURNED: (state.FAILED_HARD, True),
    letters.REFUSED: (state.FAILED_HARD, False),
}


class BillingLetterAnswer(models.TransientModel):
    """What a print house answers: printed, returned to sender, refused.

    Files are read from the directory of letters by a job, or uploaded. A file counts
    whole or not at all, and may be read as often as anybody likes.
    """

    _name = "billing.letter.answer"
    _description = "Answer of a Print House"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    file = fields.Binary(required=True, attachment=False)
    file_name = fields.Char()
    result = fields.Char(readonly=True)

    # === ACTIONS === #

    def action_read(self):
        """Read the file (button)."""
        self.ensure_one()
        try:
            moved = self._apply_answers(self.company_id, base64.b64decode(self.file))
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
                "message": self.env._("%s letters have news.", len(moved)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === BUSINESS METHODS === #

    @api.model
    def _apply_answers(self, company, data):
        """Note what a print house answered on the letters of a company.

        :param company: the ``res.company``
        :param bytes data: see ``core.letters.read_answers``
        :return: the attempts that moved
        :rtype: billing.distribution.attempt
        :raises AnswerError: the file cannot be read whole, or names strange letters
        """
        answers = letters.read_answers(data)
        attempts_sudo = (
            self.env["billing.distribution.attempt"]
            .sudo()
            .search(
                [
                    ("key", "in", [answer.key for answer in answers]),
                    ("company_id", "=", company.id),
                    ("channel", "=", "letter"),
                ]
            )
        )
        by_key = {attempt.key: attempt for attempt in attempts_sudo}
        strange = [answer for answer in answers if answer.key not in by_key]
        if strange:
            raise AnswerError(
                [
                    f"{answer.line}: id: {company.name} sent no letter {answer.key}"
                    for answer in strange
                ]
            )
        reports = []
        for answer in answers:
            event, address_fault = EVENTS[answer.status]
            reports.append(
                (
                    by_key[answer.key],
                    event,
                    {
                        "at": answer.at,
                        "cost": answer.cost,
                        "code": answer.status,
                        "reason": answer.reason or self._get_reason(answer.status),
                        "address_fault": address_fault,
                    },
                )
            )
        return attempts_sudo._apply_all(reports)

    @api.model
    def _get_reason(self, status):
        return {
            letters.RETURNED: self.env._("The letter came back."),
            letters.REFUSED: self.env._("The print house refused the letter."),
        }.get(status, "")

    @api.model
    def _cron_read(self):
        """Read the answers that lie in the directories of letters."""
        companies_sudo = (
            self.env["res.company"]
            .sudo()
            .search([("billing_letter_provider", "=", "directory")])
        )
        for company_sudo in companies_sudo:
            box = company_sudo._billing_letter_box()
            for file in box.answers():
                try:
                    self._apply_answers(company_sudo, file.read_bytes())
                    # A file is put away when what it says is kept; read again after a
                    # crash in between, it says nothing new.
                    self.env["ir.cron"]._commit_progress(1)
                    box.put_away(file)
                except (AnswerError, OSError) as error:
                    self.env.cr.rollback()
                    _logger.warning("%s: %s", file, error)
                    company_sudo._billing_alert(
                        self.env._("Letters: read answers"), f"{file.name}: {error}"
                    )
                    self.env["ir.cron"]._commit_progress(0)
