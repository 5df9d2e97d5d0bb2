from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_letter_provider = fields.Selection(
        related="company_id.billing_letter_provider", readonly=False
    )
    billing_letter_directory = fields.Char(
        related="company_id.billing_letter_directory",
        readonly=False,
        groups="base.group_system",
    )
    billing_letter_manifest = fields.Selection(
        related="company_id.billing_letter_manifest", readonly=False, required=True
    )
    billing_letter_window_left = fields.Float(
        related="company_id.billing_letter_window_left", readonly=False
    )
    billing_letter_window_top = fields.Float(
        related="company_id.billing_letter_window_top", readonly=False
    )
    billing_letter_window_width = fields.Float(
        related="company_id.billing_letter_window_width", readonly=False
    )
    billing_letter_window_height = fields.Float(
        related="company_id.billing_letter_window_height", readonly=False
    )
    billing_letter_place_address = fields.Boolean(
        related="company_id.billing_letter_place_address", readonly=False
    )
    billing_letter_check_window = fields.Boolean(
        related="company_id.billing_letter_check_window", readonly=False
    )
    billing_letter_price_domestic = fields.Float(
        related="company_id.billing_letter_price_domestic", readonly=False
    )
    billing_letter_price_abroad = fields.Float(
        related="company_id.billing_letter_price_abroad", readonly=False
    )
    billing_letter_price_sheet = fields.Float(
        related="company_id.billing_letter_price_sheet", readonly=False
    )
    billing_letter_duplex = fields.Boolean(
        related="company_id.billing_letter_duplex", readonly=False
    )
    billing_payment_part = fields.Boolean(
        related="company_id.billing_payment_part", readonly=False
    )
