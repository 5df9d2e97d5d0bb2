"""ISO 20022 camt.053 (statement) and camt.054 (debit/credit notification).

One pass: libxml2 parses and validates against the ISO schema while the elements are
read and thrown away again, so memory does not grow with the file. A refusal is then
explained with ``xmlschema``, on the refused element alone. See
``docs/decisions/0005-camt-validated-in-one-stream.md``.
"""

import re
from datetime import date

from .camt_fields import (
    PARTY_NAMES,
    account_of,
    all_of,
    bank_code,
    before,
    flatten,
    has_charges,
    reference_kind,
)
from .camt_stream import CamtStream
from .errors import shown
from .money import shown_amount, to_minor
from .types import Fingerprints, Reference, Summary, Transaction

_NO_REFERENCE = {"", "NOTPROVIDED"}
_SIGNS = {"CRDT": 1, "DBIT": -1}
_DETAILS = "Ntry/NtryDtls/TxDtls/"
_OTHER_ROLE = {"Dbtr": "Cdtr", "Cdtr": "Dbtr"}
# Swedish banks that name the bankgiro number with the entry do it so.
_GIRO_ENTRY = re.compile(r"BG0*(\d{7,8})(?!\d)", re.ASCII)


class _Entry:
    """One ``Ntry`` while its transactions are read."""

    def __init__(self, fields, line):
        self.fields = fields
        self.line = line
        self.count = 0  # TxDtls so far
        self.total = 0  # and their signed sum
        self.block = []  # signed amounts in the current NtryDtls, None if not said
        self.batch = {}  # Btch of the current NtryDtls
        self.pending = None  # the last TxDtls, until it is known whether it is alone


class _Part:
    """One ``Stmt`` or ``Ntfctn``: its header and what its entries add up to."""

    def __init__(self, fields, line):
        self.fields = fields
        self.line = line
        # (booked, CdtDbtInd) -> [number, minor units]
        self.sums = {
            (booked, sign): [0, 0] for booked in (True, False) for sign in _SIGNS
        }

    def sum(self, sign=None, *, also_pending):
        """Number and sum of entries: of one sign, or of all with the signed net."""
        number = gross = net = 0
        for (booked, kind), (count, amount) in self.sums.items():
            if (booked or also_pending) and sign in (None, kind):
                number += count
                gross += amount
                net += amount * _SIGNS[kind]
        return number, gross, net


class CamtReader(CamtStream):
    """Reads the booked entries of a camt.053 or camt.054 message.

    One transaction per ``TxDtls``; an entry without details is one transaction.
    Entries that are not booked (PDNG, INFO, FUTR) are counted in
    ``Summary.skipped``. The sign follows ``CdtDbtInd`` alone: in a reversal
    (``RvslInd``) it already says where the money goes now.

    The fingerprint is made of own account, booking date, signed amount, currency,
    the bank's references, the end-to-end id, references, the payer's account and,
    where none of these references is there, name and texts.

    Beyond the schema these must agree: an entry with its details, a batch with its
    details, the currency with the account's, the summary (``TxsSummry``) with the
    entries, and opening balance plus entries with the closing balance.
    """

    def __init__(self, source, message, encoding):
        super().__init__(source, message, encoding, Summary(message))
        self._fingerprints = Fingerprints()
        self._position = 0
        self._dates = {}
        self._part = None
        self._entry = None
        self._paged = False

    def _handlers(self):
        return {
            "GrpHdr": self._on_header,
            self._container: self._on_part_end,
            "Ntry": self._on_entry_end,
            "Btch": self._on_batch,
            "NtryDtls": self._on_details_end,
            "TxDtls": self._on_transaction,
        }

    # --- header ----------------------------------------------------------------

    def _on_header(self, element):
        fields = self._fields(element)
        self._summary.message_id = fields.get("MsgId", "")
        self._note_pages(fields, "MsgPgntn")

    def _open_part(self, element):
        fields = self._fields(before(element, self._names, "Ntry"))
        self._note_pages(fields, f"{self._container}Pgntn")
        part = self._part = _Part(fields, self._line_of(element))
        part.account, part.is_giro = account_of(fields.get, "Acct")
        if not part.account:
            raise self.error(
                "expected an account number, found "
                f"{shown(fields.get('Acct/Id/Othr/Id', ''))}",
                self._field("Acct/Id"),
                part.line,
            )
        part.id = fields.get("Id", "")
        part.currency = fields.get("Acct/Ccy", "")
        self._summary.copy = fields.get("CpyDplctInd", "") or self._summary.copy
        if part.account not in self._summary.accounts:
            self._summary.accounts += (part.account,)
        return part

    def _on_part_end(self, element):
        part = self._part or self._open_part(element)
        if not self._paged:
            # Sums of a message in several pages may span the pages.
            self._check_summary(part)
            self._check_balances(part)
        self._part = None

    def _note_pages(self, fields, name):
        first = fields.get(f"{name}/PgNb", "1").lstrip("0") == "1"
        last = fields.get(f"{name}/LastPgInd", "true") in ("true", "1")
        self._paged = self._paged or not (first and last)

    def _check_summary(self, part):
        fields = part.fields
        for name, sign in (
            ("TtlNtries", None),
            ("TtlCdtNtries", "CRDT"),
            ("TtlDbtNtries", "DBIT"),
        ):
            path = f"TxsSummry/{name}"
            number = fields.get(f"{path}/NbOfNtries")
            total = fields.get(f"{path}/Sum")
            net = fields.get(f"{path}/TtlNetNtryAmt") or fields.get(
                f"{path}/TtlNetNtry/Amt"
            )
            for leaf, found, place in (
                ("NbOfNtries", number and int(number), 0),
                ("Sum", total and self._minor(total, part, path, part.line), 1),
                ("TtlNetNtry", net and self._minor(net, part, path, part.line), 2),
            ):
                if found is None or found == "":
                    continue
                # Banks differ in whether entries not booked yet are in the summary.
                sums = [
                    abs(part.sum(sign, also_pending=also)[place])
                    for also in (False, True)
                ]
                if found not in sums:
                    expected, shown_found = (
                        (sums[0], found)
                        if place == 0
                        else (
                            shown_amount(sums[0], part.currency),
                            shown_amount(found, part.currency),
                        )
                    )
                    raise self.error(
                        f"expected {expected} as added up from the entries, found "
                        f"{shown_found}",
                        self._field(f"{path}/{leaf}"),
                        part.line,
                    )

    def _check_balances(self, part):
        balances = {}
        number = 1
        prefix = "Bal"
        while f"{prefix}/Amt" in part.fields:
            code = part.fields.get(f"{prefix}/Tp/CdOrPrtry/Cd", "")
            balances.setdefault(code, []).append(prefix)
            number += 1
            prefix = f"Bal[{number}]"
        opening = balances.get("OPBD") or balances.get("PRCD") or []
        closing = balances.get("CLBD") or []
        if len(opening) != 1 or len(closing) != 1:
            return
        first, last = (self._balance(part, item[0]) for item in (opening, closing))
        expected = first + part.sum(also_pending=False)[2]
        if last != expected:
            raise self.error(
                f"expected {shown_amount(expected, part.currency)} as closing balance "
                "(opening balance and booked entries), found "
                f"{shown_amount(last, part.currency)}",
                self._field("Bal/Amt"),
                part.line,
            )

    def _balance(self, part, path):
        currency = part.fields[f"{path}/Amt@Ccy"]
        self._check_currency(currency, part, self._field("Bal/Amt"), part.line)
        amount = self._minor(part.fields[f"{path}/Amt"], part, "Bal/Amt", part.line)
        return amount * _SIGNS[part.fields[f"{path}/CdtDbtInd"]]

    # --- entries -----------------------------------------------------------------

    def _enter(self, element):
        """The entry that an element belongs to, opened when it is the first."""
        if self._entry:
            return self._entry
        while self._names[element.tag] != "Ntry":
            element = element.getparent()
        part = self._part or self._open_part(element.getparent())
        fields = self._fields(before(element, self._names, "NtryDtls"))
        entry = self._entry = _Entry(fields, self._line_of(element))
        status = (
            fields.get("Sts") or fields.get("Sts/Cd") or fields.get("Sts/Prtry", "")
        )
        entry.booked = status == "BOOK"
        entry.status = status
        entry.sign = fields["CdtDbtInd"]
        entry.currency = fields["Amt@Ccy"]
        self._check_currency(entry.currency, part, "Ntry/Amt", entry.line)
        entry.gross = self._minor(fields["Amt"], part, "Ntry/Amt", entry.line)
        entry.amount = entry.gross * _SIGNS[entry.sign]
        if entry.booked:
            self._summary.entries += 1
            entry.key = f"{part.id}/{self._summary.entries}"
            value = fields.get("ValDt/Dt") or fields.get("ValDt/DtTm")
            booked = fields.get("BookgDt/Dt") or fields.get("BookgDt/DtTm") or value
            if not booked:
                raise self.error(
                    "expected a booking date in a booked entry, found none",
                    self._field("Ntry/BookgDt"),
                    entry.line,
                )
            entry.booking_date = self._date(booked, "Ntry/BookgDt", entry.line)
            entry.value_date = (
                self._date(value, "Ntry/ValDt", entry.line) if value else None
            )
        return entry

    def _on_batch(self, element):
        self._enter(element).batch = self._fields(element)

    def _on_details_end(self, element):
        entry = self._enter(element)
        batch, block = entry.batch, entry.block
        entry.batch, entry.block = {}, []
        if not block or not batch:
            return
        line = self._line_of(element)
        number = batch.get("NbOfTxs")
        if number and int(number) != len(block):
            raise self.error(
                f"expected {len(block)} as counted in the batch, found {number}: "
                "transactions are missing, or there are too many",
                self._field("Ntry/NtryDtls/Btch/NbOfTxs"),
                line,
            )
        if batch.get("TtlAmt@Ccy") == entry.currency:
            field = "Ntry/NtryDtls/Btch/TtlAmt"
            total = self._minor(batch["TtlAmt"], self._part, field, line)
            added = abs(sum(entry.amount if a is None else a for a in block))
            if total != added and not (len(block) == 1 and total == entry.gross):
                raise self.error(
                    f"expected {shown_amount(added, entry.currency)} as added up from "
                    f"the batch, found {shown_amount(total, entry.currency)}",
                    self._field(field),
                    line,
                )

    def _on_transaction(self, element):
        entry = self._enter(element)
        entry.count += 1
        if not entry.booked:
            return None
        fields, counts = {}, {}
        flatten(element, self._names, fields, counts)
        line = self._line_of(element)
        amount = self._detail_amount(fields, entry, line)
        entry.block.append(amount)
        previous = entry.pending
        entry.pending = (fields, counts, amount, line)
        return self._of_several(entry, previous) if previous else None

    def _on_entry_end(self, element):
        entry = self._enter(element)
        sums = self._part.sums[entry.booked, entry.sign]
        sums[0] += 1
        sums[1] += entry.gross
        self._entry = None
        if not entry.booked:
            self._summary.skip(f"entries with status {entry.status}")
            return None
        if entry.count > 1:
            last = self._of_several(entry, entry.pending)
            if entry.total != entry.amount:
                raise self.error(
                    f"expected {shown_amount(entry.total, entry.currency)} as added up "
                    "from the transactions of the entry, found "
                    f"{shown_amount(entry.amount, entry.currency)}",
                    self._field("Ntry/Amt"),
                    entry.line,
                )
            return last
        information = element.findtext(f"{self._namespace}AddtlNtryInf")
        if information:
            entry.fields["AddtlNtryInf"] = information.strip()
        if not entry.pending:
            return self._transaction(entry, {}, {}, entry.amount, entry.line, True)
        fields, counts, amount, line = entry.pending
        if amount not in (None, entry.amount) and not has_charges(entry, fields):
            raise self.error(
                f"expected {shown_amount(entry.amount, entry.currency)} as in its "
                f"entry, found {shown_amount(amount, entry.currency)}",
                self._field("Ntry/NtryDtls/TxDtls/Amt"),
                line,
            )
        # What is booked is the entry, also where charges or exchange come between.
        return self._transaction(entry, fields, counts, entry.amount, line, True)

    def _of_several(self, entry, pending):
        fields, counts, amount, line = pending
        if amount is None:
            other = fields.get("Amt@Ccy") or fields.get("AmtDtls/TxAmt/Amt@Ccy")
            raise self.error(
                f"expected an amount in {entry.currency} in each of several "
                f"transactions of an entry, found {other or 'none'}",
                self._field("Ntry/NtryDtls/TxDtls/Amt"),
                line,
            )
        entry.total += amount
        return self._transaction(entry, fields, counts, amount, line, False)

    def _detail_amount(self, fields, entry, line):
        """Signed amount of a TxDtls in the entry's currency, or None."""
        sign = fields.get("CdtDbtInd") or entry.sign
        for path in ("Amt", "AmtDtls/TxAmt/Amt"):
            if fields.get(path + "@Ccy") == entry.currency:
                return _SIGNS[sign] * self._minor(
                    fields[path], self._part, path, line, _DETAILS
                )
        return None

    # --- transactions --------------------------------------------------------------

    def _transaction(self, entry, fields, counts, amount, line, alone):
        get = fields.get
        part = self._part
        currency = entry.currency
        references, texts = self._remittance(fields, counts, currency, line)
        bank_reference = get("Refs/AcctSvcrRef", "")
        if alone:
            bank_reference = bank_reference or entry.fields.get("AcctSvcrRef", "")
            texts.append(entry.fields.get("AddtlNtryInf", ""))
        transaction_id = get("Refs/TxId", "")
        end_to_end = get("Refs/EndToEndId", "")
        if end_to_end in _NO_REFERENCE:
            end_to_end = ""
        texts = tuple(dict.fromkeys(filter(None, texts)))
        name, payer_account, giro = self._parties(fields, entry, amount)
        identity = [
            "camt",
            part.account,
            entry.booking_date.isoformat(),
            str(amount),
            currency,
            # One of several may have no reference of its own; then that of its entry
            # tells it from an equal payment in another entry of the day.
            bank_reference or entry.fields.get("AcctSvcrRef", ""),
            end_to_end,
            transaction_id,
            *(reference.value for reference in references),
            payer_account,
        ]
        if not (bank_reference or end_to_end or transaction_id or references):
            identity += [name, *texts]
        self._position += 1
        self._summary.add(part.account, currency, amount)
        return Transaction(
            self._position,
            line,
            amount,
            currency,
            part.account,
            entry.booking_date,
            entry.value_date,
            entry.key,
            not alone,
            bank_reference or transaction_id,
            end_to_end,
            get("Refs/MndtId", ""),
            references,
            texts,
            name,
            payer_account,
            bank_code(fields) or bank_code(entry.fields),
            self._fingerprints.of(*identity),
            {"entry": entry.fields, "transaction": fields},
            "" if part.is_giro else giro,
        )

    def _remittance(self, fields, counts, currency, line):
        """References and texts of a TxDtls, in the order of the file."""
        get = fields.get
        references = []
        texts = all_of(fields, counts, "RmtInf/Ustrd")
        for number in range(1, counts.get("RmtInf/Strd", 0) + 1):
            path = "RmtInf/Strd" if number == 1 else f"RmtInf/Strd[{number}]"
            paid = self._reference_amount(fields, path, currency, line)
            value = get(f"{path}/CdtrRefInf/Ref")
            if value:
                kind = reference_kind(fields, f"{path}/CdtrRefInf/Tp", value)
                if kind:
                    references.append(Reference(value, paid, kind))
                else:
                    texts.append(value)
                paid = None
            documents = counts.get(f"{path}/RfrdDocInf", 0)
            for document in range(1, documents + 1):
                place = f"{path}/RfrdDocInf"
                place = place if document == 1 else f"{place}[{document}]"
                if get(f"{place}/Nb"):
                    credit = get(f"{place}/Tp/CdOrPrtry/Cd") == "CREN"
                    references.append(
                        Reference(
                            get(f"{place}/Nb"),
                            paid if documents == 1 else None,
                            "credit_note" if credit else "invoice",
                        )
                    )
            texts += all_of(fields, counts, f"{path}/AddtlRmtInf")
        texts.append(get("AddtlTxInf", ""))
        texts += all_of(fields, counts, "RtrInf/AddtlInf")
        return tuple(references), texts

    def _reference_amount(self, fields, path, currency, line):
        """What one ``Strd`` says was paid; below zero for a credit note."""

        def said(name):
            place = f"{path}/RfrdDocAmt/{name}"
            if fields.get(f"{place}@Ccy") != currency:
                return None
            return self._minor(fields[place], self._part, place, line, _DETAILS)

        paid = said("RmtdAmt")
        if paid is None:
            due, credit = said("DuePyblAmt"), said("CdtNoteAmt")
            if due is None and credit is None:
                return None
            # What is payable, less the credit note set off against it.
            paid = (due or 0) - (credit or 0)
        if fields.get(f"{path}/RfrdDocInf/Tp/CdOrPrtry/Cd") == "CREN":
            return -abs(paid)
        return paid

    def _parties(self, fields, entry, amount):
        """Name and account of the other side, and the own giro number if it is said.

        A reversal keeps the roles of the payment it reverses, so there the other
        side of money in is the creditor.
        """
        get = fields.get
        reversal = entry.fields.get("RvslInd") in ("true", "1")
        role = "Dbtr" if (amount >= 0) != reversal else "Cdtr"
        name = next(filter(None, map(get, PARTY_NAMES[role])), "")
        account, _is_giro = account_of(get, f"RltdPties/{role}Acct")
        own, is_giro = account_of(get, f"RltdPties/{_OTHER_ROLE[role]}Acct")
        if not is_giro:
            named = _GIRO_ENTRY.match(entry.fields.get("NtryRef", ""))
            own = named[1] if named else ""
        return name, account, own

    # --- helpers -------------------------------------------------------------------

    def _fields(self, children):
        fields = {}
        flatten(children, self._names, fields, {})
        return fields

    def _field(self, path):
        return f"{self._container}/{path}"

    def _line_of(self, element):
        """Line of a start tag.

        libxml2 keeps lines from 65535 on with text only, and there the line on which
        the text ends; the line breaks within that text lead back to the tag.
        """
        line = element.sourceline or 0
        if line < 65535:
            return line
        while element is not None and not element.text:
            element = element[0] if len(element) else None
        if element is None:
            return max(line, self._line)
        return line - element.text.count("\n")

    def _check_currency(self, currency, part, field, line):
        part.currency = part.currency or currency
        if currency != part.currency:
            raise self.error(
                f"expected the account's currency {part.currency}, found {currency}",
                field if field.startswith(self._container) else self._field(field),
                line,
            )

    def _minor(self, text, part, field, line, parent=""):
        try:
            return to_minor(text, part.currency)
        except ValueError as error:
            raise self.error(str(error), self._field(parent + field), line) from error

    def _date(self, text, field, line):
        """Calendar day of an ISO date or time, as written (the bank's own day)."""
        day = self._dates.get(text)
        if day is None:
            try:
                if len(text) > 10 and text[10] not in "TZ+-":
                    raise ValueError(text)
                day = self._dates[text] = date.fromisoformat(text[:10])
            except ValueError as error:
                raise self.error(
                    f"expected a date in the years 1 to 9999, found {shown(text)}",
                    self._field(field),
                    line,
                ) from error
        return day
