import json

from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core import decision

from ..core import memory

#: Kinds of structured references that name an invoice by its payment reference.
_REFERENCE_KINDS = ("structured", "creditor_rf")


class BillingPayment(models.Model):
    """What payments teach about those that come after them."""

    _inherit = "billing.payment"

    # === BUSINESS METHODS === #

    def _log_decisions(self, decisions, actor):
        """Extend `billing_bank_file`: learn from what was decided.

        Every decision is logged here, whoever made it. Two kinds teach who pays for
        whom: those that a person made, and those that follow from nothing but the
        exact structured reference. What evidence decided never becomes evidence.
        """
        res = super()._log_decisions(decisions, actor)
        if actor == "staff":
            made = [item for item in decisions if item.outcome in decision.CREDITED]
            self._resolve_verdicts(made)
            self._remember(self._read_lessons(made))
        else:
            # Taken off by a person and proposed anew: the verdict stands as it was.
            made = [
                item
                for item in decisions
                if not any(reason.code == "undone" for reason in item.reasons)
            ]
            lessons = self._named_lessons(made)
            named = {lesson["payment_id"] for lesson in lessons}
            self._keep_verdicts([it for it in made if it.payment_id not in named])
            self._remember(lessons)
        return res

    def _set_undone(self):
        """Extend `billing_bank_file`: take back what the payments taught."""
        res = super()._set_undone()
        self._withdraw_lessons()
        self._overturn_verdicts()
        return res

    def _set_taken_off(self, before):
        """Extend `billing_bank_file`: a payment that stays on other invoices still
        teaches about their customers, and no more about the one it was taken off."""
        res = super()._set_taken_off(before)
        settled = self._settled_amounts()
        moves = self.env["account.move"].sudo()
        self.browse(settled)._withdraw_lessons(
            [
                (payment_id, moves.browse(move_id).commercial_partner_id.id)
                for payment_id, amounts in settled.items()
                for move_id in amounts
            ]
        )
        return res

    def _set_settled_by_hand(self):
        """Extend `billing_bank_file`: accountants who work in Odoo's own screens
        teach as well."""
        waiting = self.filtered(lambda payment: payment.state in decision.UNDECIDED)
        res = super()._set_settled_by_hand()
        settled = waiting.filtered(lambda payment: payment.state in decision.BOOKED)
        if settled:
            made = [
                decision.Decision(
                    payment_id,
                    decision.RECONCILED,
                    shares=tuple(decision.Share(move_id, 0) for move_id in amounts),
                )
                for payment_id, amounts in settled._settled_amounts().items()
            ]
            settled._resolve_verdicts(made)
            settled._remember(settled._read_lessons(made))
        return res

    # === BUSINESS METHODS - MEMORY === #

    def _named_lessons(self, decisions):
        """Lessons of the payments that name their invoices exactly.

        :param decisions: what the engine decided
        :return: see :meth:`_read_lessons`
        """
        rows = self._read_lessons(
            [item for item in decisions if item.outcome in decision.BOOKED]
        )
        issued = {}
        for row in rows:
            issued.setdefault(row["payment_id"], []).append(row["issued"])
        return [
            row
            for row in rows
            if memory.names_all(
                row["reference"], row["others"], issued[row["payment_id"]]
            )
        ]

    def _read_lessons(self, decisions):
        """Payments with each invoice or customer they were decided to be for.

        :param decisions: those that credit a customer
        :return: list of dict, in the order of the payments
        """
        targets = [
            (item.payment_id, share.move_id, None)
            for item in decisions
            for share in item.shares
        ] + [
            (item.payment_id, None, item.partner_id)
            for item in decisions
            if item.outcome == decision.ASSIGNED
        ]
        if not targets:
            return []
        self.env["account.move"].flush_model(
            ["commercial_partner_id", "invoice_date_due", "partner_id"]
        )
        self.env["res.partner"].flush_model(["billing_forget_payers", "name"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id, p.company_id,
                       c.billing_match_memory_months > 0
                       AND partner.billing_forget_payers IS NOT TRUE,
                       partner.id, p.reference,
                       CASE WHEN jsonb_typeof(p.reference_values) = 'array'
                            THEN p.reference_values::text END,
                       p.payer_name, p.payer_account, p.booking_date,
                       partner.name, contact.name, m.payment_reference,
                       CASE WHEN m.move_type IN ('out_invoice', 'out_receipt')
                            THEN p.booking_date - m.invoice_date_due END
                  FROM unnest(%s::int[], %s::int[], %s::int[])
                       WITH ORDINALITY AS d(payment_id, move_id, partner_id, place)
                  JOIN billing_payment p ON p.id = d.payment_id
                  JOIN res_company c ON c.id = p.company_id
                  LEFT JOIN account_move m ON m.id = d.move_id
                  JOIN res_partner partner
                    ON partner.id = COALESCE(m.commercial_partner_id, d.partner_id)
                  LEFT JOIN res_partner contact ON contact.id = m.partner_id
                 ORDER BY d.place
                """,
                [row[0] for row in targets],
                [row[1] for row in targets],
                [row[2] for row in targets],
            )
        )
        names = (
            "payment_id", "company_id", "is_kept", "partner_id", "reference", "others",
            "payer_name", "payer_account", "day", "name", "contact_name", "issued",
            "delay",
        )  # fmt: skip
        lessons = [dict(zip(names, row, strict=True)) for row in rows]
        for lesson in lessons:
            lesson["others"] = [
                item["value"]
                for item in json.loads(lesson["others"] or "[]")
                if item["kind"] in _REFERENCE_KINDS
            ]
        return lessons

    def _remember(self, lessons):
        """Keep what payments teach about their customers, in one upsert for all.

        A payment teaches once, however often it is decided.

        :param lessons: see :meth:`_read_lessons`
        """
        traces = {}
        for lesson in lessons:
            if not lesson["is_kept"]:
                continue
            key = (lesson["payment_id"], lesson["partner_id"])
            if key in traces:
                # Of several invoices the newest tells how soon the customer pays.
                delays = [traces[key][5], lesson["delay"]]
                traces[key][5] = min(
                    (days for days in delays if days is not None), default=None
                )
                continue
            traces[key] = [
                lesson["payment_id"],
                lesson["company_id"],
                lesson["partner_id"],
                memory.account_key(lesson["payer_account"]) or None,
                memory.payer_key(
                    lesson["payer_name"], (lesson["name"], lesson["contact_name"])
                )
                or None,
                lesson["delay"],
                lesson["day"],
            ]
        rows = [row for row in traces.values() if any(v is not None for v in row[3:6])]
        if not rows:
            return
        for row in rows:
            row[5] = None if row[5] is None else memory.habit_delay(row[5])
        created = self.env.execute_query(
            SQL(
                """
                INSERT INTO billing_payer_trace
                       (payment_id, company_id, partner_id, account_key, name_key,
                        delay, day, state)
                SELECT *, 'new'
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::varchar[],
                              %s::varchar[], %s::int[], %s::date[])
           ON CONFLICT (payment_id, partner_id) WHERE state != 'gone' DO NOTHING
             RETURNING id
                """,
                *(list(column) for column in zip(*rows, strict=True)),
            )
        )
        self.env["billing.payer.memory"]._fold([row[0] for row in created])

    def _withdraw_lessons(self, kept=()):
        """Take back what payments taught, exactly once.

        :param kept: pairs of payment id and partner id that go on teaching
        """
        if not self.ids:
            return
        taught = SQL(
            """
            payment_id = ANY(%s) AND NOT EXISTS (
                SELECT FROM unnest(%s::int[], %s::int[]) AS kept(payment_id, partner_id)
                 WHERE kept.payment_id = t.payment_id
                   AND kept.partner_id = t.partner_id)
            """,
            self.ids,
            [pair[0] for pair in kept],
            [pair[1] for pair in kept],
        )
        self.env.cr.execute(
            SQL("DELETE FROM billing_payer_trace t WHERE state = 'new' AND %s", taught)
        )
        gone = self.env.execute_query(
            SQL(
                "UPDATE billing_payer_trace t SET state = 'gone'"
                " WHERE state = 'counted' AND %s RETURNING id",
                taught,
            )
        )
        self.env["billing.payer.memory"]._fold([row[0] for row in gone])

    # === BUSINESS METHODS - VERDICTS === #

    def _keep_verdicts(self, decisions):
        """Keep what the engine said where it had to weigh evidence.

        :param decisions: what the engine decided, without those that the exact
            reference decided alone
        """
        payments = {payment.id: payment for payment in self}
        judged = [
            (payments[item.payment_id], item)
            for item in decisions
            if payments[item.payment_id].amount > 0
        ]
        if not judged:
            return
        weights = self.env["billing.match.weights"]
        told = {
            company: (company._billing_today(), weights._current(company).version)
            for company in self.company_id
        }
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO billing_match_verdict AS verdict
                       (payment_id, company_id, decided_on, outcome, probability,
                        candidates, version, result)
                SELECT *, 'open'
                  FROM unnest(%s::int[], %s::int[], %s::date[], %s::varchar[],
                              %s::float[], %s::jsonb[], %s::int[])
           ON CONFLICT (payment_id) DO UPDATE
                   SET decided_on = EXCLUDED.decided_on, outcome = EXCLUDED.outcome,
                       probability = EXCLUDED.probability,
                       candidates = EXCLUDED.candidates, version = EXCLUDED.version
                 WHERE verdict.result = 'open'
                """,
                [payment.id for payment, _item in judged],
                [payment.company_id.id for payment, _item in judged],
                [told[payment.company_id][0] for payment, _item in judged],
                [item.outcome for _payment, item in judged],
                [float(item.probability) for _payment, item in judged],
                [
                    json.dumps([candidate.move_id for candidate in item.candidates])
                    for _payment, item in judged
                ],
                [told[payment.company_id][1] for payment, _item in judged],
            )
        )
        self.env["billing.match.verdict"].invalidate_model()

    def _resolve_verdicts(self, decisions):
        """Note where among the candidates the invoice was that a person chose.

        :param decisions: what people decided
        """
        chosen = [
            (item.payment_id, share.move_id)
            for item in decisions
            for share in item.shares
        ] + [(item.payment_id, None) for item in decisions if not item.shares]
        if not chosen:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE billing_match_verdict AS verdict
                   SET result = CASE WHEN found.invoices > 0 THEN 'accepted'
                                     ELSE 'assigned' END,
                       rank = COALESCE(found.rank, 0), resolved_on = %s
                  FROM (SELECT v.id, count(d.move_id) AS invoices,
                               min(c.place)::int AS rank
                          FROM unnest(%s::int[], %s::int[]) AS d(payment_id, move_id)
                          JOIN billing_match_verdict v ON v.payment_id = d.payment_id
                          LEFT JOIN LATERAL jsonb_array_elements_text(v.candidates)
                               WITH ORDINALITY AS c(move_id, place)
                               ON c.move_id::int = d.move_id
                         GROUP BY v.id) AS found
                 WHERE verdict.id = found.id
                """,
                fields.Date.today(),
                [row[0] for row in chosen],
                [row[1] for row in chosen],
            )
        )
        self.env["billing.match.verdict"].invalidate_model()

    def _overturn_verdicts(self):
        """Note that a person took payments off their invoices.

        The engine was wrong where it had booked by itself, or where its first proposal
        had been accepted; a person's own choice that is taken back says nothing of it.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE billing_match_verdict
                   SET result = CASE WHEN result = 'assigned'
                                       OR (result = 'accepted' AND rank != 1)
                                     THEN 'open' ELSE 'undone' END,
                       rank = NULL, resolved_on = %s
                 WHERE payment_id = ANY(%s) AND result != 'undone'
                """,
                fields.Date.today(),
                self.ids,
            )
        )
        self.env["billing.match.verdict"].invalidate_model()
