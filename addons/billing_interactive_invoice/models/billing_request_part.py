from odoo import fields, models


class BillingRequestPart(models.Model):
    """One part of an invoice that a customer pays in parts.

    The books know nothing of it: the invoice stays one claim with one due date. How
    much of a part is paid follows from what is open on the invoice.
    """

    _name = "billing.request.part"
    _description = "Part of a Payment Plan"
    _order = "request_id, number"
    _rec_name = "number"

    request_id = fields.Many2one(
        "billing.request",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    number = fields.Integer(string="Part", required=True, readonly=True)
    day = fields.Date(string="Due Date", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    currency_id = fields.Many2one(related="request_id.currency_id")
    paid = fields.Monetary(compute="_compute_progress")
    state = fields.Selection(
        [
            ("paid", "Paid"),
            ("open", "To Come"),
            ("due", "Due"),
            ("missed", "Not Paid"),
        ],
        compute="_compute_progress",
    )
    told_at = fields.Datetime(
        string="Customer Told",
        readonly=True,
        help="When the customer was told that the part will be due.",
    )

    _number_unique = models.Constraint(
        "UNIQUE(request_id, number)", "A plan has each part once."
    )

    # === COMPUTE METHODS === #

    def _compute_progress(self):
        states = {
            (request_id, part.number): part
            for request_id, parts in self.request_id._progress().items()
            for part in parts
        }
        for part in self:
            # A part that is not saved has no progress.
            state = states.get((part.request_id.id, part.number))
            part.paid = state.paid if state else 0.0
            part.state = state.state if state else False

    # === BUSINESS METHODS === #

    def _tell(self):
        """Tell the customer that the part will be due, where it will reach them best.

        :return: the contact point that got it, or none
        :rtype: billing.contact.point
        """
        self.ensure_one()
        part_sudo = self.sudo().with_company(self.company_id)
        move_sudo = part_sudo.request_id.move_id
        return move_sudo.partner_id._billing_tell(
            part_sudo.env.ref("billing_interactive_invoice.mail_template_part_due"),
            part_sudo,
            thread=move_sudo,
        )

    def _page_url(self):
        """Return the personal link to the invoice for the message about the part."""
        self.ensure_one()
        move = self.request_id.move_id
        [link_sudo] = (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [{"move_id": move.id, "key": f"billing.request.part:{self.id}:due"}]
            )
        )
        return link_sudo._url()

    def _rest(self):
        """Return what is left of the part, in words, for the message about it."""
        self.ensure_one()
        return self.currency_id.format(self.amount - self.paid)

    def _day_in_words(self):
        """Return the day of the part as a sentence says it."""
        self.ensure_one()
        return self.request_id.move_id._billing_in_words(self.day)
