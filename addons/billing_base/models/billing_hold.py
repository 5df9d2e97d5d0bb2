from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..core import hold as core_hold


class BillingHold(models.Model):
    """A hold that staff put on an invoice by hand.

    Placed through ``account.move._billing_place_hold`` and lifted with
    :meth:`_release`; both leave an event. Other addons do not write here: they
    extend ``account.move._billing_holds``.
    """

    _name = "billing.hold"
    _description = "Billing Hold"
    _order = "date_since desc, id desc"
    _rec_name = "reason"
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
    # Not related fields: these would have every write on any journal entry search for
    # holds, four times for each line of a bank statement.
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_from_move",
        store=True,
        index=True,
        precompute=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        compute="_compute_from_move",
        store=True,
        index=True,
        precompute=True,
    )
    reason = fields.Char(required=True, readonly=True)
    date_since = fields.Date(string="Since", required=True, readonly=True)
    date_until = fields.Date(
        string="Until",
        readonly=True,
        help="Last day of the hold. Empty: until somebody releases it.",
    )
    block_fee = fields.Boolean(string="No Fees or Interest", readonly=True)
    block_reminder = fields.Boolean(string="No Reminders", readonly=True)
    block_handover = fields.Boolean(string="No Collection", readonly=True)
    block_distribution = fields.Boolean(string="No Sending at All", readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Placed by", required=True, readonly=True
    )
    released_at = fields.Datetime(string="Released on", readonly=True)
    released_by_id = fields.Many2one("res.users", string="Released by", readonly=True)
    state = fields.Selection(
        [("active", "Active"), ("expired", "Expired"), ("released", "Released")],
        compute="_compute_state",
        search="_search_state",
    )

    _active_idx = models.Index("(move_id) WHERE released_at IS NULL")

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_from_move(self):
        """Company and customer; ``account.move`` asks again when a draft changes."""
        for hold in self:
            hold.company_id = hold.move_id.company_id
            hold.partner_id = hold.move_id.commercial_partner_id

    @api.depends("released_at", "date_until")
    @api.depends_context("billing_date")
    def _compute_state(self):
        for hold in self:
            if hold.released_at:
                hold.state = "released"
            elif hold.date_until and hold.date_until < hold.company_id._billing_today():
                hold.state = "expired"
            else:
                hold.state = "active"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._billing_today()
        domains = {
            "active": [
                ("released_at", "=", False),
                "|",
                ("date_until", "=", False),
                ("date_until", ">=", today),
            ],
            "expired": [("released_at", "=", False), ("date_until", "<", today)],
            "released": [("released_at", "!=", False)],
        }
        return fields.Domain.OR(domains[state] for state in value if state in domains)

    # === CONSTRAINT METHODS === #

    @api.constrains("date_since", "date_until")
    def _check_dates(self):
        for hold in self:
            if hold.date_until and hold.date_until < hold.date_since:
                raise ValidationError(self.env._("A hold cannot end before it begins."))

    @api.constrains(
        "block_fee", "block_reminder", "block_handover", "block_distribution"
    )
    def _check_blocks(self):
        for hold in self:
            if not hold._get_blocks():
                raise ValidationError(
                    self.env._("Choose at least one thing that the hold stops.")
                )

    # === ACTIONS === #

    def action_release(self):
        """Lift the holds (button for billing staff)."""
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff can release a hold."))
        self.check_access("read")
        self.move_id.check_access("write")
        self._release()

    # === BUSINESS METHODS === #

    def _release(self):
        """Lift those of the holds that are not lifted yet, with an event each.

        :return: None
        """
        holds_sudo = self.sudo().filtered(lambda hold: not hold.released_at)
        holds_sudo.write(
            {"released_at": fields.Datetime.now(), "released_by_id": self.env.uid}
        )
        self.env["billing.event"]._log(
            [
                {
                    "kind": "hold.released",
                    "move_id": hold_sudo.move_id.id,
                    "actor": "staff",
                    "payload": {"hold_id": hold_sudo.id, "reason": hold_sudo.reason},
                }
                for hold_sudo in holds_sudo
            ]
        )
        self.move_id.invalidate_recordset(
            ["billing_hold_html", "billing_has_manual_hold"]
        )

    # === HELPERS === #

    def _get_blocks(self):
        """Return what the hold stops, as in ``core.hold.BLOCKS``."""
        self.ensure_one()
        return frozenset(block for block in core_hold.BLOCKS if self[f"block_{block}"])

    def _to_hold(self):
        """Return the hold in the form that dunning asks for."""
        self.ensure_one()
        return core_hold.Hold(
            code="manual",
            label=self.reason,
            since=self.date_since,
            until=self.date_until or None,
            source_record=self,
            blocks=self._get_blocks(),
        )
