import io
import itertools

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import table_layout
from ..core.errors import BankFileError
from ..core.money import decimals
from ..core.recognise import open_bank_file
from ..core.source import Source
from ..core.table import HEAD_ROWS, open_table
from ..core.table_values import guess_date_order, guess_decimal_sign
from ..models.billing_table_format import make_layout, make_setting

# Payments shown before the import, and values shown of each column.
PREVIEW = 6
SAMPLES = 2


class BillingTableMapping(models.TransientModel):
    """Asks what the columns of a table mean that was not seen before."""

    _name = "billing.table.mapping"
    _description = "Explain the Columns of a Table"

    upload_id = fields.Many2one(
        comodel_name="billing.bank.file.upload",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    attachment_id = fields.Many2one(
        comodel_name="ir.attachment", required=True, readonly=True, ondelete="cascade"
    )
    file_name = fields.Char(related="attachment_id.name")
    journal_id = fields.Many2one(
        comodel_name="account.journal",
        domain=[("type", "=", "bank")],
        help="The account this table is of.",
        required=True,
    )
    heading_line = fields.Integer(readonly=True)
    column_ids = fields.One2many(
        comodel_name="billing.table.mapping.column", inverse_name="mapping_id"
    )
    date_order = fields.Selection(
        selection=lambda self: self.env["billing.table.format"]._selection_date_order(),
        string="Dates",
        default="dmy",
        required=True,
    )
    decimal_sign = fields.Selection(
        selection=lambda self: self.env[
            "billing.table.format"
        ]._selection_decimal_sign(),
        default=",",
        required=True,
    )
    skip_words = fields.Text(
        string="Sums and Balances",
        help="What rows begin with that are no payments, one on each line. Such a row "
        "is only read over when it has no date or no amount.",
        default=lambda self: self.env["billing.table.format"]._default_skip_words(),
    )
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    problem = fields.Char(compute="_compute_preview")

    # === COMPUTE METHODS === #

    @api.depends(
        "journal_id",
        "column_ids.role",
        "date_order",
        "decimal_sign",
        "skip_words",
    )
    def _compute_preview(self):
        for mapping in self:
            mapping.problem, values = mapping._read_all()
            mapping.preview = self.env["ir.qweb"]._render(
                "billing_bank_file.table_preview", values
            )

    # === ACTIONS === #

    def action_import(self):
        """Keep what the columns mean, and import the table.

        :raises AccessError: for others than billing users
        :raises UserError: the table cannot be read so
        """
        self.ensure_one()
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff can import bank files."))
        self._keep_format()
        try:
            file, _seen = (
                self.env["billing.bank.file"]
                .sudo()
                ._import(self.attachment_id.raw or b"", self.file_name, self.journal_id)
            )
        except BankFileError as error:
            # The form is still open: another meaning of a column may be the cure.
            raise UserError(str(error)) from error
        return self.upload_id._go_on(file, self.attachment_id)

    # === BUSINESS METHODS === #

    @api.model
    def _open(self, upload, attachment):
        """Show what the columns of a table seem to mean.

        :param upload: the ``billing.bank.file.upload`` it came with
        :param attachment: the table
        :return: action
        :raises BankFileError: no row of the file can be the headings
        """
        source = Source(io.BytesIO(attachment.raw or b""), attachment.name)
        table = open_table(source)
        found = table.guess()
        if not found:
            raise source.error(
                f"expected a row of headings within the first {HEAD_ROWS} rows, found "
                "none",
                field="table",
            )
        line, names = found
        rows = [cells for number, cells in table.head() if number > line]
        columns = table_layout.guess_columns(names)
        mapping = self.create(
            {
                "upload_id": upload.id,
                "attachment_id": attachment.id,
                "journal_id": upload.journal_id.id
                or self._guess_journal(table.accounts(line)).id,
                "heading_line": line,
                "date_order": guess_date_order(_values(rows, columns, "date")),
                "decimal_sign": guess_decimal_sign(
                    _values(rows, columns, "amount", "money")
                ),
                "column_ids": [
                    fields.Command.create(
                        {
                            "sequence": place,
                            "name": column.name,
                            "role": column.role or False,
                            "sample": _sample(rows, place),
                        }
                    )
                    for place, column in enumerate(columns)
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Do the Columns Mean?"),
            "res_model": self._name,
            "res_id": mapping.id,
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    @api.model
    def _guess_journal(self, accounts):
        """The bank journal of an account above the headings, or the only one."""
        journals = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "in", self.env.companies.ids)]
        )
        named = journals.filtered(
            lambda item: any(map(item._billing_has_account, accounts))
        )
        return named if len(named) == 1 else journals[:1]

    def _keep_format(self):
        """Keep the columns for the next file of this bank."""
        names = [column.name or "" for column in self.column_ids.sorted("sequence")]
        formats_sudo = self.env["billing.table.format"].sudo()
        signature = table_layout.signature(names)
        formats_sudo.search(
            [
                ("journal_id", "=", self.journal_id.id),
                ("signature", "=", signature),
            ]
        ).unlink()
        formats_sudo.create(
            {
                "name": self.env._(
                    "%(journal)s: %(headings)s",
                    journal=self.journal_id.name,
                    headings=", ".join(names[:3]),
                ),
                "journal_id": self.journal_id.id,
                "signature": signature,
                "date_order": self.date_order,
                "decimal_sign": self.decimal_sign,
                "skip_words": self.skip_words,
                "column_ids": [
                    fields.Command.create(
                        {
                            "sequence": column.sequence,
                            "name": column.name,
                            "role": column.role,
                        }
                    )
                    for column in self.column_ids
                ],
            }
        )

    def _read_all(self):
        """Read the table as it is explained now.

        :return: (what is wrong or an empty string, values of the preview)
        """
        self.ensure_one()
        values = {
            "payments": [],
            "totals": [],
            "skipped": [],
            "count": 0,
            "problem": "",
        }
        journal = self.journal_id
        layout = make_layout(self)
        problem = self.env._("Please choose the journal.") if not journal else ""
        if not problem and layout.problem():
            problem = self.env._(
                "The columns do not make payments yet: %(problem)s.",
                problem=self._problem_texts()[layout.problem()],
            )
        if problem:
            return problem, {**values, "problem": problem}
        setting = make_setting(self.heading_line, layout, journal)
        sums = {}
        try:
            reader = open_bank_file(
                io.BytesIO(self._content()),
                self.file_name,
                settings=lambda _table: setting,
            )
            for payment in reader:
                if len(values["payments"]) < PREVIEW:
                    values["payments"].append(self._shown(payment))
                side = (payment.currency, payment.amount > 0)
                sums[side] = sums.get(side, 0) + payment.amount
            values["skipped"] = [
                (self._skip_texts()[what], count)
                for what, count in reader.summary.skipped.items()
            ]
            values["count"] = reader.summary.transactions
        except BankFileError as error:
            problem = str(error)
        else:
            problem = "" if values["count"] else self.env._("No payment was found.")
        values["totals"] = [
            (is_in, self._shown_amount(abs(minor), currency))
            for (currency, is_in), minor in sorted(sums.items(), reverse=True)
        ]
        values["problem"] = problem
        return problem, values

    @api.model
    def _problem_texts(self):
        """What is wrong with a layout, in the reader's language."""
        _ = self.env._
        return {
            "role_twice": _("two columns hold the same"),
            "no_date": _("no column is the booking date"),
            "no_amount": _("no column is the amount"),
            "amount_and_sides": _("there is an amount, and money in or out besides"),
            "direction_alone": _("a column says in or out, but none is the amount"),
        }

    @api.model
    def _skip_texts(self):
        """What was read over, in the reader's language, by the reader's own words."""
        _ = self.env._
        return {
            "repeated headings": _("repeated headings"),
            "rows not booked yet": _("rows not booked yet"),
            "rows without date and amount": _("rows without date and amount"),
            "sums and balances": _("sums and balances"),
        }

    def _content(self):
        """The bytes of the table; a form asks for sizes in their place."""
        return self.attachment_id.with_context(bin_size=False).raw or b""

    def _shown(self, payment):
        return {
            "date": payment.booking_date,
            "amount": self._shown_amount(payment.amount, payment.currency),
            "is_in": payment.amount > 0,
            "reference": payment.reference,
            "payer": " ".join(
                filter(None, [payment.payer_name, payment.payer_account])
            ),
            "text": " ".join(payment.texts),
        }

    def _shown_amount(self, minor, currency):
        amount = minor / 10 ** decimals(currency)
        record = self.env["res.currency"].search([("name", "=", currency)], limit=1)
        return record.format(amount) if record else f"{amount:.2f} {currency}"


class BillingTableMappingColumn(models.TransientModel):
    """One column while it is being explained."""

    _name = "billing.table.mapping.column"
    _description = "Column of a Table to Explain"
    _order = "sequence, id"

    mapping_id = fields.Many2one(
        comodel_name="billing.table.mapping", required=True, ondelete="cascade"
    )
    sequence = fields.Integer()
    name = fields.Char(string="Heading")
    sample = fields.Char(string="For Example")
    role = fields.Selection(
        selection=lambda self: self.env["billing.table.column"]._selection_role(),
        string="Holds",
    )


def _values(rows, columns, *words):
    """Cells of the columns whose role has one of the words."""
    places = [
        place
        for place, column in enumerate(columns)
        if any(word in column.role for word in words)
    ]
    return [
        row[place]
        for row in rows
        for place in places
        if place < len(row) and row[place] not in (None, "")
    ]


def _sample(rows, place):
    """The first values of a column."""
    texts = (table_layout.clean(row[place]) for row in rows if place < len(row))
    different = dict.fromkeys(filter(None, texts))
    return " · ".join(text[:40] for text in itertools.islice(different, SAMPLES))
