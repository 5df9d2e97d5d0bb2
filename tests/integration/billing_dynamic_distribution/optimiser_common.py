"""A history that was not lived through: invoices written straight into the tables."""

from datetime import date, datetime, timedelta

from odoo.tools import SQL

from .common import DistributionCase

#: Day on which the histories end.
TODAY = date(2026, 11, 23)


class HistoryCase(DistributionCase):
    """Plans with a past, and the tools to write one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"billing_optimise_sample": 100})
        cls.learner = cls.env["billing.distribution.learner"].sudo()
        cls.proposals = cls.env["billing.distribution.proposal"]
        cls.experiments = cls.env["billing.distribution.experiment"]
        cls.serial = 0
        # A posted invoice that the others are copied from
        cls.model = cls.create_invoice(due=date(2026, 1, 20))
        cls.model.action_post()
        cls.env.flush_all()

    @classmethod
    def create_customers(cls, count, **values):
        return cls.env["res.partner"].create(
            [
                {
                    "name": f"Customer {cls.serial}-{nth}",
                    "country_id": cls.env.ref("base.no").id,
                    "tz": "Europe/Oslo",
                    **values,
                }
                for nth in range(count)
            ]
        )

    @classmethod
    def write_history(
        cls,
        version,
        partners,
        channel="email",
        hour=10,
        paid=0.7,
        opened=0.8,
        cost=0.1,
        posted=date(2026, 9, 1),
        step=None,
    ):
        """Write an invoice for each customer, sent once by a channel.

        :param paid: share that was paid in time, the first ones
        :param opened: share that was opened in time, the first ones
        :param hour: of the customers' own clock
        """
        model = cls.model
        cls.env.flush_all()
        columns = [
            name
            for (name,) in cls.env.execute_query(
                SQL(
                    """SELECT column_name FROM information_schema.columns
                        WHERE table_name = 'account_move' AND column_name <> 'id'"""
                )
            )
        ]
        due = posted + timedelta(days=14)
        sent = datetime.combine(posted, datetime.min.time()) + timedelta(hours=hour - 2)
        changed = {
            "name": SQL("'HIST/' || %s || '/' || own.nr", cls.serial),
            "partner_id": SQL("own.partner_id"),
            "commercial_partner_id": SQL("own.partner_id"),
            "invoice_date": SQL("%s::date", posted),
            "invoice_date_due": SQL("%s::date", due),
            "payment_reference": SQL("NULL"),
            "billing_reference_scheme_id": SQL("NULL"),
            "access_token": SQL("NULL"),
        }
        moves = [
            move_id
            for (move_id,) in cls.env.execute_query(
                SQL(
                    """INSERT INTO account_move (%s)
                       SELECT %s FROM account_move AS model,
                              UNNEST(%s) WITH ORDINALITY AS own(partner_id, nr)
                        WHERE model.id = %s
                        ORDER BY own.nr
                    RETURNING id""",
                    SQL(", ").join(map(SQL.identifier, columns)),
                    SQL(", ").join(
                        changed.get(name, SQL.identifier("model", name))
                        for name in columns
                    ),
                    partners.ids,
                    model.id,
                )
            )
        ]
        cls.serial += 1
        count = len(moves)
        step = step or version.step_ids.sorted("sequence")[:1]
        cls.env.execute_query(
            SQL(
                """
                WITH run AS (
                    INSERT INTO billing_distribution_run
                           (move_id, partner_id, company_id, plan_id, version_id,
                            trigger_key, started_at, state, try_count, retry,
                            ended_at, reason_code)
                    SELECT own.move_id, own.partner_id, %(company)s, %(plan)s,
                           %(version)s, 'posted', %(at)s, 'done', 1, 0, %(at)s, 'sent'
                      FROM UNNEST(%(moves)s::int[], %(partners)s::int[])
                              AS own(move_id, partner_id)
                 RETURNING id, move_id, partner_id
                ), attempt AS (
                    INSERT INTO billing_distribution_attempt
                           (key, company_id, partner_id, recipient_id, channel, state,
                            cost, sent_at, planned_at, opened_at, origin)
                    SELECT MD5(run.id::text), %(company)s, run.partner_id,
                           run.partner_id, %(channel)s,
                           CASE WHEN own.nr <= %(opened)s THEN 'opened' ELSE 'sent' END,
                           %(cost)s, %(at)s, %(at)s,
                           CASE WHEN own.nr <= %(opened)s
                                THEN %(at)s + INTERVAL '1 day' END, 'plan'
                      FROM run
                      JOIN UNNEST(%(moves)s) WITH ORDINALITY AS own(move_id, nr)
                        ON own.move_id = run.move_id
                 RETURNING id, key
                )
                INSERT INTO billing_distribution_item
                       (attempt_id, move_id, company_id, run_id, step_id, try_number)
                SELECT attempt.id, run.move_id, %(company)s, run.id, %(step)s, 1
                  FROM run JOIN attempt ON attempt.key = MD5(run.id::text)
             RETURNING id
                """,
                company=cls.company.id,
                plan=version.plan_id.id,
                version=version.id,
                moves=moves,
                partners=partners.ids,
                channel=channel,
                at=sent,
                cost=cost,
                opened=round(opened * count),
                step=step.id,
            )
        )
        cls.env["billing.event"]._log(
            [
                {
                    "kind": "invoice.paid",
                    "move_id": move_id,
                    "occurred_at": datetime.combine(due, datetime.min.time()),
                }
                for move_id in moves[: round(paid * count)]
            ]
        )
        cls.env.invalidate_all()
        return cls.env["account.move"].browse(moves)
