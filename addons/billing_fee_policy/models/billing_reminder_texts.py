from markupsafe import Markup

from odoo import api, fields, models

#: What the texts of reminders are made of, for everybody who may write one.
PLACES = (
    "object.lang",
    "object.company_id.name",
    "object.partner_id.name",
    "object.title_text",
    "object.lead_text",
    "object.paid_text",
    "object.total_text",
    "object.deadline_text",
    "object.claim_names",
    "object.claims_html",
    "object.running_text",
    "object.warning_text",
    "object.objection_text",
    "object.waiver_text",
    "object.page_url",
    "object.page_urls",
)


class BillingReminder(models.Model):
    """What the texts of e-mails and SMS ask for, in the language of the environment."""

    _inherit = "billing.reminder"

    lang = fields.Char(string="Language", compute="_compute_lang")
    title_text = fields.Char(string="Heading", compute="_compute_texts")
    lead_text = fields.Char(string="First Sentence", compute="_compute_texts")
    paid_text = fields.Char(
        string="Sentence for Who Has Paid", compute="_compute_texts"
    )
    total_text = fields.Char(string="Amount in Words", compute="_compute_texts")
    deadline_text = fields.Char(string="Deadline in Words", compute="_compute_texts")
    claim_names = fields.Char(string="Invoice Numbers", compute="_compute_texts")
    running_text = fields.Char(string="Running Interest", compute="_compute_texts")
    warning_text = fields.Char(string="What Happens Next", compute="_compute_texts")
    objection_text = fields.Char(string="How to Object", compute="_compute_texts")
    waiver_text = fields.Char(string="Fees Dropped", compute="_compute_texts")
    page_url = fields.Char(string="Page of the Invoice", compute="_compute_texts")
    page_urls = fields.Char(string="Pages of the Invoices", compute="_compute_texts")
    claims_html = fields.Html(
        string="Claims in Words",
        compute="_compute_texts",
        sanitize=False,
        help="Each invoice with what was added to it, how to pay it, and the button "
        "that opens its page.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "company_id")
    def _compute_lang(self):
        for reminder in self:
            reminder.lang = reminder._get_language()

    @api.depends("line_ids.principal", "day", "deadline", "kind")
    @api.depends_context("lang")
    def _compute_texts(self):
        for reminder in self:
            letter = reminder._get_letter()
            lead, paid = letter["lead"]
            urls = [claim["url"] for claim in letter["claims"]]
            reminder.title_text = letter["title"]
            reminder.lead_text = lead
            reminder.paid_text = paid
            reminder.total_text = letter["total"]
            reminder.deadline_text = letter["deadline"] or ""
            reminder.claim_names = ", ".join(
                claim["name"] for claim in letter["claims"]
            )
            reminder.running_text = letter["running"]
            reminder.warning_text = letter["warning"]
            reminder.objection_text = letter["objection"]
            reminder.waiver_text = " ".join(letter["waivers"])
            reminder.page_url = next(iter(urls), "")
            reminder.page_urls = " ".join(urls)
            reminder.claims_html = Markup(
                self.env["ir.qweb"]._render(
                    "billing_fee_policy.mail_claims", {"letter": letter}
                )
            )

    # === HELPERS === #

    @api.model
    def mail_allowed_qweb_expressions(self):
        """Override of `mail`: places that everybody may use in the texts."""
        return (*super().mail_allowed_qweb_expressions(), *PLACES)
