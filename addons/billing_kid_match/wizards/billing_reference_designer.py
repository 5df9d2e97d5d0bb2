from functools import lru_cache
from math import ceil
from random import Random

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL, formatLang

from ..core import design
from ..core.weights import DEFAULT_WEIGHTS
from ..models.account_move import OPEN_SQL

#: Same seed, same figures: a design is compared with itself after a change.
SEED = 19
#: Open amounts that stand for all of them.
AMOUNTS = 2000
#: Invoices of a year that are all read.
COUNTED = 20_000
#: Journal entries read of a larger book, to conclude from.
SAMPLE = 50_000
#: Invoices among them whose customers' other invoices are counted.
CUSTOMERS = 1000
#: What a company without invoices is asked about: open, a year, customers.
EXPECTED = (1_000, 12_000, 1_000)
#: Designs side by side, at most.
MAX_DESIGNS = 6

ALGORITHMS = {"kid": ("mod10", "mod11"), "ocr": ("ocr_length", "ocr_fixed")}


@lru_cache(maxsize=64)
def _assess(scheme, book):
    weights = DEFAULT_WEIGHTS
    return design.assess(scheme, book, weights.kinds, _two(weights), Random(SEED))


@lru_cache(maxsize=16)
def _recommend(algorithms, book, customer_length, serial_length, limit, needs_customer):
    weights = DEFAULT_WEIGHTS
    try:
        return design.recommend(
            algorithms,
            book,
            customer_length,
            serial_length,
            limit,
            weights.kinds,
            _two(weights),
            Random(SEED),
            needs_customer,
        )
    except ValueError:
        return None


def _two(weights):
    """Share of references with two slips among the damaged ones."""
    return weights.edits[1] / sum(weights.edits)


def _rounded(number):
    """A number to two digits: more would claim what a sample cannot tell."""
    return int(float(f"{number:.2g}"))


class BillingReferenceDesigner(models.TransientModel):
    """Compares structures of KID or OCR numbers by what slips do to them."""

    _name = "billing.reference.designer"
    _description = "KID Designer"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    market = fields.Selection(
        [("kid", "KID (Norway)"), ("ocr", "OCR (Sweden)")],
        string="Kind of Reference",
        required=True,
        default="kid",
    )
    # The book
    open_count = fields.Integer(
        string="Open Invoices", help="How many invoices wait for money at a time."
    )
    issued_count = fields.Integer(
        string="Invoices a Year",
        help="Open invoices lie among the running numbers of about a year.",
    )
    customer_count = fields.Integer(string="Customers")
    growth = fields.Float(
        string="Room for Growth",
        default=2.0,
        digits=(6, 1),
        help="How many times as large as now the company may become.",
    )
    years = fields.Integer(
        default=10,
        help="How long the running numbers must last.",
    )
    customer_digits = fields.Integer(help="Digits of the longest customer number.")
    amounts = fields.Json(help="Open amounts in minor units, a sample.")
    is_expected = fields.Boolean(help="There are no invoices to count.")
    # What is asked for
    needs_customer = fields.Boolean(
        string="With Customer Number",
        default=True,
        help="Direct debit finds the mandate by the customer number in the reference.",
    )
    silent_limit = fields.Float(
        string="Unseen Hits at Most",
        default=1.0,
        digits=(6, 2),
        help="Of 10,000 slips, how many may hit another open invoice.",
    )
    design_ids = fields.One2many(
        "billing.reference.design", "designer_id", string="Designs"
    )
    # What comes out
    recommended = fields.Json(compute="_compute_recommended")
    recommendation = fields.Char(compute="_compute_recommended")
    is_recommendation_new = fields.Boolean(compute="_compute_is_recommendation_new")
    comparison = fields.Html(compute="_compute_comparison", sanitize=False)

    _counts_positive = models.Constraint(
        "CHECK (open_count > 0 AND issued_count > 0 AND customer_count > 0"
        " AND growth >= 1 AND years > 0 AND years <= 100 AND silent_limit >= 0)",
        "Invoices, customers and years are above zero, room for growth is 1 or more.",
    )

    # === COMPUTE METHODS === #

    @api.depends_context("lang")
    def _compute_display_name(self):
        for designer in self:
            designer.display_name = self.env._("KID Designer")

    @api.depends(
        "market",
        "open_count",
        "issued_count",
        "customer_count",
        "growth",
        "years",
        "needs_customer",
        "silent_limit",
    )
    def _compute_recommended(self):
        for designer in self:
            book = designer._get_book()
            found = book and _recommend(
                ALGORITHMS[designer.market],
                book,
                max(designer.customer_digits, len(str(book.customer_count))),
                len(str(book.issued_count * max(designer.years, 1))),
                designer.silent_limit / 10_000,
                designer.needs_customer,
            )
            designer.recommended = designer.recommendation = False
            if not found:
                continue
            scheme, silent = found
            designer.recommended = {
                "algorithm": scheme.algorithm,
                "customer_length": scheme.customer_length,
                "serial_length": scheme.serial_length,
            }
            if silent <= designer.silent_limit / 10_000:
                text = self.env._(
                    "%(structure)s: the shortest one that keeps unseen hits within "
                    "%(limit)s of 10,000 slips and has room for %(years)s years.",
                    structure=designer._describe(scheme),
                    limit=designer._number(designer.silent_limit),
                    years=designer.years,
                )
            else:
                text = self.env._(
                    "%(structure)s comes closest; none keeps unseen hits within "
                    "%(limit)s of 10,000 slips.",
                    structure=designer._describe(scheme),
                    limit=designer._number(designer.silent_limit),
                )
            designer.recommendation = text

    @api.depends(
        "recommended",
        "design_ids.algorithm",
        "design_ids.customer_length",
        "design_ids.serial_length",
    )
    def _compute_is_recommendation_new(self):
        for designer in self:
            wanted = designer.recommended
            designer.is_recommendation_new = bool(wanted) and not any(
                line._get_structure() == wanted for line in designer.design_ids
            )

    @api.depends(
        "market",
        "open_count",
        "issued_count",
        "customer_count",
        "growth",
        "silent_limit",
        "needs_customer",
        "recommended",
        "design_ids.algorithm",
        "design_ids.customer_length",
        "design_ids.serial_length",
    )
    def _compute_comparison(self):
        for designer in self:
            book = designer._get_book()
            designs = designer.design_ids[:MAX_DESIGNS] if book else []
            designer.comparison = self.env["ir.qweb"]._render(
                "billing_kid_match.reference_designer_comparison",
                {"cards": [line._get_card(book) for line in designs]},
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("design_ids")
    def _check_designs(self):
        for designer in self:
            if len(designer.design_ids) > MAX_DESIGNS:
                raise ValidationError(
                    self.env._(
                        "Compare at most %(count)s designs at a time.",
                        count=MAX_DESIGNS,
                    )
                )

    # === ACTIONS === #

    @api.model
    def action_open(self):
        """Open the designer on the books of the current company.

        :return: action that opens the form
        :rtype: dict
        :raises AccessError: for others than managers
        """
        return self._open()

    def action_add_recommended(self):
        """Put the recommended structure beside the others.

        :return: None
        """
        self.ensure_one()
        if self.is_recommendation_new:
            self.design_ids = [Command.create(self.recommended)]

    # === HELPERS === #

    @api.model
    def _open(self, scheme=None):
        """Make a designer and return the action that opens it.

        :param scheme: billing.reference.scheme to start from, with its company
        :rtype: dict
        :raises AccessError: for others than managers
        """
        if not self.env.user.has_group("billing_base.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers design references."))
        company = scheme.company_id if scheme else self.env.company
        self = self.with_company(company)  # noqa: PLW0642 - as the scheme's company
        country = company.account_fiscal_country_id.code or company.country_id.code
        market = "ocr" if country == "SE" else "kid"
        if scheme:
            market = "ocr" if scheme.algorithm.startswith("ocr") else "kid"
        designer = self.create(
            {"company_id": company.id, "market": market, **self._read_book(company)}
        )
        designer.design_ids = designer._prepare_first_designs(scheme)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("KID Designer"),
            "res_model": self._name,
            "res_id": designer.id,
            "view_mode": "form",
            "target": "current",
        }

    def _get_book(self):
        """Return the book the designs are tried on, None while it is impossible."""
        self.ensure_one()
        book = design.Book(
            self.open_count,
            max(self.issued_count, self.open_count),
            self.customer_count,
            tuple(self.amounts or ()),
        ).grown(max(self.growth, 1.0))
        return book if min(self.open_count, self.customer_count) > 0 else None

    @api.model
    def _read_book(self, company):
        """Return what the books say about open invoices, customers and amounts.

        Counted up to :data:`COUNTED` invoices; the numbers of larger books come from a
        sample and are rounded to two digits.

        :return: values of a designer
        :rtype: dict
        """
        self.env["account.move"].flush_model()
        self.env["res.partner"].flush_model(["billing_customer_number"])
        since = fields.Date.subtract(fields.Date.context_today(self), years=1)
        issued = SQL(
            """company_id = %(company)s
               AND move_type = 'out_invoice'
               AND state = 'posted'
               AND (invoice_date >= %(since)s OR %(open)s)""",
            open=SQL(OPEN_SQL),
            company=company.id,
            since=since,
        )
        [[counted]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM"
                " (SELECT 1 FROM account_move WHERE %s LIMIT %s) AS counted",
                issued,
                COUNTED + 1,
            )
        )
        if counted > COUNTED:
            values = self._sample_invoices(company, issued)
        else:
            values = self._count_invoices(company, issued)
        [[digits]] = self.env.execute_query(
            SQL(
                "SELECT max(length(ltrim(billing_customer_number, '0')))"
                "  FROM res_partner WHERE billing_customer_number IS NOT NULL"
            )
        )
        return {
            "is_expected": not values["open_count"],
            "open_count": values["open_count"] or EXPECTED[0],
            "issued_count": values["issued_count"] or EXPECTED[1],
            "customer_count": values["customer_count"] or EXPECTED[2],
            "customer_digits": digits or 0,
            "amounts": self._in_minor_units(company, values["amounts"]),
        }

    def _count_invoices(self, company, issued):
        """Read all invoices of a year.

        :param issued: condition on ``account_move``
        """
        [[open_count, issued_count, customer_count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FILTER (WHERE %s), count(*),"
                " count(DISTINCT commercial_partner_id) FROM account_move WHERE %s",
                SQL(OPEN_SQL),
                issued,
            )
        )
        return {
            "open_count": open_count,
            "issued_count": issued_count,
            "customer_count": customer_count,
            "amounts": self._read_amounts(company, SQL("account_move"), open_count),
        }

    def _sample_invoices(self, company, issued):
        """Read some of the invoices of a year, and conclude how many there are.

        :param issued: condition on ``account_move``
        """
        [[rows]] = self.env.execute_query(
            SQL(
                "SELECT greatest(reltuples, 1) FROM pg_class"
                " WHERE oid = 'account_move'::regclass"
            )
        )
        percent = min(100.0, 100 * SAMPLE / rows)
        sampled = SQL(
            "account_move TABLESAMPLE SYSTEM (%s) REPEATABLE (%s)", percent, SEED
        )
        [[seen, open_count, issued_count]] = self.env.execute_query(
            SQL(
                "SELECT count(*), count(*) FILTER (WHERE %s AND %s),"
                " count(*) FILTER (WHERE %s) FROM %s",
                issued,
                SQL(OPEN_SQL),
                issued,
                sampled,
            )
        )
        # An invoice of a customer with four stands for a quarter of him.
        [[looked_at, customers]] = self.env.execute_query(
            SQL(
                """
                SELECT count(*), sum(1.0 / own.count)
                  FROM (SELECT commercial_partner_id
                          FROM (SELECT commercial_partner_id,
                                       row_number() OVER (ORDER BY id) AS place
                                  FROM %(sampled)s
                                 WHERE %(issued)s) AS numbered
                         WHERE place %% %(step)s = 0) AS picked
                 CROSS JOIN LATERAL (
                       SELECT count(*)
                         FROM (SELECT 1
                                 FROM account_move
                                WHERE commercial_partner_id
                                      = picked.commercial_partner_id
                                  AND payment_reference IS NOT NULL AND %(issued)s
                                LIMIT %(most)s) AS counted) AS own
                 WHERE own.count > 0
                """,
                sampled=sampled,
                issued=issued,
                step=max(issued_count // CUSTOMERS, 1),
                most=CUSTOMERS,
            )
        )
        share = rows / max(seen, 1) if percent < 100 else 1
        return {
            "open_count": _rounded(open_count * share),
            "issued_count": _rounded(issued_count * share),
            "customer_count": _rounded(
                issued_count * share * float(customers or 0) / max(looked_at, 1)
            ),
            "amounts": self._read_amounts(company, sampled, open_count),
        }

    def _read_amounts(self, company, table, open_count):
        """Open amounts in the company's currency, a few of each size.

        :param table: ``account_move`` or a sample of it
        :param open_count: open invoices in it
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT amount_residual
                     FROM (SELECT amount_residual,
                                  row_number() OVER (ORDER BY amount_residual)
                                  AS place
                             FROM %(table)s
                            WHERE company_id = %(company)s
                              AND currency_id = %(currency)s
                              AND %(open)s) AS sorted
                    WHERE place %% %(step)s = 0""",
                table=table,
                open=SQL(OPEN_SQL),
                company=company.id,
                currency=company.currency_id.id,
                step=max(open_count // AMOUNTS, 1),
            )
        )
        return [row[0] for row in rows]

    def _in_minor_units(self, company, amounts):
        unit = 10**company.currency_id.decimal_places
        return [round(amount * unit) for amount in amounts]

    def _prepare_first_designs(self, scheme):
        """Return commands for the schemes in use, the best one and a plain number."""
        self.ensure_one()
        schemes = scheme or self.env["billing.reference.scheme"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("algorithm", "=like", "ocr%" if self.market == "ocr" else "mod%"),
            ],
            limit=2,
        )
        designs = [
            {
                "algorithm": found.algorithm,
                "customer_length": found.customer_length,
                "serial_length": found.serial_length,
            }
            for found in schemes
        ]
        if self.recommended:
            designs.append(self.recommended)
        for algorithm in ALGORITHMS[self.market]:
            designs.append(
                {
                    "algorithm": algorithm,
                    "customer_length": 0,
                    "serial_length": len(
                        str(ceil(self.issued_count * self.growth * self.years))
                    ),
                }
            )
        different = [
            values for nth, values in enumerate(designs) if values not in designs[:nth]
        ]
        return [Command.create(values) for values in different[:4]]

    def _describe(self, scheme):
        """Return a structure in words: kind, length and parts."""
        kinds = dict(
            self.env["billing.reference.scheme"]
            ._fields["algorithm"]
            ._description_selection(self.env)
        )
        parts = (scheme.customer_length, scheme.serial_length, scheme.control_length)
        return self.env._(
            "%(kind)s, %(length)s digits (%(parts)s)",
            kind=kinds[scheme.algorithm],
            length=scheme.length,
            parts=" + ".join(str(part) for part in parts if part),
        )

    def _number(self, value, digits=None):
        """Return a number as the reader writes it, without idle decimals."""
        if digits is None:
            digits = 0 if value == int(value) or value >= 10 else 1
            if 0 < value < 0.1:
                digits = 2
        return formatLang(self.env, value, digits=digits)

    def _percent(self, share):
        """Return a share in percent; only all and nothing are 100 and 0."""
        if share >= 1 - 1e-9 or share <= 1e-9:
            digits, value = 0, round(share) * 100
        else:
            digits = 1 if share > 0.99 or share < 0.01 else 0
            value = min(max(share * 100, 0.1), 99.9)
        return self.env._("%(number)s%%", number=self._number(value, digits))
