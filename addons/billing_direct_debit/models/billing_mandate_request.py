from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core.autogiro_records import EndMandate, MandateOrder, Renumber
from ..core.mandate import Fact


class BillingMandateRequest(models.Model):
    """One message to the Autogiro bank about a mandate, and what the bank answered.

    It waits until a file takes it along. Each is made once: its key says so.
    """

    _name = "billing.mandate.request"
    _description = "Message About a Mandate"
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    mandate_id = fields.Many2one(
        "billing.mandate",
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    partner_id = fields.Many2one(related="mandate_id.partner_id")
    kind = fields.Selection(
        [
            ("new", "New mandate"),
            ("approve", "Approval of an e-mandate"),
            ("reject", "Refusal of an e-mandate"),
            ("end", "End of a mandate"),
            ("renumber", "New payer number"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("waiting", "To Send"),
            ("sent", "Sent"),
            ("answered", "Done"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    payer_number = fields.Char(
        required=True, readonly=True, help="As known to the bank when it was asked for."
    )
    new_payer_number = fields.Char(readonly=True, help="Of a change of payer number.")
    batch_id = fields.Many2one(
        "billing.debit.batch",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    answer_code = fields.Char(string="Answer", readonly=True)
    answer_words = fields.Char(string="In Words", compute="_compute_answer_words")
    answered_on = fields.Date(readonly=True)
    key = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        help="By which the same message is not sent twice.",
    )

    _key_unique = models.UniqueIndex("(key)", "This message is on its way already.")
    _mandate_needed = models.Constraint(
        "CHECK (mandate_id IS NOT NULL OR kind = 'reject')",
        "A message is about a mandate; only strangers are refused without one.",
    )
    _payer_number_idx = models.Index(
        "(agreement_id, new_payer_number) WHERE new_payer_number IS NOT NULL"
    )

    # === COMPUTE METHODS === #

    @api.depends("answer_code")
    @api.depends_context("lang")
    def _compute_answer_words(self):
        for request in self:
            request.answer_words = self.env["billing.mandate"]._code_words(
                request.answer_code
            )

    # === ACTIONS === #

    def action_send_again(self):
        """Send messages again that the bank refused (button)."""
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about mandates."))
        self.check_access("read")
        for request in self:
            if request.state != "refused" or request.kind not in ("end", "renumber"):
                raise UserError(
                    self.env._(
                        "Only a refused end or change can be sent again. Make a new "
                        "mandate instead."
                    )
                )
        self.sudo().write(
            {
                "state": "waiting",
                "batch_id": False,
                "answer_code": False,
                "answered_on": False,
            }
        )

    # === BUSINESS METHODS === #

    @api.model
    def _ask(self, mandates, kind, number=None):
        """Prepare a message about each of the mandates, unless there is one.

        :param str kind: of message
        :param str number: the payer number that the bank is to know them by
        :return: the messages, also those that were there
        :rtype: billing.mandate.request
        """
        keys = {
            mandate: ":".join(filter(None, (kind, str(mandate.id), number)))
            for mandate in mandates
        }
        requests_sudo = self.sudo()
        found_sudo = requests_sudo.search([("key", "in", list(keys.values()))])
        there = set(found_sudo.mapped("key"))
        return found_sudo | requests_sudo.create(
            [
                {
                    "mandate_id": mandate.id,
                    "agreement_id": mandate.agreement_id.id,
                    "company_id": mandate.company_id.id,
                    "kind": kind,
                    "payer_number": mandate.payer_number,
                    "new_payer_number": number,
                    "key": key,
                }
                for mandate, key in keys.items()
                if key not in there
            ]
        )

    @api.model
    def _reject_emandate(self, agreement, payer_number, key):
        """Refuse an e-mandate of somebody who is no customer.

        :param agreement: billing.debit.agreement
        :param str payer_number: as in the e-mandate
        :param str key: of the record, so that it is refused once
        :return: the message
        :rtype: billing.mandate.request
        """
        requests_sudo = self.sudo()
        key = f"reject:{key}"
        return requests_sudo.search([("key", "=", key)]) or requests_sudo.create(
            {
                "agreement_id": agreement.id,
                "company_id": agreement.company_id.id,
                "kind": "reject",
                "payer_number": payer_number.lstrip("0"),
                "key": key,
            }
        )

    def _sent(self):
        """Note that the file with the messages is at the bank."""
        todo_sudo = self.sudo().filtered(lambda one: one.state == "waiting")
        todo_sudo.state = "sent"
        asked = todo_sudo.filtered(lambda one: one.kind in ("new", "approve"))
        asked.mandate_id._tell(Fact("payee", "sent"), actor="system")

    def _release(self):
        """Let the messages wait again for a file: theirs is given up."""
        self.sudo().filtered(lambda one: one.state in ("waiting", "sent")).write(
            {"state": "waiting", "batch_id": False}
        )

    def _answer(self, code, day, refused=False):
        """Note the bank's answer to the messages.

        :param str code: as the bank wrote it
        :param day: of the answer
        :param bool refused: the bank does not do what it was asked to
        """
        self.sudo().filtered(lambda one: one.state in ("waiting", "sent")).write(
            {
                "state": "refused" if refused else "answered",
                "answer_code": code,
                "answered_on": day,
            }
        )

    def _line(self):
        """Return the message as a record of an Autogiro file.

        :rtype: core.autogiro_records.MandateOrder, EndMandate or Renumber
        """
        self.ensure_one()
        request_sudo = self.sudo()
        number = request_sudo.payer_number
        if request_sudo.kind == "end":
            return EndMandate(number)
        if request_sudo.kind == "renumber":
            return Renumber(number, request_sudo.new_payer_number)
        if request_sudo.kind == "new" and not request_sudo.mandate_id.payer_bankgiro:
            mandate_sudo = request_sudo.mandate_id
            return MandateOrder(
                number, mandate_sudo.bank_account, mandate_sudo.payer_identity
            )
        # Without account: the bank knows it from the e-mandate, or by the bankgiro.
        return MandateOrder(number, reject=request_sudo.kind == "reject")

    @api.model
    def _settle_at_end(self, mandates):
        """Have the Autogiro bank know that mandates are over, unless it does.

        What it never heard of is not sent any more; an e-mandate gets its refusal.

        :param mandates: those that have just ended, or were rejected
        """
        requests_sudo = self.sudo().search([("mandate_id", "in", mandates.ids)])
        unsent = requests_sudo.filtered(
            lambda one: (
                one.state == "waiting" and not one.batch_id and one.kind != "end"
            )
        )
        unsent.state = "cancelled"
        by_mandate = requests_sudo.grouped("mandate_id")
        told = {"reject": mandates.browse(), "end": mandates.browse()}
        for mandate in mandates:
            if (
                mandate.scheme != "autogiro"
                or mandate.state != "ended"
                or mandate.ended_by == "bank"
            ):
                continue
            requests = by_mandate.get(mandate, self.browse())
            if "approve" in (requests & unsent).mapped("kind"):
                told["reject"] |= mandate
            elif mandate.at_bank or requests.filtered(
                lambda one: (
                    one.kind in ("new", "approve") and one.state in ("waiting", "sent")
                )
            ):
                told["end"] |= mandate
        for kind, those in told.items():
            self._ask(those, kind)
