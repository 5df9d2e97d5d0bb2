"""What happened to a reference, as reasons that people read."""

from odoo.addons.billing_bank_file.core.decision import Reason

from . import edits
from .edits import Explanation

_EDIT_CODES = {
    edits.MISSING: "digit_missing",
    edits.EXTRA: "digit_extra",
    edits.WRONG: "digit_wrong",
    edits.SWAPPED: "digits_swapped",
}


def reference_reasons(explanation: Explanation, weight: float) -> list[Reason]:
    """What happened to the reference, as reasons that share ``weight``."""
    found = []
    if explanation.zeros:
        found.append(("leading_zeros", (("count", abs(explanation.zeros)),)))
    for edit in explanation.edits:
        values: tuple[tuple[str, str | int], ...] = (("position", edit.position),)
        if edit.kind == edits.MISSING:
            values += (("digit", edit.should),)
        elif edit.kind == edits.EXTRA:
            values += (("digit", edit.was),)
        else:
            values += (("was", edit.was), ("should", edit.should))
        found.append((_EDIT_CODES[edit.kind], values))
    if not found:
        found.append(("reference_exact", ()))
    part = weight / len(found)
    return [Reason(code, values, part) for code, values in found]
