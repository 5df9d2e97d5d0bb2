from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_match_repair = fields.Boolean(
        related="company_id.billing_match_repair", readonly=False
    )
    billing_match_threshold = fields.Float(
        related="company_id.billing_match_threshold", readonly=False
    )
    billing_match_evidence = fields.Boolean(
        related="company_id.billing_match_evidence", readonly=False
    )
    billing_match_evidence_threshold = fields.Float(
        related="company_id.billing_match_evidence_threshold", readonly=False
    )
    billing_match_margin = fields.Float(
        related="company_id.billing_match_margin", readonly=False
    )
    billing_match_assign = fields.Boolean(
        related="company_id.billing_match_assign", readonly=False
    )
    billing_match_assign_threshold = fields.Float(
        related="company_id.billing_match_assign_threshold", readonly=False
    )
    billing_match_shield_threshold = fields.Float(
        related="company_id.billing_match_shield_threshold", readonly=False
    )
    billing_match_paid_policy = fields.Selection(
        related="company_id.billing_match_paid_policy", readonly=False
    )
    billing_match_tolerance = fields.Monetary(
        related="company_id.billing_match_tolerance",
        readonly=False,
        currency_field="currency_id",
    )
    billing_match_tolerance_account_id = fields.Many2one(
        related="company_id.billing_match_tolerance_account_id", readonly=False
    )
    billing_match_tell_repaired = fields.Boolean(
        related="company_id.billing_match_tell_repaired", readonly=False
    )
    billing_match_tell_needed = fields.Boolean(
        related="company_id.billing_match_tell_needed", readonly=False
    )
    billing_match_tell_days = fields.Integer(
        related="company_id.billing_match_tell_days", readonly=False
    )
    billing_match_learn = fields.Boolean(
        related="company_id.billing_match_learn", readonly=False
    )
    billing_match_memory_months = fields.Integer(
        related="company_id.billing_match_memory_months", readonly=False
    )
    billing_match_minutes = fields.Float(
        related="company_id.billing_match_minutes", readonly=False
    )
