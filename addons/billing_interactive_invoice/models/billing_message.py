from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_list

from ..core import page_message

#: Longest side of a picture as it is kept, in pixels: two to one on a telephone.
PICTURE_SIDE = 1200
#: What a customer reads, and staff should have translated.
TEXTS = (
    "title",
    "body",
    "reason",
    "picture_text",
    "button_label",
    "link_label",
)


class BillingMessage(models.Model):
    """A message of the company on the pages of its customers' invoices.

    It stands there only: no e-mail, SMS or letter carries it, so that no reminder ever
    holds an offer. Whom it is for: :meth:`_audience_rule`. What becomes of it is
    counted in ``billing.message.reading``.
    """

    _name = "billing.message"
    _description = "Message to Customers"
    _inherit = ["mail.thread"]
    _rec_name = "title"
    _order = "sequence, id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published"), ("stopped", "Stopped")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    published_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="Who closed the message before this sees it again.",
    )
    kind = fields.Selection(
        [
            ("notice_outage", "Service Notice: Outage"),
            ("notice_waiting", "Service Notice: Waiting Time"),
            ("notice_price", "Service Notice: Price Change"),
            ("notice_other", "Service Notice: Other"),
            ("tip_saving", "Tip: Saving Energy"),
            ("tip_my_page", "Tip: My Page"),
            ("tip_app", "Tip: App"),
            ("tip_other", "Tip: Other"),
            ("offer", "Offer"),
        ],
        required=True,
        default="notice_other",
        tracking=True,
        help="A page shows two messages at most: service notices before tips, tips "
        "before offers. Offers are shown only to customers who agreed to them, and "
        "never on an invoice that is overdue or on hold.",
    )
    is_urgent = fields.Boolean(
        string="Above the Payment",
        compute="_compute_is_urgent",
        store=True,
        readonly=False,
        help="For what customers have to know before they pay. Service notices only.",
    )
    sequence = fields.Integer(
        string="Priority", default=10, help="The lowest number comes first."
    )
    date_from = fields.Datetime(string="From")
    date_to = fields.Datetime(string="Until")
    cap_days = fields.Integer(
        string="Days Shown",
        help="On how many days one customer sees the message. 0: every day.",
    )

    # What it says
    title = fields.Char(required=True, translate=True)
    body = fields.Text(string="Text", translate=True)
    reason = fields.Text(
        translate=True,
        help="Why the price changes, in a sentence. It stands below the text.",
    )
    picture = fields.Image(max_width=PICTURE_SIDE, max_height=PICTURE_SIDE)
    picture_text = fields.Char(
        string="What the Picture Shows",
        translate=True,
        help="Read aloud to those who do not see it.",
    )
    question_ids = fields.One2many(
        "billing.message.question", "message_id", string="Questions", copy=True
    )
    button_label = fields.Char(string="Button", translate=True)
    button_target = fields.Selection(
        [
            ("url", "Web Address"),
            ("pay", "How to Pay"),
            ("help", "Help Yourself"),
            ("conversation", "Write to Us"),
            ("contact", "Contact Details"),
        ],
        string="Leads to",
    )
    button_url = fields.Char(string="Address of the Button")
    link_label = fields.Char(string="Link", translate=True)
    link_url = fields.Char(string="Address of the Link")
    missing_lang_names = fields.Char(
        string="Not Translated to", compute="_compute_missing_lang_names"
    )

    # What became of it
    reading_ids = fields.One2many("billing.message.reading", "message_id")
    reader_count = fields.Integer(string="Saw It", compute="_compute_counts")
    shown_count = fields.Integer(
        string="Shown",
        compute="_compute_counts",
        help="Once a day for each customer.",
    )
    clicked_count = fields.Integer(string="Clicked", compute="_compute_counts")
    closed_count = fields.Integer(string="Closed", compute="_compute_counts")

    _published_idx = models.Index("(company_id) WHERE state = 'published'")
    _cap_days_positive = models.Constraint(
        "CHECK(cap_days >= 0)", "A message cannot be shown on fewer than no days."
    )
    _window_forward = models.Constraint(
        "CHECK(date_from < date_to)", "A message has to begin before it ends."
    )

    # === COMPUTE METHODS === #

    @api.depends("kind")
    def _compute_is_urgent(self):
        for message in self:
            if page_message.family(message.kind or "") != page_message.NOTICE:
                message.is_urgent = False

    @api.depends(*TEXTS, "language_ids", "question_ids.question", "question_ids.answer")
    def _compute_missing_lang_names(self):
        """Name the languages that readers would get another language's words in."""
        installed = self.env["res.lang"].search([])
        for message in self:
            langs = message.language_ids or installed
            missing = langs.filtered(
                lambda lang, message=message: not message._is_translated_to(lang.code)
            )
            message.missing_lang_names = format_list(self.env, missing.mapped("name"))

    def _compute_counts(self):
        counts = {
            message.id: rest
            for message, *rest in self.env["billing.message.reading"]
            .sudo()
            ._read_group(
                [("message_id", "in", self.ids)],
                ["message_id"],
                ["reader:count_distinct", "shown:sum", "clicked:sum", "closed:sum"],
            )
        }
        for message in self:
            (
                message.reader_count,
                message.shown_count,
                message.clicked_count,
                message.closed_count,
            ) = counts.get(message.id, (0, 0, 0, 0))

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "reason")
    def _check_reason(self):
        for message in self:
            if message.kind == "notice_price" and not (message.reason or "").strip():
                raise ValidationError(
                    self.env._("Say why the price changes: customers will ask.")
                )

    @api.constrains("picture", "picture_text")
    def _check_picture_text(self):
        for message in self:
            if message.picture and not (message.picture_text or "").strip():
                raise ValidationError(
                    self.env._(
                        "Say what the picture shows, for those who do not see it."
                    )
                )

    @api.constrains(
        "button_label", "button_target", "button_url", "link_label", "link_url"
    )
    def _check_links(self):
        for message in self:
            if bool(message.button_label) != bool(message.button_target):
                raise ValidationError(
                    self.env._("A button needs both words and a place it leads to.")
                )
            if bool(message.link_label) != bool(message.link_url):
                raise ValidationError(
                    self.env._("A link needs both words and an address.")
                )
            urls = [message.link_url] if message.link_url else []
            if message.button_target == "url":
                urls.append(message.button_url)
            for url in urls:
                if not page_message.is_address(url):
                    raise ValidationError(
                        self.env._(
                            "«%(address)s» is no address for customers. Begin with "
                            "https://, or with / for a page of your own.",
                            address=url or "",
                        )
                    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Pages that are open show what is published, and what it says by now."""
        result = super().write(vals)
        issued = self.filtered(lambda message: message.state != "draft")
        if issued:
            issued.company_id._billing_open_pages()._billing_page_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        if any(message.state != "draft" for message in self):
            raise UserError(
                self.env._(
                    "Customers have seen this message. Archive it, so that you can "
                    "tell later what it said."
                )
            )

    # === ACTIONS === #

    def action_publish(self):
        """Show the messages from now on, also to who closed them before (button)."""
        self.check_access("write")
        self.write({"state": "published", "published_at": fields.Datetime.now()})

    def action_stop(self):
        """Show the messages to nobody any more (button)."""
        self.check_access("write")
        self.filtered(lambda message: message.state == "published").write(
            {"state": "stopped"}
        )

    def action_preview(self):
        """Open the form that shows the message as a customer sees it (button)."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_interactive_invoice.billing_message_preview_action"
        )
        action["context"] = {"default_message_id": self.id}
        return action

    def action_readings(self):
        """Open what became of the messages."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_interactive_invoice.billing_message_reading_action"
        )
        action["domain"] = [("message_id", "in", self.ids)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _running(self, company):
        """Return the messages that a company shows now.

        :param company: the ``res.company``
        :return: in superuser mode, in the language of the environment
        :rtype: billing.message
        """
        now = fields.Datetime.now()
        return self.sudo().search(
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "published")
            & (Domain("date_from", "=", False) | Domain("date_from", "<=", now))
            & (Domain("date_to", "=", False) | Domain("date_to", ">", now))
        )

    def _to_core(self):
        """Return what decides about where the message stands.

        :rtype: core.page_message.Message
        """
        self.ensure_one()
        return page_message.Message(
            id=self.id,
            kind=self.kind,
            urgent=self.is_urgent,
            sequence=self.sequence,
            cap_days=self.cap_days,
        )

    def _target(self, which):
        """Return where a button or link of the message leads.

        :param str which: ``button`` or ``link``
        :return: an address, or ``#`` and a section of the page; nothing when there is
            no such button or link
        :rtype: str
        """
        self.ensure_one()
        if which == "link":
            return self.link_url or ""
        if self.button_target == "url":
            return self.button_url or ""
        return f"#{self.button_target}" if self.button_target else ""

    def _href(self, which, page):
        """Return what a button or link of the message goes to.

        What stays on the page, and what a server cannot send a browser to, is gone to
        at once; the rest by way of the server, which counts it.

        :param str which: ``button`` or ``link``
        :param core.page.Page page: where it stands
        :rtype: str
        """
        target = self._target(which)
        if target.startswith(("/", "http")):
            return page.url(f"message/{self.id}/{which}")
        return target

    def _note_url(self, which, page):
        """Return where a script counts that a button was used.

        :param str which: ``button`` or ``link``
        :param core.page.Page page: where it stands
        :return: None when the server counts, on the way
        :rtype: str | None
        """
        if self._href(which, page) != self._target(which):
            return None
        return page.action_url(f"message/{self.id}/clicked")

    def _has_picture(self):
        """Whether there is a picture, without loading it."""
        self.ensure_one()
        return bool(self.with_context(bin_size=True).picture)

    def _picture_mark(self):
        """Return what changes with the picture, for browsers that keep it."""
        self.ensure_one()
        return int(self.write_date.timestamp())

    def _family(self):
        """Return what the message is: ``notice``, ``tip`` or ``offer``."""
        self.ensure_one()
        return page_message.family(self.kind)

    def _paragraphs(self, field):
        """Return a text of the message as paragraphs of lines."""
        self.ensure_one()
        return page_message.paragraphs(self[field])

    def _heading(self):
        """Return what the customer is told the message is.

        An offer says that it is one: marketing has to be recognised as such
        (markedsføringsloven § 3, marknadsföringslagen 9 §).

        :rtype: str
        """
        self.ensure_one()
        return {
            "notice_outage": self.env._("Outage"),
            "notice_waiting": self.env._("Customer service"),
            "notice_price": self.env._("Price change"),
            "notice_other": self.env._("Good to know"),
            "tip_saving": self.env._("Tip: save energy"),
            "offer": self.env._("Offer from us"),
        }.get(self.kind) or self.env._("Tip")

    # === HELPERS === #

    def _is_translated_to(self, lang):
        """Whether all that the message says has words of its own in a language.

        What was first written counts as English, whichever language it is in.

        :param str lang: code of the language
        :rtype: bool
        """
        self.ensure_one()
        parts = [(self._origin, TEXTS)]
        parts += [
            (question._origin, ("question", "answer")) for question in self.question_ids
        ]
        return lang == "en_US" or all(
            lang in (record._fields[name]._get_stored_translations(record) or ())
            for record, names in parts
            for name in names
            if record and record[name]
        )
