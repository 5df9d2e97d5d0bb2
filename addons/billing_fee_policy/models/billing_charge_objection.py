import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.billing_base.core.hold import BLOCKS

from .billing_charge import LIVE

ACTIVITY = "billing_fee_policy.mail_activity_type_objection"
#: Characters of a text that are kept.
LONGEST_TEXT = 4000


class BillingChargeObjection(models.Model):
    """What a customer says against fees or interest on top of one invoice.

    While it is not answered the invoice is on hold: no further fee, no reminder and no
    collection (inkassoloven § 17, inkassolagen § 4: what is disputed is looked into
    first).
    """

    _name = "billing.charge.objection"
    _description = "Objection to Fees"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    charge_ids = fields.One2many(related="move_id.billing_charge_ids")
    day = fields.Date(string="Made on", required=True, readonly=True)
    text = fields.Text(string="In the Customer's Words", required=True, readonly=True)
    amount = fields.Monetary(
        readonly=True, aggregator=None, help="Charged when the customer objected."
    )
    state = fields.Selection(
        [("open", "To Answer"), ("accepted", "Agreed"), ("declined", "Declined")],
        required=True,
        readonly=True,
        default="open",
        tracking=True,
    )
    hold_id = fields.Many2one("billing.hold", readonly=True, ondelete="set null")
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        domain="[('share', '=', False)]",
        tracking=True,
    )
    answer = fields.Text(help="What the customer reads on the page and in the message.")
    answered_at = fields.Datetime(string="Answered", readonly=True)
    answered_by_id = fields.Many2one("res.users", string="Answered by", readonly=True)

    _open_unique = models.UniqueIndex(
        "(move_id) WHERE state = 'open'", "There is an objection already."
    )

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for objection in self:
            objection.display_name = self.env._(
                "Objection to fees of %(invoice)s", invoice=objection.move_id.name or ""
            )

    # === CRUD METHODS === #

    def write(self, vals):
        """What was said, and what became of it, is changed by the buttons only.

        :raises AccessError: somebody writes more than the answer and who gives it
        """
        if not self.env.su and any(self._fields[name].readonly for name in vals):
            raise AccessError(
                self.env._("Objections are decided on with their buttons.")
            )
        return super().write(vals)

    # === MAIL METHODS === #

    def _mail_get_partner_fields(self, introspect_fields=False):
        """Override of `mail`: colleagues write here, customers get the answer."""
        return []

    # === ACTIONS === #

    def action_accept(self):
        """Agree with the customers: what came on top is dropped.

        :raises UserError: one of them is answered already
        """
        for objection in self:
            objection._take_to_answer()
            charges = objection.move_id.sudo().billing_charge_ids.filtered(
                lambda charge: charge.state in LIVE
            )
            if charges:
                charges.with_env(self.env)._waive(
                    self.env._("The customer objected: %(text)s", text=objection.text),
                    {"objection_id": objection.id},
                )
            objection._close("accepted", "charge.objection_accepted")
        return True

    def action_decline(self):
        """Say why what came on top stands.

        :raises UserError: one of them is answered already, or has no answer
        """
        for objection in self:
            objection._take_to_answer()
            if not (objection.answer or "").strip():
                raise UserError(
                    self.env._("Write an answer that tells the customer why.")
                )
            objection._close("declined", "charge.objection_declined")
        return True

    def action_open_invoice(self):
        """Open the invoice."""
        self.ensure_one()
        return self.move_id._get_records_action()

    # === BUSINESS METHODS === #

    @api.model
    def _object(self, move, text):
        """Take a customer's objection to what came on top of an invoice.

        The invoice is on hold from now on, and somebody gets the task to answer. Told
        twice, it counts once.

        :param move: the invoice
        :param str text: in the customer's words
        :return: in superuser mode
        :rtype: billing.charge.objection
        :raises UserError: nothing was said, or there is nothing to object to
        """
        text = (text or "").strip()[:LONGEST_TEXT]
        if not text:
            raise UserError(self.env._("Tell us in a few words what is wrong."))
        move_sudo = move.sudo()
        charges_sudo = (
            self.env["billing.charge"]
            .sudo()
            .search([("move_id", "=", move_sudo.id), ("state", "in", LIVE)])
        )
        if not charges_sudo:
            raise UserError(self.env._("There is no fee to object to."))
        is_open = [("move_id", "=", move_sudo.id), ("state", "=", "open")]
        open_sudo = self.sudo().search(is_open)
        if open_sudo:
            return open_sudo
        company_sudo = move_sudo.company_id
        user_sudo = company_sudo._billing_objection_staff(move_sudo)
        try:
            with self.env.cr.savepoint():
                objection_sudo = (
                    self.sudo()
                    .with_context(mail_create_nolog=True)
                    .create(
                        {
                            "move_id": move_sudo.id,
                            "company_id": company_sudo.id,
                            "partner_id": move_sudo.commercial_partner_id.id,
                            "currency_id": charges_sudo[:1].currency_id.id,
                            "day": company_sudo._billing_today(),
                            "text": text,
                            "amount": sum(charges_sudo.mapped("amount")),
                            "user_id": user_sudo.id,
                        }
                    )
                )
        except psycopg2.errors.UniqueViolation:
            # Two clicks at the same moment.
            return self.sudo().search(is_open)
        objection_sudo.hold_id = move_sudo._billing_place_hold(
            self.env._("The customer objects to a fee: %(text)s", text=text[:200]),
            blocks=BLOCKS - {"distribution"},
        )
        self.env["billing.event"]._log(
            [
                {
                    "kind": "charge.objected",
                    "move_id": move_sudo.id,
                    "actor": "customer",
                    "amount": objection_sudo.amount,
                    "currency_id": objection_sudo.currency_id.id,
                    "payload": {"text": text, "objection_id": objection_sudo.id},
                    "dedup_key": f"charge.objected:{objection_sudo.id}",
                }
            ]
        )
        if user_sudo:
            objection_sudo.activity_schedule(ACTIVITY, user_id=user_sudo.id)
        return objection_sudo

    @api.model
    def _latest(self, moves):
        """Return the latest objection to the fees of each of the invoices.

        :return: by id of the invoice
        :rtype: dict[int, billing.charge.objection]
        """
        return {
            objection.move_id.id: objection
            for objection in self.search([("move_id", "in", moves.ids)], order="id")
        }

    # === HELPERS === #

    def _take_to_answer(self):
        """Let nobody else answer meanwhile.

        :raises UserError: it is answered already
        """
        self.ensure_one()
        self.check_access("write")
        self.sudo().lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["state"])
        if self.state != "open":
            raise UserError(
                self.env._(
                    "%(objection)s is answered already.", objection=self.display_name
                )
            )

    def _close(self, state, kind):
        """Answer the customer, on the page and by a message; the hold ends."""
        self.ensure_one()
        objection_sudo = self.sudo()
        objection_sudo.write(
            {
                "state": state,
                "answered_at": fields.Datetime.now(),
                "answered_by_id": self.env.uid,
            }
        )
        objection_sudo.hold_id.with_env(self.env)._release()
        self.env["billing.event"]._log(
            [
                {
                    "kind": kind,
                    "move_id": self.move_id.id,
                    "actor": "staff",
                    "amount": objection_sudo.amount,
                    "currency_id": objection_sudo.currency_id.id,
                    "payload": {"answer": self.answer or "", "objection_id": self.id},
                    "dedup_key": f"{kind}:{self.id}",
                }
            ]
        )
        objection_sudo.activity_unlink([ACTIVITY])
        template = self.env.ref(
            "billing_fee_policy.mail_template_objection_answer",
            raise_if_not_found=False,
        )
        if template:
            objection_sudo.move_id.partner_id._billing_tell(
                template, objection_sudo, thread=objection_sudo.move_id
            )

    def _customer_sentence(self):
        """Return what was decided, for the message to the customer.

        :rtype: str
        """
        self.ensure_one()
        values = {
            "amount": self.currency_id.format(self.amount),
            "invoice": self.move_id.name,
        }
        if self.state == "accepted":
            return self.env._(
                "You were right: we dropped the %(amount)s that came on top of invoice "
                "%(invoice)s.",
                **values,
            )
        return self.env._(
            "We looked into what you told us about the %(amount)s on top of invoice "
            "%(invoice)s. The fee stands.",
            **values,
        )

    def _page_url(self):
        """Return the address of the customer's page of the invoice.

        :rtype: str
        """
        self.ensure_one()
        [link_sudo] = (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [
                    {
                        "move_id": self.move_id.id,
                        "key": f"billing.charge.objection:{self.id}",
                    }
                ]
            )
        )
        return link_sudo._url()
