"""What a payer did to a reference: the edits between the paid and the issued one.

Distances are optimal string alignment (OSA): a wrong, missing or extra character and
a swap of two neighbours count as one each.
"""

from dataclasses import dataclass

MISSING = "missing"
EXTRA = "extra"
WRONG = "wrong"
SWAPPED = "swapped"
SAME = "same"
ZERO = "zero"

#: Beyond two edits a reference says nothing any more.
MAX_EDITS = 2


@dataclass(frozen=True, slots=True)
class Edit:
    """One slip of the payer.

    :param kind: :data:`MISSING`, :data:`EXTRA`, :data:`WRONG` or :data:`SWAPPED`
    :param paid_at: 0-based place in the paid reference; of a missing character the
        place where it belongs
    :param issued_at: 0-based place in the issued reference; of an extra character
        the place it stands before
    :param was: characters the payer wrote, empty when missing
    :param should: characters that were issued, empty when extra
    """

    kind: str
    paid_at: int
    issued_at: int
    was: str
    should: str

    @property
    def position(self) -> int:
        """1-based place: of an extra character in the paid, else in the issued one."""
        return (self.paid_at if self.kind == EXTRA else self.issued_at) + 1


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a paid reference became what it is.

    :param edits: slips in the order of the reference
    :param zeros: leading zeros the payer left out; below zero when he added some
    """

    edits: tuple[Edit, ...] = ()
    zeros: int = 0

    @property
    def distance(self) -> int:
        """Number of edits; leading zeros do not count."""
        return len(self.edits)


def explain(paid: str, issued: str) -> Explanation | None:
    """Find the likeliest way from ``issued`` to ``paid``.

    Both are compact references. Lost or added leading zeros are one slip that
    explains any number of characters; it is taken when it saves edits.

    :return: None when more than :data:`MAX_EDITS` edits lie between them
    """
    if paid == issued:
        return Explanation()
    direct = _align(paid, issued, MAX_EDITS)
    paid_bare, issued_bare = paid.lstrip("0"), issued.lstrip("0")
    paid_zeros = len(paid) - len(paid_bare)
    issued_zeros = len(issued) - len(issued_bare)
    if paid_zeros != issued_zeros and paid_bare and issued_bare:
        most = MAX_EDITS if direct is None else len(direct) - 1
        bare = _align(paid_bare, issued_bare, most)
        if bare is not None:
            moved = tuple(
                Edit(
                    edit.kind,
                    edit.paid_at + paid_zeros,
                    edit.issued_at + issued_zeros,
                    edit.was,
                    edit.should,
                )
                for edit in bare
            )
            return Explanation(moved, issued_zeros - paid_zeros)
    return None if direct is None else Explanation(direct)


def repair(paid: str, explanation: Explanation) -> str:
    """Undo the slips: the issued reference again."""
    parts = []
    at = 0
    for edit in explanation.edits:
        parts.append(paid[at : edit.paid_at])
        parts.append(edit.should)
        at = edit.paid_at + len(edit.was)
    parts.append(paid[at:])
    text = "".join(parts)
    if explanation.zeros >= 0:
        return "0" * explanation.zeros + text
    return text[-explanation.zeros :]


def alignment(
    paid: str, issued: str, explanation: Explanation
) -> list[tuple[str, str, str]]:
    """Pair the characters of both references for display.

    :return: (paid character, issued character, kind) from left to right, the
        character empty where one side has none; kind is :data:`SAME`,
        :data:`ZERO` for leading zeros lost or added, or the kind of the edit. A swap
        gives two pairs.
    """
    pairs = []
    paid_at = issued_at = 0
    if explanation.zeros > 0:
        pairs += [("", "0", ZERO)] * explanation.zeros
        issued_at = explanation.zeros
    elif explanation.zeros < 0:
        pairs += [("0", "", ZERO)] * -explanation.zeros
        paid_at = -explanation.zeros
    for edit in explanation.edits:
        while paid_at < edit.paid_at:
            pairs.append((paid[paid_at], issued[issued_at], SAME))
            paid_at += 1
            issued_at += 1
        if edit.kind == SWAPPED:
            pairs += [(edit.was[i], edit.should[i], SWAPPED) for i in (0, 1)]
        else:
            pairs.append((edit.was, edit.should, edit.kind))
        paid_at += len(edit.was)
        issued_at += len(edit.should)
    pairs += [(char, char, SAME) for char in paid[paid_at:]]
    return pairs


def _align(paid: str, issued: str, most: int) -> tuple[Edit, ...] | None:
    """Cheapest OSA edits from ``issued`` to ``paid``, None beyond ``most``."""
    if most < 0 or abs(len(paid) - len(issued)) > most:
        return None
    if paid == issued:
        return ()
    start = 0
    shorter = min(len(paid), len(issued))
    while start < shorter and paid[start] == issued[start]:
        start += 1
    end = 0
    while end < shorter - start and paid[-1 - end] == issued[-1 - end]:
        end += 1
    left = paid[start : len(paid) - end]
    right = issued[start : len(issued) - end]
    table = _distances(left, right, most)
    if table[len(left)][len(right)] > most:
        return None
    return tuple(_trace(left, right, table, start))


def _distances(left: str, right: str, most: int) -> list[list[int]]:
    """OSA table, filled where the distance can still be ``most`` or less."""
    far = most + 1
    width = len(right) + 1
    table = [[far] * width for _ in range(len(left) + 1)]
    table[0][: most + 1] = list(range(min(width, most + 1)))
    for row in range(1, len(left) + 1):
        current, above = table[row], table[row - 1]
        char = left[row - 1]
        if row <= most:
            current[0] = row
        for column in range(max(1, row - most), min(width, row + most + 1)):
            other = right[column - 1]
            cost = min(
                above[column - 1] + (char != other),
                above[column] + 1,
                current[column - 1] + 1,
            )
            if (
                row > 1
                and column > 1
                and char == right[column - 2]
                and left[row - 2] == other
            ):
                cost = min(cost, table[row - 2][column - 2] + 1)
            current[column] = min(cost, far)
    return table


def _trace(left: str, right: str, table: list[list[int]], offset: int) -> list[Edit]:
    """Walk the table back; swaps and wrong characters before missing and extra."""
    edits = []
    row, column = len(left), len(right)
    while row or column:
        cost = table[row][column]
        was, should = left[row - 1 : row], right[column - 1 : column]
        if row and column and was == should and table[row - 1][column - 1] == cost:
            row, column = row - 1, column - 1
            continue
        if (
            row > 1
            and column > 1
            and was == right[column - 2]
            and left[row - 2] == should
            and table[row - 2][column - 2] + 1 == cost
        ):
            row, column = row - 2, column - 2
            kind, was, should = SWAPPED, left[row : row + 2], right[column : column + 2]
        elif row and column and table[row - 1][column - 1] + 1 == cost:
            row, column = row - 1, column - 1
            kind = WRONG
        elif column and table[row][column - 1] + 1 == cost:
            column -= 1
            kind, was = MISSING, ""
        else:
            row -= 1
            kind, should = EXTRA, ""
        edits.append(Edit(kind, row + offset, column + offset, was, should))
    edits.reverse()
    return edits
