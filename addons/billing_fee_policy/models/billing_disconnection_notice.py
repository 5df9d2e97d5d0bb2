from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.billing_base.core import hold as core_hold

from ..core import disconnection
from .account_move_collection import OBJECTIONS


class BillingDisconnectionNotice(models.Model):
    """A letter that a supply may be cut, prepared for a person to decide about.

    Nothing here is automatic: staff write it, look at what forbids it, print it, send
    it and say that they did. Kvitt reckons the days, checks what the law wants said,
    and names what stands against going on. It cuts nothing.
    """

    _name = "billing.disconnection.notice"
    _description = "Notice of Disconnection"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(readonly=True, copy=False, default="/")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('parent_id', '=', False)]",
    )
    rule_id = fields.Many2one(
        "billing.disconnection.rule",
        string="Law",
        compute="_compute_rule_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        ondelete="restrict",
    )
    service = fields.Selection(related="rule_id.service")
    tells_authority = fields.Boolean(related="rule_id.tells_authority")
    tries_person = fields.Boolean(related="rule_id.tries_person")
    from_service = fields.Boolean(related="rule_id.from_service")
    warning_days = fields.Integer(related="rule_id.warning_days")
    step = fields.Selection(
        [("warning", "Warning"), ("notice", "Notice")],
        string="Letter",
        required=True,
        default="notice",
        help="Where the law wants a warning first, the notice follows when its time is "
        "over.",
    )
    warning_id = fields.Many2one(
        "billing.disconnection.notice",
        string="Follows",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The warning that this notice follows.",
    )
    installation_id = fields.Many2one(
        "billing.installation",
        domain="[('partner_id', '=', partner_id), ('company_id', '=', company_id)]",
        check_company=True,
        ondelete="restrict",
    )
    move_ids = fields.Many2many(
        "account.move",
        string="Invoices",
        check_company=True,
        domain="[('move_type', '=', 'out_invoice'), ('state', '=', 'posted'),"
        " ('amount_residual', '>', 0), ('company_id', '=', company_id),"
        " ('commercial_partner_id', '=', partner_id)]",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(string="Owed", compute="_compute_amount")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("sent", "Sent"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    section_ids = fields.One2many(
        "billing.disconnection.section", "notice_id", string="The Letter Says"
    )
    planned_on = fields.Date(
        string="Sent On",
        required=True,
        tracking=True,
        default=lambda self: self.env.company._billing_today(),
        help="Day the letter leaves. Days are reckoned from it; change it and write "
        "the texts anew when the letter goes later.",
    )
    served_on = fields.Date(
        copy=False,
        tracking=True,
        help="Day the customer received the letter, as is proved.",
    )
    authority_told_on = fields.Date(
        string="Social Board Told On", copy=False, tracking=True
    )
    authority = fields.Char(
        string="Social Board", help="Of the municipality, with its address."
    )
    person_tried_on = fields.Date(
        string="Told in Person On",
        copy=False,
        tracking=True,
        help="Day somebody called or rang the bell, whether or not it succeeded.",
    )
    is_material = fields.Boolean(
        string="The breach is material",
        copy=False,
        tracking=True,
        help="So much is owed, and so late, that the law allows the cut, or will when "
        "the letter's time is over.",
    )
    is_harmless = fields.Boolean(
        string="No danger to life, health or property",
        copy=False,
        tracking=True,
        help="Nobody is known to depend on the supply; no severe cold.",
    )
    is_undisputed = fields.Boolean(
        string="The customer does not object", copy=False, tracking=True
    )
    is_unaided = fields.Boolean(
        string="Social services do not undertake to pay", copy=False, tracking=True
    )
    deadline = fields.Date(
        string="Last Day to Pay",
        compute="_compute_against",
        help="On which paying keeps the supply. Empty while it is not known.",
    )
    against_sending = fields.Text(compute="_compute_against")
    against_cut = fields.Text(compute="_compute_against")

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "company_id")
    def _compute_rule_id(self):
        """The law of the company's country for customers like this one."""
        rules = self.env["billing.disconnection.rule"].search([])
        for notice in self:
            if notice.rule_id or not notice.partner_id:
                notice.rule_id = notice.rule_id
                continue
            company = notice.company_id
            country = company.account_fiscal_country_id or company.country_id
            customer = "business" if notice.partner_id.is_company else "consumer"
            notice.rule_id = rules.filtered(
                lambda rule, country=country, customer=customer: (
                    rule.country_id == country and rule.customer == customer
                )
            )[:1]

    @api.depends("move_ids.amount_residual_signed")
    def _compute_amount(self):
        for notice in self:
            notice.amount = sum(notice.move_ids.mapped("amount_residual_signed"))

    @api.depends(
        "rule_id",
        "step",
        "state",
        "move_ids.amount_residual",
        "section_ids.text",
        "section_ids.code",
        "planned_on",
        "served_on",
        "authority_told_on",
        "person_tried_on",
        "is_material",
        "is_harmless",
        "is_undisputed",
        "is_unaided",
        "warning_id",
    )
    @api.depends_context("lang", "billing_date")
    def _compute_against(self):
        words = self._against_words()
        for notice in self:
            notice.deadline = False
            notice.against_sending = notice.against_cut = False
            if not notice.rule_id:
                continue
            day = notice.company_id._billing_today()
            rule, facts = notice.rule_id._to_core(), notice._to_facts()
            notice.deadline = disconnection.deadline(rule, facts) or False
            if notice.state == "draft":
                against = disconnection.against_sending(rule, facts, day)
                lines = [words[code] for code in against] + notice._other_obstacles()
                notice.against_sending = "\n".join(lines)
            elif notice.state == "sent" and notice.step == "notice":
                against = disconnection.against_cut(rule, facts, day)
                notice.against_cut = "\n".join(words[code] for code in against)

    # === CONSTRAINT METHODS === #

    @api.constrains("served_on", "planned_on")
    def _check_served_on(self):
        for notice in self:
            if notice.served_on and notice.served_on < notice.planned_on:
                raise ValidationError(
                    self.env._("A letter is served after it was sent.")
                )

    @api.constrains("move_ids", "partner_id")
    def _check_moves(self):
        for notice in self:
            customers = notice.move_ids.commercial_partner_id
            if customers - notice.partner_id.commercial_partner_id:
                raise ValidationError(
                    self.env._("The invoices are those of the customer.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        sequence = self.env["ir.sequence"].sudo()
        for vals in vals_list:
            company_id = vals.get("company_id") or self.env.company.id
            vals["name"] = sequence.with_company(company_id).next_by_code(
                "billing.disconnection.notice"
            )
        notices = super().create(vals_list)
        for notice in notices:
            if not notice.section_ids:
                notice._write_texts()
        self.env["billing.event"]._log(
            [
                {
                    "kind": "disconnection.prepared",
                    "move_id": move.id,
                    "actor": "staff",
                    "payload": {"notice_id": notice.id},
                }
                for notice in notices
                for move in notice.move_ids
            ]
        )
        return notices

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if any(notice.state != "draft" for notice in self):
            raise UserError(self.env._("Letters that were sent are kept."))

    # === ACTIONS === #

    def action_write_texts(self):
        """Write the texts anew, from the amounts and days of today (button)."""
        self._check_draft()
        for notice in self:
            notice._write_texts()

    def action_print(self):
        """Print the letter (button)."""
        return self.env.ref("billing_fee_policy.report_disconnection").report_action(
            self
        )

    def action_print_authority(self):
        """Print the letter to the social board (button)."""
        return self.env.ref(
            "billing_fee_policy.report_disconnection_authority"
        ).report_action(self)

    def action_sent(self):
        """Note that somebody sent the letter (button); nothing is sent by this."""
        self._check_draft()
        for notice in self:
            if notice.planned_on > notice.company_id._billing_today():
                raise UserError(
                    self.env._("The day on which the letter leaves is not here yet.")
                )
            if notice.against_sending:
                raise UserError(
                    self.env._(
                        "This stands against the letter:\n%(reasons)s",
                        reasons=notice.against_sending,
                    )
                )
        self.write({"state": "sent"})
        self._log("sent", {})

    def action_follow(self):
        """Prepare the notice that follows a warning (button)."""
        self.ensure_one()
        notice = self.create(
            {
                "company_id": self.company_id.id,
                "partner_id": self.partner_id.id,
                "rule_id": self.rule_id.id,
                "step": "notice",
                "warning_id": self.id,
                "installation_id": self.installation_id.id,
                "authority": self.authority,
                "move_ids": [
                    Command.set(
                        self.move_ids.filtered(
                            lambda move: move.amount_residual > 0
                        ).ids
                    )
                ],
            }
        )
        return notice._get_records_action()

    def action_withdraw(self):
        """Take the letter back: nothing is cut because of it (button)."""
        self._check_staff()
        sent = self.filtered(lambda notice: notice.state == "sent")
        self.write({"state": "withdrawn"})
        sent._log(
            "withdrawn",
            {"reason": self.env._("by %(user)s", user=self.env.user.name)},
        )

    # === BUSINESS METHODS === #

    def _to_facts(self):
        """Return what is known of the notice today.

        :rtype: core.disconnection.Facts
        """
        self.ensure_one()
        moves = self.move_ids._origin
        stopping = [
            hold
            for holds in moves._billing_holds().values()
            for hold in core_hold.blocking(holds, "handover")
        ]
        objected = bool(moves._billing_objected() & set(moves.ids)) or any(
            hold.code in OBJECTIONS for hold in stopping
        )
        warning = self.warning_id
        checks = {
            "material": self.is_material,
            "danger": self.is_harmless,
            "objection": self.is_undisputed,
            "social": self.is_unaided,
        }
        return disconnection.Facts(
            step=self.step,
            sent=self.planned_on if self.state == "sent" else None,
            served=self.served_on or None,
            owed=self.currency_id.compare_amounts(self.amount, 0) > 0,
            objected=objected,
            waits=bool(moves._billing_debits()) or (bool(stopping) and not objected),
            delivered=not moves._billing_undelivered() & set(moves.ids),
            warned_until=(
                warning.deadline if warning and warning.state == "sent" else None
            )
            or None,
            checked=frozenset(code for code, holds in checks.items() if holds),
            authority_told=bool(self.authority_told_on),
            person_tried=bool(self.person_tried_on),
        )

    def _other_obstacles(self):
        """Return what stands against sending besides the law: content and roles.

        :rtype: list[str]
        """
        self.ensure_one()
        texts = {section.code: section.text or "" for section in self.section_ids}
        labels = dict(self.section_ids._fields["code"]._description_selection(self.env))
        missing = disconnection.missing(
            self.rule_id._to_core(), self.step, texts, self._needed_values()
        )
        found = [
            self.env._(
                "The letter does not say, or not as it is now: %(what)s",
                what=labels[code],
            )
            for code in missing
        ]
        if self.service == "electricity" and not self.company_id.billing_is_grid:
            found.append(
                self.env._("Only the grid company may cut the supply of electricity.")
            )
        return found

    def _against_words(self):
        """Return what stands against a letter or a cut, in words by code.

        :rtype: dict[str, str]
        """
        _ = self.env._
        return {
            "unknown": _("Nobody has said how long the letter has to give."),
            "stale": _("Nobody has looked whether the law still says so."),
            "unwarned": _("The customer has to be warned first."),
            "warned": _("The time that the warning gave is not over."),
            "paid": _("Nothing is owed."),
            "objection": _("The customer objects."),
            "waits": _("The claim waits for another reason."),
            "undelivered": _("An invoice did not reach the customer."),
            "check_material": _("Nobody has looked whether the breach is material."),
            "check_danger": _("Nobody has looked whether there is danger."),
            "check_objection": _("Nobody has looked whether the customer objects."),
            "check_social": _("Nobody has asked whether social services pay."),
            "unsent": _("The letter was not sent."),
            "unserved": _("It is not known when the customer was served."),
            "deadline": _("The last day to pay is not over."),
            "authority": _("The social board was not told."),
            "person": _("Nobody tried to tell the customer in person."),
        }

    # === HELPERS === #

    def _log(self, what, payload):
        self.env["billing.event"]._log(
            [
                {
                    "kind": f"disconnection.{what}",
                    "move_id": move.id,
                    "actor": "staff",
                    "payload": {"notice_id": notice.id, **payload},
                }
                for notice in self
                for move in notice.move_ids
            ]
        )

    def _check_draft(self):
        self._check_staff()
        if any(notice.state != "draft" for notice in self):
            raise UserError(self.env._("The letter was sent already."))

    def _check_staff(self):
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(
                self.env._("Only billing staff decide about disconnection.")
            )
        self.check_access("write")
