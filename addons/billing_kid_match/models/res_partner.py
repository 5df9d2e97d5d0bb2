from odoo import models

from ..core.names import WORDS_SQL

_WORDS = WORDS_SQL.format(column="name")


class ResPartner(models.Model):
    """Index that finds customers by the words of a payer's name."""

    _inherit = "res.partner"

    _billing_words_idx = models.Index(f"USING gin (({_WORDS})) WHERE name IS NOT NULL")
