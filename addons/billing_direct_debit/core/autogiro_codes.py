"""What the codes in Autogiro answers mean, as data.

A meaning is a stable code; the words for people belong to the models. Sources: the code
lists of Bankgirot's technical manual for Autogiro, chapter 8, and its older editions.
"""

from dataclasses import dataclass

# Whose doing it is, or who can do something about it.
PAYER, PAYEE, BANK, BANKGIRO = "payer", "payee", "bank", "bankgirot"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means.

    :param code: stable, for words and rules
    :param final: nothing more comes for the order; False when the bank goes on trying
    :param fault: ``payer``, ``payee``, ``bank`` (the payer's) or ``bankgirot``
    :param reason: for a debit that failed: ``funds``, ``limit``, ``stopped``,
        ``no_mandate``, ``no_account``, ``bank_will_retry`` or ``technical``; empty when
        it did not fail
    """

    code: str
    final: bool
    fault: str
    reason: str = ""


def meaning(table, code):
    """The meaning of a code.

    :param table: one of the tables below
    :param str code: as in the file
    :return: a :class:`Meaning`; ``unknown`` for a code that is not listed
    """
    return table.get(code, UNKNOWN)


UNKNOWN = Meaning("unknown", True, "", "technical")

# Payment specification, TK82 and TK32, position 80. What executed is no failure.
STATUS = {
    "0": Meaning("executed", True, ""),
    "1": Meaning("no_funds", True, PAYER, "funds"),
    "2": Meaning("account_closed", True, PAYER, "no_account"),
    "9": Meaning("will_be_retried", False, PAYER, "bank_will_retry"),
}

# Payment specification, TK77, positions 78–79.
REFUND = {
    "01": Meaning("no_mandate_given", True, PAYER, "no_mandate"),
    "02": Meaning("mandate_withdrawn", True, PAYER, "no_mandate"),
    "03": Meaning("amount_unreasonable", True, PAYER, "stopped"),
}

# Rejected payment orders, positions 59–60.
REJECTED = {
    "01": Meaning("mandate_missing", True, PAYEE, "no_mandate"),
    "02": Meaning("account_closed", True, PAYER, "no_account"),
    "03": Meaning("mandate_stopped", True, PAYER, "stopped"),
    "04": Meaning("payer_number_wrong", True, PAYEE, "technical"),
    "05": Meaning("payee_bankgiro_wrong", True, PAYEE, "technical"),
    "06": Meaning("period_wrong", True, PAYEE, "technical"),
    "07": Meaning("repetitions_wrong", True, PAYEE, "technical"),
    "08": Meaning("amount_wrong", True, PAYEE, "technical"),
    "09": Meaning("payouts_forbidden", True, PAYEE, "technical"),
    "10": Meaning("bankgiro_missing", True, PAYEE, "technical"),
    "12": Meaning("day_wrong", True, PAYEE, "technical"),
    "13": Meaning("day_passed", True, PAYEE, "technical"),
    "15": Meaning("payee_bankgiro_differs", True, PAYEE, "technical"),
    "24": Meaning("above_limit", True, PAYER, "limit"),
}

# Cancellations and changes: what the record is about.
CHANGE_KIND = {
    "03": Meaning("cancelled_mandate_removed", True, PAYER),
    "11": Meaning("cancelled_by_payer_or_bank", True, PAYER),
    "21": Meaning("cancelled_agreement_ended", True, PAYEE),
    "22": Meaning("cancelled_all_of_day", True, PAYEE),
    "23": Meaning("cancel_all_of_payer", True, PAYEE),
    "24": Meaning("cancel_payer_and_day", True, PAYEE),
    "25": Meaning("cancel_one", True, PAYEE),
    "26": Meaning("move_all", True, PAYEE),
    "27": Meaning("move_day", True, PAYEE),
    "28": Meaning("move_payer_and_day", True, PAYEE),
    "29": Meaning("move_one", True, PAYEE),
}

# Cancellations and changes, positions 73–74: what came of it.
CHANGE = {
    "01": Meaning("day_wrong", True, PAYEE, "technical"),
    "02": Meaning("payer_number_wrong", True, PAYEE, "technical"),
    "04": Meaning("direction_wrong", True, PAYEE, "technical"),
    "05": Meaning("amount_wrong", True, PAYEE, "technical"),
    "06": Meaning("new_day_wrong", True, PAYEE, "technical"),
    "10": Meaning("payee_bankgiro_wrong", True, PAYEE, "technical"),
    "11": Meaning("payee_bankgiro_missing", True, PAYEE, "technical"),
    "12": Meaning("cancelled", True, ""),
    "13": Meaning("order_not_found", True, PAYEE, "technical"),
    "14": Meaning("moved", True, ""),
    "15": Meaning("self_renewing_not_moved", True, PAYEE, "technical"),
    "18": Meaning("moved", True, ""),
}
# The order is gone, or has another day.
CANCELLED = frozenset({"12"})
MOVED = frozenset({"14", "18"})

# Mandate advice, TK73 positions 62–63: why the record is sent.
INFORMATION = {
    "03": Meaning("end_asked_by_payee", True, PAYEE),
    "04": Meaning("new_asked_by_payee", True, PAYEE),
    "05": Meaning("renumbered_by_payee", True, PAYEE),
    "10": Meaning("payee_bankgiro_closed", True, PAYEE),
    "42": Meaning("account_query_answered", True, BANK),
    "43": Meaning("account_query_unanswered", True, BANK),
    "44": Meaning("payer_bankgiro_closed", True, PAYER),
    "46": Meaning("ended_by_payer_or_bank", True, PAYER),
    "93": Meaning("ended_by_payer", True, PAYER),
}

# Mandate advice, TK73 positions 64–65: what came of it.
COMMENT = {
    "01": Meaning("ended_by_bank", True, BANK),
    "02": Meaning("ended_on_request_of_payer_or_bank", True, PAYER),
    "03": Meaning("account_type_not_allowed", True, PAYER),
    "04": Meaning("mandate_missing", True, PAYEE),
    "05": Meaning("account_or_identity_wrong", True, PAYER),
    "06": Meaning("ended_by_bankgirot", True, BANKGIRO),
    "07": Meaning("account_query_unanswered", True, BANK),
    "09": Meaning("payer_bankgiro_missing", True, PAYER),
    "10": Meaning("mandate_exists_or_waits", False, PAYEE),
    "11": Meaning("stopped_by_payer", False, PAYER),
    "12": Meaning("stop_lifted", True, PAYER),
    "20": Meaning("identity_wrong_or_no_bankgiro_agreement", True, PAYER),
    "21": Meaning("payer_number_wrong", True, PAYEE),
    "23": Meaning("account_wrong", True, PAYER),
    "24": Meaning("limit_not_allowed", True, PAYEE),
    "29": Meaning("payee_bankgiro_wrong", True, PAYEE),
    "30": Meaning("payee_bankgiro_closed", True, PAYEE),
    "32": Meaning("registered", True, ""),
    "33": Meaning("ended", True, ""),
    "98": Meaning("payer_bankgiro_closed", True, PAYER),
}

_RENUMBERED = "05"
_ENDED = frozenset({"01", "02", "06", "07", "33", "98"})


@dataclass(frozen=True, slots=True)
class Advice:
    """What a mandate advice does to a mandate.

    :param effect: ``active``; ``ended``; ``renumbered_to`` (this is the new payer
        number, active) and ``renumbered_from`` (this is the old one, now gone);
        ``refused`` (what was asked is not done, for the reason in ``code``);
        ``missing`` (there is no such mandate); ``exists`` (it is there already or waits
        for the bank); ``stopped`` and ``resumed``; ``unknown``
    :param by: who did it: ``payer``, ``payee``, ``bank`` or ``bankgirot``; may be empty
    :param code: the most telling meaning: of the comment, or of the information when
        the comment only says ended or registered
    """

    effect: str
    by: str
    code: str


_EFFECTS = {
    "04": "missing",
    "10": "exists",
    "11": "stopped",
    "12": "resumed",
    "32": "active",
}


def advice(information, comment):
    """What a mandate advice means, both codes together.

    :param str information: positions 62–63
    :param str comment: positions 64–65
    :return: an :class:`Advice`
    """
    what, came = meaning(INFORMATION, information), meaning(COMMENT, comment)
    if came is UNKNOWN:
        return Advice("unknown", "", came.code)
    if information == _RENUMBERED and comment in ("32", "33"):
        effect = "renumbered_to" if comment == "32" else "renumbered_from"
        return Advice(effect, PAYEE, what.code)
    if comment in _ENDED:
        told = what if comment == "33" and what is not UNKNOWN else came
        return Advice("ended", told.fault, told.code)
    effect = _EFFECTS.get(comment, "refused")
    return Advice(effect, came.fault or what.fault, came.code)
