from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .account_move import OPEN_STATES
from .screen import tell


class BillingContactPoint(models.Model):
    """Addresses that do not work, and what did not get through to them."""

    _inherit = "billing.contact.point"

    replaced_by_id = fields.Many2one(
        "billing.contact.point",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    resent_count = fields.Integer(
        string="Sent Again",
        readonly=True,
        copy=False,
        help="Invoices that were sent again when the address was put right.",
    )
    failing_since = fields.Datetime(
        string="Since",
        compute="_compute_failing_since",
        help="The first message that did not get through after the last one that did.",
    )
    open_invoice_count = fields.Integer(
        string="Open Invoices",
        compute="_compute_open_invoice_count",
        help="Invoices of the customer with something left to pay.",
    )
    unreached_count = fields.Integer(
        string="Did Not Get Through",
        compute="_compute_unreached_count",
        help="Open invoices that failed here and have reached the customer in no other "
        "way. They are sent again when the address is put right.",
    )
    new_address = fields.Char(
        compute="_compute_new_address",
        inverse="_inverse_new_address",
        help="Type it and save: it is used from now on, and what did not get through "
        "is sent again.",
    )
    fix_text = fields.Char(string="Put Right", compute="_compute_fix_text")

    # === COMPUTE METHODS === #

    @api.depends("last_failure_at", "last_success_at")
    def _compute_failing_since(self):
        self.env["billing.distribution.attempt"].flush_model()
        self.flush_recordset(["last_success_at"])
        since = dict(
            self.env.execute_query(
                SQL(
                    """SELECT point.id, MIN(attempt.failed_at)
                         FROM billing_contact_point AS point
                         JOIN billing_distribution_attempt AS attempt
                           ON attempt.contact_point_id = point.id
                        WHERE point.id = ANY(%s)
                          AND attempt.state IN ('failed_soft', 'failed_hard')
                          AND (point.last_success_at IS NULL
                               OR attempt.failed_at > point.last_success_at)
                        GROUP BY point.id""",
                    list(self.ids),
                )
            )
        )
        for point in self:
            point.failing_since = since.get(point.id) or point.last_failure_at

    @api.depends("partner_id")
    def _compute_open_invoice_count(self):
        customers = self.partner_id.commercial_partner_id
        counts = dict(
            self.env["account.move"]._read_group(
                [
                    ("commercial_partner_id", "in", customers.ids),
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("payment_state", "in", OPEN_STATES),
                ],
                ["commercial_partner_id"],
                ["__count"],
            )
        )
        for point in self:
            point.open_invoice_count = counts.get(
                point.partner_id.commercial_partner_id, 0
            )

    @api.depends("state", "active")
    def _compute_unreached_count(self):
        items = self._find_unreached()
        for point in self:
            point.unreached_count = len(items[point.id].move_id)

    @api.depends("replaced_by_id", "suggestion")
    def _compute_new_address(self):
        for point in self:
            point.new_address = point.replaced_by_id.address or point.suggestion

    @api.depends("replaced_by_id", "resent_count")
    def _compute_fix_text(self):
        for point in self:
            if point.replaced_by_id:
                point.fix_text = self.env._(
                    "Replaced by %(address)s; invoices sent again: %(count)s",
                    address=point.replaced_by_id.address,
                    count=point.resent_count,
                )
            elif point.resent_count and point.state == "unverified":
                point.fix_text = self.env._(
                    "Tried again; invoices sent again: %(count)s",
                    count=point.resent_count,
                )
            else:
                point.fix_text = False

    def _inverse_new_address(self):
        for point in self.filtered("new_address"):
            point._put_right(point.new_address)

    # === ACTIONS === #

    def action_fix_and_resend(self):
        """Use the new address of the row (button).

        A typed one was used when the row was saved, just before; else it is the one
        that was probably meant. Who has neither is asked for it.
        """
        self.ensure_one()
        self.check_access("write")
        if not self.fix_text and not self.suggestion:
            return self.action_fix()
        if not self.fix_text:
            self._put_right(self.suggestion)
        return self._tell_fixed()

    def action_use_suggestion(self):
        """Extension of `billing_base`: once, and says what was sent again."""
        self.check_access("write")
        for point in self.filtered("suggestion"):
            point._put_right(point.suggestion)
        return self._tell_fixed()

    def action_try_and_resend(self):
        """Let addresses be tried again, with what did not get through (button)."""
        self.check_access("write")
        own = self._lock_failing()
        own._unblock()
        own._resend_unreached(own)
        return own._tell_fixed()

    def action_open_unreached(self):
        """Open the invoices that did not get through."""
        self.ensure_one()
        moves = self._find_unreached()[self.id].move_id
        return moves._get_records_action(
            name=self.env._("Did not get through"), context={"create": False}
        )

    def action_open_customer(self):
        """Open the customer."""
        self.ensure_one()
        return self.partner_id._get_records_action()

    def action_request_address(self):
        """Have somebody ask the customers for another address (button)."""
        self.check_access("write")
        return self.partner_id._billing_request_address()

    # === BUSINESS METHODS === #

    def _put_right(self, address):
        """Replace an address that does not work, once.

        :param str address: as somebody wrote it
        :return: None
        :raises UserError: somebody else has replaced it by another one meanwhile
        """
        self.ensure_one()
        self._lock()
        if not self.replaced_by_id or self.active:
            self._replace(address)
            return
        normalised = self._normalise(self.channel, address, self.partner_id)
        if normalised != self.replaced_by_id.address:
            raise UserError(
                self.env._(
                    "%(address)s has been replaced by %(new)s meanwhile.",
                    address=self.address,
                    new=self.replaced_by_id.address,
                )
            )

    def _replace(self, address, actor="staff"):
        """Extension of `billing_base`: what did not get through is sent again.

        Not with ``billing_resend=False`` in the context.
        """
        new = super()._replace(address, actor=actor)
        if new != self:
            self.sudo().replaced_by_id = new
            new.sudo().replaced_by_id = False
        if self.env.context.get("billing_resend", True):
            self._resend_unreached(new)
        return new

    def _resend_unreached(self, points):
        """Send again what did not get through, once.

        :param points: the contact points that are used from now on
        :return: the ``billing.distribution.item`` that are sent again
        """
        # The addresses must be those of now when the channels look for them.
        points.flush_recordset()
        unreached = self._find_unreached()
        items = self.env["billing.distribution.item"].union(*unreached.values())
        sent = items.sudo()._resend().with_env(items.env)
        for point in self:
            count = len((unreached[point.id] & sent).move_id)
            if count:
                point.sudo().resent_count += count
        self.invalidate_recordset(["unreached_count"])
        return sent

    def _find_unreached(self):
        """Return the messages that failed here and whose invoices got no other way.

        In a plan that is: nothing of the run has got through. Besides plans: no other
        message has gone out since. What was sent again is left out.

        :return: the last such message of each invoice, by id of the contact point
        :rtype: dict[int, billing.distribution.item]
        """
        items = self.env["billing.distribution.item"]
        found = defaultdict(items.browse)
        if not self.ids:
            return found
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (attempt.contact_point_id, item.move_id, run.id)
                          attempt.contact_point_id, item.id
                     FROM billing_distribution_attempt AS attempt
                     JOIN billing_distribution_item AS item
                       ON item.attempt_id = attempt.id
                     JOIN account_move AS move ON move.id = item.move_id
                LEFT JOIN billing_distribution_run AS run ON run.id = item.run_id
                    WHERE attempt.contact_point_id = ANY(%(points)s)
                      AND attempt.state IN ('failed_soft', 'failed_hard')
                      AND move.state = 'posted' AND move.payment_state IN %(open)s
                      AND (run.id IS NULL OR run.state IN ('waiting', 'stuck', 'done'))
                      AND NOT EXISTS (
                          SELECT FROM billing_distribution_item AS other
                            JOIN billing_distribution_attempt AS message
                              ON message.id = other.attempt_id
                           WHERE other.move_id = item.move_id
                             AND message.state IN ('planned', 'calling', 'sent',
                                                   'delivered', 'opened')
                             AND (other.run_id = run.id OR other.id > item.id))
                      AND NOT EXISTS (
                          SELECT FROM billing_event AS event
                           WHERE event.dedup_key =
                                 'delivery.resent:' || attempt.id || ':' || move.id)
                 ORDER BY attempt.contact_point_id, item.move_id, run.id, item.id DESC
                """,
                points=list(self.ids),
                open=OPEN_STATES,
            )
        )
        for point_id, item_id in rows:
            found[point_id] |= items.browse(item_id)
        return found

    # === HELPERS === #

    def _lock(self):
        """Hold the rows until the end of the transaction, and read them anew."""
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                """SELECT id FROM billing_contact_point
                    WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE""",
                list(self.ids),
            )
        )
        self.invalidate_recordset()

    def _lock_failing(self):
        """Lock the points; return those that still do not work."""
        self._lock()
        return self.filtered(lambda point: point.state in ("failing", "blocked"))

    def _tell_fixed(self):
        """Return an action that says what was put right.

        :rtype: dict
        """
        texts = [text for text in self.mapped("fix_text") if text]
        return tell(
            "success" if texts else "info",
            "\n".join(texts)
            or self.env._("Put right. There was nothing to send again."),
        )
