from odoo import api, fields, models
from odoo.tools import formatLang

from ..core import state
from .account_move import OPEN_STATES
from .screen import day_text

#: Events that stand between the messages of an invoice's way. What became of a message
#: stands on the message.
KINDS = (
    "delivery.asked",
    "delivery.postponed",
    "delivery.resent",
    "delivery.skipped",
    "run.changed",
    "run.done",
    "run.hurried",
    "run.rerouted",
    "run.resumed",
    "run.started",
    "run.stopped",
    "run.stuck",
)
#: Entries of each sort that a screen shows; an invoice has some ten.
MOST_ENTRIES = 200
TONES = {
    state.PLANNED: "info",
    state.CALLING: "info",
    state.UNCERTAIN: "warning",
    state.SENT: "info",
    state.FAILED_SOFT: "warning",
    state.DELIVERED: "success",
    state.FAILED_HARD: "danger",
    state.OPENED: "success",
    state.CANCELLED: "muted",
}


class BillingDistributionWay(models.AbstractModel):
    """The way of an invoice to its customer: what happened, and what comes next.

    Answers to the screen ``billing_dynamic_distribution.Way``. Reading takes a constant
    number of queries for each plan the invoice is in; what staff do goes through the
    methods of runs, messages and invoices, which check rights themselves.
    """

    _name = "billing.distribution.way"
    _description = "Way of an Invoice to Its Customer"

    # === ACTIONS === #

    @api.model
    @api.readonly
    def load(self, model, res_id):
        """Return everything the screen shows of an invoice, or of one of its runs.

        :param str model: ``account.move`` or ``billing.distribution.run``
        :param int res_id: id of the record
        :return: ``sentence`` (of state) and ``state``; ``entries`` of the past, oldest
            first; ``ahead``, what the runs do next; ``channels`` by which it can be
            sent by hand; ``seen``, what a message by hand refers to. Moments are UTC as
            Odoo's scripts read them.
        :rtype: dict
        :raises AccessError: it is not for the present user
        """
        runs = self.env["billing.distribution.run"]
        if model == runs._name:
            runs = runs.browse(res_id)
            runs.check_access("read")
            move = runs.move_id
            items = runs.item_ids
        else:
            move = self.env["account.move"].browse(res_id)
            move.check_access("read")
            runs = runs.search([("move_id", "=", move.id)], order="id")
            items = self.env["billing.distribution.item"].search(
                [("move_id", "=", move.id)], order="id desc", limit=MOST_ENTRIES
            )
        is_open = move.state == "posted" and move.payment_state in OPEN_STATES
        ahead = self._load_ahead(runs, is_open)
        channels = self._load_channels(move) if is_open else []
        entries = self._load_messages(
            items, {channel["channel"] for channel in channels}
        ) + self._load_events(move, runs if model == runs._name else None)
        entries.sort(key=lambda entry: (entry["at"], entry["place"], entry["key"]))
        return {
            "move_id": move.id,
            "state": move.billing_distribution_state,
            "sentence": self._sentence(move, items, ahead, is_open),
            "entries": entries,
            "ahead": ahead,
            "channels": channels,
            "seen": max(move.billing_item_ids.ids, default=0),
        }

    # === HELPERS - PAST === #

    @api.model
    def _load_messages(self, items, channels):
        """Return an entry for each message.

        :param channels: codes of those by which it can be sent again
        """
        visits = self.env["billing.link.visit"].search(
            [
                ("link_id", "in", items.link_id.ids),
                ("verdict", "in", ("person", "machine")),
            ],
            limit=MOST_ENTRIES,
        )
        visits_by_link = visits.grouped("link_id")
        return [
            self._message_entry(
                item, visits_by_link.get(item.link_id, visits.browse()), channels
            )
            for item in items
        ]

    @api.model
    def _message_entry(self, item, visits, channels):
        attempt = item.attempt_id
        marks = [
            (self.env._("Sent"), attempt.sent_at),
            (self.env._("Delivered"), attempt.delivered_at),
            (self.env._("Opened"), attempt.opened_at),
            (self.env._("Failed"), attempt.failed_at),
        ]
        failed = attempt.state in (*state.FAILED, state.UNCERTAIN)
        return {
            "key": f"message-{attempt.id}",
            "place": 1,
            "type": "message",
            "id": attempt.id,
            "at": fields.Datetime.to_string(attempt.called_at or attempt.planned_at),
            "channel": attempt.channel,
            "title": self._labels("channel").get(attempt.channel, attempt.channel),
            "address": attempt.address or "",
            "state": attempt.state,
            "state_label": self._labels("state")[attempt.state],
            "tone": TONES[attempt.state],
            "marks": [
                {"label": label, "at": fields.Datetime.to_string(at)}
                for label, at in marks
                if at
            ],
            "opened": self._opened_text(attempt, item.link_id, visits),
            "machine": self._machine_text(item.link_id),
            "cost": attempt.cost
            and formatLang(self.env, attempt.cost, currency_obj=attempt.currency_id)
            or "",
            "origin": item.run_id.plan_id.name
            or self._labels("origin")[attempt.origin],
            "reason": failed and attempt.failure_reason or "",
            "others": len(attempt.item_ids) - 1,
            "can_resend": bool(
                attempt.channel in channels
                and attempt.state not in state.UNSETTLED
                and not attempt.is_resent
            ),
        }

    @api.model
    def _opened_text(self, attempt, link, visits):
        """Return who opened a message, empty when no person did."""
        if attempt.state != state.OPENED and not link.open_count:
            return ""
        persons = visits.filtered(lambda visit: visit.verdict == "person")
        if not persons:
            return self.env._("Opened by a person")
        reasons = dict(persons._fields["reason"]._description_selection(self.env))
        devices = dict(persons._fields["device"]._description_selection(self.env))
        visit = persons[0]
        return self.env._(
            "Opened by a person (%(count)s): %(details)s",
            count=max(link.open_count, len(persons)),
            details=", ".join(
                text
                for text in (reasons.get(visit.reason), devices.get(visit.device))
                if text
            ),
        )

    @api.model
    def _machine_text(self, link):
        if not link.machine_count:
            return ""
        return self.env._(
            "Opened by a machine (%(count)s): that does not count",
            count=link.machine_count,
        )

    @api.model
    def _load_events(self, move, run=None):
        """Return an entry for each event between the messages.

        :param run: only those of this run, None = all
        """
        events = self.env["billing.event"].search(
            [("move_id", "=", move.id), ("kind", "in", KINDS)],
            order="occurred_at desc, id desc",
            limit=MOST_ENTRIES,
        )
        if run is not None:
            events = events.filtered(
                lambda event: (event.payload or {}).get("run_id") == run.id
            )
        return [
            {
                "key": f"event-{event.id}",
                # A plan begins before its first message, all else comes of one.
                "place": 0 if event.kind == "run.started" else 2,
                "type": "event",
                "at": fields.Datetime.to_string(event.occurred_at),
                "icon": event.icon,
                "title": event.display_text,
                "tone": "danger" if event.kind == "run.stuck" else "muted",
            }
            for event in events
        ]

    # === HELPERS - SENTENCES === #

    @api.model
    def _sentence(self, move, items, ahead, is_open):
        """Return in one sentence how things stand."""
        customer = move.partner_id.display_name or ""
        if not is_open:
            return self._sentence_closed(move)
        last = items.attempt_id.sorted("id")
        opened = last.filtered("opened_at")[-1:]
        if opened:
            return self.env._(
                "%(customer)s opened it on %(day)s (%(channel)s).",
                customer=customer,
                day=day_text(self.env, opened.opened_at),
                channel=self._labels("channel")[opened.channel],
            )
        stuck = [run for run in ahead if run["state"] == "stuck"]
        if stuck:
            return self.env._(
                "It does not get through to %(customer)s: %(reason)s.",
                customer=customer,
                reason=stuck[-1]["reason"],
            )
        out = last.filtered(lambda attempt: attempt.state in state.REACHED)[-1:]
        if out:
            return self.env._(
                "It went to %(customer)s by %(channel)s on %(day)s, and has not been "
                "opened yet.",
                customer=customer,
                channel=self._labels("channel")[out.channel],
                day=day_text(self.env, out.sent_at),
            )
        if ahead and ahead[-1]["state"] == "stopped":
            return self.env._("It was stopped by hand, and nothing more is sent.")
        if ahead:
            return self.env._("It is on its way; nothing has reached the customer yet.")
        if last:
            return self.env._(
                "Nothing has reached the customer, and nothing is planned."
            )
        return self.env._("Nothing has been sent, and nothing is planned.")

    @api.model
    def _sentence_closed(self, move):
        if move.state == "posted":
            return self.env._("It is settled. Nothing more is sent.")
        return self.env._("It is not issued. Nothing is sent.")

    @api.model
    def _load_channels(self, move):
        """Return by what the invoice can be sent by hand."""
        company = move.company_id
        partner = move.partner_id
        return [
            self._channel_entry(code, points[partner.id])
            for code, points in partner._billing_reachable(company).items()
            if points[partner.id]
        ]

    @api.model
    def _channel_entry(self, code, point_sudo):
        return {
            "channel": code,
            "title": self._labels("channel").get(code, code),
            "address": point_sudo.address,
        }

    @api.model
    def _labels(self, name):
        """Return the words of a selection of messages, by code."""
        field = self.env["billing.distribution.attempt"]._fields[name]
        return dict(field._description_selection(self.env))
