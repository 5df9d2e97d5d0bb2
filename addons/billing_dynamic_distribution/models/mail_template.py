from odoo import models
from odoo.exceptions import UserError


class MailTemplate(models.Model):
    _inherit = "mail.template"

    # === CRUD METHODS === #

    def write(self, vals):
        """Extension: what a plan was published with stays as it was."""
        self._billing_check_not_kept()
        return super().write(vals)

    def _update_field_translations(
        self, field_name, translations, digest=None, source_lang=""
    ):
        self._billing_check_not_kept()
        return super()._update_field_translations(
            field_name, translations, digest=digest, source_lang=source_lang
        )

    # === HELPERS === #

    def _billing_check_not_kept(self):
        kept_sudo = (
            self.env["billing.distribution.content"]
            .sudo()
            .with_context(active_test=False)
            .search_count(
                [
                    ("mail_template_id", "in", self.ids),
                    ("original_id", "!=", False),
                ],
                limit=1,
            )
        )
        if kept_sudo:
            raise UserError(
                self.env._(
                    "A plan was published with this text, which is kept as it was. "
                    "Change the content it was kept from instead."
                )
            )
