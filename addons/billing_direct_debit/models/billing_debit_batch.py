import uuid

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

#: In the order in which they go: what is called back before what comes in its place and
#: before its mandate ends, and a mandate before what is drawn on it.
KINDS = [
    ("cancellations", "Cancellations"),
    ("mandates", "Mandates"),
    ("claims", "Claims"),
]
ORDER = [kind for kind, _label in KINDS]
#: The bank has it, or may have it.
GONE = ("delivering", "delivered", "received", "refused")


class BillingDebitBatch(models.Model):
    """One file to the bank: looked at, approved, frozen, and delivered once.

    What is in it may leave until it is frozen. From then on its bytes and its number
    stay as they are, whatever becomes of the delivery: a number that a file had never
    comes again, and none is missing.
    """

    _name = "billing.debit.batch"
    _description = "Direct Debit Batch"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    scheme = fields.Selection(related="agreement_id.scheme")
    is_test = fields.Boolean(related="agreement_id.is_test")
    kind = fields.Selection(KINDS, required=True, readonly=True, default="claims")
    state = fields.Selection(
        [
            ("draft", "To Approve"),
            ("approved", "Approved"),
            ("delivering", "On Its Way"),
            ("delivered", "Delivered"),
            ("received", "Received"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        index=True,
    )
    claim_ids = fields.One2many("billing.debit.claim", "batch_id", readonly=True)
    cancelled_claim_ids = fields.One2many(
        "billing.debit.claim", "cancel_batch_id", readonly=True
    )
    request_ids = fields.One2many("billing.mandate.request", "batch_id", readonly=True)
    count = fields.Integer(readonly=True)
    total = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(related="agreement_id.currency_id")
    first_date = fields.Date(string="First Debit", readonly=True)
    last_date = fields.Date(string="Last Debit", readonly=True)
    cut_off_at = fields.Datetime(
        string="Has to Go By",
        readonly=True,
        help="Last moment at which the first of its debits is still in time.",
    )
    approved_by_id = fields.Many2one("res.users", readonly=True)
    approved_at = fields.Datetime(string="Approved On", readonly=True)
    # The file
    number = fields.Integer(
        string="Transmission", readonly=True, copy=False, aggregator=None
    )
    sender_number = fields.Char(
        readonly=True,
        copy=False,
        help="Who sent it, under whose numbers it counts: there every number comes "
        "once, whichever agreement it is about.",
    )
    assignment_number = fields.Integer(
        string="Assignment", readonly=True, copy=False, aggregator=None
    )
    file = fields.Binary(
        attachment=True,
        readonly=True,
        copy=False,
        groups="billing_base.group_billing_manager",
    )
    file_name = fields.Char(compute="_compute_file_name")
    file_hash = fields.Char(string="SHA-256", readonly=True, copy=False)
    frozen_at = fields.Datetime(string="Written On", readonly=True, copy=False)
    delivered_at = fields.Datetime(string="Delivered On", readonly=True, copy=False)
    preview = fields.Text(
        compute="_compute_preview",
        groups="billing_base.group_billing_manager",
        help="The file as it went, or as it would go now; the first lines of it.",
    )
    key = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: uuid.uuid4().hex,
        help="By which the directory knows the batch again after a crash.",
    )
    # What the bank said
    receipt = fields.Text(readonly=True, copy=False)
    received_at = fields.Datetime(string="Receipt On", readonly=True, copy=False)

    _number_unique = models.UniqueIndex(
        "(sender_number, number) WHERE number > 0",
        "This number has been used already.",
    )
    _agreement_unique = models.UniqueIndex(
        "(agreement_id, number) WHERE number > 0", "This number has been used already."
    )
    _assignment_unique = models.UniqueIndex(
        "(agreement_id, assignment_number) WHERE assignment_number > 0",
        "This number has been used already.",
    )
    _one_draft = models.UniqueIndex(
        "(agreement_id, kind) WHERE state = 'draft'",
        "There is a batch of this kind to approve already.",
    )
    _todo_idx = models.Index(
        "(company_id) WHERE state IN ('draft', 'approved', 'delivering')"
    )

    # === COMPUTE METHODS === #

    @api.depends("name", "is_test")
    def _compute_file_name(self):
        for batch in self:
            name = (batch.name or "").replace("/", "-")
            batch.file_name = f"{'TEST-' if batch.is_test else ''}{name}.txt"

    @api.depends("file_hash", "count")
    def _compute_preview(self):
        for batch in self:
            batch.preview = batch._render_preview()

    def _compute_totals(self):
        """Count what is in batches that have not gone, in one statement."""
        batches = self.sudo().filtered(lambda batch: batch.state not in GONE)
        if not batches:
            return
        self.env["billing.debit.claim"].flush_model(
            ["batch_id", "cancel_batch_id", "amount", "date"]
        )
        self.env["billing.mandate.request"].flush_model(["batch_id"])
        self.flush_model()
        self.env.execute_query(
            SQL(
                """
                UPDATE billing_debit_batch AS batch
                   SET count = found.count, total = found.total,
                       first_date = found.first, last_date = found.last
                  FROM (SELECT batch.id,
                               COUNT(claim.id) + COUNT(request.id) AS count,
                               COALESCE(SUM(claim.amount), 0) AS total,
                               MIN(claim.date) AS first, MAX(claim.date) AS last
                          FROM billing_debit_batch AS batch
                     LEFT JOIN billing_debit_claim AS claim
                            ON claim.batch_id = batch.id AND batch.kind = 'claims'
                            OR claim.cancel_batch_id = batch.id
                           AND batch.kind = 'cancellations'
                     LEFT JOIN billing_mandate_request AS request
                            ON request.batch_id = batch.id AND batch.kind = 'mandates'
                         WHERE batch.id = ANY(%s)
                      GROUP BY batch.id) AS found
                 WHERE batch.id = found.id
             RETURNING batch.id
                """,
                batches.ids,
            )
        )
        batches.invalidate_recordset(flush=False)
        for batch in batches:
            batch.cut_off_at = batch._get_cut_off()

    def _get_cut_off(self):
        """Return the last moment at which the first debit is in time (UTC)."""
        self.ensure_one()
        if self.kind != "claims" or not self.first_date:
            return False
        clock = self.agreement_id._clock()
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT date, notice = 'bank' FROM billing_debit_claim
                    WHERE batch_id = %s""",
                self.id,
            )
        )
        last = min(clock.latest(day, bank) for day, bank in rows)
        return self.agreement_id._to_utc(last)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("What went to a bank, or was to, is kept."))

    # === ACTIONS === #

    def action_approve(self):
        """Let the batches go to the bank (button for managers)."""
        self._check_manager()
        for batch in self:
            if batch.state != "draft":
                raise UserError(
                    self.env._("%(batch)s was decided already.", batch=batch.name)
                )
            if not batch.count:
                raise UserError(
                    self.env._("There is nothing in %(batch)s.", batch=batch.name)
                )
        self._approve()
        self.env["billing.debit.planner"]._trigger()

    def action_cancel(self):
        """Let nothing of the batches go now (button for managers).

        Claims and messages go with a later file.
        """
        self._check_manager()
        if any(batch.state not in ("draft", "approved") for batch in self):
            raise UserError(self.env._("The bank has the batch already."))
        self.sudo()._release()
        self.sudo().write({"state": "cancelled"})

    def action_received(self):
        """Note that the bank took the batches (button)."""
        self._check_staff()
        if any(batch.state != "delivered" for batch in self):
            raise UserError(self.env._("Only what was delivered can be received."))
        self._received()

    def action_refused(self):
        """Note that the bank took nothing of the batches (button for managers)."""
        self._check_manager()
        if any(batch.state != "delivered" for batch in self):
            raise UserError(self.env._("Only what was delivered can be refused."))
        self._refused()

    def action_open_claims(self):
        """Open the claims of the batch."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_direct_debit.billing_debit_claim_action"
        )
        name = "cancel_batch_id" if self.kind == "cancellations" else "batch_id"
        action["domain"] = [(name, "=", self.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _open_batch(self, agreement, kind):
        """Return the batch that takes what goes next, a new one when there is none.

        :param agreement: ``billing.debit.agreement``
        :param str kind: one of :data:`KINDS`
        :return: in superuser mode
        :rtype: billing.debit.batch
        """
        batch_sudo = self.sudo().search(
            [
                ("agreement_id", "=", agreement.id),
                ("kind", "=", kind),
                ("state", "=", "draft"),
            ],
            limit=1,
        )
        return batch_sudo or self.sudo().create(
            {
                "name": self.env["ir.sequence"]
                .sudo()
                .with_company(agreement.company_id)
                .next_by_code("billing.debit.batch"),
                "company_id": agreement.company_id.id,
                "agreement_id": agreement.id,
                "kind": kind,
            }
        )

    def _approve(self):
        """Let batches go with the next run."""
        self.sudo().write(
            {
                "state": "approved",
                "approved_by_id": self.env.uid,
                "approved_at": fields.Datetime.now(),
            }
        )

    def _release(self):
        """Give back what is in batches that do not go."""
        self.claim_ids._unbatch()
        self.cancelled_claim_ids.write({"cancel_batch_id": False, "cancel_number": 0})
        self.request_ids._release()
        self._compute_totals()

    # === HELPERS === #

    def _check_manager(self):
        if not self.env.user.has_group("billing_base.group_billing_manager"):
            raise AccessError(
                self.env._("Only billing managers decide what goes to the bank.")
            )
        self.check_access("read")

    def _check_staff(self):
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(
                self.env._("Only billing staff decide what goes to the bank.")
            )
        self.check_access("read")
