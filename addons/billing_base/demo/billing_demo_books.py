import logging
from calendar import monthrange
from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import Command, fields, models
from odoo.tools import SQL

from .billing_demo import MODULE
from .data import ORGANISATION_WORDS

_logger = logging.getLogger(__name__)

#: Months of invoices before today.
MONTHS = 4
#: Days from the date of an invoice to its due date.
TERM = 14
#: Share of customers whom a technician visited lately.
VISITS = 0.45
#: Share of the year's consumption in each month, January first, times twelve.
SEASON = (1.8, 1.6, 1.4, 1.0, 0.7, 0.5, 0.4, 0.5, 0.6, 0.9, 1.2, 1.6)


class BillingDemo(models.AbstractModel):
    """The books of a demo company: customers, invoices, and what became of them."""

    _inherit = "billing.demo"

    # === BOOKS === #

    def _load_books(self, market, company, rng):
        products = self._load_products(market, company)
        customers = self._load_customers(market, company, rng)
        today = fields.Date.context_today(self.with_context(tz=market.tz))
        vals_list, fates = [], []
        for customer, services in customers:
            habits = {
                "offset": rng.randint(1, 20),
                "meter": f"70705750009{rng.randrange(10**7):07d}",
                "year_kwh": rng.randint(4_000, 22_000)
                * (8 if customer.is_company and "F" in services else 1),
            }
            visit = "V" if rng.random() < VISITS else ""
            for service in services + visit:
                for back in range(0 if service == "V" else MONTHS, -1, -1):
                    vals = self._prepare_invoice(
                        market, products, customer, service, back, habits, today, rng
                    )
                    vals_list.append(vals)
                    fates.append(self._choose_fate(back, rng))
        in_order = sorted(
            range(len(vals_list)), key=lambda at: vals_list[at]["invoice_date"]
        )
        moves = self.env["account.move"].create([vals_list[at] for at in in_order])
        fates = [fates[at] for at in in_order]
        posted = moves.browse(
            move.id for move, fate in zip(moves, fates, strict=True) if fate != "draft"
        )
        posted.action_post()
        self._settle(company, dict(zip(moves, fates, strict=True)), today, rng)
        self._date_events(company)
        self._load_contact_health(
            self.env["res.partner"].concat(*(customer for customer, _s in customers))
        )
        _logger.info(
            "Demo company %s: %s customers, %s invoices",
            company.name,
            len(customers),
            len(moves),
        )

    def _load_products(self, market, company):
        """One product per kind of line.

        :return: product by service text
        :rtype: dict[str, product.product]
        """
        kwh = self.env.ref("uom.product_uom_kwh")
        prices = {
            **market.prices,
            "power": sum(market.prices["power"]) / 2,
        }
        return {
            name: self._record(
                "product.product",
                f"product_{name}_{market.key}",
                {
                    "name": market.texts[name],
                    "type": "service",
                    "company_id": company.id,
                    "list_price": price,
                    "uom_id": kwh.id
                    if name in ("power", "grid")
                    else self.env.ref("uom.product_uom_unit").id,
                    "taxes_id": [Command.set(company.account_sale_tax_id.ids)],
                    "supplier_taxes_id": [Command.clear()],
                },
            )
            for name, price in prices.items()
        }

    def _load_customers(self, market, company, rng):
        """Customers with address, mail, telephone and, most of them, bank account.

        :return: (customer, letters of services)
        :rtype: list[tuple[res.partner, str]]
        """
        partners_vals, services_list = [], []
        seen_mails = set()
        for at, line in enumerate(market.customers.strip().splitlines()):
            name, street, town, services = (part.strip() for part in line.split("|"))
            postcode, _, city = town.rpartition(" ")
            if market.key == "se":
                postcode, city = town[:6], town[7:]
            mail = self._mail_name(name)
            if mail in seen_mails:
                mail = f"{mail}{at}"
            seen_mails.add(mail)
            organisation = not ORGANISATION_WORDS.isdisjoint(name.split())
            partners_vals.append(
                {
                    "name": name,
                    "is_company": organisation,
                    "street": street,
                    "zip": postcode,
                    "city": city,
                    "country_id": self.env.ref(f"base.{market.key}").id,
                    "email": f"{mail}@{market.mail_domain}",
                    "phone": market.phones.format(market.first_phone + at),
                    "lang": market.lang,
                    "tz": market.tz,
                    "company_id": company.id,
                }
            )
            services_list.append(services)
        partners = self.env["res.partner"].create(partners_vals)
        accounts = []
        for at, partner in enumerate(partners):
            self._name_record(f"customer_{market.key}_{at + 1:02d}", partner)
            if rng.random() < 0.85:
                # Two who live together may pay from one account.
                before = accounts[-1] if accounts else None
                shared = (
                    before
                    and partners[at - 1].street == partner.street
                    and before["partner_id"] == partners[at - 1].id
                    and rng.random() < 0.5
                )
                number = before["acc_number"] if shared else self._account_number(rng)
                accounts.append({"partner_id": partner.id, "acc_number": number})
        self.env["res.partner.bank"].create(accounts)
        return list(zip(partners, services_list, strict=True))

    @staticmethod
    def _mail_name(name):
        """``Åse Sæther`` → ``ase.saether``"""
        plain = name.lower().translate(
            str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ä": "a", "ö": "o"})
        )
        return ".".join("".join(filter(str.isalnum, word)) for word in plain.split())

    @staticmethod
    def _account_number(rng):
        """An account number of 11 digits, check digit MOD11, of no bank there is."""
        while True:
            base = f"9999{rng.randrange(10**6):06d}"
            weights = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
            digits = zip(base, weights, strict=True)
            rest = sum(int(digit) * weight for digit, weight in digits) % 11
            if rest != 1:
                return f"{base}{(11 - rest) % 11}"

    def _prepare_invoice(
        self, market, products, customer, service, back, habits, today, rng
    ):
        """Values of the invoice of one service for one month, ``back`` months ago."""
        texts = market.texts
        invoice_date = today - timedelta(days=habits["offset"])
        invoice_date -= relativedelta(months=back)
        # Power is billed after the month, broadband in it.
        billed = invoice_date.year * 12 + invoice_date.month - 1 - (service == "P")
        year, month = divmod(billed, 12)
        first = fields.Date.to_date(f"{year}-{month + 1:02d}-01")
        last = first.replace(day=monthrange(year, month + 1)[1])

        def period(name):
            return texts["period"].format(
                text=texts[name],
                month=market.months[month],
                year=year,
                first=first,
                last=last,
            )

        if service == "P":
            kwh = round(
                habits["year_kwh"] / 12 * SEASON[month] * rng.uniform(0.85, 1.15), 1
            )
            low, high = market.prices["power"]
            spot = round(low + (high - low) * SEASON[month] / max(SEASON), 2)
            meter = texts["meter"].format(period=period("power"), meter=habits["meter"])
            lines = [
                ("power", meter, kwh, spot),
                ("grid", period("grid"), kwh, market.prices["grid"]),
                ("power_fee", period("power_fee"), 1, market.prices["power_fee"]),
            ]
        elif service == "V":
            hours = rng.randint(2, 18) / 4
            lines = [("visit", texts["visit"], hours, market.prices["visit"])]
        else:
            name = "broadband" if service == "B" else "fast"
            lines = [(name, period(name), 1, market.prices[name])]
        return {
            "move_type": "out_invoice",
            "partner_id": customer.id,
            "invoice_date": invoice_date,
            "invoice_payment_term_id": False,
            "invoice_date_due": invoice_date + timedelta(days=TERM),
            "invoice_line_ids": [
                Command.create(
                    {
                        "product_id": products[name].id,
                        "name": text,
                        "quantity": quantity,
                        "price_unit": price,
                    }
                )
                for name, text, quantity, price in lines
            ],
        }

    @staticmethod
    def _choose_fate(back, rng):
        """What becomes of an invoice of ``back`` months ago."""
        chance = rng.random()
        if back >= 2:
            return "credited" if chance < 0.015 else "paid"
        if back == 1:
            for fate, limit in (
                ("open", 0.42),
                ("part", 0.50),
                ("credited", 0.53),
                ("cancelled", 0.56),
            ):
                if chance < limit:
                    return fate
            return "paid"
        for fate, limit in (("draft", 0.04), ("paid", 0.12), ("part", 0.15)):
            if chance < limit:
                return fate
        return "open"

    def _settle(self, company, fates, today, rng):
        """Pay, credit and cancel as ``fates``, a dict of fate by invoice, says."""
        for move, fate in fates.items():
            if fate == "cancelled":
                move.button_draft()
                move.button_cancel()
            elif fate == "credited":
                day = min(today, move.invoice_date + timedelta(days=5))
                move._reverse_moves([{"invoice_date": day, "date": day}], cancel=True)
        journal = self.env.ref(f"{MODULE}.journal_BANK_{company.country_code.lower()}")
        payments = defaultdict(list)
        for move, fate in fates.items():
            if fate not in ("paid", "part"):
                continue
            item = move.line_ids.filtered(
                lambda line: line.account_type == "asset_receivable"
            )
            amount = item.amount_residual
            if fate == "part":
                amount = amount * rng.uniform(0.2, 0.8) // 50 * 50
            if amount:
                day = move.invoice_date + timedelta(days=rng.randint(2, TERM))
                # The bank books on Mondays, which makes for fewer entries.
                day += timedelta(days=-day.weekday() % 7)
                payments[min(day, today)].append((item, amount))
        self._book_payments(journal, payments)

    def _book_payments(self, journal, payments):
        """Book payments as one bank entry a day, as for a KID or OCR agreement.

        :param dict payments: by day, a list of (receivable item, amount)
        """
        lines = self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": journal.id,
                    "date": day,
                    "payment_ref": f"{journal.company_id.name} {day:%Y%m%d}",
                    "amount": sum(amount for _item, amount in booked),
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": journal.default_account_id.id,
                                "balance": sum(amount for _item, amount in booked),
                            }
                        ),
                        *(
                            Command.create(
                                {
                                    "name": item.move_id.payment_reference,
                                    "account_id": item.account_id.id,
                                    "partner_id": item.partner_id.id,
                                    "balance": -amount,
                                }
                            )
                            for item, amount in booked
                        ),
                    ],
                }
                for day, booked in sorted(payments.items())
            ]
        )
        plan = []
        for line, (_day, booked) in zip(lines, sorted(payments.items()), strict=True):
            counterparts = line.line_ids.filtered(
                lambda item: item.account_type == "asset_receivable"
            ).sorted("id")
            for counterpart, (item, _amount) in zip(counterparts, booked, strict=True):
                plan.append(counterpart + item)
        self.env["account.move.line"]._reconcile_plan(plan)

    def _load_contact_health(self, customers):
        """Let most addresses have worked, and some no longer.

        :param customers: those of one company, in the order of the list
        """
        now = fields.Datetime.now()
        points = customers.billing_contact_point_ids

        def of(chosen, channel):
            return points.filtered(
                lambda point: point.partner_id in chosen and point.channel == channel
            )

        of(customers, "email")._record_success(at=now - timedelta(days=9))
        of(customers[::3], "sms")._record_success(at=now - timedelta(days=30))
        for days in (8, 5, 2):
            of(customers[4::17], "email")._record_failure(
                "soft", "452 4.2.2 Mailbox full", at=now - timedelta(days=days)
            )
        moved = customers[7::7]
        of(moved, "email")._record_failure(
            "hard", "550 5.1.1 No such user here", at=now - timedelta(days=3)
        )
        # Of some of them the telephone number is somebody else's by now.
        of(moved[1::2], "sms")._record_failure(
            "hard", "Unknown subscriber", at=now - timedelta(days=1)
        )

    def _date_events(self, company):
        """Let the history tell when things happened, not when they were loaded."""
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """UPDATE billing_event event
                      SET occurred_at = move.invoice_date + interval '7 hours'
                     FROM account_move move
                    WHERE move.id = event.move_id
                      AND event.kind = 'invoice.posted'
                      AND event.company_id = %(company)s
                RETURNING event.id""",
                company=company.id,
            )
        )
        self.env.execute_query(
            SQL(
                """UPDATE billing_event event
                      SET occurred_at = paid.day + interval '9 hours'
                     FROM (SELECT line.move_id, max(partial.max_date) AS day
                             FROM account_partial_reconcile partial
                             JOIN account_move_line line
                               ON line.id = partial.debit_move_id
                            WHERE partial.company_id = %(company)s
                         GROUP BY line.move_id) paid
                    WHERE paid.move_id = event.move_id
                      AND event.kind = 'invoice.paid'
                RETURNING event.id""",
                company=company.id,
            )
        )
        self.env["billing.event"].invalidate_model()
