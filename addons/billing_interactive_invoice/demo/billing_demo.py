import re
from datetime import datetime, time, timedelta
from random import Random

from odoo import Command, api, fields, models
from odoo.tools import SQL

from odoo.addons.billing_base.demo import billing_demo, billing_demo_books
from odoo.addons.billing_base.demo.data import MARKETS

from ..core.visitor_rights import Visitor
from .data import OPENING_HOURS, TOLD, WAITS

#: Customers whose invoices go back two years, so that their page can compare: number
#: in the list of the company's customers.
WITH_HISTORY = {"no": (1, 3), "se": (1,)}
#: Months of invoices they have; the base has made the latest ones.
HISTORY = 25
#: What power cost in the years before, as a share of this year's price.
PRICE_BEFORE = 0.88
#: What a product's lines tell of the consumption.
CONSUMPTION = {"power": "volume", "grid": "price"}
_MONTH_DAY = {
    "no": re.compile(r"\((\d\d)\.(\d\d)\.(\d{4})–(\d\d)\.(\d\d)\.(\d{4})\)"),
    "se": re.compile(r"\((\d{4})-(\d\d)-(\d\d)–(\d{4})-(\d\d)-(\d\d)\)"),
}
_METER = re.compile(r"\b(\d{18})$")


class BillingDemo(models.AbstractModel):
    """What customers and staff see on the invoices of the demo companies."""

    _inherit = "billing.demo"

    @api.model
    def _load(self):
        """Extension of `billing_base`: consumption, and what was said and agreed."""
        result = super()._load()
        for market in MARKETS:
            company = self.env.ref(
                f"{billing_demo.MODULE}.company_{market.key}", raise_if_not_found=False
            )
            if not company:
                continue
            books = (
                self.sudo()
                .with_company(company)
                .with_context(
                    lang=None,
                    allowed_company_ids=company.ids,
                    install_mode=True,
                    mail_create_nolog=True,
                    mail_create_nosubscribe=True,
                    mail_notrack=True,
                    tracking_disable=True,
                )
            )
            books._load_consumption(market, company)
            books._load_told(market, company, TOLD[market.key])
        return result

    # === CONSUMPTION === #

    def _load_consumption(self, market, company):
        """Let lines tell their period, and some customers have a history.

        Does nothing where it was done before.
        """
        lines = self.env["account.move.line"]
        domain = [("company_id", "=", company.id)]
        if lines.search_count(
            [*domain, ("billing_period_start", "!=", False)], limit=1
        ):
            return
        for name, consumption in CONSUMPTION.items():
            product = self.env.ref(f"{billing_demo.MODULE}.product_{name}_{market.key}")
            product.billing_consumption = consumption
        for number in WITH_HISTORY[market.key]:
            customer = self.env.ref(
                f"{billing_demo.MODULE}.customer_{market.key}_{number:02d}"
            )
            self._load_history(market, company, customer, Random(number))
        self._date_events(company)
        self._load_periods(market, company)

    def _load_history(self, market, company, customer, rng):
        """Invoices for power, paid, of the months before those of the base."""
        latest = self.env["account.move"].search(
            [
                ("partner_id", "=", customer.id),
                ("move_type", "=", "out_invoice"),
                ("invoice_line_ids.name", "like", market.texts["power"]),
            ],
            order="invoice_date desc",
        )
        if len(latest) > HISTORY // 2:
            # Without the addon in between, the books have kept theirs.
            return
        latest = latest[0]
        line = latest.invoice_line_ids[0]
        today = fields.Date.context_today(self.with_context(tz=market.tz))
        month = self._read_period(market, line.name)[0].month - 1
        habits = {
            "offset": (today - latest.invoice_date).days,
            "meter": _METER.search(line.name)[1],
            "year_kwh": line.quantity * 12 / billing_demo_books.SEASON[month],
        }
        products = self._load_products(market, company)
        vals_list = []
        for back in range(HISTORY, billing_demo_books.MONTHS, -1):
            vals = self._prepare_invoice(
                market, products, customer, "P", back, habits, today, rng
            )
            power = vals["invoice_line_ids"][0][2]
            power["price_unit"] = round(power["price_unit"] * PRICE_BEFORE, 2)
            vals_list.append(vals)
        moves = self.env["account.move"].create(vals_list)
        moves.action_post()
        self._settle(company, dict.fromkeys(moves, "paid"), today, rng)

    @staticmethod
    def _read_period(market, text):
        """First and last day of the period that a line's text names, or None."""
        found = _MONTH_DAY[market.key].search(text or "")
        if not found:
            return None
        first, last = found.groups()[:3], found.groups()[3:]
        if market.key == "no":
            first, last = first[::-1], last[::-1]
        return tuple(fields.Date.to_date("-".join(day)) for day in (first, last))

    def _load_periods(self, market, company):
        """Write period and meter of all lines, as the demo's texts name them."""
        ids, starts, ends, meters, owners = [], [], [], [], {}
        for move in self.env["account.move"].search(
            [("company_id", "=", company.id), ("move_type", "=", "out_invoice")]
        ):
            lines = move.invoice_line_ids
            found = [_METER.search(text or "") for text in lines.mapped("name")]
            meter = next((match[1] for match in found if match), None)
            if meter:
                owners[meter] = move.commercial_partner_id.id
            for line in lines:
                period = self._read_period(market, line.name)
                if period:
                    ids.append(line.id)
                    starts.append(period[0])
                    ends.append(period[1])
                    meters.append(meter)
        installations = self._load_installations(company, owners)
        self.env.flush_all()
        # They change nothing in the books, which Odoo would look through line by line.
        self.env.execute_query(
            SQL(
                """UPDATE account_move_line line
                      SET billing_period_start = told.first,
                          billing_period_end = told.last,
                          billing_installation_id = told.installation
                     FROM unnest(%(ids)s, %(starts)s::date[], %(ends)s::date[],
                                 %(installations)s::int[])
                          AS told(id, first, last, installation)
                    WHERE line.id = told.id
                RETURNING line.id""",
                ids=ids,
                starts=starts,
                ends=ends,
                installations=[installations.get(meter) for meter in meters],
            )
        )
        self.env["account.move.line"].invalidate_model()

    def _load_installations(self, company, owners):
        """Return the id of the installation of each meter, made where there is none.

        :param dict owners: id of the customer by number of the meter
        :rtype: dict[str, int]
        """
        installations = self.env["billing.installation"]
        known = installations.search(
            [("company_id", "=", company.id), ("number", "in", list(owners))]
        )
        known |= installations.create(
            [
                {"partner_id": owner, "company_id": company.id, "number": number}
                for number, owner in owners.items()
                if number not in set(known.mapped("number"))
            ]
        )
        return {installation.number: installation.id for installation in known}

    # === WHAT WAS SAID AND ARRANGED === #

    def _load_told(self, market, company, told):
        """Conversations, arrangements and banners. Does nothing the second time."""
        messages = self.env["billing.message"]
        if messages.search_count([("company_id", "=", company.id)], limit=1):
            return
        mails = self.env["mail.mail"]
        latest = mails.search([], order="id desc", limit=1)
        self._load_opening_hours(company)
        for number, talk in told.talks.items():
            self._load_talk(self._newest_invoice(market, number), talk)
        self._load_waits(company)
        for number, arranged in told.arranged.items():
            self._load_arrangement(self._newest_invoice(market, number), *arranged)
        for values in told.banners:
            self._load_banner(market, company, values)
        # The demo tells nobody: its customers have no mailboxes.
        mails.search([("id", ">", latest.id)]).unlink()

    def _newest_invoice(self, market, number):
        """The newest open invoice of a customer of the list, or none."""
        customer = self.env.ref(
            f"{billing_demo.MODULE}.customer_{market.key}_{number:02d}"
        )
        return (
            self.env["account.move"]
            .with_context(lang=market.lang)
            .search(
                [
                    ("partner_id", "=", customer.id),
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial")),
                ],
                order="invoice_date desc, id desc",
                limit=1,
            )
        )

    def _load_opening_hours(self, company):
        if not company.billing_opening_hours_ids:
            company.billing_opening_hours_ids = [
                Command.create({"weekday": day, "hour_from": start, "hour_to": end})
                for day, start, end in OPENING_HOURS
            ]

    def _load_talk(self, move, talk):
        """Write a conversation, some days ago."""
        if not move:
            return
        staff = self.env.ref(f"{billing_demo.MODULE}.user_service")
        visitor = Visitor("link", partner_id=move.commercial_partner_id.id)
        today = move.company_id._billing_today()
        said = {}
        for minutes, (days, who, text) in enumerate(talk):
            day = today - timedelta(days=days)
            then = move.with_context(billing_date=day)
            if who == "staff":
                message = then.with_user(staff).message_post(
                    body=text, message_type="comment", subtype_xmlid="mail.mt_comment"
                )
            else:
                message = then._billing_customer_says(visitor, text)
            said[message.id] = datetime.combine(day, time(9, 20 + 7 * minutes))
        conversation = self.env["billing.conversation"]._of(move)
        last = said[max(said)]
        conversation.write(
            {
                "last_at": last,
                "waiting_since": conversation.waiting_since and last,
                # Told on the page, not by e-mail.
                "notice_at": False,
            }
        )
        for message in self.env["mail.message"].browse(said):
            message.date = said[message.id]
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """UPDATE billing_event event SET occurred_at = said.at
                     FROM unnest(%(ids)s, %(at)s::timestamp[]) AS said(id, at)
                    WHERE event.dedup_key IN
                          ('chat.asked:' || said.id, 'chat.answered:' || said.id)
                RETURNING event.id""",
                ids=list(said),
                at=list(said.values()),
            )
        )
        self.env["billing.event"].invalidate_model()

    def _load_waits(self, company):
        """Let customers have waited for the latest answers as long as they do."""
        waits = self.env["billing.conversation.wait"]
        waits.search([("company_id", "=", company.id)]).unlink()
        conversation = self.env["billing.conversation"].search(
            [("company_id", "=", company.id)], limit=1
        )
        if conversation:
            asked = fields.Datetime.now() - timedelta(days=1)
            waits.create(
                [
                    {
                        "conversation_id": conversation.id,
                        "company_id": company.id,
                        "asked_at": asked,
                        "answered_at": asked + timedelta(minutes=minutes),
                        "minutes": minutes,
                        "in_time": True,
                    }
                    for minutes in WAITS
                ]
            )

    def _load_arrangement(self, move, kind, reason=None, text=None):
        """Let the customer arrange or report something, as on the page."""
        if not move:
            return
        visitor = Visitor("link", partner_id=move.commercial_partner_id.id)
        offers = move._billing_self_service_offers()
        if kind == "promise" and offers["promise"].allowed:
            move._billing_promise(visitor, offers["promise"].latest)
        elif kind == "split" and (offers["split"].allowed or offers["split"].may_ask):
            move._billing_split(visitor, len(offers["split"].plans[-1]))
        elif kind == "dispute":
            move._billing_dispute(visitor, reason, text)
        elif kind == "claim":
            day = move.company_id._billing_today()
            move._billing_claim(visitor, day, round(move.amount_residual * 100))

    def _load_banner(self, market, company, values):
        translations = {**values["translations"], market.lang: values}
        installed = dict(self.env["res.lang"].get_installed())
        banner = self.env["billing.message"].create(
            {
                "company_id": company.id,
                "kind": values["kind"],
                "title": values["title"],
                "body": values["body"],
                "question_ids": [
                    Command.create({"question": question, "answer": answer})
                    for question, answer in values.get("questions", ())
                ],
            }
        )
        for lang, texts in translations.items():
            if lang not in installed:
                continue
            banner.with_context(lang=lang).write(
                {"title": texts["title"], "body": texts["body"]}
            )
            for row, (question, answer) in zip(
                banner.question_ids, texts.get("questions", ()), strict=False
            ):
                row.with_context(lang=lang).write(
                    {"question": question, "answer": answer}
                )
        banner.action_publish()
