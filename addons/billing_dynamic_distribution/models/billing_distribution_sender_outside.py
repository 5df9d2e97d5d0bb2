from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError

from ..core import state


class BillingDistributionSender(models.AbstractModel):
    """Messages outside of plans, queued here or sent by somebody else."""

    _inherit = "billing.distribution.sender"

    @api.model
    def _queue(self, moves, code, content, contact_point, origin, at):
        """Queue messages; see ``account.move._billing_queue_attempts``."""
        moves_sudo = moves.sudo()
        if any(move.state != "posted" for move in moves_sudo):
            raise UserError(self.env._("Only invoices that are issued can be sent."))
        channel = self.env["billing.channel"]._get(code)
        if channel is None:
            raise UserError(self.env._("This channel is not installed."))
        content = content or self.env.ref(
            "billing_dynamic_distribution.content_invoice"
        )
        points = {}
        if channel._needs_address and not contact_point:
            points = channel._find_contact_points(moves_sudo.partner_id)
        bundles = defaultdict(list)
        for move in moves_sudo:
            point = contact_point or self.env["billing.contact.point"].sudo()
            if not point and channel._needs_address:
                usable, _problem = points[move.partner_id.id]
                point = usable[:1]
                if not point:
                    raise UserError(
                        self.env._(
                            "%(customer)s has no address that works on this channel.",
                            customer=move.partner_id.display_name,
                        )
                    )
            key = move.company_id, move.commercial_partner_id, point.address
            if not channel._can_bundle:
                key += (move,)
            bundles[key].append((move, point))
        vals_list = []
        for (company, partner, *_rest), bundle in bundles.items():
            move, point = bundle[0]
            recipient = move.partner_id
            planned_at = at or company._billing_now()
            if channel._is_intrusive:
                calendar = company._billing_calendars(recipient)[recipient.id]
                planned_at = calendar.next_allowed(planned_at)
            vals_list.append(
                {
                    "company_id": company.id,
                    "partner_id": partner.id or recipient.id,
                    "recipient_id": recipient.id,
                    "channel": code,
                    "contact_point_id": point.id,
                    "address": point.address,
                    "origin": origin,
                    "content_id": content.id,
                    "attach_pdf": company.billing_pdf_policy == "attach",
                    "lang": recipient.lang or company.partner_id.lang,
                    "planned_at": planned_at,
                    "items": [
                        {"move_id": move.id, "company_id": company.id}
                        for move, _point in bundle
                    ],
                }
            )
        attempts_sudo = self.env["billing.distribution.attempt"]._make(vals_list)
        if origin == "odoo":
            self._join_runs(attempts_sudo.item_ids, code)
        self._trigger({code})
        return attempts_sudo

    @api.model
    def _record_sent(self, moves, code, origin, values):
        """Note sent messages; see ``account.move._billing_record_sent``."""
        vals_list = []
        for move in moves.sudo():
            now = move.company_id._billing_now()
            vals_list.append(
                {
                    "company_id": move.company_id.id,
                    "partner_id": move.commercial_partner_id.id or move.partner_id.id,
                    "recipient_id": move.partner_id.id,
                    "channel": code,
                    "origin": origin,
                    "lang": move.partner_id.lang,
                    "planned_at": now,
                    "state": state.CALLING,
                    "called_at": now,
                    **values,
                    "items": [{"move_id": move.id, "company_id": move.company_id.id}],
                }
            )
        attempts_sudo = self.env["billing.distribution.attempt"]._make(vals_list)
        self._join_runs(attempts_sudo.item_ids, code)
        attempts_sudo._apply(state.SENT)
        return attempts_sudo

    @api.model
    def _join_runs(self, items_sudo, code):
        """Let runs that wait for their first message by a channel take it as sent."""
        runs_sudo = self.env["billing.distribution.run"].sudo()
        waiting = runs_sudo.search(
            [
                ("move_id", "in", items_sudo.move_id.ids),
                ("state", "=", "waiting"),
                ("try_count", "=", 0),
                ("plan_id.trigger", "in", ("posted", "changed", "asked")),
                ("channel", "in", (code, "preferred", "last_opened")),
            ]
        )
        item_by_move = {item.move_id: item for item in items_sudo}
        for run in waiting:
            item = item_by_move[run.move_id]
            if item.run_id:
                continue
            item.write({"run_id": run.id, "step_id": run.step_id.id, "try_number": 1})
            run.write(
                {
                    "state": "sending",
                    "last_item_id": item.id,
                    "try_count": 1,
                    "next_at": False,
                }
            )
        waiting.filtered(lambda run: run.state == "sending")._log_runs("run.started")
