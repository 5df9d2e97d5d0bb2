from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """What customers may arrange by themselves, as the company allows it."""

    _inherit = "res.config.settings"

    billing_page_defer = fields.Boolean(
        related="company_id.billing_page_defer", readonly=False
    )
    billing_page_defer_days = fields.Integer(
        related="company_id.billing_page_defer_days", readonly=False
    )
    billing_page_defer_amount = fields.Monetary(
        related="company_id.billing_page_defer_amount", readonly=False
    )
    billing_page_defer_times = fields.Integer(
        related="company_id.billing_page_defer_times", readonly=False
    )
    billing_page_split = fields.Boolean(
        related="company_id.billing_page_split", readonly=False
    )
    billing_page_split_parts = fields.Integer(
        related="company_id.billing_page_split_parts", readonly=False
    )
    billing_page_split_least = fields.Monetary(
        related="company_id.billing_page_split_least", readonly=False
    )
    billing_page_split_amount = fields.Monetary(
        related="company_id.billing_page_split_amount", readonly=False
    )
    billing_page_split_times = fields.Integer(
        related="company_id.billing_page_split_times", readonly=False
    )
    billing_page_remind_days = fields.Integer(
        related="company_id.billing_page_remind_days", readonly=False
    )
    billing_page_promise = fields.Boolean(
        related="company_id.billing_page_promise", readonly=False
    )
    billing_page_promise_days = fields.Integer(
        related="company_id.billing_page_promise_days", readonly=False
    )
    billing_page_promise_times = fields.Integer(
        related="company_id.billing_page_promise_times", readonly=False
    )
    billing_page_no_overdue = fields.Boolean(
        related="company_id.billing_page_no_overdue", readonly=False
    )
    billing_page_ask = fields.Boolean(
        related="company_id.billing_page_ask", readonly=False
    )
    billing_page_grace_days = fields.Integer(
        related="company_id.billing_page_grace_days", readonly=False
    )
    billing_page_claim = fields.Boolean(
        related="company_id.billing_page_claim", readonly=False
    )
    billing_page_claim_days = fields.Integer(
        related="company_id.billing_page_claim_days", readonly=False
    )
    billing_page_dispute = fields.Boolean(
        related="company_id.billing_page_dispute", readonly=False
    )
    billing_page_answer_days = fields.Integer(
        related="company_id.billing_page_answer_days", readonly=False
    )
    billing_page_case_user_id = fields.Many2one(
        related="company_id.billing_page_case_user_id", readonly=False
    )
