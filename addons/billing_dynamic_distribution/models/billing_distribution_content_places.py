from odoo import Command, api, models
from odoo.exceptions import ValidationError
from odoo.tools.rendering_tools import parse_inline_template, render_inline_template

from .billing_distribution_attempt_letter import LETTER_PLACES
from .billing_distribution_attempt_sms import PLACES

#: Texts with places for values → the places that everybody may use in them.
TEXTS = {"sms_body": PLACES, "letter_text": LETTER_PLACES}
#: As long as a real one, so that the length that is shown is the length that is sent.
SAMPLE_TOKEN = "x" * 22


class BillingDistributionContent(models.Model):
    """Texts with places for values: who may use which, and how they read."""

    _inherit = "billing.distribution.content"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        contents = super().create(vals_list)
        contents._check_texts(TEXTS)
        return contents

    def write(self, vals):
        result = super().write(vals)
        self._check_texts(TEXTS.keys() & vals.keys())
        return result

    def _update_field_translations(
        self, field_name, translations, digest=None, source_lang=""
    ):
        result = super()._update_field_translations(
            field_name, translations, digest=digest, source_lang=source_lang
        )
        if field_name in TEXTS:
            for lang in translations:
                self.with_context(lang=lang)._check_texts([field_name])
        return result

    # === HELPERS === #

    def _check_texts(self, names):
        # No constraint: those are checked as the superuser, who may write anything.
        for name in names:
            for content in self.filtered(name):
                problem = content._get_text_problem(name)
                if problem:
                    raise ValidationError(problem)

    def _get_text_problem(self, name):
        """Return why a text may not be used, empty when it may.

        :param str name: one of :data:`TEXTS`
        """
        self.ensure_one()
        try:
            unsafe = self.env[
                "mail.render.mixin"
            ]._has_unsafe_expression_template_inline_template(
                self[name], "billing.distribution.attempt"
            )
        except (SyntaxError, ValueError) as error:
            return self.env._(
                "The places of the text cannot be read: %(problem)s", problem=error
            )
        may_use_all = self.env.su or self.env.user.has_group(
            "mail.group_mail_template_editor"
        )
        if unsafe and not may_use_all:
            return self.env._(
                "Only who may edit e-mail templates may use other places in a text "
                "than these: %(places)s",
                places=", ".join(TEXTS[name]),
            )
        return ""

    def _fill_in(self, name, attempt):
        """Return a text with its places filled in; the text was checked before.

        Whatever ``safe_eval`` raises comes through.

        :param str name: one of :data:`TEXTS`
        :param attempt: the ``billing.distribution.attempt``, stored or not
        :rtype: str
        """
        self.ensure_one()
        return render_inline_template(
            parse_inline_template(self[name]),
            {
                **self.env["mail.render.mixin"]._render_eval_context(),
                "object": attempt,
            },
        )

    @api.model
    def _new_sample_attempt(self, company, channel="sms", most=1):
        """Return a message, not stored, about the newest invoices of a company.

        :param int most: how many, all of the customer of the newest one
        """
        domain = [
            ("company_id", "=", company.id),
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
        ]
        moves = self.env["account.move"].search(domain, order="id desc", limit=1)
        if moves and most > 1:
            moves = moves.search(
                [*domain, ("partner_id", "=", moves.partner_id.id)],
                order="id desc",
                limit=most,
            )
        return self.env["billing.distribution.attempt"].new(
            {
                "company_id": company.id,
                "partner_id": moves.commercial_partner_id.id,
                "recipient_id": moves.partner_id.id,
                "channel": channel,
                "lang": self.env.lang,
                "item_ids": [
                    Command.create(
                        {
                            "move_id": move.id,
                            "company_id": company.id,
                            "page_url": f"{company.get_base_url()}/my/invoices/"
                            f"{move.id or 100000}?access_token={SAMPLE_TOKEN}",
                        }
                    )
                    for move in moves or [moves]
                ],
            }
        )
