import base64
import csv
import io

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.billing_base.core import reference

from ..core import design
from .billing_reference_designer import _assess

#: Years that running numbers should last before anybody is warned.
SHORT_YEARS = 5


class BillingReferenceDesign(models.TransientModel):
    """One structure of references that the designer looks at."""

    _name = "billing.reference.design"
    _description = "Reference Design"
    _order = "id"

    designer_id = fields.Many2one(
        "billing.reference.designer", required=True, index=True, ondelete="cascade"
    )
    algorithm = fields.Selection(
        selection="_selection_algorithm",
        string="Kind of Number",
        required=True,
        default="mod10",
    )
    customer_length = fields.Integer(string="Customer Digits", default=7)
    serial_length = fields.Integer(string="Serial Digits", default=7)
    total_length = fields.Integer(string="Length", compute="_compute_example")
    example = fields.Char(compute="_compute_example")
    test_table = fields.Html(compute="_compute_tests", sanitize=False)
    test_text = fields.Char(string="Copy", compute="_compute_tests")
    test_file = fields.Binary(string="Download", compute="_compute_tests")
    test_file_name = fields.Char(compute="_compute_tests")

    # === COMPUTE METHODS === #

    @api.depends("example")
    def _compute_display_name(self):
        for line in self:
            line.display_name = line.example or self.env._("New Design")

    @api.depends("algorithm", "customer_length", "serial_length")
    def _compute_example(self):
        for line in self:
            scheme = line._as_scheme()
            line.total_length = scheme.total_length
            line.example = scheme.example

    @api.depends("algorithm", "customer_length", "serial_length")
    def _compute_tests(self):
        for line in self:
            core_scheme = line._get_core_scheme()
            tests = line._get_tests() if core_scheme else []
            line.test_table = self.env["ir.qweb"]._render(
                "billing_kid_match.reference_designer_tests", {"tests": tests}
            )
            line.test_text = "\n".join(test["line"] for test in tests)
            line.test_file_name = f"test-{line.algorithm}-{line.total_length}.csv"
            line.test_file = base64.b64encode(line._write_csv(tests))

    # === SELECTION METHODS === #

    @api.model
    def _selection_algorithm(self):
        schemes = self.env["billing.reference.scheme"]
        return schemes._fields["algorithm"]._description_selection(self.env)

    # === ACTIONS === #

    def action_create_scheme(self):
        """Make a reference scheme of this structure, or open the one there is.

        :return: action that opens the scheme
        :rtype: dict
        :raises AccessError: for others than managers
        :raises ValidationError: for a structure that no reference can have
        """
        self.ensure_one()
        if not self.env.user.has_group("billing_base.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers design references."))
        company = self.designer_id.company_id
        schemes = self.env["billing.reference.scheme"].with_company(company)
        values = {"company_id": company.id, **self._get_structure()}
        scheme = schemes.search(
            [(name, "=", value) for name, value in values.items()], limit=1
        )
        if not scheme:
            scheme = schemes.create({"name": self._get_scheme_name(), **values})
        return {
            "type": "ir.actions.act_window",
            "res_model": scheme._name,
            "res_id": scheme.id,
            "view_mode": "form",
        }

    def action_show_tests(self):
        """Show references for the bank to try.

        :return: action that opens the dialog
        :rtype: dict
        :raises UserError: for a structure that no reference can have
        """
        self.ensure_one()
        if not self._get_core_scheme():
            raise UserError(
                self.env._(
                    "No reference can have this structure: choose %(min)s to %(max)s "
                    "characters in all.",
                    min=reference.MIN_LENGTH,
                    max=reference.MAX_LENGTH,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Test References for the Bank"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # === HELPERS - STRUCTURE === #

    def _get_structure(self):
        """Return what a scheme of this structure is made of."""
        self.ensure_one()
        return {
            "algorithm": self.algorithm,
            "customer_length": self.customer_length,
            "serial_length": self.serial_length,
        }

    def _as_scheme(self):
        """Return a scheme of this structure that is not in the database."""
        return self.env["billing.reference.scheme"].new(self._get_structure())

    def _get_core_scheme(self):
        """Return the structure as the core works with it, None if impossible."""
        return self._as_scheme()._get_core_scheme(raise_if_wrong=False)

    def _get_scheme_name(self):
        kind = "OCR" if self.algorithm.startswith("ocr") else "KID"
        return f"{kind} {self.total_length}"

    # === HELPERS - COMPARISON === #

    def _get_card(self, book):
        """Return what the comparison tells about this design.

        :param book: ``core.design.Book`` it is tried on
        :rtype: dict
        """
        self.ensure_one()
        designer = self.designer_id
        core_scheme = self._get_core_scheme()
        if not core_scheme:
            return {
                "structure": self.env._("New Design"),
                "problem": self.env._(
                    "No reference can have this structure: choose %(min)s to %(max)s "
                    "characters in all.",
                    min=reference.MIN_LENGTH,
                    max=reference.MAX_LENGTH,
                ),
            }
        names = self._get_schemes_in_use()
        result = _assess(core_scheme, book)
        silent = result.overall.silent
        limit = designer.silent_limit / 10_000
        grade = (
            "good" if silent <= limit else "fair" if silent <= 10 * limit else "poor"
        )
        return {
            "structure": designer._describe(core_scheme),
            "in_use": names.get(core_scheme),
            "is_recommended": designer.recommended == self._get_structure(),
            "example": self.example,
            "grade": grade,
            "verdict": self._get_verdict(result.overall),
            "rows": [
                {
                    "kind": name,
                    "caught": designer._percent(outcome.caught),
                    "repaired": designer._percent(outcome.repaired),
                    "with_amount": designer._percent(outcome.repaired_with_amount),
                    "silent": self._per_ten_thousand(outcome.silent),
                    "is_silent": outcome.silent > 0,
                    "is_total": outcome is result.overall,
                }
                for name, outcome in (
                    *(
                        (name, result.outcomes[kind])
                        for kind, name in self._get_kind_names().items()
                    ),
                    (self.env._("all, as people make them"), result.overall),
                )
            ],
            "notes": self._get_notes(core_scheme, book, names),
        }

    def _get_kind_names(self):
        return {
            design.MISSING: self.env._("missing digit"),
            design.EXTRA: self.env._("extra digit"),
            design.WRONG: self.env._("wrong digit"),
            design.SWAPPED: self.env._("swapped digits"),
            design.TWO: self.env._("two slips"),
        }

    def _per_ten_thousand(self, share):
        designer = self.designer_id
        count = share * 10_000
        if not count:
            return designer._number(0)
        if count < 0.1:
            return self.env._("under %(number)s", number=designer._number(0.1))
        return designer._number(count)

    def _get_verdict(self, overall):
        """Return in words how dangerous slips are."""
        designer = self.designer_id
        if overall.silent * 10_000 < 0.1:
            first = self.env._(
                "Of 10,000 slips, not one hits another open invoice unseen."
            )
        elif overall.silent * 1000 < 3:
            first = self.env._(
                "Of 10,000 slips, %(count)s hit another open invoice unseen.",
                count=designer._number(overall.silent * 10_000),
            )
        else:
            first = self.env._(
                "Of 1,000 slips, %(count)s hit another open invoice unseen.",
                count=designer._number(overall.silent * 1000),
            )
        second = self.env._(
            "Where the bank checks references it stops %(caught)s. What gets through "
            "is repaired by the reference alone in %(repaired)s of all cases, with the "
            "amount in %(with_amount)s.",
            caught=designer._percent(overall.caught),
            repaired=designer._percent(overall.repaired),
            with_amount=designer._percent(overall.repaired_with_amount),
        )
        return first, second

    def _get_notes(self, core_scheme, book, names):
        """Return what else to know about a structure, warnings first.

        :return: list of (is a warning, text)
        """
        designer = self.designer_id
        notes = self._get_room_notes(core_scheme, book)
        if designer.needs_customer and not core_scheme.customer_length:
            notes.append(
                (True, self.env._("No customer number: not for direct debit."))
            )
        if core_scheme.algorithm == "mod11":
            notes.append(
                (
                    False,
                    self.env._(
                        "One reference in eleven ends with a dash, which some people "
                        "leave out."
                    ),
                )
            )
        if core_scheme.algorithm == "ocr_luhn":
            notes.append(
                (False, self.env._("The bank does not look at the length (level 2)."))
            )
        if core_scheme.algorithm in ("mod10", "mod11"):
            notes += self._get_agreement_notes(core_scheme, names)
        return sorted(notes, key=lambda note: not note[0])

    def _get_room_notes(self, core_scheme, book):
        designer = self.designer_id
        notes = []
        if core_scheme.customer_length:
            digits = max(designer.customer_digits, len(str(book.customer_count)))
            if core_scheme.customer_length < digits:
                notes.append(
                    (
                        True,
                        self.env._(
                            "Customer numbers need %(digits)s digits.", digits=digits
                        ),
                    )
                )
        if not core_scheme.serial_length:
            text = self.env._(
                "All invoices of a customer share one reference; the oldest open one "
                "is paid first."
            )
            return [*notes, (False, text)]
        years = (10**core_scheme.serial_length - 1) / max(book.issued_count, 1)
        if years < SHORT_YEARS:
            text = self.env._(
                "Running numbers last %(years)s years only.",
                years=designer._number(years, 1),
            )
            notes.append((True, text))
        elif years < 1000:
            text = self.env._(
                "Running numbers last about %(years)s years.",
                years=designer._number(int(years), 0),
            )
            notes.append((False, text))
        return notes

    def _get_schemes_in_use(self):
        """Return the names of the company's schemes by their structure."""
        schemes = self.env["billing.reference.scheme"].search(
            [("company_id", "=", self.designer_id.company_id.id)]
        )
        names = {}
        for scheme in schemes:
            found = scheme._get_core_scheme(raise_if_wrong=False)
            if found:
                names.setdefault(found, scheme.name)
        return names

    def _get_agreement_notes(self, core_scheme, names):
        """Return what speaks against it in the agreement with the bank.

        :param names: names of the schemes in use by their structure
        """
        texts = {
            "too_short": self.env._(
                "A KID agreement takes references of %(min)s to %(max)s characters.",
                min=design.MIN_AGREEMENT_LENGTH,
                max=reference.MAX_LENGTH,
            ),
            "too_many": self.env._(
                "A KID agreement holds at most %(count)s structures, each of another "
                "length.",
                count=design.MAX_AGREEMENT_STRUCTURES,
            ),
        }
        notes = []
        for code, other in design.agreement_problems(core_scheme, names):
            text = texts.get(code)
            if code == "same_length":
                text = self.env._(
                    "%(scheme)s has this length too; in one agreement each structure "
                    "has another length.",
                    scheme=names[other],
                )
            elif code == "next_length":
                text = self.env._(
                    "%(scheme)s is one digit longer or shorter: a missing or extra "
                    "digit may give a valid reference. Choose lengths two apart.",
                    scheme=names[other],
                )
            notes.append((True, text))
        return notes

    # === HELPERS - TEST REFERENCES === #

    def _get_tests(self):
        """Return test references with what each is for, in the reader's language."""
        self.ensure_one()
        words = self._get_test_words()
        valid, invalid = self.env._("valid"), self.env._("not valid")
        tests = []
        for test in design.bank_tests(self._get_core_scheme()):
            state = valid if test.valid else invalid
            tests.append(
                {
                    "text": test.text,
                    "valid": test.valid,
                    "state": state,
                    "why": words[test.code],
                    "line": "\t".join((test.text, state, words[test.code])),
                }
            )
        return tests

    def _get_test_words(self):
        _ = self.env._
        return {
            "typical": _("usual reference"),
            "smallest": _("smallest numbers"),
            "largest": _("largest numbers"),
            "zeros": _("many leading zeros"),
            "check_zero": _("check digit 0"),
            "check_dash": _("dash as check digit"),
            "empty": _("no reference"),
            "short": _("one digit only"),
            "long": _("26 digits"),
            "zeros_lost": _("leading zeros left out"),
            "missing": _("a digit is missing"),
            "extra": _("a digit too many"),
            "wrong": _("a wrong digit"),
            "swapped": _("two digits swapped"),
            "check": _("wrong check digit"),
            "length_digit": _("wrong length digit, right check digit"),
            "other_check": _("check digit of the other modulus"),
            "dash": _("dash where the check digit is another"),
            "dash_inside": _("dash in the middle"),
            "letter": _("letter O for zero"),
        }

    def _write_csv(self, tests):
        """Return the test references as CSV, with semicolons as sheets here read it."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
        writer.writerow(
            [self.env._("Reference"), self.env._("Expected"), self.env._("Why")]
        )
        for test in tests:
            writer.writerow([test["text"], test["state"], test["why"]])
        return buffer.getvalue().encode("utf-8-sig")
