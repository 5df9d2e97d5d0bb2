"""The invoices that the browser tests look at, one in each state and some to change.

Runs in Odoo's shell, on a copy of the demo database: the folder's ``conftest`` pipes it
there. What it made is written as JSON to the file that ``WORLD`` names.
"""

import json
import os
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import Command, fields

from odoo.addons.billing_interactive_invoice.core.visitor_rights import Visitor

#: Invoices that a test may change, by language.
SPARE = {"nb_NO": 18, "sv_SE": 2}
#: Swedish customers with a login, who read English.
SIGNED_IN = 4
COMPANY = {"nb_NO": "billing_demo.company_no", "sv_SE": "billing_demo.company_se"}
COUNTRY = {"nb_NO": "base.no", "sv_SE": "base.se"}
PRICES = ((1.12, "power"), (0.42, "grid"))


class Books:
    """Makes customers and their invoices.

    :param env: Odoo's environment, as superuser
    :param lang: of the customers; it decides on the company too
    """

    def __init__(self, env, lang):
        self.lang = lang
        self.company = env.ref(COMPANY[lang])
        self.env = env(
            context={
                **env.context,
                "allowed_company_ids": self.company.ids,
                "no_reset_password": True,
                "tracking_disable": True,
            }
        )
        self.today = self.company._billing_today()

    def customer(self, name, login=None, lang=None):
        """Somebody with an e-mail address, perhaps with a login.

        :param lang: they read, when it is not that of the books
        """
        plain = "".join(filter(str.isalnum, name.lower()))
        partner = self.env["res.partner"].create(
            {
                "name": name,
                "street": "Fjellveien 1",
                "zip": "6899",
                "city": "Lysvik",
                "country_id": self.env.ref(COUNTRY[self.lang]).id,
                "email": f"{plain}@kunde.example",
                "phone": "+47 406 19 900",
                "lang": lang or self.lang,
                "company_id": self.company.id,
            }
        )
        if login:
            self.env["res.users"].create(
                {
                    "login": login,
                    "password": login,
                    "partner_id": partner.id,
                    "lang": partner.lang,
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                }
            )
        return partner

    def invoice(self, partner, days=-4, kwh=640, post=True):
        """An invoice for a month's power.

        :param days: when it was issued, counted from today; it is due 14 days later
        :param kwh: consumption
        """
        day = self.today + timedelta(days=days)
        first = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
        last = day.replace(day=1) - timedelta(days=1)
        code = self.company.country_code.lower()
        meters = self.env["billing.installation"]
        meter = meters.search([("partner_id", "=", partner.id)]) or meters.create(
            {
                "partner_id": partner.id,
                "company_id": self.company.id,
                "number": f"7070575000{partner.id:08d}",
            }
        )
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": day,
                "invoice_payment_term_id": False,
                "invoice_date_due": day + timedelta(days=14),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": self.env.ref(
                                f"billing_demo.product_{name}_{code}"
                            ).id,
                            "quantity": kwh,
                            "price_unit": price,
                            "billing_period_start": first,
                            "billing_period_end": last,
                            "billing_installation_id": meter.id,
                        }
                    )
                    for price, name in PRICES
                ],
            }
        )
        if post:
            move.action_post()
        return move

    def history(self, partner, months):
        """Paid invoices of the months before the last one."""
        for back in range(months, 1, -1):
            issued = self.today - relativedelta(months=back, days=4)
            kwh = 420 + 40 * abs(6 - back % 12)
            days = (issued - self.today).days
            self.pay(self.invoice(partner, days=days, kwh=kwh))

    def pay(self, move, amount=None):
        """Book a payment, as staff would."""
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        values = {"amount": amount, "payment_difference_handling": "open"}
        wizard.create(values if amount else {})._create_payments()

    def provider(self):
        """Odoo's own demo provider, open to the company's customers."""
        # Each company gets one with the addon, switched off.
        provider = self.env["payment.provider"].search(
            [("code", "=", "demo"), ("company_id", "=", self.company.id)], limit=1
        )
        provider.state = "test"
        provider.is_published = True
        return provider

    def under_way(self, move):
        """Let an online payment of the whole invoice wait for its provider."""
        provider = self.provider()
        self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": provider.payment_method_ids[:1].id,
                "reference": f"{move.name} test",
                "amount": move.amount_residual,
                "currency_id": move.currency_id.id,
                "partner_id": move.partner_id.id,
                "operation": "online_direct",
                "invoice_ids": [Command.set(move.ids)],
            }
        )._set_pending()

    def told(self, move):
        """What the tests are told of an invoice."""
        link = self.env["billing.link"]._issue(
            [{"move_id": move.id, "key": f"test-{move.id}", "channel": "email"}]
        )
        return {
            "id": move.id,
            "name": move.name,
            "reference": move.payment_reference,
            "partner_id": move.partner_id.id,
            "lang": self.lang,
            "state": move._billing_standings()[move.id].code,
            "total": move.amount_total,
            "open": move.amount_residual,
            "due": fields.Date.to_string(move.invoice_date_due),
            "link": link._url(),
        }


#: When the invoices in each state were issued, counted from today.
ISSUED = {
    "open": -4,
    "today": -14,
    "part": -5,
    "overdue": -40,
    "promised": -12,
    "asked": -13,
    "plan": -6,
    "disputed": -7,
    "disputed_part": -7,
    "claimed": -10,
    "paused": -11,
    "checking": -5,
    "debit": -5,
    "collection": -90,
    "paid": -6,
    "credited": -8,
    "cancelled": -8,
    "refund": -9,
    "expired": -9,
}
NAMES = {
    "nb_NO": "Kari Ola Anne Per Marit Jan Liv Knut Berit Odd Ingrid Arne Solveig Geir"
    " Astrid Svein Randi Leif Turid",
    "sv_SE": "Anna Erik Karin Lars Eva Nils Maria Karl Kerstin Per Ingrid Olof Lena"
    " Sven Birgitta Hans Marie Johan Elsa",
}
SURNAME = {"nb_NO": "Lien", "sv_SE": "Lind"}


def states(books):
    """One invoice in each state that the page has words for.

    :rtype: dict[str, account.move]
    """
    names = NAMES[books.lang].split()
    made = {}
    for (code, days), name in zip(ISSUED.items(), names, strict=True):
        customer = books.customer(f"{name} {SURNAME[books.lang]}")
        if code == "asked":
            # Who has overdue debt cannot move a due date without asking.
            books.invoice(customer, days=-45)
        made[code] = books.invoice(customer, days=days)
    books.pay(made["part"], 500)
    books.pay(made["paid"])
    arrange(books, made)
    made["credited"]._reverse_moves(cancel=True)
    made["refunded"] = made["credited"].reversal_move_ids
    books.pay(made["refund"])
    made["refund"] = made["refund"]._reverse_moves()
    made["refund"].action_post()
    made["cancelled"].button_draft()
    made["cancelled"].button_cancel()
    made["paused"].action_toggle_block_payment()
    # What other addons will know: the one in the folder beside tells it for these.
    made["debit"].ref = "test: debit"
    made["collection"].ref = "test: collection"
    books.under_way(made["checking"])
    return made


def arrange(books, made):
    """Let customers arrange, report and object, as they do on the page."""
    words = {
        "nb_NO": ("Jeg har ikke bodd her siden mars.", "Prisen er ikke den avtalte."),
        "sv_SE": ("Jag har inte bott här sedan mars.", "Priset är inte det avtalade."),
    }[books.lang]
    for code in ("promised", "asked", "plan", "disputed", "disputed_part", "claimed"):
        move = made[code]
        visitor = Visitor("link", partner_id=move.commercial_partner_id.id)
        offers = move._billing_self_service_offers()
        if code == "promised":
            move._billing_promise(visitor, offers["promise"].latest)
        elif code == "asked":
            move._billing_defer(visitor, offers["deferral"].latest)
        elif code == "plan":
            move._billing_split(visitor, len(offers["split"].plans[-1]))
        elif code == "disputed":
            move._billing_dispute(visitor, "usage", words[0])
        elif code == "disputed_part":
            move._billing_dispute(visitor, "amount", words[1], 20000)
        else:
            paid = books.today - timedelta(days=2)
            move._billing_claim(visitor, paid, round(move.amount_total * 100))


def world(env):
    """Make everything, and tell what there is."""
    told = {"states": {}, "spare": {}, "logins": {}}
    parameters = env["ir.config_parameter"]
    parameters.set_param("account_payment.enable_portal_payment", "True")
    # Odoo greets new users in a chat, from two requests of theirs at once.
    env["res.users"].search([("share", "=", False)]).odoobot_state = "disabled"
    for lang, count in SPARE.items():
        books = Books(env, lang)
        books.provider()
        made = states(books)
        told["states"][lang] = {code: books.told(move) for code, move in made.items()}
        env["billing.link"].search([("move_id", "=", made["expired"].id)]).write(
            {"expires_at": fields.Datetime.now() - timedelta(days=1)}
        )
        told["spare"][lang] = [
            books.told(books.invoice(books.customer(f"Ola Reserve {lang} {number}")))
            for number in range(count)
        ]
    books = Books(env, "nb_NO")
    partner = books.customer("Kari Innlogget", login="kari.test")
    books.history(partner, 25)
    month = books.today - relativedelta(months=1, days=4)
    books.invoice(partner, days=(month - books.today).days, kwh=500)
    told["logins"]["kari.test"] = books.told(books.invoice(partner))
    books = Books(env, "sv_SE")
    for number in range(SIGNED_IN):
        login = f"anna.{number}.test"
        partner = books.customer(f"Anna Autogiro {number}", login, lang="en_US")
        told["logins"][login] = books.told(books.invoice(partner))
    return told


if "env" in globals():
    shell = globals()["env"]
    with open(os.environ["WORLD"], "w", encoding="utf-8") as file:
        json.dump(world(shell), file)
    shell.cr.commit()
