import dataclasses
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.billing_base.core.hold import Hold

from ..core import self_service

#: What waits while a customer's request is in force: the invoice itself may be sent.
HELD = frozenset({"fee", "reminder", "handover"})
#: States in which something is arranged or has to be decided.
IN_FORCE = ("active", "waiting")
#: Type of the activity that asks somebody to decide.
ACTIVITY = "billing_interactive_invoice.mail_activity_type_request"
#: First part of the kinds of events, by kind of the request.
EVENTS = {
    "deferral": "deferral",
    "split": "instalment",
    "promise": "promise",
    "claim": "claim_paid",
    "dispute": "dispute",
}


class BillingRequest(models.Model):
    """What a customer arranged, asked for, reported or objected to about one invoice.

    Made from the customer's page, within the company's limits without anybody's help;
    beyond them it waits for a person. Reminders, fees and collection wait as long as
    it is in force, see ``account.move._billing_holds``. Every change of state is an
    event.
    """

    _name = "billing.request"
    _description = "Customer's Request"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    kind = fields.Selection(
        [
            ("deferral", "Pay Later"),
            ("split", "Pay in Parts"),
            ("promise", "Promise to Pay"),
            ("claim", "Says It Is Paid"),
            ("dispute", "Objection"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("waiting", "To Decide"),
            ("active", "In Force"),
            ("done", "Done"),
            ("broken", "Not Kept"),
            ("declined", "Declined"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        readonly=True,
        default="active",
        tracking=True,
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
    # As with holds: related fields would make each write on an entry look for requests.
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
    asked_on = fields.Date(string="Made on", required=True, readonly=True)
    asked_by = fields.Selection(
        [("link", "Personal Link"), ("portal", "Signed In")],
        string="Came by",
        readonly=True,
    )
    day = fields.Date(
        readonly=True,
        help="The new due date, the promised day, or the day it was paid on.",
    )
    old_day = fields.Date(string="Due Date Before", readonly=True)
    amount = fields.Monetary(
        readonly=True,
        help="What was open, what was paid, or what is objected to.",
        aggregator=None,
    )
    open_amount = fields.Monetary(
        string="Open When Made",
        readonly=True,
        help="What was open on the invoice when the request was made.",
        aggregator=None,
    )
    is_whole = fields.Boolean(string="All of the Invoice", readonly=True, default=True)
    reason = fields.Selection(
        [
            ("amount", "The Price or the Amount"),
            ("usage", "The Consumption or the Reading"),
            ("person", "It Is Not for Me"),
            ("delivery", "I Did Not Get It"),
            ("other", "Something Else"),
        ],
        readonly=True,
    )
    text = fields.Text(string="In the Customer's Words", readonly=True)
    part_ids = fields.One2many(
        "billing.request.part", "request_id", string="Parts", readonly=True
    )
    check_on = fields.Date(readonly=True, help="When it is looked at next, by itself.")
    hold_until = fields.Date(
        string="Held until",
        readonly=True,
        help="Last day without reminders and fees. Empty while it is in force: until "
        "it is decided, or until the next part is late.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        domain="[('share', '=', False)]",
        tracking=True,
    )
    answer = fields.Text(help="What the customer reads on the page and in the message.")
    pay_until = fields.Date(
        string="Time to Pay until",
        help="Last day without reminders and fees after the answer. Empty: as the "
        "company has it.",
    )
    answered_at = fields.Datetime(string="Answered", readonly=True)
    answered_by_id = fields.Many2one("res.users", string="Answered by", readonly=True)
    file_count = fields.Integer(compute="_compute_file_count")

    # One of each kind is in force for an invoice, and one plan or promise.
    _kind_unique = models.UniqueIndex(
        "(move_id, kind) WHERE state IN ('active', 'waiting')",
        "This has been arranged or asked for already.",
    )
    _arranged_unique = models.UniqueIndex(
        "(move_id) WHERE state IN ('active', 'waiting')"
        " AND kind IN ('split', 'promise')",
        "There is a plan or a promise for this invoice already.",
    )
    _check_idx = models.Index(
        "(company_id, check_on, id) WHERE state = 'active' AND check_on IS NOT NULL"
    )
    _waiting_idx = models.Index("(company_id, id) WHERE state = 'waiting'")

    # === COMPUTE METHODS === #

    @api.depends("kind", "move_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for request in self:
            request.display_name = (
                f"{kinds.get(request.kind, '')} · {request.move_id.name or ''}"
            )

    def _compute_file_count(self):
        counts = dict(
            self.env["ir.attachment"]
            .sudo()
            ._read_group(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)],
                ["res_id"],
                ["__count"],
            )
        )
        for request in self:
            request.file_count = counts.get(request.id, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        """What was asked, and what became of it, is changed by the buttons only.

        :raises AccessError: somebody writes more than the answer and who gives it
        """
        if not self.env.su and any(self._fields[name].readonly for name in vals):
            raise AccessError(
                self.env._("Requests of customers are decided on with their buttons.")
            )
        return super().write(vals)

    # === ACTIONS === #

    def action_accept(self):
        """Say yes to what customers asked for, report or object to.

        :raises UserError: one of them is not to be decided (any more), or can no
            longer be arranged
        """
        self._check_may_answer()
        for request in self:
            request._lock_to_answer(IN_FORCE if request.kind == "claim" else "waiting")
            request._accept()
        return True

    def action_decline(self):
        """Say no; customers get time to pay, without reminders or fees.

        :raises UserError: one of them is not to be decided (any more)
        """
        self._check_may_answer()
        for request in self:
            request._lock_to_answer(IN_FORCE if request.kind == "claim" else "waiting")
            request._answer(
                "declined",
                hold_until=request._get_pay_until(),
                event=f"{EVENTS[request.kind]}.declined",
            )
        return True

    def action_end(self):
        """End what is in force; a due date that was moved goes back.

        :raises UserError: one of them is not in force
        """
        self._check_may_answer()
        for request in self:
            request._lock_to_answer("active")
            if request.kind == "deferral":
                request.move_id._billing_set_due_date(request.old_day)
            request._answer(
                "withdrawn",
                hold_until=request._get_pay_until(),
                event=f"{EVENTS[request.kind]}.ended",
            )
        return True

    def action_credit(self):
        """Open the form that credits the invoice of an objection."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "account.action_view_account_move_reversal"
        )
        action["context"] = {
            "active_model": "account.move",
            "active_ids": self.move_id.ids,
            "active_id": self.move_id.id,
            "default_reason": self.display_name,
        }
        return action

    def action_open_invoice(self):
        """Open the invoice."""
        self.ensure_one()
        return self.move_id._get_records_action()

    def action_open_files(self):
        """Open the files that came with the request."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ir.attachment",
            "view_mode": "kanban,list,form",
            "domain": [("res_model", "=", self._name), ("res_id", "=", self.id)],
            "name": self.env._("Files"),
        }

    # === MAIL METHODS === #

    def _mail_get_partner_fields(self, introspect_fields=False):
        """Override of `mail`: colleagues write here, customers get the answer."""
        return []

    # === BUSINESS METHODS - WHAT IS IN FORCE === #

    def _progress(self):
        """Return how the parts of plans stand, in batch; nothing for what is no plan.

        :return: by id of the request
        :rtype: dict[int, tuple[core.self_service.PartState]]
        """
        plans = self.filtered(lambda request: request.kind == "split")
        days = {
            company: (company._billing_today(), company._bank_calendar())
            for company in plans.company_id
        }
        return {plan.id: plan._part_states(*days[plan.company_id]) for plan in plans}

    def _part_states(self, today, calendar):
        """Return how the parts of one plan stand on ``today``."""
        self.ensure_one()
        unit = 10**self.currency_id.decimal_places
        states = self_service.progress(
            [
                self_service.Part(part.number, part.day, round(part.amount * unit))
                for part in self.part_ids.sorted("number")
            ],
            # A credit note pays parts as money does.
            round((self.open_amount - self.move_id.amount_residual) * unit),
            today,
            self.company_id.billing_page_grace_days,
            calendar,
        )
        return tuple(
            dataclasses.replace(
                state, amount=state.amount / unit, paid=state.paid / unit
            )
            for state in states
        )

    def _to_agreements(self):
        """Return the requests as the page and its sections see them, in their order.

        :rtype: list[core.self_service.Agreement]
        """
        progress = self._progress()
        return [
            self_service.Agreement(
                kind=request.kind,
                state=request.state,
                request_id=request.id,
                since=request.asked_on,
                day=request.day or None,
                amount=request.amount,
                is_whole=request.is_whole,
                parts=progress.get(request.id, ()),
            )
            for request in self
        ]

    def _to_holds(self):
        """Return why dunning of the invoices waits, in batch.

        :return: by id of the request; those that hold nothing are left out
        :rtype: dict[int, core.hold.Hold]
        """
        progress = self._progress()
        holds = {}
        for request in self:
            until = request.hold_until or None
            if not until and request.state == "active" and request.kind == "split":
                until = self_service.next_deadline(progress[request.id])
                in_force = bool(until)
            elif request.kind == "deferral" and request.state == "active":
                # The due date was moved: everybody goes by that.
                in_force = False
            else:
                in_force = bool(until) or request.state in IN_FORCE
            # A plan can be late before it has begun only when its clock was turned.
            if in_force and not (until and until < request.asked_on):
                holds[request.id] = Hold(
                    code=request.kind,
                    label=request._hold_label(),
                    since=request.asked_on,
                    until=until,
                    source_record=request,
                    blocks=HELD,
                )
        return holds

    def _hold_label(self):
        """Why the invoice is left alone, for staff, in the reader's language."""
        self.ensure_one()
        if self.state not in IN_FORCE:
            return self.env._("Time to pay after an answer to the customer")
        if self.state == "waiting":
            labels = {
                "deferral": self.env._("The customer asks to pay later"),
                "split": self.env._("The customer asks to pay in parts"),
                "claim": self.env._("The customer says it is paid: to be checked"),
                "dispute": self.env._("The customer objects: to be answered"),
            }
        else:
            labels = {
                "split": self.env._("The customer pays in parts"),
                "promise": self.env._("The customer has promised to pay"),
                "claim": self.env._("The customer says it is paid: being looked for"),
            }
        return labels.get(self.kind) or self.display_name

    # === BUSINESS METHODS - ANSWERS === #

    def _accept(self):
        """Carry out what was asked for."""
        self.ensure_one()
        move_sudo = self.sudo().move_id
        company = self.company_id
        if self.kind in ("deferral", "split") and move_sudo.amount_residual <= 0:
            raise UserError(
                self.env._("Nothing is open on %(invoice)s.", invoice=move_sudo.name)
            )
        if self.kind == "deferral":
            if self.day <= max(move_sudo.invoice_date_due, company._billing_today()):
                raise UserError(
                    self.env._("The day that was asked for is no later due date.")
                )
            move_sudo._billing_set_due_date(self.day)
            self._answer(
                "active",
                check_on=self.day + timedelta(days=1),
                event="deferral.granted",
            )
        elif self.kind == "split":
            self._answer("active", event="instalment.planned")
            self._plan_checks()
        elif self.kind == "claim":
            self._answer("done", event="claim_paid.found")
        else:
            self._answer(
                "done",
                # Until it is credited, and the rest is paid.
                hold_until=self._get_pay_until(),
                event="dispute.accepted",
            )

    def _answer(self, state, event, **vals):
        """Answer the customer, on the page and by a message.

        :param str state: what the request is from now on
        :param str event: kind of the event
        :param vals: further values of the request
        """
        self.ensure_one()
        self.sudo().write(
            {
                "check_on": False,
                "hold_until": False,
                **vals,
                "state": state,
                "answered_at": fields.Datetime.now(),
                "answered_by_id": self.env.uid,
            }
        )
        self._log(event, actor="staff")
        self.activity_unlink([ACTIVITY])
        self._tell("billing_interactive_invoice.mail_template_request_answer")

    def _get_pay_until(self):
        """Until when the customer is left in peace after the answer."""
        self.ensure_one()
        days = timedelta(days=self.company_id.billing_page_answer_days)
        return self.pay_until or self.company_id._billing_today() + days

    def _check_may_answer(self):
        """Raise unless the user may decide on the requests."""
        self.check_access("write")
        self.move_id.check_access("write")

    def _lock_to_answer(self, states):
        """Take a request for a decision.

        :raises UserError: it is not in one of ``states`` (any more)
        """
        self.ensure_one()
        states = (states,) if isinstance(states, str) else states
        self.sudo().lock_for_update(allow_referencing=True)
        if self.state not in states:
            raise UserError(
                self.env._(
                    "%(request)s has been decided already.", request=self.display_name
                )
            )

    # === BUSINESS METHODS - STATES === #

    def _plan_checks(self):
        """Note when the plans have to be looked at next."""
        for request_id, states in self._progress().items():
            deadline = self_service.next_deadline(states)
            self.browse(request_id).sudo().check_on = deadline and deadline + timedelta(
                days=1
            )

    def _wait_for_staff(self):
        """Let somebody decide: an activity of who is responsible."""
        for request_sudo in self.sudo():
            request_sudo.write({"state": "waiting", "check_on": False})
            user_sudo = request_sudo.user_id
            if user_sudo:
                request_sudo.activity_schedule(ACTIVITY, user_id=user_sudo.id)

    def _close(self, state, event=None):
        """End requests that came to an end by themselves.

        :param str state: ``done`` or ``broken``
        :param event: kind of the event of each, by kind of the request; none is left
            for those that are missing
        """
        if not self:
            return
        self.sudo().write({"state": state, "check_on": False, "hold_until": False})
        for request in self:
            kind = (event or {}).get(request.kind)
            if kind:
                request._log(kind)
        self.sudo().activity_unlink([ACTIVITY])

    def _log(self, kind, actor="system", **payload):
        """Leave an event; once, however often it is told."""
        self.env["billing.event"]._log(
            [
                {
                    "kind": kind,
                    "move_id": request.move_id.id,
                    "actor": actor,
                    "amount": request.amount,
                    "currency_id": request.currency_id.id,
                    "payload": {
                        "request_id": request.id,
                        "day": request.day or None,
                        "old": request.old_day or None,
                        "parts": len(request.part_ids) or None,
                        **payload,
                    },
                    "dedup_key": f"{kind}:{request.id}",
                }
                for request in self.sudo()
            ]
        )

    def _tell(self, template_xmlid):
        """Tell the customer by a message, where it will reach them best.

        :return: the contact point that got it, or none
        :rtype: billing.contact.point
        """
        self.ensure_one()
        request_sudo = self.sudo().with_company(self.company_id)
        template_sudo = request_sudo.env.ref(template_xmlid)
        partner_sudo = request_sudo.move_id.partner_id
        return partner_sudo._billing_tell(
            template_sudo, request_sudo, thread=request_sudo.move_id
        )

    def _page_url(self):
        """Return a personal link to the invoice, for the message about the request."""
        self.ensure_one()
        state = self.state if self.answered_at else "made"
        [link_sudo] = (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [
                    {
                        "move_id": self.move_id.id,
                        "key": f"billing.request:{self.id}:{state}",
                    }
                ]
            )
        )
        return link_sudo._url()
