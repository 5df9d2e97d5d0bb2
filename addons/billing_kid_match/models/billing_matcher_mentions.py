from collections import defaultdict
from math import log

from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core.decision import Reason
from odoo.addons.billing_base.core.reference import bucket

from ..core import texts
from ..core.arrays import int_array
from ..core.look import UNKNOWN
from ..core.scene import Customer
from .account_move import ISSUED_SQL

_ISSUED = SQL(ISSUED_SQL)

#: Invoices that share a number, over years and journals.
MAX_SAME_NUMBER = 20


class BillingMatcher(models.AbstractModel):
    """Finds the invoices and customers that the texts of payments mention."""

    _inherit = "billing.matcher"

    def _find_mentions(self, payments, looks, places, strong, weights, units):
        """Invoices and customers that the texts of payments mention.

        :param weights: what a number of each kind is worth
        :return: dict of place to dict of invoice id to (log-likelihood ratio,
            reasons), and the places whose stated reference turned out to be another
            number of ours
        """
        by_place, own = {}, {}
        for at in places:
            paid, look = payments[at], looks[at]
            stated = [query.raw for query in paid.queries if not query.in_text]
            by_place[at] = texts.mentions((paid.text, *stated))
            if look.query and look.kind == UNKNOWN:
                own[at] = look.query.key
        said, answered = defaultdict(dict), set()

        def answer(at, mention):
            # a long row of zeros belongs to a reference, not to a short number
            key = own.get(at, "")
            if key.endswith(mention.bare) and (
                mention.year or len(key) - len(mention.bare) <= 2
            ):
                answered.add(at)

        def worth(role, digits):
            # it would be hit by chance once in ten to the number of its digits
            return log(weights.mentioned[role]) + min(digits, 12) * log(10)

        self._find_numbers(payments, by_place, strong, said, answer, worth)
        self._find_stated_elsewhere(
            payments, looks, by_place, strong, said, worth, units
        )
        self._find_people_mentioned(payments, by_place, strong, answer, worth)
        return said, answered

    def _find_numbers(self, payments, by_place, strong, said, answer, worth):
        """Invoices mentioned by their number."""
        wanted = defaultdict(list)
        for at, found in by_place.items():
            for mention in found:
                if mention.role in (texts.INVOICE, texts.ANY) and (
                    0 < len(mention.bare) <= 9 and mention.digits.isdecimal()
                ):
                    key = payments[at].company_id, int(mention.bare)
                    wanted[key].append((at, mention))
        keys = list(wanted)
        if not keys:
            return
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.at, found.*
                  FROM unnest(%s::int[], %s::int[], %s::bigint[])
                       AS q(at, company_id, number)
                 CROSS JOIN LATERAL (
                       SELECT m.id, m.commercial_partner_id, m.name
                         FROM account_move m
                        WHERE m.company_id = q.company_id
                          AND m.sequence_number = q.number AND %s
                        LIMIT %s) AS found
                """,
                int_array(range(len(keys))),
                int_array(company for company, _ in keys),
                int_array(number for _, number in keys),
                _ISSUED,
                MAX_SAME_NUMBER,
            )
        )
        for place, move, partner, name in rows:
            for at, mention in wanted[keys[place]]:
                if mention.year and str(mention.year) not in (name or ""):
                    continue
                digits = len(mention.bare) + (3 if mention.year else 0)
                weight = worth(mention.role, digits)
                strong[at].setdefault(partner, Customer(partner))
                _say(said[at], move, weight, "number_in_text", name or mention.raw)
                answer(at, mention)

    def _find_stated_elsewhere(
        self, payments, looks, by_place, strong, said, worth, units
    ):
        """Invoices whose reference stands in the text besides another one."""
        wanted = defaultdict(list)
        for at, found in by_place.items():
            for mention in found:
                key = bucket(mention.digits)
                query = looks[at].query
                if len(key) >= 5 and not (query and key == bucket(query.key)):
                    wanted[key, payments[at].company_id].append((at, mention))
        targets = list(wanted)
        for place, invoice in self._probe_buckets(targets, units):
            for at, mention in wanted[targets[place]]:
                weight = worth(mention.role, len(mention.bare))
                strong[at].setdefault(invoice.partner_id, Customer(invoice.partner_id))
                _say(
                    said[at], invoice.move_id, weight, "reference_in_text",
                    invoice.reference,
                )  # fmt: skip

    def _find_people_mentioned(self, payments, by_place, strong, answer, worth):
        """Customers mentioned by customer number, installation or telephone."""
        wanted = defaultdict(list)
        for at, found in by_place.items():
            for mention in found:
                if mention.bare.isdecimal() and len(mention.bare) >= 4:
                    wanted[mention.bare].append((at, mention))
        numbers = list(wanted)
        if not numbers:
            return
        phones = [
            form
            for number in numbers
            for form in (f"+47{number}", f"+46{number}", f"+{number}")
        ]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT 'customer', ltrim(p.billing_customer_number, '0'),
                       p.commercial_partner_id, NULL::int
                  FROM res_partner p
                 WHERE p.billing_customer_number = ANY(%s)
                 UNION ALL
                SELECT 'meter', ltrim(i.number, '0'), p.commercial_partner_id,
                       i.company_id
                  FROM billing_installation i
                  JOIN res_partner p ON p.id = i.partner_id
                 WHERE i.number = ANY(%s) AND i.active
                 UNION ALL
                SELECT 'phone', c.address, p.commercial_partner_id, NULL::int
                  FROM billing_contact_point c
                  JOIN res_partner p ON p.id = c.partner_id
                 WHERE c.channel = 'sms' AND c.address = ANY(%s)
                """,
                _written(wanted),
                _written(wanted),
                phones,
            )
        )
        for role, number, partner, company in rows:
            bare = number[3:] if role == "phone" else number
            keys = [bare, number.lstrip("+")] if role == "phone" else [number]
            for key in keys:
                for at, mention in wanted.get(key, ()):
                    if company and company != payments[at].company_id:
                        continue
                    said_so = mention.role == role
                    weight = worth(role if said_so else texts.ANY, len(key))
                    customer = strong[at].setdefault(partner, Customer(partner))
                    if weight > customer.mention:
                        customer.mention = weight
                        code = f"{role}_in_text"
                        customer.mentioned = (
                            Reason(code, (("number", mention.raw),), weight),
                        )
                        answer(at, mention)


def _say(said, move, weight, code, what):
    if move not in said or weight > said[move][0]:
        said[move] = (weight, (Reason(code, (("number", what),), weight),))


def _written(wanted):
    """Numbers as payers wrote them and without leading zeros."""
    return list(
        {
            *wanted,
            *(mention.digits for found in wanted.values() for _, mention in found),
        }
    )
