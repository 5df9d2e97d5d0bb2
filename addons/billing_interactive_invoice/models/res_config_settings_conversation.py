from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_page_staff_name = fields.Selection(
        related="company_id.billing_page_staff_name", readonly=False
    )
    billing_page_team_name = fields.Char(
        related="company_id.billing_page_team_name", readonly=False
    )
    billing_page_answer_hours = fields.Float(
        related="company_id.billing_page_answer_hours", readonly=False
    )
    billing_page_notice_minutes = fields.Integer(
        related="company_id.billing_page_notice_minutes", readonly=False
    )
    billing_page_close_days = fields.Integer(
        related="company_id.billing_page_close_days", readonly=False
    )
    billing_page_upload_mb = fields.Integer(
        related="company_id.billing_page_upload_mb", readonly=False
    )
    billing_page_watcher_ids = fields.Many2many(
        related="company_id.billing_page_watcher_ids", readonly=False
    )
