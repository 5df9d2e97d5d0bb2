from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import waiver as core

#: States in which a waiver counts: on the budgets, and as an earlier one.
LIVE = ("reserved", "granted")


class BillingWaiver(models.Model):
    """A fee that was dropped: by which rule or by whom, why, and on what facts.

    A fee that a reminder would carry is *reserved* with the prepared reminder and
    *granted* when that goes out. A fee that was charged already is granted at once, and
    its document is reversed.
    """

    _name = "billing.waiver"
    _description = "Waiver"
    _order = "day desc, id desc"
    _rec_name = "ground"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    charge_id = fields.Many2one(
        "billing.charge",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="What was charged and dropped again. Empty: the letter went out without.",
    )
    reminder_line_id = fields.Many2one(
        "billing.reminder.line",
        string="Reminder",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    day = fields.Date(required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")

    # Who decided, and why
    origin = fields.Selection(
        [("rule", "Rule"), ("exception", "Exception"), ("staff", "Staff")],
        string="Decided By",
        required=True,
        readonly=True,
    )
    rule_id = fields.Many2one(
        "billing.waiver.rule", readonly=True, index=True, ondelete="set null"
    )
    exception_id = fields.Many2one(
        "billing.waiver.exception", readonly=True, ondelete="set null"
    )
    reason_id = fields.Many2one(
        "billing.waiver.reason", readonly=True, ondelete="set null"
    )
    user_id = fields.Many2one("res.users", string="By", readonly=True)
    note = fields.Char(readonly=True)
    ground = fields.Char(
        string="Why",
        required=True,
        readonly=True,
        help="The rule as it read when it decided, or the reason that was chosen.",
    )
    is_goodwill = fields.Boolean(string="Goodwill", readonly=True)

    # What became of it
    state = fields.Selection(
        [
            ("reserved", "Prepared"),
            ("granted", "Forgiven"),
            ("released", "Not Used"),
            ("undone", "Undone"),
        ],
        required=True,
        readonly=True,
        default="reserved",
    )
    undone_at = fields.Datetime(string="Undone", readonly=True)
    undone_by_id = fields.Many2one("res.users", readonly=True)
    told_at = fields.Datetime(string="Customer Told", readonly=True)

    _reminder_line_unique = models.UniqueIndex(
        "(reminder_line_id) WHERE reminder_line_id IS NOT NULL"
        " AND state IN ('reserved', 'granted')",
        "The fee of this reminder is dropped already.",
    )
    _charge_unique = models.UniqueIndex(
        "(charge_id) WHERE charge_id IS NOT NULL AND state IN ('reserved', 'granted')",
        "This charge is dropped already.",
    )
    _customer_idx = models.Index("(company_id, partner_id, day)")

    # === BUSINESS METHODS - DECIDE === #

    @api.model
    def _decide(self, company, day, amounts):
        """Return whether the rules forgive the fees of claims, in batch.

        The number of queries does not depend on how many there are.

        :param company: the ``res.company`` of all of them
        :param datetime.date day: on which the fees would be charged
        :param dict amounts: fee in the company's currency, by id of the invoice
        :return: by id of the invoice
        :rtype: dict[int, core.waiver.Decision]
        """
        if not amounts:
            return {}
        moves_sudo = self.env["account.move"].sudo().browse(amounts)
        facts = moves_sudo._billing_waiver_facts(company, day, amounts)
        rules_sudo = self.env["billing.waiver.rule"]._for(company)
        return core.decide_all(
            [rule_sudo._to_core() for rule_sudo in rules_sudo],
            list(facts.values()),
            self._budget(company, day),
        )

    @api.model
    def _budget(self, company, day):
        """Return how much goodwill a company has, and what of it is spent.

        :rtype: core.waiver.Budget
        """
        company_sudo = company.sudo()
        return core.Budget(
            customer_count=company_sudo.billing_waiver_customer_count or None,
            customer_amount=_limit(company_sudo.billing_waiver_customer_amount),
            month_amount=_limit(company_sudo.billing_waiver_month_amount),
            month_spent=self.env["billing.waiver.month"]._spent(company, day),
            objective=company_sudo.billing_waiver_objective,
        )

    @api.model
    def _explain(self, decision):
        """Return in a sentence what decided; empty when nothing forgave.

        In the language of the company, since it is stored for all who read it later.

        :param core.waiver.Decision decision: of :meth:`_decide`
        :rtype: str
        """
        if not decision.waive:
            return ""
        lang = self.env.company.partner_id.sudo().lang or self.env.lang
        self_sudo = self.sudo().with_context(lang=lang)
        if decision.exemption:
            exceptions_sudo = self_sudo.env["billing.waiver.exception"]
            return self_sudo._exception_ground(
                exceptions_sudo.browse(decision.exemption)
            )
        # The field, not its method: one text for all that a rule forgives.
        return self_sudo.env["billing.waiver.rule"].browse(decision.rule).sentence

    # === BUSINESS METHODS - WHAT A REMINDER WOULD CARRY === #

    @api.model
    def _reserve(self, company, day, lines):
        """Store that fees are left out of prepared reminders.

        They count on the budgets from now on. A line that has a waiver is passed over.

        :param company: the ``res.company`` of all of them
        :param datetime.date day: of the reminders
        :param lines: of (``billing.reminder.line``, id of the invoice, fee in the
            company's currency, ``core.waiver.Decision``); those that do not waive are
            passed over
        :return: the waivers
        :rtype: billing.waiver
        """
        lines = [one for one in lines if one[3].waive]
        taken = set(
            self.sudo()
            .search(
                [
                    ("reminder_line_id", "in", [line.id for line, *_rest in lines]),
                    ("state", "in", LIVE),
                ]
            )
            .reminder_line_id.ids
        )
        moves_sudo = (
            self.env["account.move"]
            .sudo()
            .browse([move_id for _, move_id, *_r in lines])
        )
        customers = {
            move_sudo.id: move_sudo.commercial_partner_id.id for move_sudo in moves_sudo
        }
        grounds = {}
        vals_list = []
        for line, move_id, amount, decision in lines:
            if line.id in taken:
                continue
            key = decision.rule, decision.exemption
            if key not in grounds:
                grounds[key] = self.with_company(company)._explain(decision)
            vals_list.append(
                {
                    "company_id": company.id,
                    "partner_id": customers[move_id],
                    "move_id": move_id,
                    "reminder_line_id": line.id,
                    "day": day,
                    "amount": float(amount),
                    "origin": "exception" if decision.exemption else "rule",
                    "rule_id": decision.rule or False,
                    "exception_id": decision.exemption or False,
                    "ground": grounds[key],
                    "is_goodwill": decision.goodwill,
                    "state": "reserved",
                }
            )
        waivers_sudo = self.sudo().create(vals_list)
        waivers_sudo._count(1)
        return waivers_sudo.sudo(self.env.su)

    def _grant(self):
        """Store that the reminders went out without the fees, with an event each.

        :return: None
        """
        todo_sudo = self.sudo().filtered(lambda waiver: waiver.state == "reserved")
        todo_sudo.write({"state": "granted", "told_at": fields.Datetime.now()})
        self.env["billing.event"]._log(
            [
                {
                    "kind": "waiver.granted",
                    "move_id": waiver_sudo.move_id.id,
                    "amount": waiver_sudo.amount,
                    "currency_id": waiver_sudo.currency_id.id,
                    "payload": {
                        "waiver_id": waiver_sudo.id,
                        "reason": waiver_sudo.ground,
                    },
                    "dedup_key": f"waiver.granted:{waiver_sudo.id}",
                }
                for waiver_sudo in todo_sudo
            ]
        )

    def _release(self):
        """Store that the reminders do not go out; the budgets get back what they had.

        :return: None
        """
        self._give_back("reserved")

    def _withdraw(self):
        """Store that the reminders never went out, although they counted as sent.

        :return: None
        """
        self._give_back("granted")

    def _give_back(self, state):
        todo_sudo = self.sudo().filtered(
            lambda waiver: waiver.state == state and not waiver.charge_id
        )
        todo_sudo.write({"state": "released", "told_at": False})
        # The fee may be dropped anew at once; the index must not see both.
        todo_sudo.flush_recordset(["state"])
        todo_sudo._count(-1)

    # === BUSINESS METHODS - WHAT WAS CHARGED === #

    @api.model
    def _waive_charges(self, charges, reason, note="", tell=True):
        """Drop what was charged, because staff say so (wizard).

        Each document is reversed exactly; the customer hears of it once for each
        invoice.

        :param charges: ``billing.charge`` records
        :param reason: the ``billing.waiver.reason``
        :param str note: for staff
        :param bool tell: whether the customer is told
        :return: the waivers
        :rtype: billing.waiver
        :raises UserError: a charge that is dropped already, or a reason that does not
            do where criteria have to be objective
        """
        waivers_sudo = self.sudo()
        for company, company_charges in charges.sudo().grouped("company_id").items():
            self._check_reason(company, reason)
            day = company._billing_today()
            ground = f"{reason.name}: {note}" if note else reason.name
            waivers_sudo |= waivers_sudo.create(
                [
                    {
                        "company_id": company.id,
                        "partner_id": charge_sudo.partner_id.id,
                        "move_id": charge_sudo.move_id.id,
                        "charge_id": charge_sudo.id,
                        "day": day,
                        "amount": charge_sudo.currency_id._convert(
                            charge_sudo.amount, company.currency_id, company, day
                        ),
                        "origin": "staff",
                        "reason_id": reason.id,
                        "user_id": self.env.uid,
                        "note": note,
                        "ground": ground,
                        "is_goodwill": reason.is_goodwill,
                        "state": "granted",
                    }
                    for charge_sudo in company_charges
                ]
            )
        waivers_sudo._count(1)
        for waiver_sudo in waivers_sudo:
            waiver_sudo.charge_id._waive(
                waiver_sudo.ground, decision={"waiver_id": waiver_sudo.id}
            )
        if tell:
            waivers_sudo._tell()
        return waivers_sudo.sudo(self.env.su)

    @api.model
    def _check_reason(self, company, reason):
        """Refuse a reason that treats one customer other than the next.

        :raises UserError: the company takes objective criteria only
        """
        if company.sudo().billing_waiver_objective and not reason.is_objective:
            raise UserError(
                self.env._(
                    "%(company)s treats all customers alike. «%(reason)s» is no "
                    "objective reason: choose another one.",
                    company=company.name,
                    reason=reason.name,
                )
            )

    def _undo(self):
        """Charge again what was dropped, exactly as it was.

        :return: None
        :raises UserError: a letter that went out without the fee, or what was credited
            has been used for something else
        """
        todo_sudo = self.sudo().filtered(lambda waiver: waiver.state != "undone")
        for waiver_sudo in todo_sudo:
            if not waiver_sudo.charge_id or waiver_sudo.state != "granted":
                raise UserError(
                    self.env._(
                        "Nothing was charged on %(invoice)s that could be charged "
                        "again. A later reminder may carry a fee.",
                        invoice=waiver_sudo.move_id.display_name,
                    )
                )
        # Which notes that the waivers are undone.
        todo_sudo.charge_id._restore()

    def _note_undone(self):
        """Note that what the waivers dropped is charged again.

        :return: None
        """
        todo_sudo = self.sudo().filtered(lambda waiver: waiver.state == "granted")
        todo_sudo.write(
            {
                "state": "undone",
                "undone_at": fields.Datetime.now(),
                "undone_by_id": self.env.uid,
            }
        )
        todo_sudo.flush_recordset(["state"])
        todo_sudo._count(-1)

    # === ACTIONS === #

    def action_undo(self):
        """Charge again what was dropped (button)."""
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff can undo a waiver."))
        self.check_access("read")
        self.move_id.check_access("write")
        self._undo()

    def action_open_invoice(self):
        """Open the invoice of the waiver (button)."""
        self.ensure_one()
        return self.move_id._get_records_action()

    # === BUSINESS METHODS - THE CUSTOMER === #

    def _tell(self):
        """Tell customers that fees they were charged are dropped, once per invoice.

        :return: None
        """
        template = self.env.ref(
            "billing_fee_policy.mail_template_waiver", raise_if_not_found=False
        )
        if not template:
            return
        for move_sudo, waivers_sudo in self.sudo().grouped("move_id").items():
            first_sudo = waivers_sudo[0].with_company(move_sudo.company_id)
            partner_sudo = move_sudo.partner_id.with_company(move_sudo.company_id)
            if partner_sudo._billing_tell(template, first_sudo, thread=move_sudo):
                waivers_sudo.told_at = fields.Datetime.now()

    def _customer_sentence(self):
        """Return what the customer reads: that we dropped the fee, and why.

        In the language of the environment; plain text. Of several waivers on one
        invoice, the message names their sum.

        :rtype: str
        """
        self.ensure_one()
        # As it was charged; what never was, is in the company's currency.
        dropped_sudo = self._siblings().charge_id or self.sudo()
        amount = dropped_sudo.currency_id.format(sum(dropped_sudo.mapped("amount")))
        if self.charge_id and "fee" not in dropped_sudo.mapped("kind"):
            dropped = self.env._(
                "We have dropped %(amount)s of what we charged you for paying late.",
                amount=amount,
            )
        else:
            dropped = self.env._(
                "We have dropped the fee of %(amount)s this time.", amount=amount
            )
        return " ".join(filter(None, [dropped, self._customer_reason()]))

    def _customer_reason(self):
        """Return why, in a sentence to the customer; empty when it is not told."""
        self.ensure_one()
        self_sudo = self.sudo()
        if self_sudo.reason_id:
            return self_sudo.reason_id.message_text or ""
        return self_sudo.rule_id._customer_reason() if self_sudo.rule_id else ""

    def _siblings(self):
        """Return what was dropped together with this on the same invoice."""
        self.ensure_one()
        self_sudo = self.sudo()
        if not self_sudo.charge_id:
            return self_sudo
        return self_sudo.search(
            [
                ("move_id", "=", self_sudo.move_id.id),
                ("charge_id", "!=", False),
                ("state", "=", "granted"),
                ("create_date", "=", self_sudo.create_date),
            ]
        )

    def _page_url(self):
        """Return a personal link to the invoice, for the message about it."""
        self.ensure_one()
        [link_sudo] = (
            self.env["billing.link"]
            .sudo()
            ._issue([{"move_id": self.move_id.id, "key": f"billing.waiver:{self.id}"}])
        )
        return link_sudo._url()

    # === HELPERS === #

    def _count(self, sign):
        """Put what is goodwill of the waivers on the budgets, or take it off."""
        months = self.env["billing.waiver.month"]
        for (company, day), waivers in (
            self.filtered("is_goodwill")
            .grouped(lambda waiver: (waiver.company_id, waiver.day))
            .items()
        ):
            months._add(
                company, day, sign * sum(waivers.mapped("amount")), sign * len(waivers)
            )

    @api.model
    def _exception_ground(self, exception):
        return self.env._(
            "Arranged with the customer: %(reason)s", reason=exception.reason
        )


def _limit(amount):
    return Decimal(str(amount)) if amount else None
