"""Two people at the same payments and invoices: nothing lost, nothing twice."""

import json
from pathlib import Path

from .processes import ROOT, odoo


def test_two_people_at_once(database):
    script = Path(__file__).with_name("two_deciders.py").read_text(encoding="utf-8")
    run = odoo(
        *("shell", "-d", database, "--no-http"),
        script=f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{script}",
    )
    [line] = [line for line in run.stdout.splitlines() if line.startswith("RESULT ")]
    told = json.loads(line.removeprefix("RESULT "))
    assert (told.pop("first run"), told.pop("second run")) == (6, 0)
    books = {
        name: told.pop(name)
        for name in ("states", "invoices", "lines", "balanced", "settled", "refunds")
    }
    # The first attempt of the second person never goes through beside the first
    # person's; the one after sees what was done.
    for name, answers in told.items():
        assert answers[0] in ("refused", "again"), (name, answers)
    assert {name: answers[1] for name, answers in told.items()} == {
        "same payment": "refused",
        "same invoice": "refused",
        "invoice cancelled": "refused",
        # on account, it may still be given to an invoice
        "payment given away": "done",
        "refund": "refused",
        "undo": "refused",
        # set aside, it may still be decided
        "park": "done",
    }
    assert books["lines"] == [6, 6000]
    assert books["balanced"] == [0] * 6
    assert books["refunds"] == 1
    # The first was undone again, the third cancelled.
    assert books["invoices"] == ["not_paid", "paid", "not_paid", "paid"]
    assert books["settled"] == 2000
