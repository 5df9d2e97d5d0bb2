from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

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

    def _has_refundable_credit(self):
        """Whether there is credit, all of it one customer's."""
        items = self._credit_items()
        return len(items.partner_id) == 1 and len(items.account_id) == 1

    def _propose_refund(self, note=None):
        """Draft the payment that pays the credit of a payment back.

        :param note: what the bank tells the customer, instead of a usual text
        :return: the draft ``account.payment``
        :raises UserError: nothing is left, or it belongs to several customers
        """
        self.ensure_one()
        if not self._has_refundable_credit():
            raise UserError(
                self.env._(
                    "%(payment)s has no credit of one customer that could be paid "
                    "back.",
                    payment=self.display_name,
                )
            )
        return self._draft_refunds(note)

    def _draft_refunds(self, note=None):
        """Draft the payments that pay credits back, all at once.

        :param note: what the bank tells the customers, instead of a usual text
        :return: the draft ``account.payment`` records, in the order of ``self``
        """
        items = {payment: payment._credit_items() for payment in self}
        accounts = self._payer_bank_accounts(
            {payment: credit.partner_id for payment, credit in items.items()}
        )
        # One that ended makes room for this one, in the database too.
        self.refund_ids.flush_recordset(["state"])
        refunds = self.env["account.payment"].create(
            [
                {
                    "payment_type": "outbound",
                    "partner_type": "customer",
                    "partner_id": credit.partner_id.id,
                    "amount": -sum(credit.mapped("amount_residual_currency")),
                    "currency_id": payment.currency_id.id,
                    "journal_id": payment.journal_id.id,
                    "date": fields.Date.context_today(payment),
                    "memo": note or payment._refund_memo(credit.partner_id.lang),
                    "billing_refund_of_id": payment.id,
                    # Odoo proposes accounts of its own choice when these are left out.
                    "destination_account_id": credit.account_id.id,
                    "partner_bank_id": accounts[payment].id,
                }
                for payment, credit in items.items()
            ]
        )
        self.resolution = resolution.REFUND
        return refunds

    def _refund_memo(self, lang):
        """What the bank tells the customer of a refund.

        :param lang: code of the customer's language, if any
        """
        payment = self.with_context(lang=lang or self.env.lang)
        return payment.env._(
            "Refund of your payment %(reference)s",
            reference=payment.reference
            or format_date(payment.env, payment.booking_date),
        )

    def _payer_bank_accounts(self, owners):
        """The accounts payments came from, as accounts of their customers.

        Kept untrusted when they are new: a number in a bank file is no proof of whose
        account it is.

        :param owners: dict of payment to ``res.partner``
        :return: dict of payment to ``res.partner.bank``, empty when the bank named no
            account or somebody archived it
        """
        accounts = self.env["res.partner.bank"]
        wanted = {
            payment: (sanitize_account_number(payment.payer_account), owner)
            for payment, owner in owners.items()
            if payment.payer_account
        }
        found = accounts.with_context(active_test=False).search(
            [
                ("sanitized_acc_number", "in", [key[0] for key in wanted.values()]),
                ("partner_id", "in", [key[1].id for key in wanted.values()]),
            ]
        )
        by_owner = found.grouped(
            lambda item: (item.sanitized_acc_number, item.partner_id)
        )
        new = {
            (number, owner): {
                "acc_number": payment.payer_account,
                "partner_id": owner.id,
                "company_id": payment.company_id.id,
                "allow_out_payment": False,
            }
            for payment, (number, owner) in wanted.items()
            if (number, owner) not in by_owner
        }
        by_owner.update(zip(new, accounts.create(list(new.values())), strict=True))
        return {
            payment: by_owner.get(wanted.get(payment), accounts).filtered(
                lambda item, payment=payment: (
                    item.active
                    and item.company_id in (payment.company_id, accounts.company_id)
                )
            )[:1]
            for payment in owners
        }

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
