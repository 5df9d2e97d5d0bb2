import base64
import io

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_bank_file.core.source import Source
from odoo.addons.billing_bank_file.core.table import open_table

from ..core import autogiro_in, mandate_list, payer
from ..core.mandates import read_mandates

#: Largest list that is read: half a million mandates.
MAX_BYTES = 64 * 2**20
_TRANSMISSION = b"NY0000"
_NOTICE = {True: "yes", False: "no", None: False}


class BillingMandateImport(models.TransientModel):
    """Takes over mandates from a list: of a bank, or of another system.

    The list is read and shown first, each line with what would become of it. Then all
    that can be taken over is, in one transaction.
    """

    _name = "billing.mandate.import"
    _description = "Import of Mandates"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        required=True,
        domain="[('company_id', '=', company_id)]",
        default=lambda self: self._default_agreement_id(),
    )
    scheme = fields.Selection(related="agreement_id.scheme")
    file = fields.Binary(string="List", attachment=False)
    file_name = fields.Char()
    kind = fields.Selection(
        [("bank", "List of the bank"), ("table", "Table of another system")],
        readonly=True,
    )
    are_active = fields.Boolean(
        string="The Bank Has Them",
        default=True,
        help="Under this agreement. Otherwise the mandates wait until the bank has "
        "them: Autogiro ones are sent to it with the next file.",
    )
    state = fields.Selection(
        [("upload", "Choose"), ("preview", "Look"), ("done", "Done")],
        default="upload",
        required=True,
        readonly=True,
    )
    line_ids = fields.One2many("billing.mandate.import.line", "import_id")
    new_count = fields.Integer(string="New", compute="_compute_counts")
    changed_count = fields.Integer(string="Changed", compute="_compute_counts")
    known_count = fields.Integer(string="There Already", compute="_compute_counts")
    left_count = fields.Integer(string="Left Out", compute="_compute_counts")
    missing_count = fields.Integer(
        string="Not in the List",
        readonly=True,
        help="Active mandates here that the bank's list does not have.",
    )
    mandate_ids = fields.Many2many("billing.mandate", readonly=True)
    made_count = fields.Integer(string="Taken Over", readonly=True)

    # === COMPUTE METHODS === #

    def _default_agreement_id(self):
        return self.env["billing.debit.agreement"]._of_company(self.env.company)

    @api.depends("line_ids.state")
    def _compute_counts(self):
        for wizard in self:
            counts = dict(
                self.env["billing.mandate.import.line"]._read_group(
                    [("import_id", "in", wizard.ids)], ["state"], ["__count"]
                )
            )
            wizard.new_count = counts.get("new", 0)
            wizard.changed_count = counts.get("changed", 0)
            wizard.known_count = counts.get("known", 0) + counts.get("twice", 0)
            wizard.left_count = sum(
                counts.get(state, 0) for state in ("unknown", "stopped", "wrong")
            )

    # === ACTIONS === #

    def action_preview(self):
        """Read the list and show what would become of it (button).

        :raises UserError: it cannot be read
        """
        self.ensure_one()
        self._check_manager()
        if not self.file:
            raise UserError(self.env._("Choose the list first."))
        self.line_ids.unlink()
        name = self.file_name or self.env._("List")
        try:
            data = self._decode(name)
            self.kind, rows = self._read(data, name)
        except BankFileError as error:
            raise UserError(str(error)) from error
        if not rows:
            raise UserError(self.env._("There is no mandate in this list."))
        if self.kind == "bank":
            # Whose list it is says so.
            self.are_active = True
        self.line_ids = self.line_ids.create(
            [{"import_id": self.id, **row} for row in rows]
        )
        self.line_ids._judge()
        self.missing_count = self._count_missing() if self.kind == "bank" else 0
        self.state = "preview"
        return self._again()

    def action_judge(self):
        """Look at the lines again: a customer was chosen (button)."""
        self.ensure_one()
        self._check_manager()
        self.line_ids._judge()
        return self._again()

    def action_import(self):
        """Take over what can be (button), all of it or nothing."""
        self.ensure_one()
        self._check_manager()
        # Since it was shown, the bank may have told of some.
        self.line_ids._judge()
        mandates = self.line_ids._take_over()
        self.write(
            {
                "mandate_ids": [fields.Command.set(mandates.ids)],
                "made_count": len(mandates),
                "state": "done",
                "file": False,
            }
        )
        self.line_ids.write({"bank_account": False, "payer_identity": False})
        return self._again()

    def action_open_mandates(self):
        """Open the mandates that were taken over (button)."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_direct_debit.billing_mandate_action"
        )
        action["domain"] = [("id", "in", self.mandate_ids.ids)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    def _decode(self, name):
        """Return the file, unless it is larger than what is read.

        :param str name: of the file, for messages
        :rtype: bytes
        :raises BankFileError: it is too large
        """
        # Four characters hold three bytes; what is too large is never unpacked.
        if len(self.file) > MAX_BYTES // 3 * 4 + 4:
            raise BankFileError(
                f"expected at most {MAX_BYTES} bytes, found more", file=name
            )
        return base64.b64decode(self.file)

    def _read(self, data, name):
        """Return what the list says.

        :param bytes data: of the file
        :param str name: of the file, for messages
        :return: kind of list, and field values of its lines
        :raises BankFileError: it cannot be read
        :raises UserError: it is a list of something else
        """
        if data.startswith(_TRANSMISSION):
            return "bank", self._read_avtalegiro(data, name)
        if autogiro_in.is_autogiro(data[:65536]):
            return "bank", self._read_register(data, name)
        return "table", self._read_table(data, name)

    def _read_avtalegiro(self, data, name):
        self._check_scheme("avtalegiro")
        rows = []
        for record in read_mandates(io.BytesIO(data), name, max_bytes=MAX_BYTES):
            if record.account != self.agreement_id.account_number:
                raise UserError(
                    self.env._(
                        "%(file)s, line %(line)s: these mandates are for account "
                        "%(account)s, and not for that of the agreement.",
                        file=name,
                        line=record.line,
                        account=record.account,
                    )
                )
            # What the bank has deleted is in no list of what it has.
            if record.registration != 2:
                rows.append(
                    {
                        "line": record.line,
                        "kid": record.kid.strip(),
                        "written_notice": _NOTICE[record.written_notice],
                    }
                )
        return rows

    def _read_register(self, data, name):
        self._check_scheme("autogiro")
        reader = autogiro_in.open_autogiro(io.BytesIO(data), name, max_bytes=MAX_BYTES)
        if reader.opening.kind != "register":
            raise UserError(
                self.env._(
                    "This is an Autogiro file, but no list of mandates. Import it "
                    "under Payments → Bank Files."
                )
            )
        rows = []
        for record in reader:
            if record.bankgiro != self.agreement_id.bankgiro_number.lstrip("0"):
                raise UserError(
                    self.env._(
                        "%(file)s, line %(line)s: these mandates are for bankgiro "
                        "%(bankgiro)s, and not for that of the agreement.",
                        file=name,
                        line=record.line,
                        bankgiro=record.bankgiro,
                    )
                )
            rows.append(
                {
                    "line": record.line,
                    "payer_number": record.payer_number,
                    "bank_account": record.account,
                    "payer_identity": payer.plain_identity(record.identity),
                    "signed_on": record.created,
                    "is_pending": record.pending,
                }
            )
        return rows

    def _read_table(self, data, name):
        table = open_table(Source(io.BytesIO(data), name, max_bytes=MAX_BYTES))
        # One column has no separators, and so is no table to most readers.
        read = table.rows if table else lambda: mandate_list.one_column(data)
        start, columns = mandate_list.find_headings(read())
        if not columns:
            raise UserError(
                self.env._(
                    "No list of mandates was found in this file. A table needs "
                    "headings, one of them «KID», «Payer number», «Bankgiro» or "
                    "«Customer number»."
                )
            )
        today = self.company_id._billing_today()
        rows = []
        for line, cells in read():
            if line <= start:
                continue
            try:
                row = mandate_list.read_row(line, cells, columns, today)
            except mandate_list.RowError as error:
                rows.append({"line": line, "wrong": error.column})
                continue
            if row:
                rows.append(
                    {
                        "line": row.line,
                        "customer": row.customer,
                        "kid": row.kid,
                        "payer_number": row.payer_number or row.payer_bankgiro,
                        "bank_account": row.bank_account,
                        "payer_identity": row.payer_identity,
                        "payer_bankgiro": row.payer_bankgiro,
                        "written_notice": _NOTICE[row.written_notice],
                        "signed_on": row.signed_on,
                        "limit_amount": row.limit,
                    }
                )
        return rows

    # === HELPERS === #

    def _count_missing(self):
        """Return how many active mandates the bank's list does not have."""
        numbers = set(self.line_ids.mapped("number"))
        mandates = self.env["billing.mandate"].search(
            [("agreement_id", "=", self.agreement_id.id), ("state", "=", "active")]
        )
        return len(mandates.filtered(lambda one: one.number not in numbers))

    def _check_scheme(self, scheme):
        if self.scheme != scheme:
            raise UserError(
                self.env._(
                    "This list is of the other scheme. Choose the agreement it "
                    "belongs to."
                )
            )

    def _check_manager(self):
        if not self.env.user.has_group("billing_base.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers import mandates."))
        self.agreement_id.check_access("read")

    def _again(self):
        """Show the same form once more."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import Mandates"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
