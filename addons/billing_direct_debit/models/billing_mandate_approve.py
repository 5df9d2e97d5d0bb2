from odoo import api, fields, models


class BillingMandate(models.Model):
    """Bankgiro numbers are public: who typed one on our page may not own it.

    So the bank is asked when staff have approved the mandate. With an account the bank
    itself compares who owns it with who signed.
    """

    _inherit = "billing.mandate"

    is_to_approve = fields.Boolean(compute="_compute_is_to_approve")

    # === COMPUTE METHODS === #

    @api.depends("state", "origin", "payer_bankgiro", "request_ids")
    def _compute_is_to_approve(self):
        for mandate in self:
            mandate.is_to_approve = (
                mandate.state == "draft"
                and mandate.origin == "page"
                and mandate.payer_bankgiro
                and not mandate.request_ids
            )

    # === ACTIONS === #

    def action_approve(self):
        """Have the bank asked about mandates that wait for staff (button)."""
        self._check_staff()
        mandates_sudo = self.sudo().filtered("is_to_approve")
        self.env["billing.mandate.request"]._ask(mandates_sudo, "new")

    # === BUSINESS METHODS === #

    def _ask_bank(self):
        """Have the bank asked about new mandates, or staff first."""
        waiting = self.filtered("is_to_approve")
        self.env["billing.mandate.request"]._ask(self - waiting, "new")
        for mandate in waiting:
            mandate._ask_staff()

    def _ask_staff(self):
        """Give somebody the task to approve the mandate."""
        self.ensure_one()
        partner_sudo = self.sudo().partner_id
        user_sudo = partner_sudo.user_id or self.company_id._billing_managers()[:1]
        if not user_sudo:
            return
        partner_sudo.with_context(lang=user_sudo.lang).activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.with_context(lang=user_sudo.lang).env._("Approve"),
            note=self._get_html_link(),
            user_id=user_sudo.id,
        )
