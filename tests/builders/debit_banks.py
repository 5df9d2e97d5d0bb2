"""The other side of direct debit: banks that fetch our files and answer with theirs.

Independent of the addon: files are cut at the places that the record tables give, and
written field by field. Sources: Nets «AvtaleGiro systemspesifikasjon» v3.3; Bankgirot
«Autogiro teknisk manual».
"""

import shutil
from collections import namedtuple
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .bank_files import OcrAssignment, OcrItem, numbered

#: What a file asks for: ``claim`` or ``cancel``, and ``new`` or ``end`` of a mandate.
Order = namedtuple("Order", "kind day amount number reference account identity")
Order.__new__.__defaults__ = (None, 0, "", "", "", "")


class Bank:
    """Somebody who fetches what is in the outbox of a directory.

    :param path: of the directory
    """

    def __init__(self, path):
        self.path = Path(path)
        self.files = []
        self.sent = 0

    def fetch(self):
        """Take files away, as a bank does.

        :return: what they ask for, in their order
        :rtype: list[Order]
        """
        orders = []
        for folder in sorted(self.path.glob("outbox/*")):
            for file in sorted(folder.iterdir()):
                data = file.read_bytes()
                assert data not in self.files, "the bank has this file already"
                self.files.append(data)
                orders += self.read(data.decode("iso-8859-1").split("\r\n")[:-1])
            shutil.rmtree(folder)
        return orders


class Nets(Bank):
    """AvtaleGiro: silent about everything but money that came and mandates."""

    def read(self, records):
        assert all(len(record) == 80 for record in records)
        assert records[0][:8] == "NY000010" and records[-1][:8] == "NY000089"
        orders = []
        for record in records:
            if record[:4] == "NY21" and record[6:8] == "30":
                orders.append(
                    Order(
                        "cancel" if record[4:6] == "93" else "claim",
                        datetime.strptime(record[15:21], "%d%m%y").date(),
                        int(record[32:49]),
                        reference=record[49:74].strip(),
                    )
                )
        return orders

    def tell(self, day, paid=(), mandates=(), kind="15"):
        """Return an OCR giro file.

        :param date day: of the money
        :param paid: orders that were drawn, or paid in another way
        :param kind: how they were paid: 15 drawn, 10 in the payer's bank
        :param mandates: KID and registration (1 new, 2 ended) of each
        """
        self.sent += 1
        assignments = []
        if paid:
            items = (
                OcrItem(
                    kind=kind,
                    day=day,
                    amount=order.amount,
                    kid=order.reference,
                    serial=self.sent,
                    archive=975000000 + self.sent,
                )
                for order in paid
            )
            assignments.append(OcrAssignment(numbered(items), number=self.sent))
        if mandates:
            assignments.append(_Mandates(tuple(mandates), self.sent))
        body = [record for one in assignments for record in one.records()]
        count = sum(len(one.items) for one in assignments)
        total = sum(one.total for one in assignments)
        records = [
            f"NY00001000008080{self.sent:07d}00131936{0:049d}",
            *body,
            f"NY000089{count:08d}{len(body) + 2:08d}{total:017d}{day:%d%m%y}{0:033d}",
        ]
        return _bytes(records)


@dataclass(frozen=True)
class _Mandates:
    items: tuple
    number: int
    account: str = "99991042764"
    total: int = 0

    def records(self):
        yield f"NY212420{0:09d}{self.number:07d}{self.account}{0:045d}"
        for serial, (kid, registration) in enumerate(self.items, start=1):
            yield f"NY219470{serial:07d}{registration}{kid:>25}N{0:038d}"
        yield f"NY212488{len(self.items):08d}{len(self.items) + 2:08d}{0:056d}"


class Bankgirot(Bank):
    """Autogiro: answers everything, with codes.

    :param path: of the directory
    :param str customer_number: of the payee
    :param str bankgiro: of the payee
    """

    def __init__(self, path, customer_number, bankgiro):
        super().__init__(path)
        self.customer_number = customer_number
        self.bankgiro = bankgiro

    def read(self, records):
        if records[0].startswith("00"):
            assert records[-1].startswith("99"), "sealed at both ends"
            records = records[1:-1]
        orders = []
        for record in records:
            code = record[:2]
            if code == "82":
                orders.append(
                    Order(
                        "claim",
                        datetime.strptime(record[2:10], "%Y%m%d").date(),
                        int(record[31:43]),
                        record[15:31].lstrip("0"),
                        record[53:69].strip(),
                    )
                )
            elif code == "04":
                orders.append(
                    Order(
                        "new",
                        number=record[12:28].lstrip("0"),
                        account=record[28:44],
                        identity=record[44:56],
                    )
                )
            elif code == "03":
                orders.append(Order("end", number=record[12:28].lstrip("0")))
            elif code in ("23", "24", "25"):
                orders.append(Order("cancel", number=record[12:28].lstrip("0")))
        return orders

    def advise(self, day, *advice):
        """Return mandate advice.

        :param advice: payer number, information code, comment code of each
        """
        records = [self._opening(day, "AG-MEDAVI")]
        records += [
            f"73{self.bankgiro:0>10}{number:0>16}{'':33}{information}{comment}"
            f"{day:%Y%m%d}{'':7}"
            for number, information, comment in advice
        ]
        return _bytes([*records, f"09{day:%Y%m%d}9900{len(advice):07d}"])

    def specify(self, day, *results):
        """Return a payment specification.

        :param results: an order and its status of each
        """
        self.sent += 1
        done = [order for order, status in results if status == "0"]
        amount = sum(order.amount for order in done)
        records = [self._opening(day, "BET. SPEC & STOPP TK", f"{self.sent:012d}")]
        records.append(
            f"15{'50000000058398257466':0>35}{day:%Y%m%d}{self.sent:05d}{amount:018d}"
            f"{'':3}{len(done):08d}"
        )
        records += [
            f"{self._payment('82', order)}{'':10}{status}" for order, status in results
        ]
        counts = (1, len(done), 0, 0, 0, 0)
        return _bytes([*records, self._end(day, counts)])

    def give_back(self, day, order, code="01"):
        """Return a payment specification that takes one debit back."""
        self.sent += 1
        records = [
            self._opening(day, "BET. SPEC & STOPP TK", f"{self.sent:012d}"),
            f"17{'50000000058398257466':0>35}{day:%Y%m%d}{self.sent:05d}"
            f"{order.amount:018d}{'':3}{1:08d}",
            f"{self._payment('77', order)}{day:%Y%m%d}{code}",
            self._end(day, (0, 0, 0, 0, 1, 1)),
        ]
        return _bytes(records)

    def reject(self, day, order, code):
        """Return a list of rejected orders with one."""
        records = [
            self._opening(day, "AVVISADE BET UPPDR"),
            f"82{order.day:%Y%m%d}0   {order.number:0>16}{order.amount:012d}"
            f"{order.reference:16}{code}",
            f"09{day:%Y%m%d}9900{0:06d}{0:012d}{1:06d}{order.amount:012d}",
        ]
        return _bytes(records)

    def _opening(self, day, contents, stamp=""):
        return (
            f"01{'AUTOGIRO':22}{f'{day:%Y%m%d}{stamp}':20}{contents:20}"
            f"{self.customer_number:0>6}{self.bankgiro:0>10}"
        )

    def _payment(self, code, order):
        return (
            f"{code}{order.day:%Y%m%d}0    {order.number:0>16}{order.amount:012d}"
            f"{self.bankgiro:0>10}{order.reference:16}"
        )

    @staticmethod
    def _end(day, counts):
        pairs = zip(counts[::2], counts[1::2], strict=True)
        return f"09{day:%Y%m%d}9900" + "".join(f"{a:06d}{b:012d}" for a, b in pairs)


def _bytes(records):
    assert all(len(record) <= 80 for record in records), records
    return "".join(f"{record:80}\r\n" for record in records).encode("iso-8859-1")
