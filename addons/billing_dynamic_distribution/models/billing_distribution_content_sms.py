from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.rendering_tools import parse_inline_template, render_inline_template

from ..core import sms_text
from .billing_distribution_attempt_sms import PLACES

#: As long as a real one, so that the length that is shown is the length that is sent.
SAMPLE_TOKEN = "x" * 22


class BillingDistributionContent(models.Model):
    """SMS of a content: how it will read, how long it is, what it costs."""

    _inherit = "billing.distribution.content"

    sms_sample = fields.Text(
        string="SMS as It Reads",
        compute="_compute_sms_sample",
        help="Filled in with the newest invoice of your company.",
    )
    sms_problem = fields.Char(compute="_compute_sms_sample")
    sms_segments = fields.Integer(string="Segments", compute="_compute_sms_sample")
    sms_units = fields.Integer(string="Characters", compute="_compute_sms_sample")
    sms_left = fields.Integer(string="Characters Left", compute="_compute_sms_sample")
    sms_alphabet = fields.Selection(
        [("gsm7", "GSM alphabet"), ("ucs2", "Unicode")],
        string="Alphabet",
        compute="_compute_sms_sample",
    )
    sms_foreign = fields.Char(
        string="Signs outside the GSM Alphabet",
        compute="_compute_sms_sample",
        help="One of them is enough to make each segment 70 instead of 160 characters.",
    )
    sms_cost = fields.Float(
        string="Cost of an SMS", digits=(16, 5), compute="_compute_sms_sample"
    )
    sms_currency_id = fields.Many2one("res.currency", compute="_compute_sms_sample")

    # === COMPUTE METHODS === #

    @api.depends("sms_body", "company_id")
    @api.depends_context("lang", "company", "uid")
    def _compute_sms_sample(self):
        attempt_by_company = {}
        for content in self:
            company = content.company_id or self.env.company
            if company not in attempt_by_company:
                attempt_by_company[company] = self._new_sample_attempt(company)
            text, problem = "", ""
            if content.sms_body:
                text, problem = content._render_sms_sample(attempt_by_company[company])
            measured = sms_text.measure(text)
            content.sms_sample = text
            content.sms_problem = problem
            content.sms_segments = measured.segments
            content.sms_units = measured.units
            content.sms_left = measured.left
            content.sms_alphabet = measured.alphabet
            content.sms_foreign = " ".join(measured.foreign)
            content.sms_cost = company._billing_sms_cost(measured.segments)
            content.sms_currency_id = company.currency_id

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        contents = super().create(vals_list)
        contents._check_sms_body()
        return contents

    def write(self, vals):
        result = super().write(vals)
        if "sms_body" in vals:
            self._check_sms_body()
        return result

    def _update_field_translations(
        self, field_name, translations, digest=None, source_lang=""
    ):
        result = super()._update_field_translations(
            field_name, translations, digest=digest, source_lang=source_lang
        )
        if field_name == "sms_body":
            for lang in translations:
                self.with_context(lang=lang)._check_sms_body()
        return result

    # === HELPERS === #

    def _check_sms_body(self):
        # No constraint: those are checked as the superuser, who may write anything.
        for content in self.filtered("sms_body"):
            problem = content._get_sms_problem()
            if problem:
                raise ValidationError(problem)

    def _get_sms_problem(self):
        """Return why the text may not be used, empty when it may."""
        self.ensure_one()
        try:
            unsafe = self.env[
                "mail.render.mixin"
            ]._has_unsafe_expression_template_inline_template(
                self.sms_body, "billing.distribution.attempt"
            )
        except (SyntaxError, ValueError) as error:
            return self.env._(
                "The places of the SMS cannot be read: %(problem)s", problem=error
            )
        may_use_all = self.env.su or self.env.user.has_group(
            "mail.group_mail_template_editor"
        )
        if unsafe and not may_use_all:
            return self.env._(
                "Only who may edit e-mail templates may use other places in an SMS "
                "than these: %(places)s",
                places=", ".join(PLACES),
            )
        return ""

    def _render_sms_sample(self, attempt):
        """Return the text as the sample would read, and what is wrong with it."""
        self.ensure_one()
        problem = self._get_sms_problem()
        if problem:
            return "", problem
        company = attempt.company_id
        try:
            text = render_inline_template(
                parse_inline_template(self.sms_body),
                {
                    **self.env["mail.render.mixin"]._render_eval_context(),
                    "object": attempt,
                },
            )
        except Exception as error:
            # Whatever safe_eval meets in what somebody is just typing.
            return "", self.env._(
                "The places of the SMS cannot be filled in: %(problem)s", problem=error
            )
        channel = self.env["billing.channel.sms"]
        links = attempt.item_ids.mapped("page_url")
        return channel._final_text(company, text, links), ""

    @api.model
    def _new_sample_attempt(self, company):
        """Return a message, not stored, about the newest invoice of a company."""
        move = self.env["account.move"].search(
            [
                ("company_id", "=", company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ],
            order="id desc",
            limit=1,
        )
        link = (
            f"{company.get_base_url()}/my/invoices/{move.id or 100000}"
            f"?access_token={SAMPLE_TOKEN}"
        )
        return self.env["billing.distribution.attempt"].new(
            {
                "company_id": company.id,
                "partner_id": move.commercial_partner_id.id,
                "recipient_id": move.partner_id.id,
                "channel": "sms",
                "lang": self.env.lang,
                "item_ids": [
                    Command.create(
                        {
                            "move_id": move.id,
                            "company_id": company.id,
                            "page_url": link,
                        }
                    )
                ],
            }
        )
