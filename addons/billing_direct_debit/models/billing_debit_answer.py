from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import answers


class BillingDebitAnswer(models.Model):
    """One record of the bank about a mandate, a claim or a message.

    It changes exactly one of them, or somebody has to look at it and the reason is
    said. This file is what staff sees and does; ``billing_debit_answer_import`` keeps
    the records, ``billing_debit_answer_apply`` applies them,
    ``billing_debit_answer_words`` says why one waits.
    """

    _name = "billing.debit.answer"
    _description = "Answer of the Bank"
    _order = "id desc"
    _rec_name = "subject"
    _rec_names_search = ["subject", "reference"]
    _check_company_auto = True

    # As the bank sent it
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    file_id = fields.Many2one(
        "billing.bank.file", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    line = fields.Integer(
        help="Line of the file, or record where it has no lines.", readonly=True
    )
    kind = fields.Selection(
        [
            (answers.NO_MANDATE, "AvtaleGiro mandate"),
            (answers.NO_LIST, "AvtaleGiro list"),
            (answers.SE_MANDATE, "Mandate advice"),
            (answers.SE_EMANDATE, "Mandate from the internet bank"),
            (answers.SE_REGISTER, "Line of the mandate register"),
            (answers.SE_LIST, "Mandate register"),
            (answers.SE_RESULT, "Debit not executed"),
            (answers.SE_REFUND, "Refund"),
            (answers.SE_REJECTED, "Rejected order"),
            (answers.SE_CHANGE, "Cancellation or change"),
            (answers.SE_WAITING, "Waiting order"),
        ],
        required=True,
        readonly=True,
    )
    subject = fields.Char(
        string="KID or Payer Number",
        help="How the bank names the customer.",
        readonly=True,
    )
    reference = fields.Char(readonly=True)
    date = fields.Date(
        help="The day the record speaks of: of the debit, or of the change.",
        readonly=True,
    )
    amount = fields.Monetary(readonly=True, aggregator="sum")
    currency_id = fields.Many2one("res.currency", readonly=True)
    code = fields.Char(string="Code of the Bank", readonly=True)
    # Accounts and personal numbers may stand in it.
    record = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    key = fields.Char(required=True, readonly=True, copy=False)
    told = fields.Char(string="What the Bank Says", compute="_compute_told")
    payer = fields.Char(
        compute="_compute_payer",
        help="Name and address, where the bank tells them.",
    )

    # What became of it
    state = fields.Selection(
        [
            ("worklist", "To Look At"),
            ("applied", "Done"),
            ("ignored", "Ignored"),
            ("repeated", "Repeated"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    reason_code = fields.Char(readonly=True)
    reason_values = fields.Json(readonly=True)
    reason = fields.Char(string="Why", compute="_compute_reason")
    mandate_id = fields.Many2one(
        "billing.mandate",
        readonly=True,
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
    )
    claim_id = fields.Many2one(
        "billing.debit.claim",
        readonly=True,
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
    )
    request_id = fields.Many2one(
        "billing.mandate.request",
        readonly=True,
        index="btree_not_null",
        check_company=True,
        ondelete="set null",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    guess_id = fields.Many2one(
        "res.partner",
        string="Perhaps",
        help="The customer whose number is nearest to what the bank sent.",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    handled_by_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    handled_on = fields.Datetime(readonly=True)

    _key_unique = models.UniqueIndex(
        "(company_id, key)", "This answer has been read before."
    )
    _worklist_idx = models.Index("(company_id, id) WHERE state = 'worklist'")

    # === COMPUTE METHODS === #

    @api.depends("kind", "code")
    @api.depends_context("lang")
    def _compute_told(self):
        for answer in self:
            answer.told = answer._told_in_words()

    @api.depends("record")
    def _compute_payer(self):
        for answer in self:
            record = answer.sudo().record or {}
            parts = [
                *record.get("address", ()),
                f"{record.get('post_code', '')} {record.get('town', '')}".strip(),
            ]
            answer.payer = ", ".join(filter(None, parts))

    @api.depends("reason_code", "reason_values", "kind", "code")
    @api.depends_context("lang")
    def _compute_reason(self):
        for answer in self:
            answer.reason = answer._reason_in_words()

    @api.depends("subject", "kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for answer in self:
            answer.display_name = " · ".join(
                filter(None, (kinds.get(answer.kind), answer.subject))
            )

    # === ACTIONS === #

    def action_apply(self):
        """Try again what nobody could place before.

        :raises AccessError: for others than billing users
        :raises UserError: an answer does not wait
        """
        self._check_waiting()
        waiting = self.filtered(lambda answer: answer.state == "worklist")
        waiting.sudo()._apply_again()
        return True

    def action_take_guess(self):
        """Take the customer that is proposed.

        :raises AccessError: for others than billing users
        :raises UserError: nobody is proposed, or an answer does not wait
        """
        self._check_waiting()
        for answer in self:
            if not answer.guess_id:
                raise UserError(
                    self.env._(
                        "No customer is proposed for %(answer)s.",
                        answer=answer.display_name,
                    )
                )
            answer.sudo()._apply_again(partner=answer.guess_id)
        return True

    def action_ignore(self):
        """Let nothing follow from the answers.

        :raises AccessError: for others than billing users
        :raises UserError: an answer does not wait
        """
        self._check_waiting()
        self.sudo()._set_handled("ignored")
        return True

    def action_refuse(self):
        """Refuse mandates from the internet bank, whoever they are of.

        :raises AccessError: for others than billing users
        :raises UserError: an answer is no such mandate, or does not wait
        """
        self._check_waiting()
        requests = self.env["billing.mandate.request"]
        for answer in self.sudo():
            if answer.kind != answers.SE_EMANDATE or not answer.agreement_id:
                raise UserError(
                    self.env._(
                        "%(answer)s is no mandate that waits for an answer.",
                        answer=answer.display_name,
                    )
                )
            answer.request_id = requests._reject_emandate(
                answer.agreement_id, answer.subject, answer.key
            )
            answer._set_handled("applied")
        return True

    def action_end_missing(self):
        """End the mandates that a complete list of the bank does not name.

        :raises AccessError: for others than billing users
        :raises UserError: an answer is no list, or does not wait
        """
        self._check_waiting()
        for answer in self.sudo():
            if answer.kind not in answers.OF_LISTS:
                raise UserError(
                    self.env._(
                        "%(answer)s is no list of mandates.", answer=answer.display_name
                    )
                )
            answer._missing_mandates()._end(by="bank", code="not_listed")
            answer._set_handled("applied")
        return True

    def action_open_missing(self):
        """Show the mandates that a complete list of the bank does not name.

        :return: action
        """
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "billing.mandate",
            "view_mode": "list,form",
            "domain": [("id", "in", self.sudo()._missing_mandates().ids)],
            "name": self.env._("Not in the Bank's List"),
        }

    def action_open_record(self):
        """Show the claim, or else the mandate, that the answer changed.

        :return: action
        """
        self.ensure_one()
        record = self.claim_id or self.mandate_id
        return record._get_records_action(name=record.display_name)

    # === HELPERS === #

    def _check_waiting(self):
        """
        :raises AccessError: for others than billing users
        :raises UserError: one of the answers is done with
        """
        if not self.env.su and not self.env.user.has_group(
            "billing_base.group_billing_user"
        ):
            raise AccessError(
                self.env._("Only billing staff can decide on answers of the bank.")
            )
        self.check_access("read")
        # Two people may look at the same list.
        self.sudo().lock_for_update()
        self.invalidate_recordset(["state"])
        done = self.filtered(lambda answer: answer.state != "worklist")
        if done:
            raise UserError(
                self.env._(
                    "%(answer)s does not wait for anybody any more.",
                    answer=done[0].display_name,
                )
            )

    def _set_handled(self, state):
        """Note who decided, in the history of the customer too."""
        self.write(
            {
                "state": state,
                "handled_by_id": self.env.uid,
                "handled_on": fields.Datetime.now(),
            }
        )
        self.env["billing.event"]._log(
            [
                {
                    "kind": "debit.answer_handled",
                    "move_id": answer.claim_id.move_id.id,
                    "partner_id": answer.partner_id.id,
                    "company_id": answer.company_id.id,
                    "actor": "staff",
                    "amount": answer.amount or None,
                    "currency_id": answer.currency_id.id,
                    "payload": {"answer_id": answer.id, "state": state},
                }
                for answer in self
                if answer.partner_id
            ]
        )
