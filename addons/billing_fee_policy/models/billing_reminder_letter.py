import base64
import re
from decimal import Decimal

import lxml.html

from odoo import fields, models
from odoo.tools import format_amount
from odoo.tools.image import image_data_uri

from odoo.addons.billing_base.core import payment_part

from ..core import contents
from .billing_reminder import PENDING

REPORT = "billing_fee_policy.report_reminder"
#: Claims of a letter that get a code for their page: more would fill sheets.
CODES_AT_MOST = 6
#: Side of a code, in pixels.
CODE_SIZE = 300

_ELEMENTS_APART = re.compile(r"</(?:p|td|th|tr|div|li|h\d)>|<br\s*/?>", re.IGNORECASE)


class BillingReminder(models.Model):
    """What a letter says, in the language of the environment."""

    _inherit = "billing.reminder"

    letter_total = fields.Monetary(
        string="Asked For",
        readonly=True,
        copy=False,
        help="All that the letter asked for, with what was charged before and is not "
        "paid yet.",
    )

    # === BUSINESS METHODS - CONTENTS === #

    def _get_language(self):
        """Return the code of the language that the customer is written to in.

        :rtype: str
        """
        self.ensure_one()
        reminder_sudo = self.sudo()
        installed = dict(self.env["res.lang"].get_installed())
        for partner_sudo in (
            reminder_sudo.partner_id,
            reminder_sudo.company_id.partner_id,
        ):
            if partner_sudo.lang in installed:
                return partner_sudo.lang
        return "en_US"

    def _get_country_code(self):
        """Return the code of the country whose law the letter follows.

        :rtype: str
        """
        self.ensure_one()
        reminder_sudo = self.sudo()
        return (
            reminder_sudo.policy_id.country_id
            or reminder_sudo.company_id.account_fiscal_country_id
            or reminder_sudo.company_id.country_id
        ).code or ""

    def _get_pack(self):
        """Return the law of the day of the letter, None where there is none.

        :rtype: core.law.Pack | None
        """
        self.ensure_one()
        return self.env["billing.law.pack"]._for(
            self.sudo().policy_id.country_id.code or self.company_id, self.day
        )

    def _get_letter_claims(self):
        """Return the claims of the letter, the first due first, with what was added.

        Before it is sent, what it is going to charge counts as charged.

        :return: dicts with ``line``, ``move``, ``additions`` (as of
            ``account.move._billing_additions``, those that are open)
        :rtype: list[dict]
        """
        self.ensure_one()
        lines_sudo = self.sudo().line_ids.sorted(
            lambda line: (line.move_id.invoice_date_due, line.move_id.id)
        )
        additions = lines_sudo.move_id._billing_additions()
        planned = {}
        if self.state in PENDING:
            planned = lines_sudo._get_planned_additions()
        claims = []
        for line_sudo in lines_sudo:
            currency = line_sudo.move_id.currency_id
            claims.append(
                {
                    "line": line_sudo,
                    "move": line_sudo.move_id,
                    "additions": [
                        addition
                        for addition in (
                            *additions.get(line_sudo.move_id.id, ()),
                            *planned.get(line_sudo.move_id.id, ()),
                        )
                        if not currency.is_zero(float(addition.open_amount))
                    ],
                }
            )
        return claims

    def _get_document(self):
        """Return the letter before it is put into words.

        :rtype: core.contents.Document
        """
        self.ensure_one()
        reminder_sudo = self.sudo()
        claims = []
        accounts = []
        for values in self._get_letter_claims():
            move_sudo = values["move"]
            digits = move_sudo.currency_id.decimal_places
            interest = [part for part in values["additions"] if part.kind == "interest"]
            fees = [part for part in values["additions"] if part.kind != "interest"]
            accounts.append(move_sudo.partner_bank_id.acc_number or "")
            claims.append(
                contents.Claim(
                    number=move_sudo.name or "",
                    issued=move_sudo.invoice_date or None,
                    due=move_sudo.invoice_date_due or None,
                    principal=_exactly(values["line"].principal, digits),
                    fees=sum(
                        (_exactly(part.open_amount, digits) for part in fees),
                        Decimal(0),
                    ),
                    interest=tuple(
                        contents.Interest(
                            start=period.start,
                            end=period.end,
                            base=Decimal(period.base),
                            rate=Decimal(period.rate),
                            amount=Decimal(period.amount),
                        )
                        for part in interest
                        for period in part.periods
                    ),
                    interest_open=sum(
                        (_exactly(part.open_amount, digits) for part in interest),
                        Decimal(0),
                    ),
                    reference=move_sudo.payment_reference or "",
                )
            )
        pack = self._get_pack()
        rule = pack.rules.get(self.kind) if pack else None
        return contents.Document(
            country=self._get_country_code(),
            kind=self.kind,
            creditor=reminder_sudo.company_id.name or "",
            recipient=reminder_sudo.partner_id.name or "",
            sent=self.day,
            claims=tuple(claims),
            total=sum((claim.total for claim in claims), Decimal(0)),
            account=accounts[0] if accounts and all(accounts) else "",
            deadline=self.deadline or None,
            deadline_days=rule.deadline_days if rule else 0,
            running_rate=self._get_running_rate(pack),
        )

    def _get_running_rate(self, pack):
        """Return the percentage of interest that runs on, None where none is asked for.

        Who is asked to pay by law hears of the rate whether the company has charged
        any interest yet or not.
        """
        self.ensure_one()
        if pack is None or self.kind == contents.SOFT:
            return None
        is_asked = any(self.sudo().line_ids.mapped("with_interest"))
        if not is_asked and self.kind != contents.DEMAND:
            return None
        rates = [
            pack.rate_on(code, self.day)
            for code in (pack.interest_code, pack.interest_addition_code)
            if code
        ]
        if not rates or None in rates:
            return None
        return sum((rate.value for rate in rates), Decimal(0))

    # === BUSINESS METHODS - WORDS === #

    def _get_letter(self, with_codes=False):
        """Return all that the letter says, in the language of the environment.

        :param bool with_codes: whether to draw the codes that stand on paper
        :rtype: dict
        """
        self.ensure_one()
        document = self._get_document()
        reminder_sudo = self.sudo()
        company_sudo = reminder_sudo.company_id
        currency = reminder_sudo.currency_id
        total = format_amount(self.env, float(document.total), currency)
        deadline = document.deadline and self._format_day(document.deadline)
        country = document.country
        claims = self._get_claims_shown(document, with_codes)
        accounts = {claim["account"].shown for claim in claims}
        return {
            "document": document,
            "day": self._format_day(self.day),
            "country": country,
            "title": self._get_title(country),
            "total": total,
            "deadline": deadline,
            "lead": self._get_lead(total, deadline, document),
            "claims": claims,
            # Said once below, or with each claim where they differ.
            "account": claims[0]["account"] if len(accounts) == 1 else None,
            "has_codes": any(claim["code"] for claim in claims),
            "running": self._get_running_text(document),
            "warning": self._get_warning(country, total, deadline),
            "objection": self._get_objection(),
            "waivers": [
                waiver_sudo._customer_sentence()
                for waiver_sudo in reminder_sudo.line_ids.waiver_ids
            ],
            "fee_page": company_sudo._billing_fee_page_url()
            if document.has_additions or reminder_sudo.line_ids.waiver_ids
            else "",
        }

    def _get_claims_shown(self, document, with_codes):
        """Return how each claim reads, in the order of ``document``."""
        shown = []
        values_list = self._get_letter_claims()
        links = self._get_links()
        country = document.country
        for values, claim in zip(values_list, document.claims, strict=True):
            move_sudo = values["move"]
            currency = move_sudo.currency_id
            url = links[move_sudo.id]._url(self.env.lang)
            rows = []
            for addition in values["additions"]:
                reference = payment_part.reference_shown(addition.reference or "")
                rows.append(
                    {
                        "label": addition.label,
                        "details": self._get_periods_text(addition, currency),
                        "amount": format_amount(
                            self.env, float(addition.open_amount), currency
                        ),
                        "reference": reference,
                        "is_interest": addition.kind == "interest",
                    }
                )
            shown.append(
                {
                    "name": claim.number,
                    "issued": self._format_day(claim.issued),
                    "due": self._format_day(claim.due),
                    "principal": format_amount(
                        self.env, float(claim.principal), currency
                    ),
                    "credit": ""
                    if currency.is_zero(values["line"].credit)
                    else format_amount(self.env, values["line"].credit, currency),
                    "reference": payment_part.reference_shown(claim.reference),
                    "rows": rows,
                    "total": format_amount(self.env, float(claim.total), currency),
                    "account": payment_part.account(
                        move_sudo.partner_bank_id.acc_number, country
                    ),
                    "url": url,
                    "code": self._get_code(url)
                    if with_codes and len(values_list) <= CODES_AT_MOST
                    else "",
                }
            )
        return shown

    def _get_periods_text(self, addition, currency):
        """Return the ground of a fee, or what interest is made of, line by line."""
        if addition.kind != "interest":
            return [addition.paragraph] if addition.paragraph else []
        return [
            self.env._(
                "%(rate)s %% a year on %(base)s, from %(start)s through %(end)s "
                "(%(days)s days): %(amount)s",
                rate=self._format_rate(period.rate),
                base=format_amount(self.env, float(period.base), currency),
                start=self._format_day(period.start),
                end=self._format_day(period.end),
                days=period.days,
                amount=format_amount(self.env, float(period.amount), currency),
            )
            for period in addition.periods
        ]

    def _get_shown(self, letter):
        """Return how each field of the matrix reads, for the look before sending.

        :param dict letter: as of :meth:`_get_letter`
        :rtype: dict[str, list[str]]
        """
        document = letter["document"]
        shown = {
            contents.CREDITOR: [document.creditor],
            contents.RECIPIENT: [document.recipient],
            contents.CONCERNS: [
                text
                for claim in letter["claims"]
                for text in (claim["name"], claim["issued"])
            ],
            contents.AMOUNT: [letter["total"]],
            contents.APART: [
                text
                for claim in letter["claims"]
                for text in (
                    claim["principal"],
                    *(row["amount"] for row in claim["rows"]),
                )
            ],
            contents.OBJECTION: [letter["objection"]],
            contents.ACCOUNT: [claim["account"].shown for claim in letter["claims"]],
            contents.REFERENCE: [claim["reference"] for claim in letter["claims"]],
        }
        if letter["deadline"]:
            shown[contents.DEADLINE] = [letter["deadline"]]
        if letter["warning"]:
            shown[contents.COLLECTION] = [letter["title"], letter["warning"]]
            shown[contents.CONSEQUENCE] = [letter["warning"]]
        details = [
            text
            for claim in letter["claims"]
            for row in claim["rows"]
            if row["is_interest"]
            for text in row["details"]
        ]
        interest = [*details, *([letter["running"]] if letter["running"] else [])]
        for field in (
            contents.INTEREST_RATE,
            contents.INTEREST_FROM,
            contents.INTEREST_BASE,
            contents.INTEREST_AMOUNT,
        ):
            shown[field] = interest
        return shown

    # === HELPERS === #

    def _get_links(self):
        """Return the personal link of each claim in this letter, by id of the invoice.

        :rtype: dict[int, billing.link]
        """
        self.ensure_one()
        moves_sudo = self.sudo().line_ids.move_id
        links_sudo = (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [
                    {"move_id": move_sudo.id, "key": f"reminder:{self.id}"}
                    for move_sudo in moves_sudo
                ]
            )
        )
        return dict(zip(moves_sudo.ids, links_sudo, strict=True))

    def _get_code(self, url):
        """Return a QR code of an address, as the address of a picture."""
        code = self.env["ir.actions.report"].barcode(
            "QR", url, width=CODE_SIZE, height=CODE_SIZE, barLevel="M", quiet=0
        )
        return image_data_uri(base64.b64encode(code))


def text_of(html):
    """Return the text of a page, with what stands apart set apart.

    :param html: markup, as text or bytes
    :rtype: str
    """
    text = html.decode() if isinstance(html, bytes) else str(html)
    apart = _ELEMENTS_APART.sub(lambda match: f" {match[0]} ", text)
    root = lxml.html.fromstring(f"<div>{apart}</div>")
    for element in list(root.iter("style", "script")):
        element.drop_tree()
    return root.text_content()


def _exactly(amount, digits):
    """Return an amount of Odoo as a decimal number of the currency's precision."""
    return Decimal(f"{amount:.{digits}f}")
