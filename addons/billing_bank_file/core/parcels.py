"""How a payment is cut into journal items, so that each is settled by what it names.

Odoo reconciles greedily: within one set of journal items the oldest is settled first,
as far as the money goes. Where a payment shall settle only a part of an invoice beside
others, or set a credit note off, it is cut so that greed does what was decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class DoesNotFit(ValueError):
    """The amounts cannot be settled as they were decided."""


@dataclass(frozen=True, slots=True)
class Take:
    """What a payment takes of one open journal item.

    :param item_id: the open item of an invoice, credit note or registered payment
    :param partner_id: whose it is
    :param account_id: the account it is on
    :param amount: minor units to settle; below zero for a credit note
    :param open: minor units open on the item, of the same sign
    """

    item_id: int
    partner_id: int
    account_id: int
    amount: int
    open: int

    @property
    def is_full(self) -> bool:
        return self.amount == self.open


@dataclass(frozen=True, slots=True)
class Parcel:
    """One journal item of a payment.

    :param partner_id: customer it credits
    :param account_id: account it is on
    :param amount: minor units of the payment in it
    :param rounds: ids of open items to reconcile, set by set; the parcel's own item
        belongs to the first set
    """

    partner_id: int
    account_id: int
    amount: int
    rounds: tuple[tuple[int, ...], ...] = ()


def cut(takes: Sequence[Take], amount: int, write_off: int = 0) -> list[Parcel]:
    """Cut a payment into parcels.

    What the payment brings beyond the takes stays with the last customer.

    :param takes: what it settles, each item once
    :param amount: minor units of the payment; below zero for money out
    :param write_off: minor units the company bears, as in ``Decision``
    :raises DoesNotFit: more is taken than there is, a customer would owe by being paid
        for, or a credit note shall be set off against a part of an invoice
    """
    sign = 1 if amount > 0 else -1
    by_owner: dict[tuple[int, int], list[Take]] = {}
    for take in takes:
        by_owner.setdefault((take.partner_id, take.account_id), []).append(take)
    parcels: list[Parcel] = []
    has_room = False
    for (partner_id, account_id), own in by_owner.items():
        found, has_room = _cut_owner(own, sign)
        parcels += [Parcel(partner_id, account_id, *part) for part in found]
    rest = amount + write_off - sum(parcel.amount for parcel in parcels)
    if not parcels or rest * sign < 0 or (rest and write_off):
        raise DoesNotFit("the amounts do not add up to the payment")
    if rest:
        last = parcels[-1]
        if has_room:
            parcels.pop()
            with_rest = (last.amount + rest, last.rounds)
        else:
            with_rest = (rest, ())
        parcels.append(Parcel(last.partner_id, last.account_id, *with_rest))
    return parcels


def _cut_owner(own, sign):
    """
    :return: list of (amount, rounds), and whether the last has room for more money
    """
    debits = [take for take in own if take.amount * sign > 0]
    credits = [take for take in own if take.amount * sign < 0]
    full = tuple(take.item_id for take in debits if take.is_full)
    short = [take for take in debits if not take.is_full]
    if not credits:
        found = [(take.amount, ((take.item_id,),)) for take in short]
        if full:
            total = sum(take.amount for take in debits if take.is_full)
            found.append((total, (full,)))
        return found, bool(full)
    net = sum(take.amount for take in own)
    open_credits = tuple(take.item_id for take in credits if not take.is_full)
    if short or len(open_credits) > 1 or net * sign <= 0:
        raise DoesNotFit("a credit note is set off against whole invoices only")
    whole_credits = tuple(take.item_id for take in credits if take.is_full)
    # First the money, then whole credit notes; what is open then is what the last,
    # which keeps a part, has to give.
    rounds = [full]
    if whole_credits:
        rounds.append(full + whole_credits)
    if open_credits:
        rounds.append(full + open_credits)
    return [(net, tuple(rounds))], False
