"""What becomes of payments: the rules, and the traps."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.decision import (
    PARTIAL,
    PROPOSED,
    RECONCILED,
    UNMATCHED,
)
from odoo.addons.billing_base.core.reference import compact, mod10_digit, mod11_digit
from odoo.addons.billing_kid_match.core import decide, look
from odoo.addons.billing_kid_match.core.edits import explain
from odoo.addons.billing_kid_match.core.queries import stated_references
from odoo.addons.billing_kid_match.core.scoring import Invoice, Surroundings
from odoo.addons.billing_kid_match.core.weights import (
    DEFAULT_POLICY,
    DEFAULT_WEIGHTS,
)

COMPANY, NOK, SEK = 1, 1, 2


def kid(base):
    return base + mod10_digit(base)


class Book:
    """Invoices, and payments decided on them as the matcher would."""

    def __init__(self):
        self.invoices = []
        self.payments = []

    def add(self, reference, residual=50_000, partner=None, is_open=True, currency=NOK):
        move_id = len(self.invoices) + 1
        self.invoices.append(
            Invoice(
                move_id,
                partner or move_id,
                compact(reference),
                reference,
                residual if is_open else 0,
                residual,
                is_open,
                currency,
            )
        )
        return move_id

    def pay(self, reference, amount=50_000, text=None, others=(), currency=NOK):
        self.payments.append(
            look.Paid(
                len(self.payments) + 1,
                COMPANY,
                currency,
                amount,
                100,
                stated_references(reference, others, text),
            )
        )

    def decide(self, dense=0.0, open_count=None, sharing=None):
        count = open_count or sum(inv.is_open for inv in self.invoices)
        looks = [look.first_look(p, self._hits(p)) for p in self.payments]

        def gather(places):
            return {
                at: look.Facts(
                    near=[
                        inv
                        for inv in self.invoices
                        if looks[at].query and explain(looks[at].query.key, inv.key)
                    ],
                    around=Surroundings(
                        count, self._sharing(self.payments[at], sharing)
                    ),
                    dense=dense,
                    customer=[
                        inv
                        for inv in self.invoices
                        if inv.is_open
                        and inv.partner_id
                        in {hit.partner_id for hit in looks[at].invoices}
                    ],
                )
                for at in places
            }

        decider = decide.Decider(DEFAULT_WEIGHTS, DEFAULT_POLICY, {COMPANY: count})
        decisions = decide.decide_in_order(decider, self.payments, looks, gather)
        self._check(decisions)
        return decisions

    def _hits(self, paid):
        keys = [key.strip("-").lstrip("0") for q in paid.queries for key in q.keys]
        return [inv for inv in self.invoices if inv.key.strip("-").lstrip("0") in keys]

    def _sharing(self, paid, sharing):
        if sharing is not None:
            return sharing
        return sum(i.is_open and i.residual == paid.amount for i in self.invoices)

    def _check(self, decisions):
        """What holds whatever is decided."""
        taken = {}
        for paid, item in zip(self.payments, decisions, strict=True):
            assert item.payment_id == paid.payment_id
            assert 0 <= item.probability <= 1
            assert bool(item.shares) == (item.outcome in (RECONCILED, PARTIAL))
            assert sum(share.amount for share in item.shares) <= max(paid.amount, 0)
            assert item.reasons
            assert len(item.candidates) <= 5
            for share in item.shares:
                assert share.amount > 0
                taken[share.move_id] = taken.get(share.move_id, 0) + share.amount
        for move_id, amount in taken.items():
            assert amount <= self.invoices[move_id - 1].residual


def one(book, **options):
    [decision] = book.decide(**options)
    return decision


def codes(decision):
    return [reason.code for reason in decision.reasons]


A = kid("01000010000441")
B = kid("01000370000552")


def book_of_two():
    book = Book()
    book.add(A)
    book.add(B)
    return book


# === EXACT REFERENCES === #


def test_exact():
    book = book_of_two()
    book.pay(A)
    item = one(book)
    assert item.outcome == RECONCILED
    assert (item.shares[0].move_id, item.shares[0].amount) == (1, 50_000)
    assert codes(item) == ["reference_exact", "amount_exact"]
    assert item.probability > 0.9999
    assert item.candidates[0].distance == 0


def test_what_the_books_can_compare_needs_no_look():
    for reference in (A, "6-", A + "-"):
        book = Book()
        book.add(reference, partner=7)
        book.pay(reference)
        paid = book.payments[0]
        decider = decide.Decider(DEFAULT_WEIGHTS, DEFAULT_POLICY, {COMPANY: 1})
        found = look.Exact(paid.payment_id, COMPANY, 1, 7, 50_000, reference)
        assert decider.settle_exact(found) == one(book)
        # its money is promised now
        assert decider.ledger.left(book.invoices[0]) == 0


def test_spaces_and_words():
    book = book_of_two()
    book.pay(f"KID: {A[:4]} {A[4:]}")
    item = one(book)
    assert item.outcome == RECONCILED
    assert "cleaned" in codes(item)


def test_leading_zeros():
    for paid in (A.lstrip("0"), "00" + A):
        book = book_of_two()
        book.pay(paid)
        item = one(book)
        assert item.outcome == RECONCILED and item.shares[0].move_id == 1
        assert "leading_zeros" in codes(item)


def test_smaller_amount():
    book = book_of_two()
    book.pay(A, 20_000)
    item = one(book)
    assert item.outcome == PARTIAL
    assert item.shares[0].amount == 20_000
    assert "amount_smaller" in codes(item)


def test_larger_amount_leaves_a_credit():
    book = book_of_two()
    book.pay(A, 60_000)
    item = one(book)
    assert item.outcome == RECONCILED
    assert item.shares[0].amount == 50_000
    assert dict(item.reasons[-1].values) == {"rest": 100.0}


def test_other_amount_in_dense_numbering():
    for amount in (20_000, 60_000):
        book = book_of_two()
        book.pay(A, amount)
        item = one(book, dense=5)
        assert item.outcome == PROPOSED
        assert codes(item)[0] == "dense_references"


def test_dense_numbering_does_not_matter_when_the_amount_is_right():
    book = book_of_two()
    book.pay(A)
    assert one(book, dense=5).outcome == RECONCILED


def test_neighbour_with_just_this_amount():
    """MOD10 does not see 09 turned into 90."""
    one_kid, other = kid("01000090000441"), kid("01000900000441")
    assert explain(one_kid, other).distance == 1
    book = Book()
    book.add(one_kid, 50_000)
    book.add(other, 20_000)
    book.pay(one_kid, 20_000)
    item = one(book, open_count=10_000)
    assert item.outcome == PROPOSED
    assert "neighbour_same_amount" in codes(item)
    assert {c.move_id for c in item.candidates} == {1, 2}


def test_amount_that_tells_of_other_invoices():
    book = book_of_two()
    book.pay(A, 29_900)
    item = one(book, open_count=1000, sharing=100)
    assert item.outcome == PROPOSED
    assert "others_same_amount" in codes(item)


def test_reference_of_a_paid_invoice_is_never_repaired():
    paid = kid("0100001000044")
    near = paid[:-1] + ("1" if paid[-1] != "1" else "2")
    book = Book()
    book.add(paid, is_open=False, partner=7)
    book.add(near, 50_000, partner=9)
    book.pay(paid)
    item = one(book)
    assert item.outcome == UNMATCHED
    assert codes(item) == ["reference_paid"]


def test_reference_of_a_paid_invoice_proposes_the_customers_open_ones():
    book = Book()
    book.add(A, is_open=False, partner=7)
    book.add(kid("01000010000500"), 30_000, partner=7)
    book.add(kid("01000010000501"), 40_000, partner=7)
    book.add(kid("01000010000502"), 50_000, partner=7)
    book.add(B, 50_000, partner=8)
    book.pay(A)
    item = one(book)
    assert item.outcome == PROPOSED
    assert codes(item) == ["reference_paid"]
    # the one with this amount, then the oldest
    assert [c.move_id for c in item.candidates] == [4, 2, 3]
    assert item.candidates[0].probability > item.candidates[1].probability


def test_two_customers_with_one_reference():
    book = Book()
    book.add("1234", 50_000)
    book.add("1234", 60_000)
    book.pay("1234", 60_000)
    item = one(book)
    assert item.outcome == PROPOSED
    assert codes(item) == ["reference_shared"]
    assert len(item.candidates) == 2


def customers_own_reference():
    book = Book()
    for amount in (50_000, 60_000, 70_000):
        book.add("1234", amount, partner=5)
    book.add("9999", 10_000, partner=5)
    return book


def test_a_customers_own_reference_pays_the_invoice_of_that_amount():
    book = customers_own_reference()
    book.pay("1234", 60_000)
    item = one(book)
    assert item.outcome == RECONCILED
    assert [(share.move_id, share.amount) for share in item.shares] == [(2, 60_000)]
    assert "customer_reference" in codes(item)


def test_a_customers_own_reference_pays_the_oldest_first():
    book = customers_own_reference()
    book.pay("1234", 80_000)
    item = one(book)
    assert item.outcome == PARTIAL
    assert [(share.move_id, share.amount) for share in item.shares] == [
        (1, 50_000),
        (2, 30_000),
    ]


def test_a_customers_own_reference_does_not_pay_again_what_is_paid():
    book = customers_own_reference()
    book.add("1234", 45_000, partner=5, is_open=False)
    book.pay("1234", 45_000)
    item = one(book)
    assert item.outcome == PROPOSED
    assert codes(item) == ["reference_paid"]


def test_a_customers_own_reference_leaves_what_is_too_much():
    book = customers_own_reference()
    book.pay("1234", 200_000)
    book.pay("1234", 1_000)
    first, second = book.decide()
    assert first.outcome == RECONCILED
    assert sum(share.amount for share in first.shares) == 180_000
    assert "overpaid" in codes(first)
    assert second.outcome in (PROPOSED, UNMATCHED)


def test_same_reference_open_and_paid_for_two_customers():
    book = Book()
    book.add(A, partner=5)
    book.add(A, partner=6, is_open=False)
    book.pay(A)
    assert one(book).outcome == PROPOSED


def test_other_currency():
    book = Book()
    book.add(A, currency=SEK)
    book.pay(A, currency=NOK)
    item = one(book)
    assert item.outcome == UNMATCHED
    assert codes(item) == ["other_currency"]


def test_paid_twice_in_one_batch():
    book = book_of_two()
    book.pay(A)
    book.pay(A)
    first, second = book.decide()
    assert first.outcome == RECONCILED
    assert second.outcome == UNMATCHED
    assert codes(second) == ["already_covered"]


def test_two_halves_in_one_batch():
    book = book_of_two()
    book.pay(A, 25_000)
    book.pay(A, 25_000)
    book.pay(A, 25_000)
    outcomes = [item.outcome for item in book.decide()]
    assert outcomes[:2] == [PARTIAL, RECONCILED]
    assert outcomes[2] in (PROPOSED, UNMATCHED)


def test_exact_comes_before_repaired_wherever_it_stands():
    book = book_of_two()
    book.pay(A[:5] + A[6:])
    book.pay(A)
    repaired, exact = book.decide()
    assert exact.outcome == RECONCILED
    assert repaired.outcome != RECONCILED
    assert codes(repaired) == ["already_covered"]


def test_several_references_that_add_up():
    book = book_of_two()
    book.pay(A, 100_000, others=[A, B])
    item = one(book)
    assert item.outcome == RECONCILED
    assert {(s.move_id, s.amount) for s in item.shares} == {(1, 50_000), (2, 50_000)}


def test_several_references_that_do_not_add_up():
    book = book_of_two()
    book.pay(A, 90_000, others=[A, B])
    item = one(book)
    assert item.outcome == PROPOSED
    assert {c.move_id for c in item.candidates} == {1, 2}


def test_a_reference_nobody_knows_beside_the_right_one():
    book = book_of_two()
    book.pay(A, others=[A, "99887766"])
    item = one(book)
    assert item.outcome == RECONCILED
    assert item.shares[0].move_id == 1


# === REPAIRED REFERENCES === #


def damages(reference):
    """One of each kind of slip, at each place."""
    for at in range(len(reference)):
        yield "digit_missing", reference[:at] + reference[at + 1 :]
        other = "5" if reference[at] != "5" else "6"
        yield "digit_extra", reference[:at] + other + reference[at:]
        yield "digit_wrong", reference[:at] + other + reference[at + 1 :]
        if reference[at : at + 1] != reference[at + 1 : at + 2]:
            swapped = (
                reference[:at] + reference[at : at + 2][::-1] + reference[at + 2 :]
            )
            if swapped != reference:
                yield "digits_swapped", swapped


def test_one_edit_is_repaired_and_explained():
    seen = set()
    for code, paid in damages(A):
        book = book_of_two()
        book.pay(paid)
        item = one(book)
        assert item.outcome == RECONCILED, (code, paid)
        assert item.shares[0].move_id == 1
        assert "amount_exact" in codes(item)
        seen.update(codes(item))
    assert {"digit_missing", "digit_extra", "digit_wrong", "digits_swapped"} <= seen


def test_explanation_names_the_place():
    book = book_of_two()
    book.pay(A[:5] + A[6:])
    reason = one(book).reasons[0]
    assert reason.code == "digit_missing"
    position = dict(reason.values)["position"]
    # a digit out of a run of equal ones
    assert A[position - 1] == dict(reason.values)["digit"] == A[5]


def test_one_edit_with_another_amount_is_proposed():
    book = book_of_two()
    book.pay(A[:5] + A[6:], 12_345)
    item = one(book)
    assert item.outcome == PROPOSED
    assert item.candidates[0].move_id == 1
    assert codes(item) == ["amount_differs"]


def test_one_edit_from_two_customers_is_proposed():
    """Two customers whose references are one digit apart."""
    book = Book()
    book.add("1234567890")
    book.add("1234567891")
    book.pay("1234567892")
    item = one(book)
    assert item.outcome == PROPOSED
    assert codes(item) == ["several_candidates"]
    assert {c.move_id for c in item.candidates} == {1, 2}


def test_two_edits():
    paid = A[:3] + A[4:9] + "7" + A[10:]
    assert explain(paid, A).distance == 2
    book = book_of_two()
    book.pay(paid)
    item = one(book)
    assert item.outcome == RECONCILED
    assert item.candidates[0].distance == 2
    assert len([c for c in codes(item) if c.startswith("digit")]) == 2


def test_two_edits_with_anything_else_near_are_proposed():
    paid = A[:3] + A[4:9] + "7" + A[10:]
    other = paid[:-1] + ("1" if paid[-1] != "1" else "2")
    book = book_of_two()
    book.add(other, 99_900)
    book.pay(paid)
    assert one(book).outcome == PROPOSED


def test_two_edits_in_a_short_reference_are_not_repaired():
    book = Book()
    book.add("123456")
    book.pay("1274")
    assert one(book).outcome in (PROPOSED, UNMATCHED)


def test_mod11_dash_lost():
    base = "2026000017"
    assert mod11_digit(base) == "-"
    book = Book()
    book.add(base + "-")
    book.pay(base)
    item = one(book)
    assert item.outcome == RECONCILED
    assert codes(item)[0] == "digit_missing"


def test_longest_reference():
    reference = kid("987654321098765432109876")
    book = Book()
    book.add(reference)
    book.pay(reference[:12] + reference[13:])
    assert one(book).outcome == RECONCILED


def test_reference_with_letters():
    book = Book()
    book.add("INV/2026/00105")
    book.add("INV/2026/00931")
    book.pay("INV-2026-00105")
    assert one(book).outcome == RECONCILED


def test_word_that_is_part_of_the_issued_reference():
    for amount, outcome in ((50_000, RECONCILED), (20_000, PROPOSED)):
        book = Book()
        book.add("REF 00123456")
        book.pay("Ref. 00123456", amount)
        item = one(book, dense=5)
        assert item.outcome == outcome
        assert item.candidates[0].move_id == 1


# === TRAPS === #


def test_stranger_with_the_same_amount():
    book = book_of_two()
    book.pay("99887766554433")
    item = one(book)
    assert item.outcome == UNMATCHED
    assert codes(item) == ["reference_unknown"]


def test_unrelated_five_digits():
    """Peers book a message of five digits on any reference that contains them."""
    book = book_of_two()
    for number in (A[2:7], A[-5:], "10000"):
        book.pay(None, 50_000, text=number)
    assert {item.outcome for item in book.decide()} <= {UNMATCHED, PROPOSED}


def test_five_digits_next_to_a_short_reference():
    book = Book()
    for number in range(12300, 12400, 7):
        book.add(str(number), 10_000)
    book.pay(None, 10_000, text="12301")
    assert one(book).outcome in (PROPOSED, UNMATCHED)


def test_exact_short_number_in_a_message_is_only_proposed():
    book = Book()
    book.add("12345")
    book.pay(None, text="12345")
    assert one(book).outcome == PROPOSED


def test_exact_reference_in_a_message_with_another_amount():
    book = book_of_two()
    book.pay(None, 20_000, text=A)
    item = one(book)
    assert item.outcome == PROPOSED
    assert "reference_in_text" in codes(item)


def test_exact_reference_in_a_message():
    book = book_of_two()
    book.pay(None, text=f"Betaling kid {A} takk")
    assert one(book).outcome == RECONCILED


def test_money_out_and_no_reference():
    book = book_of_two()
    book.pay(A, -50_000)
    book.pay(A, 0)
    book.pay("")
    book.pay(None, text="takk for sist")
    decisions = book.decide()
    assert [item.outcome for item in decisions] == [UNMATCHED] * 4
    assert [codes(item)[0] for item in decisions] == [
        "money_out",
        "money_out",
        "no_reference",
        "no_reference",
    ]


def test_very_short_reference():
    book = Book()
    for number in range(10, 40):
        book.add(str(number), 10_000)
    book.pay("4", 10_000)
    assert one(book).outcome in (PROPOSED, UNMATCHED)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.sampled_from(["", "-", "x"]), st.integers(-1, 6)
        ),
        max_size=12,
    ),
    st.floats(0, 4),
)
def test_no_money_is_promised_twice(payments, dense):
    """Whatever arrives in whatever order; the checks are in the book."""
    book = Book()
    references = [kid(f"01000{n}10000441") for n in range(4)] + ["0042", "0042"]
    for at, reference in enumerate(references):
        book.add(reference, 30_000, partner=at // 2 + 1, is_open=at != 3)
    for at, damage, amount in payments:
        reference = references[at]
        if damage == "-":
            reference = reference[:2] + reference[3:]
        elif damage == "x":
            reference = reference[:1] + "7" + reference[2:]
        book.pay(reference, amount * 10_000)
    assert len(book.decide(dense=dense)) == len(payments)
