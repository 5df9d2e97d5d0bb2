"""What the fields of a camt message mean.

Fields are a dict of path to text, as :func:`flatten` makes it of an element.
"""

import itertools
import re

# Where the other side's name stands: .02 and .04, .08, and a bank as party.
PARTY_NAMES = {
    role: tuple(
        f"RltdPties/{party}/{path}"
        for party in (role, f"Ultmt{role}")
        for path in ("Nm", "Pty/Nm", "Agt/FinInstnId/Nm")
    )
    for role in ("Dbtr", "Cdtr")
}
# Schemes of ``Othr/Id`` that hold Swedish giro numbers, as code or proprietary.
_GIRO_SCHEMES = {"BGNR", "PGNR"}
_CREDITOR_RF = re.compile(r"RF\d\d[0-9A-Z]{1,21}", re.ASCII)
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z]", re.ASCII)


def flatten(children, names, out, counts, prefix=""):
    """Text of all leaves by path; repeated elements get ``[2]``, ``[3]``…

    ``counts`` tells how often each path without the last index occurs.
    """
    for child in children:
        key = prefix + names[child.tag]
        if key in counts:
            counts[key] += 1
            key = f"{key}[{counts[key]}]"
        else:
            counts[key] = 1
        if len(child):
            flatten(child, names, out, counts, key + "/")
            continue
        text = child.text
        out[key] = text.strip() if text else ""
        if key.endswith("Amt") and (currency := child.get("Ccy")):
            out[key + "@Ccy"] = currency


def before(children, names, stop):
    """The children that come before the one named ``stop``."""
    return itertools.takewhile(lambda child: names[child.tag] != stop, children)


def account_of(get, path):
    """Account of a party or of the part, letters and digits only.

    :return: (account, whether it is a Swedish giro number, then without leading zeros)
    """
    iban = get(f"{path}/Id/IBAN")
    number = iban or get(f"{path}/Id/Othr/Id")
    if not number:
        return "", False
    number = _NOT_ALPHANUMERIC.sub("", number.upper())
    if iban:
        return number, False
    scheme = get(f"{path}/Id/Othr/SchmeNm/Prtry") or get(f"{path}/Id/Othr/SchmeNm/Cd")
    if scheme not in _GIRO_SCHEMES:
        return number, False
    return number.lstrip("0"), True


def has_charges(entry, fields):
    return any(key.startswith("Chrgs") for key in itertools.chain(entry.fields, fields))


def all_of(fields, counts, path):
    """Texts of all elements of a path that may be repeated."""
    number = counts.get(path)
    if not number:
        return []
    paths = [path, *(f"{path}[{index}]" for index in range(2, number + 1))]
    return [fields.get(item, "") for item in paths]


def reference_kind(fields, path, value):
    """Kind of a ``CdtrRefInf``; empty when it is no reference of the creditor's."""
    code = fields.get(f"{path}/CdOrPrtry/Cd", "SCOR")
    if code != "SCOR":
        return ""
    if fields.get(f"{path}/Issr") == "ISO" or _CREDITOR_RF.fullmatch(value):
        return "creditor_rf"
    return "structured"


def bank_code(fields):
    """Bank transaction code: the ISO triple, or else the bank's own code."""
    domain = fields.get("BkTxCd/Domn/Cd")
    if domain:
        family = fields.get("BkTxCd/Domn/Fmly/Cd", "")
        return f"{domain}/{family}/{fields.get('BkTxCd/Domn/Fmly/SubFmlyCd', '')}"
    return fields.get("BkTxCd/Prtry/Cd", "")
