from odoo import api, fields, models

from ..core import answers

#: Kinds that are about a claim; the others are about a mandate.
ABOUT_CLAIMS = (
    answers.SE_RESULT,
    answers.SE_REFUND,
    answers.SE_REJECTED,
    answers.SE_CHANGE,
    answers.SE_WAITING,
)


class BillingDebitAnswerLink(models.TransientModel):
    """Asks whose an answer of the bank is, or which debit it is about."""

    _name = "billing.debit.answer.link"
    _description = "Say Whose an Answer Is"

    answer_id = fields.Many2one(
        "billing.debit.answer", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="answer_id.company_id", related_sudo=False)
    told = fields.Char(related="answer_id.told", related_sudo=False)
    subject = fields.Char(related="answer_id.subject", related_sudo=False)
    payer = fields.Char(related="answer_id.payer", related_sudo=False)
    is_about_claim = fields.Boolean(compute="_compute_is_about_claim")
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        compute="_compute_partner_id",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    claim_id = fields.Many2one("billing.debit.claim", string="Debit")

    # === COMPUTE METHODS === #

    @api.depends("answer_id")
    def _compute_is_about_claim(self):
        for wizard in self:
            wizard.is_about_claim = wizard.answer_id.kind in ABOUT_CLAIMS

    @api.depends("answer_id")
    def _compute_partner_id(self):
        for wizard in self:
            wizard.partner_id = wizard.answer_id.guess_id

    # === CONSTRAINT METHODS === #

    @api.constrains("answer_id")
    def _check_answer(self):
        """Whoever names an answer may read it."""
        # Constraints are checked by the superuser.
        self.answer_id.sudo(False).check_access("read")

    # === ACTIONS === #

    def action_link(self):
        """Apply the answer to what was chosen.

        :raises AccessError: for others than billing users
        :raises UserError: somebody else was faster
        """
        self.ensure_one()
        self.answer_id._check_waiting()
        self.claim_id.check_access("read")
        self.answer_id.sudo()._apply_again(
            partner=self.partner_id, claim=self.claim_id.sudo()
        )
        return {"type": "ir.actions.act_window_close"}
