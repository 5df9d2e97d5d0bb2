from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..core.replay import Message, Story

#: Invoices whose stories are held in memory at once.
CHUNK = 1000
#: Kinds of events that stories are told from.
KINDS = (
    "delivery.sent",
    "delivery.delivered",
    "delivery.opened",
    "delivery.bounced",
    "delivery.failed",
    "delivery.uncertain",
    "delivery.skipped",
    "delivery.postponed",
    "run.stopped",
    "run.done",
    "run.stuck",
)
#: Ends of a run that its plan knows nothing of.
FOREIGN_ENDS = frozenset({"paid", "reset", "staff", "cancelled", "error"})


class BillingDistributionStories(models.AbstractModel):
    """Tells from the event log what happened to invoices in runs, for the replay."""

    _name = "billing.distribution.stories"
    _description = "Stories of Invoices"

    @api.model
    def _find_runs(self, plan, since, until, domain=None, limit=None):
        """Return the runs of a plan that began in a period.

        Of more than ``limit`` an even part is drawn, the same one every time.

        :param plan: ``billing.distribution.plan``
        :param datetime since: UTC
        :param datetime until: UTC
        :param domain: which invoices, None = all
        :return: ids of the runs, oldest first, and how many there are in all
        :rtype: tuple[list[int], int]
        """
        self.env["billing.distribution.run"].flush_model()
        moves = SQL("TRUE")
        if domain:
            query = self.env["account.move"].sudo()._search(domain)
            moves = SQL("run.move_id IN (%s)", query.select())
        rows = self.env.execute_query(
            SQL(
                """SELECT run.id, COUNT(*) OVER ()
                     FROM billing_distribution_run AS run
                    WHERE run.plan_id = %(plan)s AND run.started_at >= %(since)s
                      AND run.started_at < %(until)s AND %(moves)s
                    ORDER BY MD5(run.id::text)
                    LIMIT %(limit)s""",
                plan=plan.id,
                since=since,
                until=until,
                moves=moves,
                limit=limit,
            )
        )
        return sorted(row[0] for row in rows), rows[0][1] if rows else 0

    @api.model
    def _tell(self, company, run_ids):
        """Return the stories of runs, in a constant number of queries.

        :param company: the ``res.company`` of the runs
        :param run_ids: at most :data:`CHUNK` of them at once keep memory small
        :rtype: list[core.replay.Story]
        """
        runs_sudo = self.env["billing.distribution.run"].sudo().browse(run_ids)
        moves_sudo = runs_sudo.move_id
        # Without the customers' habits: those of then are not known any more.
        make = company._billing_calendar_maker()
        steps = {version.id: version._to_steps() for version in runs_sudo.version_id}
        about = self._about(company, runs_sudo)
        events = self._read_events(moves_sudo)
        items = self._read_items(run_ids)
        home = make(None, None)
        stories = []
        for run in runs_sudo:
            partner = run.move_id.partner_id
            invoice = about.get(run.move_id.id)
            if invoice is None:
                continue
            stories.append(
                self._story(
                    run,
                    invoice,
                    events[run.move_id.id],
                    items[run.id],
                    steps[run.version_id.id],
                    make(partner.tz, partner.country_id.code),
                    home,
                )
            )
        return stories

    @api.model
    def _story(self, run, invoice, events, items, steps, calendar, home):
        """Put one story together.

        :param invoice: (segment, due_at, paid_by, fee_at, paid_at)
        :param events: dicts of the invoice's events, in the order they happened
        :param items: step by attempt, of the run
        """
        segment, due_at, paid_by, fee_at, paid_at = invoice
        messages = self._messages(run, events, items)
        skipped, waited, ended = {}, set(), None
        for event in events:
            if event["run_id"] != run.id:
                continue
            if event["kind"] == "delivery.skipped":
                skipped.setdefault(event["step_id"], event["at"])
            elif event["kind"] == "delivery.postponed":
                waited.add(event["step_id"])
            elif event["kind"].startswith("run.") and event["code"] in FOREIGN_ENDS:
                ended = ended or event["at"]
        last = messages[-1].at if messages else None
        if ended and last and last > ended:
            # It was taken up again; how long it rested nobody planned.
            waited |= {step.id for step in steps}
            ended = None
        return Story(
            key=run.id,
            segment=segment,
            period=f"{run.started_at:%Y-%m}",
            calendar=calendar,
            steps=steps,
            trigger_at=self._triggered_at(run, home),
            due_at=due_at,
            paid_by=paid_by,
            fee_at=fee_at,
            messages=tuple(messages),
            paid_at=paid_at,
            ended_at=ended,
            skipped=skipped,
            waited=frozenset(waited),
        )

    @api.model
    def _messages(self, run, events, items):
        """Return the messages of a run, and those of the invoice by hand.

        When several runs of an invoice go out in one message, there is one event of it
        and an item for each run.
        """
        by_attempt = defaultdict(dict)
        for event in events:
            if event["attempt_id"] not in items and (
                event["run_id"] or not event["attempt_id"]
            ):
                continue
            own = by_attempt[event["attempt_id"]]
            own.setdefault("event", event)
            own.setdefault(event["kind"], event["at"])
            own["cost"] = event["cost"]
        channels = self.env["billing.channel"]
        reports = {
            code: self.env[name]._reports_delivery
            for code, name in channels._registry().items()
        }
        messages = []
        for attempt_id, own in by_attempt.items():
            event = own["event"]
            if attempt_id not in items and event["at"] < run.started_at:
                continue
            reached = [
                own[kind]
                for kind in ("delivery.sent", "delivery.delivered", "delivery.opened")
                if kind in own
            ]
            failed = min(
                (
                    own[kind]
                    for kind in ("delivery.bounced", "delivery.failed")
                    if kind in own
                ),
                default=None,
            )
            opened, delivered = (
                own.get("delivery.opened"),
                own.get("delivery.delivered"),
            )
            if failed and opened and opened < failed:
                failed = None
            if failed and delivered and failed < delivered:
                # A passing trouble, before it went through after all.
                failed = None
            share = 1 / max(event["items"], 1) if reached else 0.0
            messages.append(
                Message(
                    step=items.get(attempt_id) or None,
                    channel=event["channel"],
                    at=min([*reached, event["at"]]),
                    weight=share,
                    cost=share * own["cost"],
                    delivered_at=delivered,
                    failed_at=failed,
                    opened_at=opened,
                    reports=reports.get(event["channel"], True),
                    is_by_hand=event["origin"] != "plan",
                )
            )
        messages.sort(key=lambda message: message.at)
        return messages

    @api.model
    def _triggered_at(self, run, home):
        """Return when the waits of a run began to count.

        For an occasion with a date, the beginning of that day.
        """
        parts = run.trigger_key.split(":")
        if parts[0] not in ("before_due", "on_due", "after_due"):
            return run.started_at
        day = fields.Date.to_date(parts[1])
        days = timedelta(days=int(parts[2]) if len(parts) > 2 else 0)
        day = day - days if parts[0] == "before_due" else day + days
        return min(home.day_start(day), run.started_at)

    @api.model
    def _about(self, company, runs):
        """Return segment and deadlines of the invoices of runs.

        :return: by invoice id (segment, due_at, paid_by, fee_at, paid_at)
        """
        if not runs:
            return {}
        self.env["account.move"].flush_model()
        self.env["res.partner"].flush_model(["is_company"])
        learner = self.env["billing.distribution.learner"]
        invoices = learner._invoices(
            company,
            min(runs.mapped("started_at")),
            company._billing_calendar_maker()(None, None).zone,
            SQL("SELECT UNNEST(%s)", runs.move_id.commercial_partner_id.ids),
        )
        return {
            row[0]: row[1:]
            for row in self.env.execute_query(
                SQL(
                    """SELECT move_id, segment, due_at, paid_by, fee_at, paid_at
                         FROM (%s) AS invoice WHERE move_id = ANY(%s)""",
                    invoices,
                    runs.move_id.ids,
                )
            )
        }

    @api.model
    def _read_items(self, run_ids):
        """Return step by attempt of each of the runs."""
        self.env["billing.distribution.item"].flush_model()
        found = defaultdict(dict)
        for run_id, attempt_id, step_id in self.env.execute_query(
            SQL(
                """SELECT run_id, attempt_id, step_id FROM billing_distribution_item
                    WHERE run_id = ANY(%s)""",
                list(run_ids),
            )
        ):
            found[run_id][attempt_id] = step_id
        return found

    @api.model
    def _read_events(self, moves):
        """Return what happened to invoices, by id, in the order it happened."""
        found = defaultdict(list)
        for row in self.env.execute_query(
            SQL(
                """SELECT move_id, kind, occurred_at, channel, payload
                     FROM billing_event
                    WHERE move_id = ANY(%s) AND kind = ANY(%s)
                    ORDER BY occurred_at, id""",
                moves.ids,
                list(KINDS),
            )
        ):
            move_id, kind, at, channel, payload = row
            payload = payload or {}
            found[move_id].append(
                {
                    "kind": kind,
                    "at": at,
                    "channel": channel or "",
                    "attempt_id": payload.get("attempt_id"),
                    "run_id": payload.get("run_id") or False,
                    "step_id": payload.get("step_id"),
                    "code": payload.get("code") or "",
                    "cost": float(payload.get("cost") or 0),
                    "items": payload.get("items") or 1,
                    "origin": payload.get("origin") or "plan",
                }
            )
        return found
