from odoo import api, fields, models

from ..core import kept
from .billing_dunning_step import KINDS


class BillingReminderLine(models.Model):
    """One claim in a reminder: what is asked for, and on which ground."""

    _name = "billing.reminder.line"
    _description = "Invoice in a Reminder"
    _order = "reminder_id, id"
    _check_company_auto = True

    reminder_id = fields.Many2one(
        "billing.reminder", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="reminder_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="reminder_id.currency_id", store=True)
    state = fields.Selection(related="reminder_id.state", store=True)
    day = fields.Date(related="reminder_id.day", store=True)
    deadline = fields.Date(related="reminder_id.deadline", store=True)
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    step_id = fields.Many2one(
        "billing.dunning.step", readonly=True, index=True, ondelete="set null"
    )
    kind = fields.Selection(KINDS[:-1], required=True, readonly=True)
    principal = fields.Monetary(
        readonly=True, help="What is owed of the invoice after open credits."
    )
    credit = fields.Monetary(
        string="Credits Taken Off",
        readonly=True,
        help="Open credit notes and payments of the customer.",
    )
    fee_amount = fields.Monetary(string="Fee", readonly=True)
    compensation_amount = fields.Monetary(string="Compensation", readonly=True)
    interest_amount = fields.Monetary(string="Interest", readonly=True)
    with_interest = fields.Boolean(
        readonly=True, help="Whether the step asks for interest."
    )
    verdict = fields.Json(
        readonly=True,
        help="What the law says on letter, fee and compensation, reason by reason.",
    )
    ground = fields.Char(
        compute="_compute_ground", help="Why there is a fee, or why there is none."
    )
    decision = fields.Json(readonly=True)
    decision_text = fields.Char(string="Fee Dropped Because", readonly=True)

    _pending_unique = models.UniqueIndex(
        "(move_id) WHERE state IN ('prepared', 'approved', 'failed')",
        "A reminder about the invoice is on its way already.",
    )
    _sent_idx = models.Index("(move_id, day) WHERE state = 'sent'")

    # === COMPUTE METHODS === #

    @api.depends("verdict")
    @api.depends_context("lang")
    def _compute_ground(self):
        words = self.env["billing.law.pack"]._words
        for line in self:
            fee = (line.verdict or {}).get("fee")
            line.ground = " ".join(words(kept.from_json(fee).reasons)) if fee else ""

    # === BUSINESS METHODS === #

    def _billing_drop(self, why):
        """Take claims out of reminders that have not gone out.

        :param dict[int, str] why: for staff, by id of the invoice
        :return: None
        """
        self.waiver_ids._release()
        self._log_cancelled(why, "system")
        self.unlink()

    def _log_cancelled(self, why, actor):
        """Leave an event for each claim that is not reminded of after all."""
        self.env["billing.event"]._log(
            [
                {
                    "kind": "reminder.cancelled",
                    "move_id": line.move_id.id,
                    "actor": actor,
                    "payload": {
                        "reminder_id": line.reminder_id.id,
                        "letter": line.kind,
                        "reason": why[line.move_id.id],
                    },
                    "dedup_key": f"reminder.cancelled:{line.id}",
                }
                for line in self
            ]
        )
