from dataclasses import replace

from odoo import api, fields, models

from ..core import autogiro_codes

#: Mandates that one run tells of before it commits.
_BATCH = 50


class BillingMandate(models.Model):
    """What a sign-up on the page leaves on a mandate, and what the customer is told."""

    _inherit = "billing.mandate"

    include_open = fields.Boolean(
        string="Open Invoices Too",
        readonly=True,
        copy=False,
        help="The customer wants to have drawn what was received before, too.",
    )
    include_move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        help="The one open invoice that who signed up by its link wants to have drawn.",
    )
    replaces_id = fields.Many2one(
        "billing.mandate",
        string="In Place Of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        help="The one before, with another account. It ends when this one works.",
    )
    tell = fields.Selection(
        [("active", "It works"), ("ended", "It has ended"), ("rejected", "Refused")],
        string="To Be Told",
        readonly=True,
        copy=False,
        help="What the customer is told with the next messages.",
    )

    _tell_index = models.Index("(company_id, id) WHERE tell IS NOT NULL")

    # === BUSINESS METHODS - LIFE === #

    def _on_active(self):
        """Extend: who signed up on the page gets it, and the one before ends."""
        result = super()._on_active()
        self.env["billing.debit.signup"]._claim_mandates(self)
        replaced = self.replaces_id.filtered("is_live")
        if replaced:
            replaced._end(by="payer", code="replaced")
        asked = self.filtered(lambda one: one.origin in ("page", "internet_bank"))
        if asked:
            asked.tell = "active"
        return result

    def _on_ended(self):
        """Extend: customers are told, unless another one is in its place."""
        result = super()._on_ended()
        refused = self.filtered(
            lambda one: (
                one.state == "rejected" and one.origin in ("page", "internet_bank")
            )
        )
        over = self.filtered(
            lambda one: one.state == "ended" and one.end_code != "replaced"
        )
        if refused:
            refused.tell = "rejected"
        if over:
            over.tell = "ended"
        # What was never told and is over by now needs no telling.
        (self - refused - over).filtered("tell").tell = False
        return result

    # === BUSINESS METHODS - MESSAGES === #

    @api.model
    def _cron_tell(self):
        """Tell customers what became of their mandates."""
        self.env["res.company"].sudo().search([])._billing_each(
            self.env._("Messages about direct debit mandates"), self._tell_company
        )

    @api.model
    def _tell_company(self, company):
        """Queue the messages of one company, in batches that are committed.

        :param company: in superuser mode
        """
        mandates_sudo = self.sudo().with_company(company)
        domain = [("company_id", "=", company.id), ("tell", "!=", False)]
        while batch_sudo := mandates_sudo.search(
            domain, order="id", limit=_BATCH
        ).try_lock_for_update():
            batch_sudo._tell_customers()
            if not self.env["ir.cron"]._commit_progress(len(batch_sudo)):
                return

    def _tell_customers(self):
        """Queue the message that is due for each of the mandates.

        :return: None
        """
        for mandate in self:
            template = self.env.ref(
                f"billing_direct_debit.mail_template_mandate_{mandate.tell}"
            )
            mandate.partner_id.with_company(mandate.company_id)._billing_tell(
                template, mandate
            )
        self.tell = False

    # === HELPERS === #

    def _known(self):
        """Extend: who stopped here and has been at the bank again wants it again.

        AvtaleGiro has no message by which the bank hears of the stop, so for the bank
        it is a change of what it had all the time.
        """
        known = super()._known()
        if self.scheme != "avtalegiro" or self.is_live or not known.at_bank:
            return known
        again = self.env["billing.debit.signup"]._find_waiting(self)
        return replace(known, is_wanted=bool(again))

    def _customer_words(self):
        """Return why the mandate is over, as the customer reads it.

        :rtype: str
        """
        self.ensure_one()
        _ = self.env._
        if self.state == "ended":
            return {
                "payer": _("You stopped it."),
                "bank": _("Your bank ended it."),
            }.get(self.ended_by, _("We ended it."))
        code = ""
        if self.end_code and "/" in self.end_code:
            code = autogiro_codes.advice(*self.end_code.split("/", 1)).code
        wrong = _("Account and personal number do not belong together.")
        return {
            "account_type_not_allowed": _(
                "Nothing can be drawn from this kind of account."
            ),
            "account_or_identity_wrong": wrong,
            "identity_wrong_or_no_bankgiro_agreement": wrong,
            "account_wrong": _("The account number is wrong."),
            "account_query_unanswered": _("Your bank did not answer."),
            "mandate_exists_or_waits": _("It has one already, or is asking about it."),
        }.get(code, _("It gave us no reason."))

    def _scheme_name(self):
        """Return what customers call it: «AvtaleGiro» or «Autogiro»."""
        self.ensure_one()
        return self.agreement_id._scheme_name()

    def _newest_invoice(self):
        """Return the customer's newest invoice, on whose page the mandate is shown."""
        self.ensure_one()
        return self.env["account.move"].search(
            [
                ("partner_id", "child_of", self.partner_id.commercial_partner_id.id),
                # A company below it is a customer of its own.
                (
                    "commercial_partner_id",
                    "=",
                    self.partner_id.commercial_partner_id.id,
                ),
                ("company_id", "=", self.company_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ],
            order="invoice_date desc, id desc",
            limit=1,
        )

    def _page_url(self):
        """Return a personal link to the page on which the customer sees the mandate.

        :return: nothing when there is no invoice to show it on
        :rtype: str
        """
        self.ensure_one()
        move = self._newest_invoice()
        if not move:
            return ""
        [link_sudo] = (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [
                    {
                        "move_id": move.id,
                        "key": f"{self._name}:{self.id}:{self.tell}",
                    }
                ]
            )
        )
        return link_sudo._url()
