"""What a bank statement line says that some other importer made.

Importers agree on little: the reference of the payer stands in the label, in the
reference, in the notes, or in a JSON of the bank's own names. What is a reference as a
whole is taken as one; everything else a payer may have written is text to be searched.
"""

import html
import re
from dataclasses import dataclass

from odoo.addons.billing_base.core.reference import check_passes, normalise

# What stands for «nothing» in labels and ISO 20022 fields.
_NOTHING = {"", "/", "-", "NOTPROVIDED", "NOTAVAILABLE", "FALSE", "NONE", "NULL"}
_REFERENCE = re.compile(r"\d{4,25}-?|RF\d\d[0-9A-Z]{1,21}", re.ASCII)
_TAG = re.compile(r"<[^>]*>")
# Names of JSON fields that hold what the payer wrote, in the bank feeds' words.
_TEXT_KEY = re.compile(
    r"kid|ocr|refer|(?:^|[^a-z])ref|remit|rmt|strd|messag|melding|text|commun|descr|"
    r"note|memo|purpose|end_?to_?end|invoice",
    re.IGNORECASE,
)
_NAME_KEY = re.compile(
    r"(?:debtor|debitor|dbtr|payer|counterpart|sender|remitter)\w*?name|"
    r"(?:debtor|debitor|dbtr|payer|counterpart|sender|remitter)/(?:nm|name)$",
    re.IGNORECASE,
)
_ACCOUNT_KEY = re.compile(
    r"(?:debtor|debitor|dbtr|payer|counterpart|sender|remitter).*"
    r"(?:iban|bban|account|acct)",
    re.IGNORECASE,
)
# «Structured Reference (RmtInf/Strd/CdtrRefInf/Ref): 1234»: importers of camt note so,
# line by line, what they have no field for. The path in ISO 20022 tells what it is.
_ISO_NOTE = re.compile(
    r".*\((?P<path>(?:AddtlNtryInf|AddtlTxInf|BkTxCd|BookgDt|PstlAdr|Refs|RltdPties"
    r"|RmtInf|RtrInf|RvslInd)[/A-Za-z]*)\):(?P<value>.*)",
)
# Of these what the payer may have written.
_ISO_STATED = ("AddtlNtryInf", "AddtlTxInf", "Refs/EndToEndId", "RmtInf")
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Z]", re.ASCII)
# More of a feed's JSON than this is not searched.
MAX_TEXTS = 20
MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Stated:
    """What the payer stated.

    :param reference: the reference, empty when nothing is one as a whole
    :param texts: all else, in order of the fields, none twice
    """

    reference: str
    texts: tuple[str, ...]
    payer_name: str
    payer_account: str


def stated(label, reference, notes, details, payer_name="", payer_account=""):
    """Read the fields of a statement line.

    :param str label: ``payment_ref``
    :param str reference: ``ref``
    :param str notes: ``narration``, may be HTML
    :param details: ``transaction_details``, any JSON
    :param str payer_name: name as the importer gave it, empty for none
    :param str payer_account: account as the importer gave it
    :rtype: Stated
    """
    leaves = list(_leaves(details, "", MAX_DEPTH))
    named, notes = _notes(notes, (label, reference))
    fields = [label, reference, *notes]
    texts = [text for value in fields if (text := _clean(value))]
    named = [text for value in named if (text := _clean(value))]
    whole = [*texts[:2], *named]
    found = [value for text in whole if (value := _as_reference(text))]
    texts += named
    for path, value in leaves:
        if not _TEXT_KEY.search(path) or not (text := _clean(value)):
            continue
        bare = _as_reference(text)
        if bare and not _NAME_KEY.search(path) and not _ACCOUNT_KEY.search(path):
            found.append(bare)
        texts.append(text)
    # The check digit tells a payer's reference from the bank's own number.
    best = next((value for value in found if _checks(value)), found[0] if found else "")
    texts = [text for text in texts if _as_reference(text) != best or not best]
    account = payer_account or _first(leaves, _ACCOUNT_KEY)
    return Stated(
        best,
        tuple(dict.fromkeys(texts))[:MAX_TEXTS],
        _clean(payer_name) or _first(leaves, _NAME_KEY),
        _NOT_ALPHANUMERIC.sub("", account.upper()),
    )


def _leaves(value, path, depth):
    """Pairs of path and text of all scalars in a JSON value."""
    if isinstance(value, dict) and depth:
        for key, item in value.items():
            yield from _leaves(item, f"{path}/{key}" if path else str(key), depth - 1)
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _leaves(item, path, depth - 1)
    elif isinstance(value, str) or (
        isinstance(value, int) and not isinstance(value, bool)
    ):
        yield path, str(value)


def noted(label, reference, notes, details):
    """All that stands on a statement line, the bank's own numbers too, as one text.

    :param str label: ``payment_ref``
    :param str reference: ``ref``
    :param str notes: ``narration``, may be HTML
    :param details: ``transaction_details``, any JSON
    :rtype: str
    """
    leaves = (value for _path, value in _leaves(details, "", MAX_DEPTH))
    return " ".join([label or "", reference or "", *_lines(notes), *leaves])


def _lines(notes):
    """The lines of notes, which Odoo keeps as HTML."""
    text = re.sub(r"</?(?:p|br|div|li|tr)\b[^>]*>", "\n", notes or "", flags=re.I)
    return html.unescape(_TAG.sub(" ", text)).splitlines()


def _notes(notes, fields):
    """What a payer may have written, in the lines of notes.

    :param fields: what the line has fields for; notes of camt repeat them
    :return: (references that the notes name as such, all other lines)
    """
    named, others, is_camt = [], [], False
    for line in _lines(notes):
        note = _ISO_NOTE.fullmatch(line.strip())
        is_camt = is_camt or bool(note)
        if not note:
            others.append(line)
        elif note["path"].startswith("RmtInf/Strd"):
            named.append(note["value"])
        elif note["path"].startswith(_ISO_STATED):
            others.append(note["value"])
    if is_camt:
        known = {"", *map(_clean, fields)}
        others = [
            line
            for line in others
            if ":" not in line or _clean(line.partition(":")[2]) not in known
        ]
    return named, others


def _clean(value):
    text = " ".join((value or "").split())
    return "" if text.upper() in _NOTHING else text


def _as_reference(text):
    """The bare reference a text is as a whole, or an empty string."""
    bare = normalise(text)
    return bare if _REFERENCE.fullmatch(bare) else ""


def _checks(value):
    return any(check_passes(value, algorithm) for algorithm in ("mod10", "mod11"))


def _first(leaves, pattern):
    return next((_clean(value) for path, value in leaves if pattern.search(path)), "")
