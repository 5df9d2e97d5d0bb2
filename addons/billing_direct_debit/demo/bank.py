"""What the bank of a demo company sends: small files, as its manual says.

Sources: Nets, AvtaleGiro systemspesifikasjon v3.3; Bankgirot, Autogiro teknisk manual.
"""


def mandate_list(account, kids, day):
    """Return AvtaleGiro records of new mandates (NY2124).

    :param str account: of the payee, 11 digits
    :param kids: of the mandates
    :param date day: of the file
    :rtype: bytes
    """
    records = [f"NY212420{0:09d}{1:07d}{account}{0:045d}"]
    records += [
        f"NY219470{number:07d}1{kid:>25}N{0:038d}"
        for number, kid in enumerate(kids, start=1)
    ]
    records.append(f"NY212488{len(kids):08d}{len(kids) + 2:08d}{0:056d}")
    records.insert(0, f"NY00001000008080{1:07d}00990001{0:049d}")
    records.append(
        f"NY000089{len(kids):08d}{len(records) + 1:08d}{0:017d}{day:%d%m%y}{0:033d}"
    )
    return "".join(f"{record}\r\n" for record in records).encode("iso-8859-1")


def mandate_advice(customer_number, bankgiro, advice, day):
    """Return a file of Bankgirot about mandates (AG-MEDAVI, new layout).

    :param str customer_number: of the payee
    :param str bankgiro: of the payee
    :param advice: payer number, information code and comment code of each
    :param date day: of the file
    :rtype: bytes
    """
    records = [
        f"01{'AUTOGIRO':<22}{day:%Y%m%d}{'':<12}{'AG-MEDAVI':<20}"
        f"{customer_number:0>6}{bankgiro:0>10}"
    ]
    records += [
        f"73{bankgiro:0>10}{number:0>16}{'':<16}{'':<12}{'':<5}"
        f"{information}{comment}{day:%Y%m%d}{'':<7}"
        for number, information, comment in advice
    ]
    records.append(f"09{day:%Y%m%d}9900{len(advice):07d}{'':<59}")
    return "".join(f"{record}\r\n" for record in records).encode("iso-8859-1")
