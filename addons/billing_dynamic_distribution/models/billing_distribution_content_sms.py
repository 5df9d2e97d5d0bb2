from odoo import api, fields, models

from ..core import sms_text


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

    # === HELPERS === #

    def _render_sms_sample(self, attempt):
        """Return the text as the sample would read, and what is wrong with it."""
        self.ensure_one()
        problem = self._get_text_problem("sms_body")
        if problem:
            return "", problem
        company = attempt.company_id
        try:
            text = self._fill_in("sms_body", attempt)
        except Exception as error:
            # Whatever safe_eval meets in what somebody is just typing.
            return "", self.env._(
                "The places of the text cannot be filled in: %(problem)s", problem=error
            )
        channel = self.env["billing.channel.sms"]
        links = attempt.item_ids.mapped("page_url")
        return channel._final_text(company, text, links), ""
