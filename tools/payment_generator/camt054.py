"""Write payments as camt.054, versions 001.02 and 001.08, for Norway and Sweden.

Shape after the Bits and Swedish implementation guides: references (SCOR) are
booked as one entry with a batch of transactions, a payment with a message is an
entry of its own, and a transaction has either a reference or a message.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TextIO
from xml.sax.saxutils import escape

from .payments import Payment

VERSIONS = ("02", "08")

_NOT_XML = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def clean(text: str, length: int) -> str:
    """``text`` as an XML text of at most ``length`` characters, trimmed."""
    text = " ".join(_NOT_XML.sub(" ", text).split())
    return escape(text[:length].strip())


def amount_text(amount: int) -> str:
    """``amount`` in minor units as a decimal number, ``123456`` → ``1234.56``."""
    return f"{amount // 100}.{amount % 100:02d}"


@dataclass(frozen=True, slots=True)
class Options:
    """What one camt.054 file says about itself.

    :param account: own account, IBAN or national number
    :param booked: booking and value date of all entries
    :param message_id: identification of the message, at most 35 characters; bank
        references derive from it, so that another message is other payments
    :param version: ``02`` or ``08``
    :param bankgiro: payee's bankgiro number, Swedish files only
    """

    account: str
    currency: str
    booked: date
    message_id: str
    version: str = "02"
    bankgiro: str = ""

    def __post_init__(self):
        if self.version not in VERSIONS:
            raise ValueError(f"camt.054.001.{self.version} cannot be written")
        if not 1 <= len(self.message_id) <= 35:
            raise ValueError("message id must have 1 to 35 characters")
        if not re.fullmatch("[0-9A-Za-z]{1,34}", self.account):
            raise ValueError(f"not an account number: {self.account!r}")
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise ValueError(f"not a currency code: {self.currency!r}")


class Camt054Writer:
    """Writes entry by entry, so that memory holds one entry at a time."""

    def __init__(self, stream: TextIO, options: Options):
        self._stream = stream
        self._options = options
        self._swedish = options.currency == "SEK"
        digest = sha256(options.message_id.encode()).hexdigest()
        self._series = f"{options.booked:%y%m%d}{int(digest[:12], 16) % 10**9:09d}"
        self._entries = 0
        self._transactions = 0

    def start(self) -> None:
        """Write everything before the first entry."""
        options = self._options
        number = clean(options.message_id, 35)
        created = f"{options.booked}T18:00:00"
        self._stream.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            "<Document xmlns="
            f'"urn:iso:std:iso:20022:tech:xsd:camt.054.001.{options.version}">\n'
            "<BkToCstmrDbtCdtNtfctn>\n"
            f"<GrpHdr><MsgId>{number}</MsgId><CreDtTm>{created}</CreDtTm></GrpHdr>\n"
            f"<Ntfctn>\n<Id>{number}</Id><CreDtTm>{created}</CreDtTm>\n"
            f"<Acct><Id>{self._account(options.account)}</Id>"
            f"<Ccy>{options.currency}</Ccy></Acct>\n"
        )

    def entry(self, payments: Sequence[Payment]) -> None:
        """Write one bank entry made of ``payments``."""
        options = self._options
        self._entries += 1
        total = sum(payment.amount for payment in payments)
        booked = "<Cd>BOOK</Cd>" if options.version == "08" else "BOOK"
        reference = str(self._entries)
        if self._swedish and options.bankgiro:
            reference = f"BG{options.bankgiro}-{reference}"
        self._stream.write(
            f"<Ntry>\n<NtryRef>{reference}</NtryRef>{self._amount(total)}"
            f"<CdtDbtInd>CRDT</CdtDbtInd><Sts>{booked}</Sts>"
            f"<BookgDt><Dt>{options.booked}</Dt></BookgDt>"
            f"<ValDt><Dt>{options.booked}</Dt></ValDt>"
            f"<AcctSvcrRef>{self._series}L{self._entries:07d}</AcctSvcrRef>"
            f"{self._bank_code(payments[0])}\n<NtryDtls>\n"
        )
        if payments[0].reference:
            self._stream.write(
                f"<Btch><NbOfTxs>{len(payments)}</NbOfTxs><TtlAmt"
                f"{self._amount(total)[len('<Amt') : -len('</Amt>')]}</TtlAmt>"
                "<CdtDbtInd>CRDT</CdtDbtInd></Btch>\n"
            )
        for payment in payments:
            self._stream.write(self._transaction(payment))
        self._stream.write("</NtryDtls>\n</Ntry>\n")

    def end(self) -> None:
        """Write everything after the last entry."""
        self._stream.write("</Ntfctn>\n</BkToCstmrDbtCdtNtfctn>\n</Document>\n")

    def _amount(self, amount: int) -> str:
        return f'<Amt Ccy="{self._options.currency}">{amount_text(amount)}</Amt>'

    def _account(self, number: str) -> str:
        if _IBAN.fullmatch(number):
            return f"<IBAN>{number}</IBAN>"
        scheme = "<Cd>BBAN</Cd>"
        if self._swedish and len(number) in (7, 8):
            scheme = "<Prtry>BGNR</Prtry>"
        return f"<Othr><Id>{clean(number, 34)}</Id><SchmeNm>{scheme}</SchmeNm></Othr>"

    def _bank_code(self, payment: Payment) -> str:
        """Bank transaction code: received credit transfer; NETS 230 KID, 233 text."""
        family = "VCOM" if payment.reference else "DMCT"
        proprietary = ""
        if not self._swedish:
            code = "230" if payment.reference else "233"
            proprietary = f"<Prtry><Cd>{code}</Cd><Issr>NETS</Issr></Prtry>"
        return (
            "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
            f"<SubFmlyCd>{family}</SubFmlyCd></Fmly></Domn>{proprietary}</BkTxCd>"
        )

    def _transaction(self, payment: Payment) -> str:
        self._transactions += 1
        amount = self._amount(payment.amount)
        if self._options.version == "08":
            money = f"{amount}<CdtDbtInd>CRDT</CdtDbtInd>"
        else:
            money = f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"
        return (
            "<TxDtls>"
            f"<Refs><AcctSvcrRef>{self._series}T{self._transactions:08d}</AcctSvcrRef>"
            f"<EndToEndId>{clean(payment.end_to_end_id, 35) or 'NOTPROVIDED'}"
            f"</EndToEndId></Refs>{money}{self._parties(payment)}"
            f"{self._remittance(payment)}</TxDtls>\n"
        )

    def _parties(self, payment: Payment) -> str:
        parts = []
        if name := clean(payment.payer_name, 140):
            party = f"<Nm>{name}</Nm>"
            if self._options.version == "08":
                party = f"<Pty>{party}</Pty>"
            parts.append(f"<Dbtr>{party}</Dbtr>")
        if clean(payment.payer_account, 34):
            account = self._account(payment.payer_account)
            parts.append(f"<DbtrAcct><Id>{account}</Id></DbtrAcct>")
        if self._swedish and self._options.bankgiro:
            account = self._account(self._options.bankgiro)
            parts.append(f"<CdtrAcct><Id>{account}</Id></CdtrAcct>")
        return f"<RltdPties>{''.join(parts)}</RltdPties>" if parts else ""

    def _remittance(self, payment: Payment) -> str:
        if reference := clean(payment.reference, 35):
            return (
                "<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry>"
                f"</Tp><Ref>{reference}</Ref></CdtrRefInf></Strd></RmtInf>"
            )
        if message := clean(payment.message, 140):
            return f"<RmtInf><Ustrd>{message}</Ustrd></RmtInf>"
        return ""
