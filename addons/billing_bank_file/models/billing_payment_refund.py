from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.res_bank import sanitize_account_number

from ..core import decision, resolution


class BillingPayment(models.Model):
    """Money that goes back to where it came from."""

    _inherit = "billing.payment"

    refund_ids = fields.One2many(
        comodel_name="account.payment",
        inverse_name="billing_refund_of_id",
        string="Refunds",
        readonly=True,
    )
    refund_id = fields.Many2one(
        comodel_name="account.payment",
        compute="_compute_refund_id",
        help="The refund that is proposed or paid.",
    )
    can_refund = fields.Boolean(compute="_compute_can_refund")

    # === COMPUTE METHODS === #

    @api.depends("refund_ids.state")
    def _compute_refund_id(self):
        for payment in self:
            payment.refund_id = payment.sudo().refund_ids.filtered("billing_is_live")[
                :1
            ]

    @api.depends("state", "partner_id", "refund_id", "counterpart_line_ids.reconciled")
    def _compute_can_refund(self):
        for payment in self:
            waits = payment.state in (decision.PROPOSED, decision.UNMATCHED)
            payment.can_refund = (
                payment.amount > 0
                and not payment.refund_id
                and bool(
                    payment.partner_id if waits else payment.sudo()._credit_items()
                )
            )

    # === ACTIONS === #

    def action_refund(self):
        """Propose a refund and show it.

        :raises UserError: nothing is left to pay back, or a refund is under way
        """
        self.ensure_one()
        self._refund()
        return self.action_open_refund()

    def action_open_refund(self):
        """Show the refund of the payment."""
        self.ensure_one()
        return self.refund_id._get_records_action(name=self.env._("Refund"))

    # === BUSINESS METHODS === #

    def _refund(self, note=None):
        """Propose to pay the credit of a payment back to where it came from.

        The proposal is a draft ``account.payment``; posting it settles the credit.
        A payment that waits is first credited to its customer. An account number that
        is new is kept with the customer, and Odoo trusts it only when a person says so.

        :param note: what the bank tells the customer, instead of a usual text
        :return: the draft payment
        :rtype: account.payment
        :raises UserError: no customer is known, nothing is left, or a refund is under
            way
        """
        payment_sudo = self._lock_for_decision()
        if payment_sudo.refund_id:
            raise UserError(
                self.env._(
                    "A refund of %(payment)s is under way.", payment=self.display_name
                )
            )
        if payment_sudo.state in (decision.PROPOSED, decision.UNMATCHED):
            if not payment_sudo.partner_id:
                raise UserError(
                    self.env._(
                        "Whose money is %(payment)s? Choose the customer before you "
                        "pay it back.",
                        payment=self.display_name,
                    )
                )
            payment_sudo._book_by_staff(
                payment_sudo._assigned_decision(payment_sudo.partner_id)
            )
        refund_sudo = payment_sudo._propose_refund(note)
        payment_sudo._log_step("payment.refund_proposed", amount=refund_sudo.amount)
        return refund_sudo.sudo(self.env.su)

    def _credit_items(self):
        """Journal items of the payments with money the customer still has to his
        credit.

        :return: ``account.move.line`` records
        """
        return self.counterpart_line_ids.filtered(
            lambda item: (
                item.account_id.account_type == "asset_receivable"
                and not item.reconciled
                and item.amount_residual_currency < 0
            )
        )

    def _propose_refund(self, note=None):
        """Draft the payment that pays the credit of a payment back.

        :param note: what the bank tells the customer, instead of a usual text
        :return: the draft ``account.payment``
        :raises UserError: nothing is left, or it belongs to several customers
        """
        items = self._credit_items()
        if len(items.partner_id) != 1 or len(items.account_id) != 1:
            raise UserError(
                self.env._(
                    "%(payment)s has no credit of one customer that could be paid "
                    "back.",
                    payment=self.display_name,
                )
            )
        partner = items.partner_id
        journal = self.journal_id
        # One that ended makes room for this one, in the database too.
        self.refund_ids.flush_recordset(["state"])
        refund = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "customer",
                "partner_id": partner.id,
                "amount": -sum(items.mapped("amount_residual_currency")),
                "currency_id": self.currency_id.id,
                "journal_id": journal.id,
                "date": fields.Date.context_today(self),
                "memo": note
                or self.env._(
                    "Refund of your payment %(reference)s",
                    reference=self.reference or self.booking_date,
                ),
                "billing_refund_of_id": self.id,
            }
        )
        refund.write(
            {
                # Odoo proposes accounts of its own choice when these are left out.
                "destination_account_id": items.account_id.id,
                "partner_bank_id": self._payer_bank_account(partner).id,
            }
        )
        self.resolution = resolution.REFUND
        return refund

    def _payer_bank_account(self, partner):
        """The account a payment came from, as an account of its customer.

        Kept untrusted when it is new: a number in a bank file is no proof of whose
        account it is.

        :return: ``res.partner.bank``, empty when the bank named no account or somebody
            archived it
        """
        accounts = self.env["res.partner.bank"]
        if not self.payer_account:
            return accounts
        number = sanitize_account_number(self.payer_account)
        found = accounts.with_context(active_test=False).search(
            [("sanitized_acc_number", "=", number), ("partner_id", "=", partner.id)]
        )
        if found:
            return found.filtered(
                lambda account: (
                    account.active
                    and account.company_id in (self.company_id, accounts.company_id)
                )
            )[:1]
        return accounts.create(
            {
                "acc_number": self.payer_account,
                "partner_id": partner.id,
                "company_id": self.company_id.id,
                "allow_out_payment": False,
            }
        )

    def _withdraw_refunds(self):
        """Drop the proposed refunds of payments that are taken off their customer.

        :raises UserError: a refund has been posted
        """
        refunds_sudo = self.sudo().refund_ids.filtered("billing_is_live")
        posted = refunds_sudo.filtered(lambda refund: refund.state != "draft")
        if posted:
            raise UserError(
                self.env._(
                    "The refund %(refund)s is posted. Cancel it before you undo the "
                    "payment.",
                    refund=posted[0].display_name,
                )
            )
        if refunds_sudo:
            refunds_sudo.action_cancel()
