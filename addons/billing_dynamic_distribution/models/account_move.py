from collections import defaultdict

from odoo import fields, models
from odoo.tools import SQL

from ..core import checks
from .billing_distribution_run import CANCELLED

#: States of payment in which something is left to pay.
OPEN_STATES = ("not_paid", "partial", "blocked")


class AccountMove(models.Model):
    _inherit = "account.move"

    billing_run_ids = fields.One2many(
        "billing.distribution.run",
        "move_id",
        string="Distribution",
        groups="billing_base.group_billing_user",
    )
    billing_item_ids = fields.One2many(
        "billing.distribution.item",
        "move_id",
        string="Messages about the Invoice",
        groups="billing_base.group_billing_user",
    )
    billing_item_count = fields.Integer(
        compute="_compute_billing_item_count", groups="billing_base.group_billing_user"
    )

    _billing_due_idx = models.Index(
        "(company_id, invoice_date_due, id) WHERE state = 'posted'"
        " AND move_type = 'out_invoice'"
        " AND payment_state IN ('not_paid', 'partial', 'blocked')"
    )

    # === COMPUTE METHODS === #

    def _compute_billing_item_count(self):
        counts = dict(
            self.env["billing.distribution.item"]._read_group(
                [("move_id", "in", self.ids)], ["move_id"], ["__count"]
            )
        )
        for move in self:
            move.billing_item_count = counts.get(move, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `account`: a customer who was told hears of a new due date."""
        if "invoice_date_due" not in vals:
            return super().write(vals)
        before = {move: move.invoice_date_due for move in self}
        result = super().write(vals)
        self.filtered(
            lambda move: (
                move.state == "posted"
                and move.move_type == "out_invoice"
                and move.invoice_date_due != before[move]
            )
        )._billing_distribute_changed()
        return result

    # === ACTIONS === #

    def action_billing_distribution(self):
        """Open the messages that were sent about the invoice."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_dynamic_distribution.billing_distribution_attempt_action"
        )
        action["domain"] = [("item_ids.move_id", "=", self.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS - LIFE CYCLE === #

    def _post(self, soft=True):
        """Override of `account`: posted customer invoices begin their plan."""
        posted = super()._post(soft)
        invoices = posted.filtered(lambda move: move.move_type == "out_invoice")
        if invoices:
            invoices._billing_distribute_posted()
        return posted

    def _invoice_paid_hook(self):
        """Override of `account`: of what is paid nothing more is sent."""
        result = super()._invoice_paid_hook()
        self._billing_end_runs("done", checks.PAID)
        return result

    def button_draft(self):
        """Override of `account`: an invoice that is no longer issued is not sent."""
        posted = self.filtered(lambda move: move.state == "posted")
        result = super().button_draft()
        posted._billing_end_runs("stopped", checks.RESET)
        return result

    def button_cancel(self):
        """Override of `account`: a cancelled invoice is not sent."""
        result = super().button_cancel()
        self._billing_end_runs("stopped", CANCELLED)
        return result

    # === BUSINESS METHODS - DISTRIBUTION === #

    def _billing_distribute(self, trigger, key=None):
        """Let the invoices begin the first plan with ``trigger`` that they fit.

        The contract for other addons. An occasion that was noticed before begins
        nothing again. The number of queries does not depend on how many invoices
        there are.

        :param str trigger: one of ``billing.distribution.plan.trigger``
        :param str key: what tells one occasion from the next with the same trigger,
            such as the id of the failed debit; None when there is only one
        :return: the runs that began
        :rtype: billing.distribution.run
        """
        return self.env["billing.distribution.planner"]._start(self, trigger, key)

    def _billing_distribute_posted(self):
        """Begin, or go on with, the plans of invoices that were just posted.

        One that was posted before and is as it was goes on where it stopped. One that
        has changed since the customer was told begins the plan for changed invoices,
        or its plan anew if there is none.
        """
        runs_sudo = (
            self.env["billing.distribution.run"]
            .sudo()
            .search([("move_id", "in", self.ids), ("trigger_key", "=like", "posted%")])
        )
        runs_by_move = runs_sudo.grouped("move_id")
        fresh = self.browse()
        changed = defaultdict(self.browse)
        for move in self:
            own_sudo = runs_by_move.get(move.sudo())
            if not own_sudo:
                fresh |= move
                continue
            latest_sudo = own_sudo.sorted("id")[-1]
            if latest_sudo._is_as_told() or not latest_sudo.try_count:
                latest_sudo.filtered(
                    lambda run: run.state == "stopped" and run.reason_code == "reset"
                ).action_resume()
            else:
                changed[f"{move.invoice_date_due}:{move.amount_total}"] |= move
        if fresh:
            fresh._billing_distribute("posted")
        for key, moves in changed.items():
            begun = moves._billing_distribute("changed", key)
            (moves - begun.move_id)._billing_distribute("posted", key)

    def _billing_distribute_changed(self):
        """Begin the plan for changed invoices, where the customer was told before.

        Runs on their way take note when their next step is due.
        """
        told_sudo = (
            self.env["billing.distribution.run"]
            .sudo()
            .search([("move_id", "in", self.ids), ("try_count", ">", 0)])
        )
        told = self.filtered(lambda move: move in told_sudo.move_id.sudo(self.env.su))
        for (due, amount), moves in told.grouped(
            lambda move: (move.invoice_date_due, move.amount_total)
        ).items():
            moves._billing_distribute("changed", f"{due}:{amount}")

    def _billing_end_runs(self, target, code):
        """End what runs for the invoices.

        Runs whose message is being handed over at this moment are passed over: they
        end with the check before their next message.

        :param str target: state of the runs
        :param str code: why, see ``billing.distribution.run._reason_labels``
        :return: None
        """
        runs_sudo = self.env["billing.distribution.run"].sudo()
        runs_sudo.flush_model(["move_id", "state"])
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM billing_distribution_run
                    WHERE move_id = ANY(%s) AND state IN ('waiting', 'stuck')
                      FOR NO KEY UPDATE SKIP LOCKED""",
                list(self.ids),
            )
        )
        runs_sudo.browse(run_id for (run_id,) in rows)._end(target, code)

    def _billing_queue_attempts(
        self, channel, content=None, contact_point=None, origin="manual", at=None
    ):
        """Queue a message about the invoices outside of any plan.

        One message for each customer and address. It goes out with the next run of the
        channel's job, within the hours people may be written to.

        :param str channel: code of the channel
        :param content: ``billing.distribution.content``, None = that of invoices
        :param contact_point: where to, None = where the customer prefers
        :param str origin: ``manual`` or ``odoo``
        :param datetime at: not before (UTC), None = now
        :return: the attempts, in superuser mode
        :rtype: billing.distribution.attempt
        :raises UserError: an invoice is not issued, or a customer has no address there
        """
        return self.env["billing.distribution.sender"]._queue(
            self, channel, content, contact_point, origin, at
        )

    def _billing_record_sent(self, channel, origin="odoo", **values):
        """Note messages about the invoices that somebody else has sent.

        So that the plans know of them: a run that waits for its first message by the
        same channel goes on as if it had sent it.

        :param str channel: code of the channel
        :param str origin: as in ``billing.distribution.attempt``
        :param values: further field values of the attempts
        :return: the attempts, in superuser mode, one for each invoice
        :rtype: billing.distribution.attempt
        """
        return self.env["billing.distribution.sender"]._record_sent(
            self, channel, origin, values
        )
