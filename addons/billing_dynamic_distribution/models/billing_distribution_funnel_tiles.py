"""What stands beside the funnel: costs, tiles, and what can be chosen and opened."""

from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .billing_distribution_funnel import PERIODS

#: The list of addresses that do not work.
BOUNCED = "billing_dynamic_distribution.action_billing_contact_point_bounced"


class BillingDistributionFunnel(models.AbstractModel):
    _inherit = "billing.distribution.funnel"

    # === HELPERS - COSTS === #

    @api.model
    def _costs(self, scope):
        """Return what was sent in the period by each channel, and what it cost.

        All messages count, those by hand and of Send & Print too. One query.

        :return: dicts with ``key``, ``label``, ``messages``, ``segments``, ``failed``
            and ``cost``: amounts by currency
        """
        condition = SQL("TRUE")
        if scope.plan_id:
            condition = SQL(
                """EXISTS (
                    SELECT 1 FROM billing_distribution_item AS item
                      JOIN billing_distribution_run AS run ON run.id = item.run_id
                     WHERE item.attempt_id = attempt.id AND run.plan_id = %s)""",
                scope.plan_id,
            )
        if scope.channel:
            condition = SQL("%s AND attempt.channel = %s", condition, scope.channel)
        rows = self.env.execute_query(
            SQL(
                """SELECT attempt.channel, company.currency_id, COUNT(*),
                          COALESCE(SUM(attempt.segments), 0),
                          COUNT(*) FILTER (WHERE %s), COALESCE(SUM(attempt.cost), 0)
                     FROM billing_distribution_attempt AS attempt
                     JOIN res_company AS company ON company.id = attempt.company_id
                    WHERE attempt.company_id = ANY(%s) AND attempt.sent_at >= %s
                      AND %s
                    GROUP BY attempt.channel, company.currency_id""",
                self.env["billing.distribution.item"]._message_measures()["failed"],
                scope.companies.ids,
                scope.since,
                condition,
            )
        )
        found = {}
        for channel, currency_id, messages, segments, failed, cost in rows:
            row = found.setdefault(
                channel,
                {
                    "key": channel,
                    "messages": 0,
                    "segments": 0,
                    "failed": 0,
                    "cost": [],
                },
            )
            row["messages"] += messages
            row["segments"] += segments
            row["failed"] += failed
            row["cost"].append({"currency_id": currency_id, "amount": float(cost)})
        labels = self._channel_labels()
        return [
            {**found[code], "label": label}
            for code, label in labels.items()
            if code in found
        ]

    # === HELPERS - TILES === #

    @api.model
    def _tiles(self, scope):
        """Return how things stand now, whatever the period."""
        plan = SQL("run.plan_id = %s", scope.plan_id) if scope.plan_id else SQL("TRUE")
        channel = (
            SQL("run.channel = %s", scope.channel) if scope.channel else SQL("TRUE")
        )
        now = scope.companies[:1]._billing_now()
        runs = SQL("run.company_id = ANY(%s) AND %s", scope.companies.ids, plan)
        [(on_way, letters, next_at)] = self.env.execute_query(
            SQL(
                """SELECT COUNT(*) FILTER (WHERE %(channel)s),
                          COUNT(*) FILTER (WHERE run.channel = 'letter'),
                          MIN(run.next_at) FILTER (WHERE run.state = 'waiting'
                                                     AND %(channel)s)
                     FROM billing_distribution_run AS run
                    WHERE %(runs)s AND run.state IN ('waiting', 'sending')""",
                channel=channel,
                runs=runs,
            )
        )
        due, end = 0, now
        if next_at:
            # What is overdue goes out together with what is due within the hour.
            end = max(next_at, now) + timedelta(hours=1)
            [(due,)] = self.env.execute_query(
                SQL(
                    """SELECT COUNT(*) FROM billing_distribution_run AS run
                        WHERE %s AND %s AND run.state = 'waiting'
                          AND run.next_at < %s""",
                    runs,
                    channel,
                    end,
                )
            )
        return {
            "on_way": on_way,
            "stuck": self.env["billing.distribution.run"].search_count(
                self._stuck_domain(scope)
            ),
            "letters": letters,
            "next_at": fields.Datetime.to_string(next_at) if next_at else False,
            "is_due": bool(next_at and next_at <= now),
            "due": due,
            "due_until": fields.Datetime.to_string(end),
            "bounced": self.env["billing.contact.point"].search_count(
                [("state", "in", ("failing", "blocked"))]
            ),
        }

    @api.model
    @api.readonly
    def get_tile_action(self, filters, tile):
        """Return the action that opens what a tile counts.

        :param dict filters: as of :meth:`get_dashboard`
        :param str tile: ``on_way``, ``stuck``, ``bounced``, ``letters`` or ``next``
        :rtype: dict
        :raises ValueError: unknown tile
        """
        scope = self._scope(filters)
        if tile == "bounced":
            return self.env["ir.actions.act_window"]._for_xml_id(BOUNCED)
        if tile == "stuck":
            name = "action_billing_distribution_run_stuck"
            return self._action(name, self._stuck_domain(scope), keep_context=True)
        domain = self._now_domain(scope)
        if tile == "letters":
            domain.append(("channel", "=", "letter"))
        elif scope.channel:
            domain.append(("channel", "=", scope.channel))
        if tile not in ("on_way", "letters", "next"):
            raise ValueError(f"{tile!r} is no tile")
        if tile == "next":
            tiles = self._tiles(scope)
            domain += [("state", "=", "waiting"), ("next_at", "<", tiles["due_until"])]
        else:
            domain.append(("state", "in", ("waiting", "sending")))
        return self._action("billing_distribution_run_action", domain)

    @api.model
    def _now_domain(self, scope):
        """Return which runs the tiles count, whenever they began."""
        domain = [("company_id", "in", scope.companies.ids)]
        if scope.plan_id:
            domain.append(("plan_id", "=", scope.plan_id))
        return domain

    @api.model
    def _stuck_domain(self, scope):
        domain = [*self._now_domain(scope), ("needs_somebody", "=", True)]
        if scope.channel:
            domain.append(("channel", "=", scope.channel))
        return domain

    # === HELPERS - OPTIONS AND ACTIONS === #

    @api.model
    def _options(self):
        """Return what can be chosen in the filters."""
        plans = (
            self.env["billing.distribution.plan"]
            .with_context(active_test=False)
            .search_read(
                [("company_id", "in", self.env.companies.ids)],
                ["name", "company_id"],
                order="company_id, active DESC, sequence, id",
            )
        )
        registry = self.env["billing.channel"]._registry()
        return {
            "periods": list(PERIODS),
            "companies": [
                {"id": company.id, "name": company.name}
                for company in self.env.companies
            ],
            "plans": [
                {
                    "id": plan["id"],
                    "name": plan["name"],
                    "company_id": plan["company_id"][0],
                    "company": plan["company_id"][1],
                }
                for plan in plans
            ],
            "channels": [
                {"code": code, "name": label}
                for code, label in self._channel_labels().items()
                if code in registry
            ],
        }

    @api.model
    def _run_domain(self, scope):
        domain = [
            ("company_id", "in", scope.companies.ids),
            ("started_at", ">=", scope.since),
        ]
        if scope.plan_id:
            domain.append(("plan_id", "=", scope.plan_id))
        return domain

    @api.model
    def _attempts_action(self, scope, channel):
        domain = [
            ("company_id", "in", scope.companies.ids),
            ("sent_at", ">=", scope.since),
            ("channel", "=", channel),
        ]
        if scope.plan_id:
            domain.append(("item_ids.run_id.plan_id", "=", scope.plan_id))
        return self._action("billing_distribution_attempt_action", domain)

    @api.model
    def _action(self, name, domain, keep_context=False):
        """Return an action of the addon for other records than its own.

        :param list domain: the records
        :param bool keep_context: group and filter as the action does
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"billing_dynamic_distribution.{name}"
        )
        action["domain"] = [
            (
                field,
                operator,
                fields.Datetime.to_string(value)
                if isinstance(value, datetime)
                else value,
            )
            for field, operator, value in domain
        ]
        if not keep_context:
            action["context"] = {}
        return action
