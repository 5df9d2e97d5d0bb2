from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.billing_base.core import contact
from odoo.addons.billing_base.core.hold import Hold

from ..core import waiver as core

#: Days a customer has to open a message before it counts as never opened.
UNOPENED_AFTER_DAYS = 3
#: Months back of which earlier payments and waivers are known to the rules.
KNOWN_MONTHS = 120


class AccountMove(models.Model):
    """What the waiver rules ask about claims, all of a batch at once."""

    _inherit = "account.move"

    billing_waiver_count = fields.Integer(
        string="Fees Forgiven",
        compute="_compute_billing_waiver_count",
        groups="billing_base.group_billing_user",
    )
    billing_has_live_charge = fields.Boolean(
        compute="_compute_billing_has_live_charge",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_waiver_count(self):
        counts = dict(
            self.env["billing.waiver"]._read_group(
                [("move_id", "in", self.ids), ("state", "in", ("reserved", "granted"))],
                ["move_id"],
                ["__count"],
            )
        )
        for move in self:
            move.billing_waiver_count = counts.get(move, 0)

    def _compute_billing_has_live_charge(self):
        charges = self._billing_live_charges()
        charged = charges.move_id | charges.document_id
        for move in self:
            move.billing_has_live_charge = move in charged

    # === ACTIONS === #

    def action_billing_waive(self):
        """Open the form that drops what was charged on the invoices."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_waive_wizard_action"
        )
        action["context"] = {"default_move_ids": self.ids}
        return action

    def action_billing_waivers(self):
        """Open the fees on the invoice that were forgiven."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_waiver_action"
        )
        action["domain"] = [("move_id", "=", self.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS - WHAT WAS CHARGED === #

    def _billing_live_charges(self):
        """Return what is charged on the invoices and can be dropped.

        On the document of a charge, that charge.

        :rtype: billing.charge
        """
        return self.env["billing.charge"].search(
            Domain("state", "in", ("booked", "paid"))
            & (
                Domain("move_id", "in", self.ids)
                | Domain("document_id", "in", self.ids)
            )
        )

    # === BUSINESS METHODS - WHAT OTHERS KNOW === #

    def _billing_outages(self):
        """Return which of the invoices belong to an address with an outage.

        Addons that know of outages extend it: call ``super()`` and put in the invoices
        whose customer was without what they pay for, with a constant number of queries.

        :return: by id of the invoice, what happened, in words for staff
        :rtype: dict[int, str]
        """
        return {}

    def _billing_debit_failures(self):
        """Return for which of the invoices a direct debit failed by no fault of the
        customer: the bank, the clearing or we did not do it in time.

        Addons that draw money extend it: call ``super()`` and put in theirs, with a
        constant number of queries.

        :return: by id of the invoice, what happened, in words for staff
        :rtype: dict[int, str]
        """
        return {}

    def _billing_open_conversations(self):
        """Return on which of the invoices the customer waits for an answer.

        Here: the last that was said on the invoice was said by the customer. Addons
        with conversations of their own extend it, with a constant number of queries.

        :return: ids of the invoices
        :rtype: set[int]
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (message.res_id)
                          message.res_id,
                          author.commercial_partner_id = move.commercial_partner_id
                     FROM mail_message message
                     JOIN account_move move ON move.id = message.res_id
                     JOIN res_partner author ON author.id = message.author_id
                LEFT JOIN mail_message_subtype subtype
                       ON subtype.id = message.subtype_id
                    WHERE message.model = 'account.move'
                      AND message.res_id = ANY(%s)
                      AND message.message_type IN ('comment', 'email')
                      AND subtype.internal IS NOT TRUE
                 ORDER BY message.res_id, message.id DESC""",
                self.ids,
            )
        )
        return {move_id for move_id, by_customer in rows if by_customer}

    # === BUSINESS METHODS - VULNERABLE CUSTOMERS === #

    def _billing_holds(self):
        """Override: who is vulnerable is not handed over without somebody's thought.

        The creditor takes known illness and trouble into account (Norway, inkassoloven
        LOV-2026-05-22-19 § 14(3), from the day it is in force).
        """
        holds = super()._billing_holds()
        for move, since, until in self._billing_vulnerable():
            holds[move.id].append(
                Hold(
                    code="vulnerable",
                    label=self.env._("The customer is marked as vulnerable."),
                    since=since,
                    until=until,
                    source_record=move.commercial_partner_id,
                    blocks={"handover"},
                )
            )
        return holds

    def _billing_vulnerable(self):
        """Return those of the invoices whose customers are marked as vulnerable today.

        :return: invoice, first day, last day or None
        :rtype: list[tuple]
        """
        partners_sudo = self.sudo().commercial_partner_id.filtered(
            "billing_is_vulnerable"
        )
        vulnerable = []
        if not partners_sudo:
            return vulnerable
        for move in self:
            partner_sudo = move.sudo().commercial_partner_id
            until = partner_sudo.billing_vulnerable_until or None
            today = (move.company_id or self.env.company)._billing_today()
            if partner_sudo not in partners_sudo or (until and until < today):
                continue
            since = partner_sudo.billing_vulnerable_since or today
            vulnerable.append((move, min(since, until or since), until))
        return vulnerable

    # === BUSINESS METHODS - FACTS === #

    def _billing_waiver_facts(self, company, day, amounts):
        """Return what the waiver rules ask about the invoices.

        :param company: the ``res.company`` of all of them
        :param datetime.date day: on which the fee would be charged
        :param dict amounts: fee in the company's currency, by id of the invoice
        :return: by id of the invoice
        :rtype: dict[int, core.waiver.Facts]
        """
        self.env.flush_all()
        claims = self._billing_waiver_claims()
        customers = list({claim["customer"] for claim in claims})
        since = self._billing_waiver_since(company, customers)
        late = self._billing_waiver_late(company, day, customers)
        waived, spent = self._billing_waiver_earlier(company, day, customers)
        exemptions = self._billing_waiver_exemptions(company, day, customers)
        tags = self._billing_waiver_tags(customers)
        delivery = self._billing_waiver_delivery(day, claims)
        conversations = self._billing_open_conversations()
        outages = self._billing_outages()
        debit_failures = self._billing_debit_failures()
        facts = {}
        for claim in claims:
            move_id, customer = claim["id"], claim["customer"]
            until = claim["vulnerable_until"]
            own_late = late.get(customer, ())
            amount, count = spent.get(customer, (Decimal(0), 0))
            first = [
                one for one in (claim["since"], since.get(customer)) if one is not None
            ]
            facts[move_id] = core.Facts(
                claim=move_id,
                customer=customer,
                day=day,
                amount=Decimal(str(amounts[move_id])),
                principal=Decimal(str(claim["principal"])),
                since=min(first, default=None),
                late=tuple(due for other_id, due in own_late if other_id != move_id),
                waived=waived.get(customer, ()),
                business=claim["business"],
                tags=tags.get(customer, frozenset()),
                delivery=delivery.get(move_id, ""),
                conversation=move_id in conversations,
                outage=move_id in outages,
                vulnerable=claim["vulnerable"] and (not until or day <= until),
                debit_failed=move_id in debit_failures,
                exemption=exemptions.get(customer),
                spent_amount=amount,
                spent_count=count,
            )
        return facts

    def _billing_waiver_claims(self):
        """Return what the invoices and their customers say themselves."""
        rows = self.env.execute_query(
            SQL(
                """SELECT move.id,
                          partner.id,
                          partner.is_company IS TRUE,
                          partner.billing_customer_since,
                          partner.billing_is_vulnerable IS TRUE,
                          partner.billing_vulnerable_until,
                          abs(move.amount_residual_signed),
                          move.partner_id,
                          move.create_date
                     FROM account_move move
                     JOIN res_partner partner
                       ON partner.id = move.commercial_partner_id
                    WHERE move.id = ANY(%s)""",
                self.ids,
            )
        )
        names = (
            "id",
            "customer",
            "business",
            "since",
            "vulnerable",
            "vulnerable_until",
            "principal",
            "partner",
            "made",
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _billing_waiver_since(self, company, customers):
        """Return the day of each customer's first invoice."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT line.partner_id, MIN(line.date)
                         FROM account_move_line line
                        WHERE line.partner_id = ANY(%s)
                          AND line.company_id = %s
                          AND line.display_type = 'payment_term'
                          AND line.parent_state = 'posted'
                          AND line.balance > 0
                     GROUP BY line.partner_id""",
                    customers,
                    company.id,
                )
            )
        )

    def _billing_waiver_late(self, company, day, customers):
        """Return which invoices of each customer were, or are, not paid in time.

        A credit note is no payment: what was credited late was not paid late. Neither
        is what was charged for being late an invoice of its own.
        """
        grace = company.sudo().billing_waiver_late_days
        rows = self.env.execute_query(
            SQL(
                """SELECT line.partner_id, line.move_id, line.date_maturity
                     FROM account_move_line line
                     JOIN account_move move ON move.id = line.move_id
                    WHERE line.partner_id = ANY(%(customers)s)
                      AND line.company_id = %(company)s
                      AND line.display_type = 'payment_term'
                      AND line.parent_state = 'posted'
                      AND move.move_type = 'out_invoice'
                      AND line.date_maturity >= %(first)s
                      AND line.date_maturity < %(last)s
                      AND move.billing_claim_id IS NULL
                      AND (line.amount_residual > 0
                           OR EXISTS (
                              SELECT
                                FROM account_partial_reconcile partial
                                JOIN account_move_line credit
                                  ON credit.id = partial.credit_move_id
                                JOIN account_move paid ON paid.id = credit.move_id
                               WHERE partial.debit_move_id = line.id
                                 AND paid.move_type <> 'out_refund'
                                 AND paid.date > line.date_maturity + %(grace)s))
                 ORDER BY line.date_maturity, line.id""",
                customers=customers,
                company=company.id,
                first=day - relativedelta(months=KNOWN_MONTHS),
                last=day - timedelta(days=grace),
                grace=grace,
            )
        )
        late = defaultdict(list)
        for customer, move_id, due in rows:
            late[customer].append((move_id, due))
        return late

    def _billing_waiver_earlier(self, company, day, customers):
        """Return each customer's earlier waivers, and the goodwill of this year."""
        rows = self.env.execute_query(
            SQL(
                """SELECT partner_id, day, amount, is_goodwill
                     FROM billing_waiver
                    WHERE company_id = %s
                      AND partner_id = ANY(%s)
                      AND state IN ('reserved', 'granted')
                      AND day > %s
                 ORDER BY day, id""",
                company.id,
                customers,
                day - relativedelta(months=KNOWN_MONTHS),
            )
        )
        waived = defaultdict(tuple)
        spent = {}
        for customer, waived_on, amount, is_goodwill in rows:
            waived[customer] += (waived_on,)
            if is_goodwill and waived_on.year == day.year:
                total, count = spent.get(customer, (Decimal(0), 0))
                spent[customer] = total + Decimal(str(amount)), count + 1
        return waived, spent

    def _billing_waiver_exemptions(self, company, day, customers):
        """Return what is arranged with each customer on a day; the newest counts."""
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (partner_id) partner_id, id, effect
                     FROM billing_waiver_exception
                    WHERE company_id = %s
                      AND partner_id = ANY(%s)
                      AND date_since <= %s
                      AND date_until >= %s
                 ORDER BY partner_id, id DESC""",
                company.id,
                customers,
                day,
                day,
            )
        )
        return {
            customer: core.Exemption(exception_id, effect)
            for customer, exception_id, effect in rows
        }

    def _billing_waiver_tags(self, customers):
        """Return the segments of each customer, with those they are part of."""
        rows = self.env.execute_query(
            SQL(
                """SELECT rel.partner_id, category.parent_path
                     FROM res_partner_res_partner_category_rel rel
                     JOIN res_partner_category category
                       ON category.id = rel.category_id
                    WHERE rel.partner_id = ANY(%s)""",
                customers,
            )
        )
        tags = defaultdict(frozenset)
        for customer, path in rows:
            tags[customer] |= {int(part) for part in path.split("/") if part}
        return tags

    def _billing_waiver_delivery(self, day, claims=None):
        """Return how our messages about the invoices fared, by id.

        They bounced when a contact point of the customer failed after the invoice was
        made, and nothing arrived on any. They were never opened when links went out and
        nobody used one. Who opened the invoice had it, whatever failed besides.

        :param datetime.date day: on which it is asked
        :param claims: of :meth:`_billing_waiver_claims`, where they are known already
        :return: ``core.waiver.BOUNCED`` or ``UNOPENED``
        :rtype: dict[int, str]
        """
        if claims is None:
            claims = self._billing_waiver_claims()
        opened, sent = self._billing_waiver_links(day)
        points = self._billing_waiver_points(claims)
        delivery = {}
        for claim in claims:
            if claim["id"] in opened:
                continue
            failed, arrived = [
                max(filter(None, times), default=None)
                for times in zip(
                    *(
                        points.get(partner, (None, None))
                        for partner in (claim["partner"], claim["customer"])
                    ),
                    strict=True,
                )
            ]
            made = claim["made"]
            if failed and failed >= made and not (arrived and arrived >= made):
                delivery[claim["id"]] = core.BOUNCED
            elif claim["id"] in sent:
                delivery[claim["id"]] = core.UNOPENED
        return delivery

    def _billing_waiver_links(self, day):
        """Return on which of the invoices somebody opened a message, and on which
        messages went out that could have been opened."""
        rows = self.env.execute_query(
            SQL(
                """SELECT move_id,
                          bool_or(open_count > 0),
                          bool_or(create_date < %s AND channel = ANY(%s))
                              AND NOT bool_or(channel IS NOT DISTINCT FROM 'letter')
                     FROM billing_link
                    WHERE move_id = ANY(%s)
                 GROUP BY move_id""",
                day - timedelta(days=UNOPENED_AFTER_DAYS - 1),
                sorted(contact.ELECTRONIC),
                self.ids,
            )
        )
        seen = self.env.execute_query(
            SQL(
                """SELECT DISTINCT move_id
                     FROM billing_event
                    WHERE move_id = ANY(%s) AND kind = 'page.seen'""",
                self.ids,
            )
        )
        opened = {move_id for move_id, was_opened, _sent in rows if was_opened}
        sent = {move_id for move_id, _opened, was_sent in rows if was_sent}
        return opened | {move_id for (move_id,) in seen}, sent

    def _billing_waiver_points(self, claims):
        """Return when messages to the customers last failed and last arrived."""
        partners = {claim["partner"] for claim in claims}
        partners |= {claim["customer"] for claim in claims}
        return {
            partner: (failed, arrived)
            for partner, failed, arrived in self.env.execute_query(
                SQL(
                    """SELECT partner_id,
                              max(last_failure_at) FILTER (WHERE channel = ANY(%s)),
                              max(last_success_at)
                         FROM billing_contact_point
                        WHERE partner_id = ANY(%s)
                          AND (last_failure_at IS NOT NULL
                               OR last_success_at IS NOT NULL)
                     GROUP BY partner_id""",
                    sorted(contact.ELECTRONIC),
                    list(partners),
                )
            )
        }
