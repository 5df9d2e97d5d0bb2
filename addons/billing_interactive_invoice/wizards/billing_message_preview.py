from odoo import api, fields, models
from odoo.fields import Domain

from ..core import audience, page_message
from ..core.visitor_rights import STAFF, Visitor


class BillingMessagePreview(models.TransientModel):
    """Shows a message as a customer sees it, and tells whether they see it at all."""

    _name = "billing.message.preview"
    _description = "Preview of a Message to Customers"

    message_id = fields.Many2one(
        "billing.message", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="message_id.company_id")
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        compute="_compute_move_id",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id), ('state', '=', 'posted'),"
        " ('move_type', 'in', ('out_invoice', 'out_refund'))]",
    )
    partner_id = fields.Many2one(related="move_id.partner_id", string="Customer")
    lang = fields.Selection(
        selection="_selection_lang",
        string="Language",
        compute="_compute_lang",
        store=True,
        readonly=False,
    )
    is_shown = fields.Boolean(compute="_compute_verdict")
    verdict = fields.Text(compute="_compute_verdict")

    # === COMPUTE METHODS === #

    @api.depends("message_id")
    def _compute_move_id(self):
        """Begin with somebody the message is for, if there is one."""
        moves = self.env["account.move"]
        for preview in self:
            message = preview.message_id
            posted = Domain(
                [
                    ("company_id", "=", message.company_id.id),
                    ("state", "=", "posted"),
                    ("move_type", "=", "out_invoice"),
                ]
            )
            newest = "invoice_date desc, id desc"
            preview.move_id = moves.search(
                message._audience_domain() & message._opened_domain(),
                order=newest,
                limit=1,
            ) or moves.search(posted, order=newest, limit=1)

    @api.depends("move_id")
    def _compute_lang(self):
        installed = {code for code, _name in self._selection_lang()}
        for preview in self:
            wanted = preview.move_id.partner_id.lang
            preview.lang = wanted if wanted in installed else self.env.lang

    @api.depends("message_id", "move_id")
    def _compute_verdict(self):
        for preview in self:
            reasons = preview._reasons() if preview.move_id else []
            preview.is_shown = bool(preview.move_id) and not reasons
            preview.verdict = "\n".join(reasons)

    # === SELECTION METHODS === #

    def _selection_lang(self):
        return self.env["res.lang"].get_installed()

    # === ACTIONS === #

    def action_open_page(self):
        """Open the customer's page with the message on it, in a tab of its own."""
        self.ensure_one()
        self.message_id.check_access("read")
        self.move_id.check_access("read")
        lang = self.env["res.lang"]._get_data(code=self.lang or "")
        prefix = f"/{lang.url_code}" if lang else ""
        return {
            "type": "ir.actions.act_url",
            "target": "new",
            "url": f"{prefix}/my/invoices/{self.move_id.id}"
            f"?preview_message={self.message_id.id}",
        }

    # === HELPERS === #

    def _reasons(self):
        """Return why the customer does not see the message now, in words.

        :rtype: list[str]
        """
        self.ensure_one()
        message_sudo = self.message_id.sudo()
        move_sudo = self.move_id.sudo()
        customer = Visitor(STAFF, partner_id=move_sudo.commercial_partner_id.id)
        words = self._condition_words()
        rule = message_sudo._audience_rule()
        codes = list(audience.unmet(rule, move_sudo._billing_audience_facts()))
        running = self.env["billing.message"]._running(message_sudo.company_id)
        if message_sudo not in running:
            codes.insert(0, "not_running")
        reader = move_sudo._billing_message_reader(message_sudo, customer.partner_id)
        withheld = page_message.withheld(message_sudo._to_core(), reader)
        if withheld:
            codes.append(withheld)
        if not codes:
            urgent, below = move_sudo._billing_page_banners(customer)
            if message_sudo not in urgent | below:
                codes.append("crowded")
        return [words[code] for code in codes]

    def _condition_words(self):
        """Return in words why a message is not shown, by code."""
        return {
            "not_running": self.env._("The message is not shown to anybody now."),
            "segment": self.env._("The customer is in none of the segments."),
            "excluded": self.env._("The customer is in a segment that is left out."),
            "postcode": self.env._("The delivery address is in another place."),
            "product": self.env._("None of the products is on the invoice."),
            "customer": self.env._("It is for private customers, or for companies."),
            "invoice": self.env._("The invoice is paid, due or overdue otherwise."),
            "amount": self.env._("The total is outside the limits."),
            "language": self.env._("The customer reads another language."),
            "closed": self.env._("The customer has closed it."),
            "cap": self.env._("The customer has seen it on as many days as it says."),
            "consent": self.env._("The customer has not agreed to offers."),
            "demand": self.env._("The invoice is overdue or on hold: no offers there."),
            "crowded": self.env._("Two messages come before it on this page."),
        }
