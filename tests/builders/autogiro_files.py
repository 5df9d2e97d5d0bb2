"""Write the Autogiro files of Bankgirot for tests, field by field.

Independent of the readers: nothing here imports them. What stands in the files is given
as any object with the fields of ``autogiro_records``.
"""

from datetime import date

DAY = date(2026, 11, 20)
BANKGIRO = "9912346"
CUSTOMER = "471117"
_CONTENTS = {
    "payments": "BET. SPEC & STOPP TK",
    "mandates": "AG-MEDAVI",
    "rejected": "AVVISADE BET UPPDR",
    "changes": "MAKULERING/ÄNDRING",
    "waiting": "BEVAKNINGSREG",
}
_OLD_CONTENTS = {
    "payments": "",
    "rejected": "FELLISTA REG.KONTRL",
    "changes": "MAK/ÄNDRINGSLISTA",
    "waiting": "BEVAKNINGSREG",
}


def file(records, end="\r\n", *, full=True):
    """Bytes of records.

    :param str end: of a line; empty for a file without lines
    :param bool full: keep blanks at the end of records
    """
    lines = [record.ljust(80) if full else record.rstrip() for record in records]
    assert all(len(line) <= 80 for line in lines)
    return "".join(line + end for line in lines).encode("iso-8859-1")


def opening(kind, *, old=False):
    if kind == "emandates":
        return f"51{DAY:%Y%m%d}9900{BANKGIRO:>010}AG-EMEDGIV"
    if old and kind == "mandates":
        return f"01{DAY:%Y%m%d}9900{BANKGIRO:>010}AG-MEDAVI"
    if old:
        return (
            f"01{DAY:%Y%m%d}AUTOGIRO9900{_OLD_CONTENTS[kind]:40}"
            f"{CUSTOMER}{BANKGIRO:>010}"
        )
    stamp = "193055123456" if kind == "payments" else ""
    return (
        f"01{'AUTOGIRO':22}{f'{DAY:%Y%m%d}{stamp}':20}{_CONTENTS[kind]:20}"
        f"{CUSTOMER}{BANKGIRO:>010}"
    )


def _end(text):
    return f"09{DAY:%Y%m%d}9900{text}"


def _payment(item, kind):
    return (
        f"{kind}{item.day:%Y%m%d}{item.period}{item.repetitions:>3} "
        f"{item.payer_number:>016}{item.amount_ore:012d}{item.bankgiro:>010}"
        f"{item.reference:16}"
    )


def _result(item):
    return f"{_payment(item, item.direction)}{'':10}{item.status}"


def _refund(item):
    return f"{_payment(item, '77')}{item.refunded_on:%Y%m%d}{item.code}"


def _deposit(kind, items, serial):
    done = [item for item in items if getattr(item, "status", "0") == "0"]
    amount = sum(item.amount_ore for item in done)
    return (
        f"{kind}{'8901003232323232':>035}{DAY:%Y%m%d}{serial:05d}{amount:018d}"
        f"{'':3}{len(done):08d}"
    )


def payments(sections):
    """A payment specification.

    :param sections: pairs of the kind of deposit (15, 16, 17) and its records
    """
    counts = {}
    records = [opening("payments")]
    for serial, (kind, items) in enumerate(sections, start=1):
        records.append(_deposit(kind, items, serial))
        counts[kind] = counts.get(kind, 0) + 1
        for item in items:
            records.append(_refund(item) if kind == "17" else _result(item))
            if kind == "17" or item.status == "0":
                counts["n" + kind] = counts.get("n" + kind, 0) + 1
    numbers = (
        f"{counts.get(kind, 0):06d}{counts.get('n' + kind, 0):012d}"
        for kind in ("15", "16", "17")
    )
    return [*records, _end("".join(numbers))]


def old_payments(items):
    """A payment specification of the old layout; executed is a blank there."""
    lines = [_result(item)[:79] + item.status.strip("0") for item in items]
    return [opening("payments", old=True), *lines, _old_end(items)]


def waiting(items, *, old=False):
    lines = []
    for item in items:
        line = _payment(item, item.direction)
        lines.append(f"{line[:43]}{'':10}{line[53:]}")
    return [opening("waiting", old=old), *lines, _old_end(items)]


def _sums(items):
    for direction in ("32", "82"):
        amounts = [item.amount_ore for item in items if item.direction == direction]
        yield len(amounts), sum(amounts)


def _old_end(items):
    (outs, paid), (ins, drawn) = _sums(items)
    return _end(f"{'':14}{paid:012d}{outs:06d}{ins:06d}0000{drawn:012d}{0:012d}")


def rejected(items, *, old=False):
    lines = [
        f"{item.direction}{item.day:%Y%m%d}{item.period}{item.repetitions:>3}"
        f"{item.payer_number:>016}{item.amount_ore:012d}{item.reference:16}{item.code}"
        for item in items
    ]
    (outs, paid), (ins, drawn) = _sums(items)
    end = _end(f"{outs:06d}{paid:012d}{ins:06d}{drawn:012d}")
    return [opening("rejected", old=old), *lines, end]


def changes(items, *, old=False):
    def day(value):
        return f"{value:%Y%m%d}" if value else "00000000"

    lines = [
        f"{item.kind}{day(item.day)}"
        f"{item.payer_number.rjust(16, '0' if item.payer_number else ' ')}"
        f"{item.direction or '00'}{item.amount_ore or 0:012d}"
        f"{'REFERENS' if item.reference else '0' * 8}{day(item.new_day)}"
        f"{item.reference or '0' * 16:16}{item.code}"
        for item in items
    ]
    done = [item for item in items if item.code in ("12", "14", "18")]
    return [opening("changes", old=old), *lines, _old_end(done)]


def mandates(items, *, old=False):
    filler, since = ("00000", "000000") if old else ("", "")
    lines = [
        f"73{item.bankgiro:>010}{item.payer_number:>016}{item.account:16}"
        f"{item.identity:12}{filler:5}{item.information}{item.comment}"
        f"{f'{item.day:%Y%m%d}' if item.day else '':8}{since}"
        for item in items
    ]
    return [opening("mandates", old=old), *lines, _end(f"{len(items):07d}")]


def emandates(items):
    records = []
    for item in items:
        records.append(
            f"52{item.bankgiro:>010}{item.payer_number:>016}{item.account:16}"
            f"{item.identity:12}{'':5}{item.reminder}"
        )
        parts = [*item.address, "", "", "", ""]
        records.append(f"53{item.message}")
        records.append(f"54{parts[0]:36}{parts[1]}")
        records.append(f"55{parts[2]:36}{parts[3]}")
        records.append(f"56{item.post_code or '00000'}{item.town}")
    count = len(records)
    return [opening("emandates"), *records, f"59{DAY:%Y%m%d}9900{count:07d}"]


def register(items, *, old=False):
    """An extract from the register of mandates: no opening, no end."""
    for item in items:
        changed = f"{item.changed:%Y%m%d}" if item.changed else "0" * 8
        yield (
            f"{item.bankgiro:>010}{item.identity:12}{item.payer_number:>016}"
            f"{'1' if item.origin == 'payee' else '2'}"
            f"{'6' if old else '26'}{item.created:%Y%m%d}{changed}"
            f"{'2' if item.pending else '1'}{'0     ' if old else '':6}{item.account}"
        )
