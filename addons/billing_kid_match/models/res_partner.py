from odoo import models

from ..core.names import WORDS_SQL

_WORDS = WORDS_SQL.format(column="name")


class ResPartner(models.Model):
    """Indexes that find customers by the words of a payer's name, and the longest
    customer number."""

    _inherit = "res.partner"

    _billing_words_idx = models.Index(f"USING gin (({_WORDS})) WHERE name IS NOT NULL")
    _billing_number_length_idx = models.Index(
        "(length(ltrim(billing_customer_number, '0')))"
        " WHERE billing_customer_number IS NOT NULL"
    )
