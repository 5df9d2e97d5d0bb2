from collections import defaultdict
from decimal import Decimal

from odoo import Command, api, fields, models

from ..core import charge as core_charge

KINDS = [
    ("fee", "Fee"),
    ("interest", "Late Interest"),
    ("compensation", "Compensation"),
]
#: States in which a charge is owed or has been paid.
LIVE = ("booked", "paid")


class BillingCharge(models.Model):
    """A fee, late interest or compensation on top of an overdue invoice.

    Each stands on a document of its own in the books, apart from the principal, so that
    it can be dropped exactly and never swells what an agency charges by. Charges are
    made by :meth:`_book` only; ``key`` keeps a thing from being charged twice.
    """

    _name = "billing.charge"
    _description = "Fee or Interest"
    _order = "day desc, id desc"
    _check_company_auto = True

    key = fields.Char(required=True, readonly=True, copy=False)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    state = fields.Selection(
        [
            ("booked", "To Pay"),
            ("paid", "Paid"),
            ("waived", "Dropped"),
            ("reversed", "Taken Back"),
        ],
        required=True,
        readonly=True,
        default="booked",
        index=True,
        help="Dropped: forgiven. Taken back: it should not have been charged, or what "
        "it was about is gone.",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="The overdue invoice that the charge came on top of.",
    )
    document_id = fields.Many2one(
        "account.move",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    credit_id = fields.Many2one(
        "account.move",
        string="Credit Note",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Which took the charge back.",
    )
    # Not related fields: these would have each write on an entry look for charges.
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    amount_open = fields.Monetary(
        string="Left to Pay", compute="_compute_amount_open", aggregator=None
    )
    day = fields.Date(string="Charged on", required=True, readonly=True)
    due = fields.Date(string="Due on", required=True, readonly=True)
    date_from = fields.Date(
        string="Interest from", readonly=True, help="First day of the interest."
    )
    date_to = fields.Date(
        string="Interest through", readonly=True, help="Last day of the interest."
    )
    reminder_line_id = fields.Many2one(
        "billing.reminder.line",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    reminder_id = fields.Many2one(
        related="reminder_line_id.reminder_id", string="Reminder"
    )
    ground_code = fields.Char(readonly=True)
    paragraph = fields.Char(
        readonly=True, help="Of the law that allows the charge, as it is quoted."
    )
    basis = fields.Json(
        readonly=True, help="Verdict of the law with its rate; periods of interest."
    )
    label = fields.Char(string="What For", compute="_compute_label")
    ground = fields.Char(compute="_compute_label")
    details = fields.Text(compute="_compute_label", help="How interest was reckoned.")
    waive_reason = fields.Char(string="Dropped Because", readonly=True)
    decision = fields.Json(readonly=True)
    waived_at = fields.Datetime(string="Dropped on", readonly=True)
    waived_by_id = fields.Many2one("res.users", string="Dropped by", readonly=True)

    _key_unique = models.UniqueIndex("(key)", "This has been charged already.")
    _compensation_unique = models.UniqueIndex(
        "(move_id) WHERE kind = 'compensation' AND state IN ('booked', 'paid')",
        "Compensation comes once for an invoice.",
    )
    # Two that begin at once see nothing of each other.
    _interest_unique = models.UniqueIndex(
        "(move_id, date_from) WHERE kind = 'interest' AND state <> 'reversed'",
        "Interest from this day on has been charged already.",
    )
    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "A charge has to be above zero."
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "document_id.amount_residual")
    def _compute_amount_open(self):
        for charge in self:
            is_live = charge.state in LIVE
            # What a member of the invoicing staff may see of the document anyway.
            charge.amount_open = is_live and charge.sudo().document_id.amount_residual

    @api.depends("kind", "basis", "reminder_line_id")
    @api.depends_context("lang")
    def _compute_label(self):
        for charge in self:
            letter = charge.sudo().reminder_line_id.kind
            basis = charge._to_basis()
            charge.label = self._label_of(charge.kind, letter, basis.periods)
            charge.ground = self._ground_of(charge.kind, basis)
            charge.details = "\n".join(
                self._period_text(period, charge.currency_id)
                for period in basis.periods
            )

    @api.depends("label", "move_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for charge in self:
            charge.display_name = f"{charge.label} · {charge.move_id.name or ''}"

    # === BUSINESS METHODS - BOOKING === #

    @api.model
    def _book(self, vals_list):
        """Book charges, in batch; what was booked before is not booked again.

        Compensation takes off what fees have taken and the other way round, see
        ``core.charge.left_to_charge``; of nothing left, nothing is booked. The caller
        has asked law, holds and waiver rules.

        :param list[dict] vals_list: values by name:

            ``key``
                what tells this charge from every other; the same thing charged by two
                workers has the same key
            ``kind``
                ``fee``, ``interest`` or ``compensation``
            ``move_id``
                id of the invoice
            ``amount``
                :class:`~decimal.Decimal` or float in the currency of the charge;
                compensation without what fees take off
            ``day``, ``due``
                dates of the document; today, and the day, when left out
            ``currency_id``
                the invoice's, when left out
            ``verdict``
                ``core.law.Verdict`` that allows it
            ``periods``
                ``core.interest.Period`` objects of interest
            ``reminder_line_id``
                id of the line of the reminder it came with
        :return: the charges with these keys, old and new
        :rtype: billing.charge
        """
        by_key = {vals["key"]: vals for vals in vals_list}
        charges_sudo = self.sudo().search([("key", "in", list(by_key))])
        known = set(charges_sudo.mapped("key"))
        todo = self._net([vals for key, vals in by_key.items() if key not in known])
        if todo:
            charges_sudo |= self._create_booked(todo)
        return charges_sudo.sudo(self.env.su)

    @api.model
    def _net(self, vals_list):
        """Return ``vals_list`` completed and with the amounts that are left to charge.

        ``move``, ``currency`` and ``basis`` come to the values; those of which nothing
        is left are gone.
        """
        moves_sudo = self.env["account.move"].sudo()
        moves_sudo = moves_sudo.browse({vals["move_id"] for vals in vals_list})
        currencies = self.env["res.currency"]
        standing = defaultdict(list)
        for charge_sudo in self.sudo().search(
            [("move_id", "in", moves_sudo.ids), ("state", "in", LIVE)]
        ):
            at = charge_sudo.move_id.id, charge_sudo.currency_id.id
            standing[at].append(charge_sudo._to_booked())
        today = {company: company._billing_today() for company in moves_sudo.company_id}
        result = []
        for vals in vals_list:
            move_sudo = moves_sudo.browse(vals["move_id"])
            currency = (
                currencies.browse(vals.get("currency_id")) or move_sudo.currency_id
            )
            booked = standing[move_sudo.id, currency.id]
            gross = Decimal(str(vals["amount"]))
            amount = core_charge.left_to_charge(vals["kind"], gross, booked)
            if currency.compare_amounts(float(amount), 0) <= 0:
                continue
            booked.append(core_charge.Booked(vals["kind"], amount, gross))
            day = vals.get("day") or today[move_sudo.company_id]
            result.append(
                {
                    **vals,
                    "move": move_sudo,
                    "currency": currency,
                    "amount": currency.round(float(amount)),
                    "day": day,
                    "due": max(vals.get("due") or day, day),
                    "basis": core_charge.Basis(
                        vals.get("verdict"),
                        tuple(vals.get("periods") or ()),
                        None if amount == gross else gross,
                    ),
                }
            )
        return result

    @api.model
    def _create_booked(self, vals_list):
        """Post the documents of the charges, and note what they are.

        :param vals_list: as :meth:`_net` returns them
        :return: in superuser mode
        """
        companies = {vals["move"].company_id for vals in vals_list}
        for company in companies:
            company._billing_prepare_charges()
        documents_sudo = self.env["account.move"].sudo()
        # One create for each company: its journal and accounts are looked up in it.
        vals_list = sorted(vals_list, key=lambda vals: vals["move"].company_id.id)
        for company in sorted(companies, key=lambda company: company.id):
            created_sudo = documents_sudo.with_company(company).create(
                [
                    self._prepare_document(vals)
                    for vals in vals_list
                    if vals["move"].company_id == company
                ]
            )
            created_sudo._post(soft=False)
            documents_sudo += created_sudo.with_env(documents_sudo.env)
        charges_sudo = self.sudo().create(
            [
                self._prepare_charge(vals, document_sudo)
                for vals, document_sudo in zip(vals_list, documents_sudo, strict=True)
            ]
        )
        charges_sudo._log("charge.booked")
        # A customer's credit may have settled the document as it was posted.
        charges_sudo._note_paid()
        return charges_sudo

    @api.model
    def _prepare_document(self, vals):
        """Return the values of the document of a charge."""
        move_sudo = vals["move"]
        company_sudo = move_sudo.company_id.sudo()
        customer_lang = move_sudo.partner_id.lang or self.env.lang
        reference = False
        if company_sudo.billing_fee_reference == "claim":
            reference = move_sudo.payment_reference
        return {
            "move_type": "out_invoice",
            "company_id": company_sudo.id,
            "journal_id": company_sudo.billing_fee_journal_id.id,
            "partner_id": move_sudo.partner_id.id,
            "currency_id": vals["currency"].id,
            "invoice_date": vals["day"],
            "invoice_date_due": vals["due"],
            "invoice_payment_term_id": False,
            "fiscal_position_id": False,
            "invoice_origin": move_sudo.name,
            "invoice_user_id": move_sudo.invoice_user_id.id,
            "partner_bank_id": move_sudo.partner_bank_id.id,
            "payment_reference": reference,
            "billing_claim_id": move_sudo.id,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": self.with_context(lang=customer_lang)._line_text(vals),
                        "quantity": 1,
                        "price_unit": vals["amount"],
                        "account_id": company_sudo._billing_charge_account(
                            vals["kind"]
                        ).id,
                        # Outside of VAT, whatever the account's own tax is.
                        "tax_ids": [Command.clear()],
                    }
                )
            ],
        }

    @api.model
    def _prepare_charge(self, vals, document_sudo):
        """Return the values of a charge whose document is posted."""
        periods = vals["basis"].periods
        reason = vals["basis"].reason
        return {
            "key": vals["key"],
            "kind": vals["kind"],
            "move_id": vals["move"].id,
            "document_id": document_sudo.id,
            "company_id": vals["move"].company_id.id,
            "partner_id": vals["move"].commercial_partner_id.id,
            "currency_id": vals["currency"].id,
            "amount": vals["amount"],
            "day": vals["day"],
            "due": vals["due"],
            "date_from": periods[0].start if periods else False,
            "date_to": periods[-1].end if periods else False,
            "reminder_line_id": vals.get("reminder_line_id"),
            "ground_code": reason.code if reason else False,
            "paragraph": reason.paragraph if reason else False,
            "basis": core_charge.to_json(vals["basis"]),
        }

    # === BUSINESS METHODS - STATES === #

    def _note_paid(self):
        """Note which of the charges have been paid, with an event each.

        :return: None
        """
        paid_sudo = self.sudo().filtered(
            lambda charge: charge.state == "booked" and charge._is_settled()
        )
        if paid_sudo:
            paid_sudo.state = "paid"
            paid_sudo._log("charge.paid")

    def _note_unpaid(self):
        """Note which of the charges are open again, their payment having gone.

        :return: None
        """
        open_sudo = self.sudo().filtered(
            lambda charge: charge.state == "paid" and not charge._is_settled()
        )
        if open_sudo:
            open_sudo.state = "booked"

    def _is_settled(self):
        self.ensure_one()
        return self.document_id.payment_state in ("paid", "in_payment")

    # === HELPERS === #

    def _to_basis(self):
        """Return what the charge rests on.

        :rtype: core.charge.Basis
        """
        self.ensure_one()
        return core_charge.from_json(self.basis)

    def _to_booked(self):
        """Return the charge as the next one of the claim asks for it.

        :rtype: core.charge.Booked
        """
        self.ensure_one()
        amount = Decimal(str(self.amount))
        gross = self._to_basis().gross
        return core_charge.Booked(self.kind, amount, amount if gross is None else gross)

    def _to_addition(self):
        """Return the charge as letters and the customer's page show it.

        :rtype: core.charge.Addition
        """
        self.ensure_one()
        document_sudo = self.sudo().document_id
        basis = self._to_basis()
        return core_charge.Addition(
            kind=self.kind,
            charge_id=self.id,
            document_id=document_sudo.id,
            name=document_sudo.name,
            day=self.day,
            due=self.due,
            amount=Decimal(str(self.amount)),
            open_amount=Decimal(str(self.amount_open)),
            label=self.label,
            ground=self.ground,
            paragraph=self.paragraph or "",
            rate=basis.verdict.rate if basis.verdict else None,
            periods=basis.periods,
            reference=document_sudo.payment_reference or "",
            state=self.state,
        )

    def _log(self, kind, actor="system", **payload):
        """Leave an event of ``kind`` on the invoice of each of the charges."""
        self.env["billing.event"]._log(
            [
                {
                    "kind": kind,
                    "move_id": charge_sudo.move_id.id,
                    "actor": actor,
                    "amount": charge_sudo.amount,
                    "currency_id": charge_sudo.currency_id.id,
                    "payload": {
                        "charge_id": charge_sudo.id,
                        "charge": charge_sudo.kind,
                        "document": charge_sudo.document_id.name,
                        "paragraph": charge_sudo.paragraph or "",
                        **payload,
                    },
                }
                for charge_sudo in self.sudo()
            ]
        )

    # === ACTIONS === #

    def action_drop(self):
        """Open the form that drops the charges, with the reason."""
        return self.document_id.action_billing_waive()

    def action_open_document(self):
        """Open the document of the charge."""
        self.ensure_one()
        return self.document_id._get_records_action()

    def action_open_invoice(self):
        """Open the invoice that the charge came on top of."""
        self.ensure_one()
        return self.move_id._get_records_action()
