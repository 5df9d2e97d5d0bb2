import functools

from odoo import api, fields, models

from ..core.errors import BankFileError
from ..core.table_layout import SKIP_WORDS, Column, Layout
from ..core.table_reader import Setting
from .account_journal import bare_account


class BillingTableFormat(models.Model):
    """What the columns of one bank's CSV or Excel export mean, for one journal.

    A file is known again by its headings in their order, so that a person explains
    them once.
    """

    _name = "billing.table.format"
    _description = "Table of Bank Payments"
    _order = "journal_id, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    journal_id = fields.Many2one(
        comodel_name="account.journal",
        domain=[("type", "=", "bank")],
        required=True,
        check_company=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="journal_id.company_id", store=True, index=True
    )
    signature = fields.Char(
        help="What the headings are known again by.", required=True, readonly=True
    )
    column_ids = fields.One2many(
        comodel_name="billing.table.column", inverse_name="format_id", copy=True
    )
    date_order = fields.Selection(
        selection="_selection_date_order", default="dmy", required=True
    )
    decimal_sign = fields.Selection(
        selection="_selection_decimal_sign", default=",", required=True
    )
    skip_words = fields.Text(
        string="Sums and Balances",
        help="What rows begin with that are no payments, one on each line. Such a row "
        "is only read over when it has no date or no amount.",
        default=lambda self: self._default_skip_words(),
    )

    _signature_unique = models.UniqueIndex(
        "(journal_id, signature)", "This journal knows a table with these headings."
    )

    # === DEFAULT METHODS === #

    @api.model
    def _default_skip_words(self):
        return "\n".join(SKIP_WORDS)

    # === SELECTION METHODS === #

    @api.model
    def _selection_date_order(self):
        words = {
            "dmy": self.env._("Day, month, year"),
            "ymd": self.env._("Year, month, day"),
            "mdy": self.env._("Month, day, year"),
        }
        return list(words.items())

    @api.model
    def _selection_decimal_sign(self):
        words = {
            ",": self.env._("Comma: 1.250,50"),
            ".": self.env._("Point: 1,250.50"),
        }
        return list(words.items())

    # === BUSINESS METHODS === #

    @api.model
    def _settings(self, name, journals=None):
        """How tables are read, for :func:`~..core.recognise.open_bank_file`.

        :param name: file name, for messages
        :param journals: the only journals allowed, or None for any
        :return: function of a :class:`~..core.table.Table`
        """
        return functools.partial(self.sudo()._find_setting, name, journals)

    @api.model
    def _find_setting(self, name, journals, table):
        """Look for the format of a table, and for the journal the table is for.

        A format of another journal will do where the journal is named: the same bank
        writes the same table for each account.

        :return: :class:`~..core.table_reader.Setting`, None when nobody explained it
        :raises BankFileError: the journal cannot be told
        """
        companies = journals.company_id if journals else self.env.companies
        formats = self.search([("company_id", "in", companies.ids)])
        found = table.find(set(formats.mapped("signature")))
        if not found:
            return None
        line, _names, mark = found
        formats = formats.filtered(lambda item: item.signature == mark)
        own = formats.filtered(lambda item: not journals or item.journal_id in journals)
        accounts = {bare_account(account) for account in table.accounts(line)}
        format_ = (own or formats)[0]
        candidates = own.journal_id or journals
        if len(candidates) > 1:
            named = candidates.filtered(
                lambda item: any(map(item._billing_has_account, accounts))
            )
            candidates = named or candidates
            format_ = own.filtered(lambda item: item.journal_id in candidates)[:1] or (
                format_
            )
        if not journals and format_._has_account_column():
            # Each row tells whose it is.
            candidates = candidates[:0]
        elif len(candidates) > 1:
            raise BankFileError(
                "several journals know this table: "
                f"{', '.join(candidates.mapped('code'))}; name the journal to use",
                file=name,
                line=line,
                field="account",
            )
        self._check_accounts(name, line, candidates, accounts)
        return format_._setting(
            line, candidates or format_.journal_id, bool(candidates)
        )

    @api.model
    def _check_accounts(self, name, line, journal, accounts):
        """Refuse a table that says above its headings that it is another account's.

        :param accounts: bare account numbers above the headings
        :raises BankFileError: it is for another bank journal
        """
        if not journal or any(map(journal._billing_has_account, accounts)):
            return
        others = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", journal.company_id.id)]
        )
        for other in others - journal:
            if any(map(other._billing_has_account, accounts)):
                raise BankFileError(
                    f"the table is of the account of journal {other.code}, not of "
                    f"journal {journal.code}",
                    file=name,
                    line=line,
                    field="account",
                )

    def _has_account_column(self):
        self.ensure_one()
        return "own_account" in self.column_ids.mapped("role")

    def _layout(self):
        """
        :rtype: :class:`~..core.table_layout.Layout`
        """
        self.ensure_one()
        return make_layout(self)

    def _setting(self, line, journal, is_fixed=True):
        """How a table is read for a journal.

        :param line: line of the headings
        :param journal: the ``account.journal``
        :param is_fixed: whether every row is for this journal
        :rtype: :class:`~..core.table_reader.Setting`
        """
        return make_setting(line, self._layout(), journal, is_fixed)


def make_layout(record):
    """The layout that a format, or the form that makes one, describes.

    :rtype: :class:`~..core.table_layout.Layout`
    """
    words = (record.skip_words or "").splitlines()
    return Layout(
        tuple(
            Column(column.name or "", column.role or "")
            for column in record.column_ids.sorted("sequence")
        ),
        record.date_order or "dmy",
        record.decimal_sign or ",",
        tuple(word.strip() for word in words if word.strip()),
    )


def make_setting(line, layout, journal, is_fixed=True):
    """How a table is read for a journal; see :meth:`BillingTableFormat._setting`."""
    currency = journal.currency_id or journal.company_id.currency_id
    account = journal.bank_account_id.sanitized_acc_number
    return Setting(
        line,
        layout,
        # A journal without account number is told from others all the same.
        account or f"JOURNAL{journal.id}",
        currency.name or "",
        journal.id if is_fixed else 0,
    )
