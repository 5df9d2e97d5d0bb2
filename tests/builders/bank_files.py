"""Write OCR giro and camt files for tests, field by field.

Independent of the readers: nothing here imports them. Everything is written as the
specification says unless a test asks for something else.
"""

from dataclasses import dataclass, replace
from datetime import date
from xml.sax.saxutils import escape

DAY = date(2026, 11, 20)


# === OCR GIRO === #


@dataclass(frozen=True)
class OcrItem:
    """One transaction: amount items 1, 2 and, with a text, 3."""

    number: int = 1
    kind: str = "10"
    day: date = DAY
    centre: int = 14
    day_code: int = 20
    partial: int = 0
    serial: int = 64000
    sign: str = "0"
    amount: int = 102000
    kid: str = "0010017"
    issuer: str = "00"
    form: int = 9797596016
    archive: int = 975960161
    bank_day: str = "191126"
    debit_account: str = "99991005524"
    text: str | None = None

    @property
    def counted(self):
        return -self.amount if self.sign == "-" else self.amount

    @property
    def booked(self):
        return -self.amount if self.kind in ("18", "20") else self.counted

    def records(self):
        yield (
            f"NY09{self.kind}30{self.number:07d}{self.day:%d%m%y}{self.centre:02d}"
            f"{self.day_code:02d}{self.partial}{self.serial:05d}{self.sign}"
            f"{self.amount:017d}{self.kid:>25}{self.issuer}0000"
        )
        yield (
            f"NY09{self.kind}31{self.number:07d}{self.form:010d}{self.archive:09d}"
            f"{0:07d}{self.bank_day}{self.debit_account:0>11}{0:022d}"
        )
        if self.text is not None:
            yield f"NY09{self.kind}32{self.number:07d}{self.text:<40}{0:025d}"


@dataclass(frozen=True)
class OcrAssignment:
    items: tuple[OcrItem, ...] = (OcrItem(),)
    account: str = "99991042764"
    agreement: int = 1008566
    number: int = 2

    @property
    def total(self):
        return sum(item.counted for item in self.items)

    def records(self):
        body = [record for item in self.items for record in item.records()]
        days = sorted(item.day for item in self.items)
        ends = f"{days[0]:%d%m%y}{days[-1]:%d%m%y}" if days else "000000" * 2
        yield f"NY090020{self.agreement:09d}{self.number:07d}{self.account}{0:045d}"
        yield from body
        yield (
            f"NY090088{len(self.items):08d}{len(body) + 2:08d}{abs(self.total):017d}"
            f"{DAY:%d%m%y}{ends}{0:021d}"
        )


@dataclass(frozen=True)
class MandateList:
    """An AvtaleGiro assignment (NY2124) as Nets puts it in the same transmission."""

    mandates: int = 2
    items: tuple = ()
    total: int = 0

    def records(self):
        yield f"NY212420{0:09d}{2:07d}99991042764{0:045d}"
        for _ in range(self.mandates):
            yield f"NY21947000000011{'000112000507155':>25}J{0:038d}"
        yield f"NY212488{self.mandates:08d}{self.mandates + 2:08d}{0:056d}"


def ocr_records(assignments):
    """Records of a transmission with right counts and totals."""
    body = [record for assignment in assignments for record in assignment.records()]
    number = sum(
        getattr(assignment, "mandates", len(assignment.items))
        for assignment in assignments
    )
    total = abs(sum(assignment.total for assignment in assignments))
    return [
        f"NY00001000008080017003100010200{0:049d}",
        *body,
        f"NY000089{number:08d}{len(body) + 2:08d}{total:017d}{DAY:%d%m%y}{0:033d}",
    ]


def ocr_file(assignments=(OcrAssignment(),), newline="\n", last="\n"):
    return (newline.join(ocr_records(assignments)) + last).encode("iso-8859-1")


def numbered(items):
    """The items with the running transaction numbers Nets gives them."""
    return tuple(replace(item, number=i) for i, item in enumerate(items, start=1))


# === BGMAX === #


@dataclass(frozen=True)
class BgExtra:
    """One extra reference of a payment; ``sign`` -1 is record 23."""

    reference: str = "0072019122420063"
    amount: int = 0
    sign: int = 1


@dataclass(frozen=True)
class BgPayment:
    """One payment, or with ``sign`` -1 a deduction, and the records after it."""

    amount: int = 100000
    sign: int = 1
    reference: str = "0072019122420063"
    code: int = 2
    channel: int = 2
    payer: str = "3783511"
    serial: int = 10
    image: str = "0"
    extra: tuple[BgExtra, ...] = ()
    texts: tuple[str, ...] = ()
    name: str = ""
    extra_name: str = ""
    organisation: str = ""
    left: bool = False

    @property
    def booked(self):
        return self.sign * self.amount

    def records(self):
        def money(kind, reference, amount):
            aligned = f"{reference:<25}" if self.left else f"{reference:>25}"
            return (
                f"{kind}{self.payer:0>10}{aligned}{amount:018d}{self.code}"
                f"{self.channel}{self.serial:012d}{self.image}"
            )

        yield money("20" if self.sign > 0 else "21", self.reference, self.amount)
        for item in self.extra:
            kind = "22" if item.sign > 0 else "23"
            yield money(kind, item.reference, item.amount)
        for text in self.texts:
            yield f"25{text:<50}"
        if self.name:
            yield f"26{self.name:<35}{self.extra_name:<35}"
            yield f"27{'Storgatan 2':<35}{'12345':<9}"
            yield f"28{'Storåker':<35}{'Sverige':<35}SE"
        if self.organisation:
            yield f"29{self.organisation:0>12}"


@dataclass(frozen=True)
class BgSection:
    payments: tuple[BgPayment, ...] = (BgPayment(),)
    bankgiro: str = "9912346"
    currency: str = "SEK"
    day: date = DAY
    serial: int = 74
    account: str = "5841000001009823"

    @property
    def total(self):
        return sum(payment.booked for payment in self.payments)

    def records(self):
        yield f"05{self.bankgiro:0>10}{'':10}{self.currency}"
        for payment in self.payments:
            yield from payment.records()
        yield (
            f"15{self.account:0>35}{self.day:%Y%m%d}{self.serial:05d}"
            f"{abs(self.total):018d}{self.currency}{len(self.payments):08d}"
        )


def bgmax_records(sections):
    """Records of a file with right counts and totals."""
    body = [record for section in sections for record in section.records()]
    kinds = [record[:2] for record in body]
    extra = kinds.count("22") + kinds.count("23")
    return [
        f"01{'BGMAX':<20}0120261120173035010331P",
        *body,
        f"70{kinds.count('20'):08d}{kinds.count('21'):08d}{extra:08d}"
        f"{kinds.count('15'):08d}",
    ]


def bgmax_file(sections=(BgSection(),), newline="\r\n", last="\r\n", full=True):
    records = bgmax_records(sections)
    if full:
        records = [f"{record:<80}" for record in records]
    else:
        records = [record.rstrip() for record in records]
    return (newline.join(records) + last).encode("iso-8859-1")


# === CAMT === #


@dataclass(frozen=True)
class Ref:
    """One ``Strd``: a creditor reference and/or a document with amounts."""

    value: str = ""
    issuer: str = ""
    document: str = ""
    document_code: str = "CINV"
    remitted: str = ""
    credited: str = ""
    due: str = ""

    def xml(self, currency):
        parts = []
        if self.document:
            parts.append(
                f"<RfrdDocInf><Tp><CdOrPrtry><Cd>{self.document_code}</Cd></CdOrPrtry>"
                f"</Tp><Nb>{escape(self.document)}</Nb></RfrdDocInf>"
            )
        amounts = [
            f'<{tag} Ccy="{currency}">{amount}</{tag}>'
            for tag, amount in (
                ("DuePyblAmt", self.due),
                ("CdtNoteAmt", self.credited),
                ("RmtdAmt", self.remitted),
            )
            if amount
        ]
        if amounts:
            parts.append(f"<RfrdDocAmt>{''.join(amounts)}</RfrdDocAmt>")
        if self.value:
            issuer = f"<Issr>{self.issuer}</Issr>" if self.issuer else ""
            parts.append(
                f"<CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry>{issuer}</Tp>"
                f"<Ref>{escape(self.value)}</Ref></CdtrRefInf>"
            )
        return f"<Strd>{''.join(parts)}</Strd>"


@dataclass(frozen=True)
class Tx:
    amount: str | None = "1250.00"
    currency: str = ""
    sign: str = ""
    bank_reference: str = ""
    end_to_end: str = "NOTPROVIDED"
    transaction_id: str = ""
    mandate: str = ""
    debtor: str = ""
    debtor_account: str = ""
    ultimate_debtor: str = ""
    creditor: str = ""
    creditor_account: str = ""
    references: tuple[Ref, ...] = ()
    texts: tuple[str, ...] = ()
    information: str = ""
    return_information: str = ""


@dataclass(frozen=True)
class Entry:
    amount: str = "1250.00"
    sign: str = "CRDT"
    status: str = "BOOK"
    currency: str = ""
    reversal: str = ""
    booked: str = f"{DAY}"
    value: str = f"{DAY}"
    bank_reference: str = ""
    reference: str = ""  # NtryRef
    transactions: tuple[Tx, ...] = ()
    batch: tuple[str, str] | None = None  # NbOfTxs, TtlAmt
    information: str = ""
    charges: str = ""


@dataclass(frozen=True)
class Camt:
    """A message with one statement or notification."""

    message: str = "camt.054.001.02"
    entries: tuple[Entry, ...] = (Entry(),)
    account: str = "15035149098"
    currency: str = "NOK"
    account_currency: bool = True
    balances: tuple[tuple[str, str, str], ...] = ()  # code, amount, CdtDbtInd
    summary: str = ""
    header: str = ""  # before Acct: CpyDplctInd, …
    encoding: str = "UTF-8"
    newline: str = "\n"

    @property
    def version(self):
        return self.message[-2:]

    def text(self):
        statement = self.message.startswith("camt.053")
        outer, inner = (
            ("BkToCstmrStmt", "Stmt")
            if statement
            else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
        )
        lines = [
            f'<?xml version="1.0" encoding="{self.encoding}"?>',
            f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{self.message}">',
            f"<{outer}>",
            "<GrpHdr><MsgId>MSG-1</MsgId><CreDtTm>2026-11-20T08:00:00</CreDtTm></GrpHdr>",
            f"<{inner}><Id>PART-1</Id><CreDtTm>2026-11-20T08:00:00</CreDtTm>{self.header}",
            f"<Acct><Id>{self._account(self.account)}</Id>",
            f"<Ccy>{self.currency}</Ccy>" if self.account_currency else "",
            "</Acct>",
        ]
        balances = self.balances
        if statement and not balances:
            # the schema wants a balance; this one is compared with nothing
            balances = (("FWAV", "0.00", "CRDT"),)
        for code, amount, sign in balances:
            lines.append(
                f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
                f"{self._money('Amt', amount)}<CdtDbtInd>{sign}</CdtDbtInd>"
                f"<Dt><Dt>{DAY}</Dt></Dt></Bal>"
            )
        lines.append(self.summary)
        for entry in self.entries:
            lines += self._entry(entry)
        lines += [f"</{inner}>", f"</{outer}>", "</Document>", ""]
        return self.newline.join(line for line in lines if line)

    def bytes(self):
        return self.text().encode(self.encoding)

    def _account(self, number):
        if "/" in number:  # Prtry/BGNR/9912346
            tag, scheme, number = number.split("/")
            scheme = f"<SchmeNm><{tag}>{scheme}</{tag}></SchmeNm>"
            return f"<Othr><Id>{number}</Id>{scheme}</Othr>"
        if number[:2].isalpha():
            return f"<IBAN>{number}</IBAN>"
        return f"<Othr><Id>{number}</Id></Othr>"

    def _money(self, tag, amount, currency=""):
        return f'<{tag} Ccy="{currency or self.currency}">{amount}</{tag}>'

    def _entry(self, entry):
        status = entry.status
        if self.version == "08":
            status = f"<Cd>{status}</Cd>"
        yield "<Ntry>"
        if entry.reference:
            yield f"<NtryRef>{entry.reference}</NtryRef>"
        yield self._money("Amt", entry.amount, entry.currency)
        yield f"<CdtDbtInd>{entry.sign}</CdtDbtInd>"
        if entry.reversal:
            yield f"<RvslInd>{entry.reversal}</RvslInd>"
        yield f"<Sts>{status}</Sts>"
        if entry.booked:
            yield f"<BookgDt><Dt>{entry.booked}</Dt></BookgDt>"
        if entry.value:
            yield f"<ValDt><Dt>{entry.value}</Dt></ValDt>"
        if entry.bank_reference:
            yield f"<AcctSvcrRef>{entry.bank_reference}</AcctSvcrRef>"
        yield "<BkTxCd><Prtry><Cd>230</Cd><Issr>NETS</Issr></Prtry></BkTxCd>"
        if entry.charges:
            amount = self._money("Amt", entry.charges)
            yield (
                f"<Chrgs>{amount}</Chrgs>"
                if self.version == "02"
                else f"<Chrgs><Rcrd>{amount}</Rcrd></Chrgs>"
            )
        if entry.transactions or entry.batch:
            yield "<NtryDtls>"
            if entry.batch:
                number, total = entry.batch
                money = self._money("TtlAmt", total) if total else ""
                yield f"<Btch><NbOfTxs>{number}</NbOfTxs>{money}</Btch>"
            for transaction in entry.transactions:
                yield from self._transaction(transaction, entry)
            yield "</NtryDtls>"
        if entry.information:
            yield f"<AddtlNtryInf>{escape(entry.information)}</AddtlNtryInf>"
        yield "</Ntry>"

    def _transaction(self, tx, entry):
        yield "<TxDtls>"
        references = "".join(
            f"<{tag}>{escape(value)}</{tag}>"
            for tag, value in (
                ("AcctSvcrRef", tx.bank_reference),
                ("EndToEndId", tx.end_to_end),
                ("TxId", tx.transaction_id),
                ("MndtId", tx.mandate),
            )
            if value
        )
        yield f"<Refs>{references}</Refs>" if references else ""
        if tx.amount is not None:
            amount = self._money("Amt", tx.amount, tx.currency or entry.currency)
            if self.version == "02":
                yield f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"
            else:
                yield f"{amount}<CdtDbtInd>{tx.sign or entry.sign}</CdtDbtInd>"
        parties = "".join(
            part
            for part in (
                self._party("Dbtr", tx.debtor),
                self._party_account("DbtrAcct", tx.debtor_account),
                self._party("UltmtDbtr", tx.ultimate_debtor),
                self._party("Cdtr", tx.creditor),
                self._party_account("CdtrAcct", tx.creditor_account),
            )
        )
        yield f"<RltdPties>{parties}</RltdPties>" if parties else ""
        remittance = "".join(f"<Ustrd>{escape(text)}</Ustrd>" for text in tx.texts)
        remittance += "".join(ref.xml(self.currency) for ref in tx.references)
        yield f"<RmtInf>{remittance}</RmtInf>" if remittance else ""
        if tx.return_information:
            yield (
                "<RtrInf><Rsn><Cd>AC04</Cd></Rsn>"
                f"<AddtlInf>{tx.return_information}</AddtlInf></RtrInf>"
            )
        if tx.information:
            yield f"<AddtlTxInf>{escape(tx.information)}</AddtlTxInf>"
        yield "</TxDtls>"

    def _party(self, tag, name):
        if not name:
            return ""
        inner = f"<Nm>{escape(name)}</Nm>"
        if self.version == "08":
            inner = f"<Pty>{inner}</Pty>"
        return f"<{tag}>{inner}</{tag}>"

    def _party_account(self, tag, number):
        if not number:
            return ""
        return f"<{tag}><Id>{self._account(number)}</Id></{tag}>"
