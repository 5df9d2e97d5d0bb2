from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_quiet_hours = fields.Boolean(
        related="company_id.billing_quiet_hours", readonly=False
    )
    billing_hours_weekday_from = fields.Float(
        related="company_id.billing_hours_weekday_from", readonly=False
    )
    billing_hours_weekday_to = fields.Float(
        related="company_id.billing_hours_weekday_to", readonly=False
    )
    billing_hours_saturday_from = fields.Float(
        related="company_id.billing_hours_saturday_from", readonly=False
    )
    billing_hours_saturday_to = fields.Float(
        related="company_id.billing_hours_saturday_to", readonly=False
    )
    billing_hours_sunday_from = fields.Float(
        related="company_id.billing_hours_sunday_from", readonly=False
    )
    billing_hours_sunday_to = fields.Float(
        related="company_id.billing_hours_sunday_to", readonly=False
    )
    billing_send_on_holidays = fields.Boolean(
        related="company_id.billing_send_on_holidays", readonly=False
    )
    billing_send_bank_days_only = fields.Boolean(
        related="company_id.billing_send_bank_days_only", readonly=False
    )
    billing_cap_email_day = fields.Integer(
        related="company_id.billing_cap_email_day", readonly=False
    )
    billing_cap_email_week = fields.Integer(
        related="company_id.billing_cap_email_week", readonly=False
    )
    billing_cap_sms_day = fields.Integer(
        related="company_id.billing_cap_sms_day", readonly=False
    )
    billing_cap_sms_week = fields.Integer(
        related="company_id.billing_cap_sms_week", readonly=False
    )
    billing_pdf_policy = fields.Selection(
        related="company_id.billing_pdf_policy", readonly=False, required=True
    )
    billing_settle_minutes = fields.Integer(
        related="company_id.billing_settle_minutes", readonly=False
    )
    billing_soft_retries = fields.Integer(
        related="company_id.billing_soft_retries", readonly=False
    )
    billing_soft_retry_minutes = fields.Integer(
        related="company_id.billing_soft_retry_minutes", readonly=False
    )
