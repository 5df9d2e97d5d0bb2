from odoo import api, fields, models

# Candidates at least so likely stand among the counterparts from the start.
LIKELY = 0.5


class AccountBankStatementLine(models.Model):
    """The candidates of matching in the OCA's reconciliation screen."""

    _inherit = "account.bank.statement.line"

    billing_candidate_ids = fields.Many2many(
        comodel_name="billing.payment.candidate",
        string="Invoices That Fit",
        compute="_compute_billing_candidate_ids",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("billing_payment_ids.state", "is_reconciled")
    def _compute_billing_candidate_ids(self):
        for line in self:
            line.billing_candidate_ids = line.sudo()._billing_candidates()

    # === BUSINESS METHODS === #

    def _retrieve_partner(self):
        """Override of `account_reconcile_oca`: who pays is what matching decides."""
        if not self.env.context.get("billing_own_lines"):
            return super()._retrieve_partner()
        return None

    def _auto_reconcile(self):
        """Override of `account_reconcile_oca`: leave what is Kvitt's to Kvitt.

        A payment that matching did not dare to reconcile is not reconciled because its
        label happens to be part of some reference.
        """
        if self.env.context.get("billing_own_lines"):
            return None
        others = self.filtered(lambda line: not line.sudo().billing_payment_ids)
        return super(AccountBankStatementLine, others)._auto_reconcile()

    def _do_auto_reconcile_invoices(self):
        """Extend: a line that waits for a person starts with what matching found."""
        owned = self.filtered(lambda line: line.sudo()._billing_waiting_payments())
        rest, done = super(
            AccountBankStatementLine, self - owned
        )._do_auto_reconcile_invoices()
        prefilled = owned.filtered(lambda line: line._billing_prefill())
        return rest | (owned - prefilled), done | prefilled

    def _do_auto_reconcile(self, reconcile_if_possible=True):
        """Extend: what waits for a person is never reconciled without one."""
        waiting = self.filtered(lambda line: line.sudo()._billing_waiting_payments())
        super(AccountBankStatementLine, waiting)._do_auto_reconcile(False)
        return super(AccountBankStatementLine, self - waiting)._do_auto_reconcile(
            reconcile_if_possible
        )

    # === HELPERS === #

    def _billing_waiting_payments(self):
        """The payments of the lines that wait for a person."""
        return self.billing_payment_ids.filtered(
            lambda payment: (
                payment.state in ("new", "proposed", "unmatched")
                and not payment.is_collective
            )
        )

    def _billing_candidates(self):
        """The open candidates of the line, best first."""
        return self._billing_waiting_payments().candidate_ids.filtered("is_open")

    def _billing_prefill(self):
        """Put the best candidate, with what is paid together with it, among the
        counterparts.

        :return: whether there was one likely enough, and all of it is open
        """
        best = self.sudo()._billing_candidates()[:1]
        if not best or best.probability < LIKELY:
            return False
        items = best._open_items()
        if items.move_id != best._together():
            return False
        self.reconcile_data_info = self._default_reconcile_data()
        for item in items:
            self._add_account_move_line(item.with_env(self.env))
        return True
