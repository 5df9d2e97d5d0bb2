import uuid

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .billing_collection_case import LIVE


class BillingCollectionBatch(models.Model):
    """Claims that go to a collection agency together, once a person said so.

    A batch is prepared, looked at, approved by a manager (a second person, by
    setting), and then put into the agency's directory exactly once. Messages about
    cases that the agency has already go along; they need nobody's approval, since
    they take away only.
    """

    _name = "billing.collection.batch"
    _description = "Collection Batch"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agency_id = fields.Many2one(
        "billing.collection.agency",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    state = fields.Selection(
        [
            ("draft", "To Approve"),
            ("approved", "Approved"),
            ("delivering", "On Its Way"),
            ("delivered", "Handed Over"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        index=True,
    )
    case_ids = fields.One2many(
        "billing.collection.case", "batch_id", string="Cases", readonly=True
    )
    message_ids = fields.One2many(
        "billing.collection.message", "batch_id", string="Messages", readonly=True
    )
    case_count = fields.Integer(string="Claims", compute="_compute_totals")
    total = fields.Monetary(
        compute="_compute_totals",
        help="Owed of the invoices, fees and interest included, in the company's "
        "currency; what is owed in another one is left out.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    prepared_by_id = fields.Many2one("res.users", required=True, readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True)
    approved_at = fields.Datetime(string="Approved On", readonly=True)
    delivered_at = fields.Datetime(string="Handed Over On", readonly=True)
    key = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: uuid.uuid4().hex,
        help="By which the directory knows the batch again after a crash.",
    )
    folder = fields.Char(
        compute="_compute_folder", help="Directory in the agency's outbox."
    )
    is_mine = fields.Boolean(compute="_compute_is_mine")

    _name_unique = models.UniqueIndex(
        "(company_id, name)", "Another batch has this name."
    )
    _todo_idx = models.Index("(company_id) WHERE state IN ('approved', 'delivering')")

    # === COMPUTE METHODS === #

    @api.depends("case_ids.state", "case_ids.principal", "case_ids.added")
    def _compute_totals(self):
        for batch in self:
            cases = batch.case_ids.filtered(lambda case: case.state != "dropped")
            batch.case_count = len(cases)
            batch.total = sum(
                case.principal + case.added
                for case in cases
                if case.currency_id == batch.currency_id
            )

    @api.depends("name", "key")
    def _compute_folder(self):
        for batch in self:
            name = (batch.name or "").replace("/", "-")
            batch.folder = f"{name}-{(batch.key or '')[:12]}"

    @api.depends("prepared_by_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        """Whether who looks prepared it, and so may need somebody else to approve."""
        for batch in self:
            batch.is_mine = batch.prepared_by_id == self.env.user and (
                batch.company_id.billing_collection_two_persons
            )

    # === ACTIONS === #

    @api.model
    def action_prepare(self):
        """Put everything that is ready into a batch, and open it (button)."""
        self._check_staff()
        company = self.env.company
        moves = self._ready(company)
        if not moves:
            raise UserError(
                self.env._(
                    "Nothing is ready for collection: no claim's last deadline has "
                    "passed without a reason to wait."
                )
            )
        batch = self._prepare(moves)
        return batch._get_records_action()

    def action_approve(self):
        """Let the batches go to the agency (button for managers)."""
        if not self.env.user.has_group("billing_base.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers approve a handover."))
        self.check_access("write")
        for batch in self:
            if batch.state != "draft":
                raise UserError(
                    self.env._("%(batch)s was decided already.", batch=batch.name)
                )
            if batch.is_mine:
                raise UserError(
                    self.env._(
                        "You prepared %(batch)s. Somebody else has to approve it.",
                        batch=batch.name,
                    )
                )
            if not batch.case_count:
                raise UserError(
                    self.env._("There is no claim in %(batch)s.", batch=batch.name)
                )
        self.sudo().write(
            {
                "state": "approved",
                "approved_by_id": self.env.uid,
                "approved_at": fields.Datetime.now(),
            }
        )
        cases = self.case_ids.filtered(lambda case: case.state == "proposed")
        cases._log("approved", "staff")
        self.env.ref("billing_fee_policy.ir_cron_collection").sudo()._trigger()

    def action_cancel(self):
        """Hand nothing of the batches over (button)."""
        self._check_staff()
        if any(batch.state not in ("draft", "approved") for batch in self):
            raise UserError(self.env._("The agency has the batch already."))
        cases = self.case_ids.filtered(lambda case: case.state == "proposed")
        reason = self.env._("Cancelled by %(user)s", user=self.env.user.name)
        cases._drop({case.id: reason for case in cases}, actor="staff")
        self.sudo().write({"state": "cancelled"})

    def action_open_cases(self):
        """Open the cases of the batch."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_collection_case_action"
        )
        action["domain"] = [("batch_id", "=", self.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _ready(self, company, limit=None):
        """Return the claims of a company whose turn is collection.

        :rtype: account.move
        """
        day = company._billing_today()
        moves = self.env["billing.dunning.planner"]._handover_ready(
            company, day, limit=limit
        )
        cases_sudo = self.env["billing.collection.case"].sudo()
        # What an agency gave up is put in again by hand only.
        given_up_sudo = cases_sudo.search(
            [
                ("move_id", "in", moves.ids),
                ("state", "in", (*LIVE, "rejected", "closed", "paid")),
            ]
        )
        moves -= given_up_sudo.move_id.with_env(moves.env)
        obstacles = moves._billing_handover_obstacles()
        return moves.filtered(lambda move: not obstacles.get(move.id))

    @api.model
    def _prepare(self, moves, agency=None):
        """Return a batch to approve with the invoices in it.

        :param moves: of one company, without obstacles
        :param agency: who gets them; the first of the company when left out
        :rtype: billing.collection.batch
        :raises UserError: the company has no agency
        """
        company = moves.company_id.ensure_one()
        agency = agency or self._agency(company)
        batch_sudo = self.sudo().create(
            {
                "name": self._next_name(company),
                "company_id": company.id,
                "agency_id": agency.id,
                "prepared_by_id": self.env.uid,
            }
        )
        batch_sudo._add(moves.sudo())
        return batch_sudo.with_env(self.env)

    def _add(self, moves):
        """Put invoices into the batch."""
        self.ensure_one()
        added = moves._billing_added()
        # Cases that are over by now make room for new ones.
        self.env["billing.collection.case"].flush_model(["state"])
        self.env["billing.collection.case"].sudo().create(
            [
                {
                    "batch_id": self.id,
                    "move_id": move.id,
                    "partner_id": move.commercial_partner_id.id,
                    "principal": move.amount_residual,
                    "added": added.get(move.id, 0.0),
                }
                for move in moves
            ]
        )

    # === HELPERS === #

    @api.model
    def _agency(self, company):
        """Return the agency that a company hands over to first.

        :raises UserError: it has none
        """
        agency = self.env["billing.collection.agency"].search(
            [("company_id", "=", company.id)], limit=1
        )
        if not agency:
            raise UserError(
                self.env._(
                    "%(company)s has no collection agency. Add one under "
                    "Configuration → Collection Agencies.",
                    company=company.name,
                )
            )
        return agency

    @api.model
    def _next_name(self, company):
        sequence = self.env["ir.sequence"].sudo().with_company(company)
        return sequence.next_by_code("billing.collection.batch")

    def _check_staff(self):
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about collection."))
        self.check_access("read")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_delivered(self):
        if any(batch.state in ("delivering", "delivered") for batch in self):
            raise UserError(self.env._("What an agency got is kept."))
