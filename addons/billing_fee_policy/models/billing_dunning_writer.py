import json
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

#: Columns that the planner writes, with their types in the database.
REMINDER_COLUMNS = {
    "company_id": "int4",
    "currency_id": "int4",
    "partner_id": "int4",
    "commercial_partner_id": "int4",
    "kind": "varchar",
    "day": "date",
    "deadline": "date",
    "state": "varchar",
    "policy_id": "int4",
    "step_id": "int4",
    "channel": "varchar",
    "total": "numeric",
    "charged": "numeric",
    "key": "varchar",
}
LINE_COLUMNS = {
    "reminder_id": "int4",
    "company_id": "int4",
    "currency_id": "int4",
    "state": "varchar",
    "day": "date",
    "deadline": "date",
    "move_id": "int4",
    "step_id": "int4",
    "kind": "varchar",
    "principal": "numeric",
    "credit": "numeric",
    "fee_amount": "numeric",
    "compensation_amount": "numeric",
    "interest_amount": "numeric",
    "with_interest": "bool",
    "verdict": "jsonb",
    "decision": "jsonb",
    "decision_text": "varchar",
}
#: What a line takes over from its reminder.
COPIED = ("company_id", "currency_id", "state", "day", "deadline")


class BillingDunningPlanner(models.AbstractModel):
    """Writes what was planned: two statements however many letters there are."""

    _inherit = "billing.dunning.planner"

    @api.model
    def _write_drafts(self, company, day, drafts):
        """Write reminders, forgive what is to be forgiven, and leave events.

        A reminder whose key is there already was prepared by another run.

        :param list drafts: :class:`Draft` objects
        :return: the new reminders, as superuser
        :rtype: billing.reminder
        """
        reminders_sudo = self.env["billing.reminder"].sudo()
        if not drafts:
            return reminders_sudo
        decisions = self._forgive(company, day, drafts)
        for draft in drafts:
            lines = draft.lines
            charged = sum(
                (line["fee_amount"] + line["compensation_amount"] for line in lines),
                Decimal(0),
            )
            draft.values |= {
                "key": draft.key,
                "charged": charged,
                "total": charged + sum(line["principal"] for line in lines),
            }
        created = dict(
            self._insert(
                "billing_reminder",
                REMINDER_COLUMNS,
                [draft.values for draft in drafts],
                SQL(
                    """ON CONFLICT (key) WHERE state <> 'cancelled' DO NOTHING
                       RETURNING key, id"""
                ),
            )
        )
        drafts = [draft for draft in drafts if draft.key in created]
        line_rows = [
            {
                **line,
                **{name: draft.values[name] for name in COPIED},
                "reminder_id": created[draft.key],
                "interest_amount": Decimal(0),
            }
            for draft in drafts
            for line in draft.lines
        ]
        if not line_rows:
            return reminders_sudo
        line_ids = dict(
            self._insert(
                "billing_reminder_line",
                LINE_COLUMNS,
                line_rows,
                SQL("RETURNING move_id, id"),
            )
        )
        self.env["billing.reminder"].invalidate_model(flush=False)
        self.env["billing.reminder.line"].invalidate_model(flush=False)
        self._reserve(company, day, line_ids, decisions)
        self.env["billing.event"]._log(
            [
                {
                    "kind": "reminder.prepared",
                    "move_id": row["move_id"],
                    "payload": {
                        "reminder_id": row["reminder_id"],
                        "letter": row["kind"],
                        "day": row["day"],
                        "fee": str(row["fee_amount"]),
                    },
                    "dedup_key": f"reminder.prepared:{line_ids[row['move_id']]}",
                }
                for row in line_rows
            ]
        )
        return reminders_sudo.browse(created.values())

    @api.model
    def _forgive(self, company, day, drafts):
        """Ask the waiver rules about the fees, and drop those that are forgiven.

        :return: amount and decision by id of the invoice, of those forgiven
        :rtype: dict[int, tuple[Decimal, core.waiver.Decision]]
        """
        waivers = self.env["billing.waiver"]
        fees = {
            line["move_id"]: line["fee_amount"]
            for draft in drafts
            for line in draft.lines
            if line["fee_amount"]
        }
        if not fees:
            return {}
        decisions = waivers._decide(company, day, fees)
        forgiven = {}
        for draft in drafts:
            for line in draft.lines:
                decision = decisions.get(line["move_id"])
                if not decision or not decision.waive or not line["fee_amount"]:
                    continue
                forgiven[line["move_id"]] = line["fee_amount"], decision
                line["fee_amount"] = Decimal(0)
                line["decision_text"] = waivers._explain(decision)
        return forgiven

    @api.model
    def _reserve(self, company, day, line_ids, decisions):
        """Store the waivers of lines that are written, so that budgets count them."""
        lines = self.env["billing.reminder.line"]
        reserved = [
            (lines.browse(line_ids[move_id]), move_id, amount, decision)
            for move_id, (amount, decision) in decisions.items()
            if move_id in line_ids
        ]
        if reserved:
            self.env["billing.waiver"]._reserve(company, day, reserved)

    @api.model
    def _insert(self, table, columns, rows, ending):
        """Insert rows in one statement, and return what ``ending`` says.

        :param dict columns: type of each column
        :param list[dict] rows: values; a missing one is NULL
        :param SQL ending: what to do about conflicts, what to return
        """

        def values(name):
            found = [row.get(name) for row in rows]
            if columns[name] == "jsonb":
                return [value and json.dumps(value) for value in found]
            return found

        return self.env.execute_query(
            SQL(
                """INSERT INTO %(table)s
                          (%(columns)s, create_uid, create_date, write_uid, write_date)
                   SELECT *, %(uid)s, %(now)s, %(uid)s, %(now)s
                     FROM (SELECT %(rows)s) AS new_row %(ending)s""",
                table=SQL.identifier(table),
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                rows=SQL(", ").join(
                    SQL("unnest(%s::%s[])", values(name), SQL(pg_type))
                    for name, pg_type in columns.items()
                ),
                uid=self.env.uid,
                now=self.env.cr.now(),
                ending=ending,
            )
        )
