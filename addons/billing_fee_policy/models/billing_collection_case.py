import uuid

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import agency_answer

#: States in which the agency has the case, or is to get it.
LIVE = ("proposed", "offered", "accepted", "recalling")


class BillingCollectionCase(models.Model):
    """One claim that is with a collection agency, was, or is proposed for it."""

    _name = "billing.collection.case"
    _description = "Collection Case"
    _order = "id desc"
    _rec_name = "move_id"
    _check_company_auto = True

    batch_id = fields.Many2one(
        "billing.collection.batch",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="batch_id.company_id", store=True, index=True)
    agency_id = fields.Many2one(related="batch_id.agency_id", store=True, index=True)
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    key = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: uuid.uuid4().hex,
        help="Number of the case in files to and from the agency.",
    )
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("dropped", "Not Handed Over"),
            ("offered", "Handed Over"),
            ("accepted", "With the Agency"),
            ("recalling", "Being Called Back"),
            ("recalled", "Called Back"),
            ("rejected", "Rejected"),
            ("paid", "Paid to the Agency"),
            ("closed", "Closed by the Agency"),
        ],
        required=True,
        readonly=True,
        default="proposed",
        index=True,
    )
    currency_id = fields.Many2one(related="move_id.currency_id")
    principal = fields.Monetary(
        string="Owed of the Invoice",
        readonly=True,
        help="As the agency was told; before that, when it was proposed.",
    )
    added = fields.Monetary(
        string="Fees and Interest",
        readonly=True,
        help="Charged and open, apart from what is owed of the invoice.",
    )
    reference = fields.Char(
        string="Agency's Number", readonly=True, help="Of the case with the agency."
    )
    reason = fields.Char(
        readonly=True, help="Why it was left out, rejected, called back or closed."
    )
    offered_on = fields.Date(string="Handed Over On", readonly=True)
    paid_amount = fields.Monetary(
        string="Paid to the Agency",
        readonly=True,
        help="In all, as the agency reports. It is booked when the money comes.",
    )
    message_ids = fields.One2many(
        "billing.collection.message", "case_id", string="Messages", readonly=True
    )
    obstacles = fields.Text(
        string="Stands Against It",
        compute="_compute_obstacles",
        help="Why the claim could not be handed over today.",
    )

    _key_unique = models.UniqueIndex("(key)", "Another case has this key.")
    _live_unique = models.UniqueIndex(
        "(move_id) WHERE state IN ('proposed', 'offered', 'accepted', 'recalling')",
        "The invoice is with an agency, or proposed for one, already.",
    )
    _company_state_idx = models.Index("(company_id, state)")

    # === COMPUTE METHODS === #

    @api.depends("move_id", "state")
    def _compute_obstacles(self):
        proposed = self.filtered(lambda case: case.state == "proposed")
        obstacles = proposed.move_id._billing_handover_obstacles()
        for case in self:
            texts = obstacles.get(case.move_id.id, []) if case in proposed else []
            case.obstacles = "\n".join(texts)

    # === ACTIONS === #

    def action_drop(self):
        """Take cases out of a batch that is not decided yet (button)."""
        self._check_staff()
        if any(case.batch_id.state != "draft" for case in self):
            raise UserError(self.env._("The batch was decided already."))
        reason = self.env._("Left out by %(user)s", user=self.env.user.name)
        self._drop({case.id: reason for case in self}, actor="staff")

    def action_recall(self):
        """Ask the agency to give cases back (button)."""
        self._check_staff()
        wrong = self.filtered(lambda case: case.state not in agency_answer.WITH_AGENCY)
        if wrong:
            raise UserError(
                self.env._(
                    "%(invoice)s is not with an agency.", invoice=wrong[0].move_id.name
                )
            )
        self._withdraw({case.id: "mistake" for case in self}, actor="staff")

    def action_open_invoice(self):
        """Open the invoice of the case."""
        self.ensure_one()
        return self.move_id._get_records_action()

    # === BUSINESS METHODS === #

    def _drop(self, reasons, actor="system"):
        """Leave proposed cases out, with an event each.

        :param dict reasons: text for staff, by id of the case
        :return: None
        """
        for case_sudo in self.sudo():
            case_sudo.write({"state": "dropped", "reason": reasons[case_sudo.id]})
        self._log("dropped", actor, {"reason": reasons})

    def _withdraw(self, reasons, actor="system"):
        """Call cases back from the agency; the next file tells it.

        :param dict reasons: ``core.agency_file.MESSAGE_REASONS`` by id of the case
        :return: None
        """
        cases_sudo = self.sudo()
        messages = self.env["billing.collection.message"].sudo()
        labels = dict(messages._fields["reason"]._description_selection(self.env))
        messages.create(
            [
                {
                    "case_id": case.id,
                    "kind": "withdraw",
                    "reason": reasons[case.id],
                    "day": case.company_id._billing_today(),
                    "principal": max(case.move_id.amount_residual, 0.0),
                }
                for case in cases_sudo
            ]
        )
        for case in cases_sudo:
            case.write({"state": "recalling", "reason": labels[reasons[case.id]]})
        self._log(
            "withdrawn", actor, {"why": {key: labels[reasons[key]] for key in reasons}}
        )

    def _tell_amount(self, added):
        """Tell the agency what is owed now; the next file does.

        :param dict added: what is open of fees and interest, by id of the invoice
        :return: None
        """
        for case_sudo in self.sudo():
            case_sudo.write(
                {
                    "principal": case_sudo.move_id.amount_residual,
                    "added": added.get(case_sudo.move_id.id, 0.0),
                    "message_ids": [
                        Command.create(
                            {
                                "kind": "amount",
                                "reason": "changed",
                                "day": case_sudo.company_id._billing_today(),
                                "principal": case_sudo.move_id.amount_residual,
                                "added": added.get(case_sudo.move_id.id, 0.0),
                            }
                        )
                    ],
                }
            )

    # === HELPERS === #

    def _log(self, what, actor="system", payloads=None):
        """Leave an event for each of the cases.

        :param str what: kind of the event, without ``collection.``
        :param dict payloads: by name, a value by id of the case
        """
        self.env["billing.event"]._log(
            [
                {
                    "kind": f"collection.{what}",
                    "move_id": case_sudo.move_id.id,
                    "actor": actor,
                    "amount": case_sudo.principal + case_sudo.added,
                    "payload": {
                        "case_id": case_sudo.id,
                        "agency": case_sudo.agency_id.name,
                        **{
                            name: values[case_sudo.id]
                            for name, values in (payloads or {}).items()
                        },
                    },
                }
                for case_sudo in self.sudo()
            ]
        )

    def _check_staff(self):
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about collection."))
        self.check_access("read")
