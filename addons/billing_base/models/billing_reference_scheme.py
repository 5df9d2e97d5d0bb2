from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..core import reference

#: Fields that may change when references of the scheme are out already.
FREE_FIELDS = {"name", "active", "serial_next"}
#: Draws until the scheme gives up finding serials nobody used. One is enough unless
#: another series of the company produced the same numbers.
MAX_DRAWS = 20


class BillingReferenceScheme(models.Model):
    """How the KID or OCR numbers of a series of invoices are built."""

    _name = "billing.reference.scheme"
    _description = "Payment Reference Scheme"
    _order = "company_id, name, id"

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    active = fields.Boolean(default=True)
    algorithm = fields.Selection(
        [
            ("mod10", "KID, MOD10"),
            ("mod11", "KID, MOD11"),
            ("ocr_luhn", "OCR, check digit"),
            ("ocr_length", "OCR, length digit and check digit"),
            ("ocr_fixed", "OCR, fixed length"),
        ],
        string="Kind of Number",
        required=True,
        default="mod10",
    )
    customer_length = fields.Integer(
        string="Customer Digits",
        default=7,
        required=True,
        help="Digits for the customer number. Direct debit needs them; 0 leaves the "
        "customer number out.",
    )
    serial_length = fields.Integer(
        string="Serial Digits",
        default=7,
        required=True,
        help="Digits for the running number of the invoice.",
    )
    total_length = fields.Integer(
        string="Length",
        compute="_compute_total_length",
        help="Characters of the whole reference, as agreed with the bank.",
    )
    example = fields.Char(compute="_compute_example")
    serial_sequence_id = fields.Many2one(
        "ir.sequence", readonly=True, copy=False, ondelete="restrict"
    )
    serial_next = fields.Integer(
        string="Next Number",
        compute="_compute_serial_next",
        inverse="_inverse_serial_next",
        help="Running number of the next invoice. Raise it when another system gave "
        "out numbers of this kind before.",
    )
    journal_ids = fields.One2many("account.journal", "billing_reference_scheme_id")
    is_issued = fields.Boolean(
        string="In Use",
        compute="_compute_is_issued",
        help="Invoices carry references of this scheme, so it cannot change.",
    )

    # === COMPUTE METHODS === #

    @api.depends("algorithm", "customer_length", "serial_length")
    def _compute_total_length(self):
        for scheme in self:
            core_scheme = scheme._get_core_scheme(raise_if_wrong=False)
            scheme.total_length = core_scheme.length if core_scheme else 0

    @api.depends("algorithm", "customer_length", "serial_length")
    def _compute_example(self):
        """Show a reference in its parts: customer, serial, length digit and check."""
        for scheme in self:
            core_scheme = scheme._get_core_scheme(raise_if_wrong=False)
            if not core_scheme:
                scheme.example = False
                continue
            customer = "1234"[-core_scheme.customer_length :]
            text = reference.generate(
                core_scheme,
                customer if core_scheme.customer_length else 0,
                1 if core_scheme.serial_length else 0,
            )
            parts = (
                *reference.split(text, core_scheme),
                *text[core_scheme.length - core_scheme.control_length :],
            )
            scheme.example = " ".join(filter(None, parts))

    @api.depends("serial_sequence_id")
    def _compute_serial_next(self):
        for scheme in self:
            sequence_sudo = scheme.sudo().serial_sequence_id
            scheme.serial_next = sequence_sudo.number_next_actual or 1

    def _inverse_serial_next(self):
        for scheme in self:
            sequence_sudo = scheme.sudo().serial_sequence_id
            if scheme.serial_next < sequence_sudo.number_next_actual:
                raise ValidationError(
                    self.env._(
                        "Numbers up to %(last)s are given out already; the next "
                        "number can only be raised.",
                        last=sequence_sudo.number_next_actual - 1,
                    )
                )
            sequence_sudo.number_next_actual = scheme.serial_next

    def _compute_is_issued(self):
        for scheme in self:
            scheme.is_issued = scheme._find_issued_invoice() is not None

    # === CONSTRAINT METHODS === #

    @api.constrains("algorithm", "customer_length", "serial_length")
    def _check_structure(self):
        for scheme in self:
            scheme._get_core_scheme()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Give each scheme a series of running numbers of its own."""
        sequences_sudo = (
            self.env["ir.sequence"]
            .sudo()
            .create(
                [
                    {
                        "name": f"{self._description}: {vals.get('name')}",
                        "company_id": vals.get("company_id") or self.env.company.id,
                        # Gaps do no harm in references, waiting for each other does.
                        "implementation": "standard",
                        "padding": 0,
                    }
                    for vals in vals_list
                ]
            )
        )
        return super().create(
            [
                {**vals, "serial_sequence_id": sequence_sudo.id}
                for vals, sequence_sudo in zip(vals_list, sequences_sudo, strict=True)
            ]
        )

    def write(self, vals):
        structural = {
            name
            for name in vals.keys() - FREE_FIELDS
            if name not in ("serial_sequence_id", "journal_ids")
        }
        for scheme in self if structural else ():
            changed = any(
                self._fields[name].convert_to_write(scheme[name], scheme) != vals[name]
                for name in structural
            )
            if changed and (move := scheme._find_issued_invoice()):
                raise UserError(
                    self.env._(
                        "Invoices such as %(invoice)s carry references made with "
                        "%(scheme)s, so it cannot change. Archive it and make a new "
                        "scheme instead.",
                        invoice=move.display_name,
                        scheme=scheme.name,
                    )
                )
        return super().write(vals)

    def unlink(self):
        sequences_sudo = self.sudo().serial_sequence_id
        result = super().unlink()
        sequences_sudo.unlink()
        return result

    # === BUSINESS METHODS === #

    def _issue_references(self, moves):
        """Return a new reference for each of ``moves``, unused in the company.

        A number that another series of the company produced before is passed over;
        the unique index stands behind this for two issued at the same moment.

        :param moves: customer invoices of the company of the scheme
        :return: reference by invoice id
        :rtype: dict[int, str]
        :raises UserError: a number has no room in the scheme
        """
        self.ensure_one()
        references = {}
        todo = moves
        for _draw in range(MAX_DRAWS):
            drawn = {
                move.id: self._generate(move, self._next_serial()) for move in todo
            }
            used = self._find_used(set(drawn.values()))
            fresh = {
                move_id: text for move_id, text in drawn.items() if text not in used
            }
            references.update(fresh)
            todo -= todo.browse(fresh)
            if not todo:
                return references
        raise UserError(
            self.env._(
                "%(scheme)s keeps producing references that exist already. "
                "Make a new scheme.",
                scheme=self.name,
            )
        )

    def _get_customer_references(self, moves):
        """Return the customer's own reference, serial part zero, for each of ``moves``.

        :return: reference by invoice id; the same for all invoices of a customer
        :rtype: dict[int, str]
        :raises UserError: no customer part in the scheme, or no room in it
        """
        self.ensure_one()
        if not self.customer_length:
            raise UserError(
                self.env._(
                    "%(scheme)s has no customer digits, so it cannot give a "
                    "reference based on the customer.",
                    scheme=self.name,
                )
            )
        return {move.id: self._generate(move, 0) for move in moves}

    # === HELPERS === #

    def _get_core_scheme(self, raise_if_wrong=True):
        """Return the scheme as ``core.reference`` works with it.

        :param bool raise_if_wrong: else return None for an impossible structure
        :raises ValidationError: impossible structure
        """
        self.ensure_one()
        try:
            return reference.Scheme(
                self.algorithm, self.customer_length, self.serial_length
            )
        except ValueError as error:
            if not raise_if_wrong:
                return None
            raise ValidationError(
                self.env._(
                    "A reference has %(min)s to %(max)s characters, and a customer "
                    "or a serial part.",
                    min=reference.MIN_LENGTH,
                    max=reference.MAX_LENGTH,
                )
            ) from error

    def _generate(self, move, serial):
        """Return the reference of the customer of ``move`` with ``serial``."""
        core_scheme = self._get_core_scheme()
        customer = 0
        if core_scheme.customer_length:
            customer = move.partner_id._billing_get_customer_number()
        try:
            return reference.generate(core_scheme, customer, serial)
        except reference.ReferenceOverflowError as error:
            if error.part == "customer":
                message = self.env._(
                    "Customer number %(number)s of %(customer)s has no room in the "
                    "%(length)s customer digits of %(scheme)s. Use a scheme with more "
                    "customer digits.",
                    number=error.value,
                    customer=move.commercial_partner_id.display_name,
                    length=error.length,
                    scheme=self.name,
                )
            else:
                message = self.env._(
                    "%(scheme)s is used up: number %(number)s has no room in its "
                    "%(length)s serial digits. Make a new scheme for the journal.",
                    scheme=self.name,
                    number=error.value,
                    length=error.length,
                )
            raise UserError(message) from error

    def _next_serial(self):
        return int(self.sudo().serial_sequence_id.next_by_id())

    def _find_used(self, references):
        """Return those of ``references`` that an invoice of the company has.

        Plain SQL: this runs in the middle of posting, when flushing what is half
        done would be wrong. The unique index sees what is still in memory.
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT payment_reference
                     FROM account_move
                    WHERE company_id = %s
                      AND move_type = 'out_invoice'
                      AND payment_reference = ANY(%s)""",
                self.company_id.id,
                list(references),
            )
        )
        return {row[0] for row in rows}

    def _find_issued_invoice(self):
        """Return an invoice with a reference of this scheme, or None.

        References based on the customer do not name their scheme; there any invoice
        of its journals counts.
        """
        self.ensure_one()
        moves_sudo = self.env["account.move"].sudo()
        # Any will do: sorting a million of them by date would take seconds.
        move = moves_sudo.search(
            [("billing_reference_scheme_id", "in", self.ids)], order="id", limit=1
        ) or moves_sudo.search(
            [
                ("journal_id", "in", self.sudo().journal_ids.ids),
                ("journal_id.invoice_reference_model", "=", "kvitt"),
                ("move_type", "=", "out_invoice"),
                ("payment_reference", "!=", False),
                ("state", "=", "posted"),
            ],
            order="id",
            limit=1,
        )
        return move or None

    @api.model
    def _billing_drop_sequences(self):
        """Delete the running-number series of all schemes (at uninstallation).

        :return: None
        """
        schemes_sudo = (
            self.sudo()
            .with_context(active_test=False)
            .search([("serial_sequence_id", "!=", False)])
        )
        sequences_sudo = schemes_sudo.serial_sequence_id
        schemes_sudo.serial_sequence_id = False
        sequences_sudo.unlink()
