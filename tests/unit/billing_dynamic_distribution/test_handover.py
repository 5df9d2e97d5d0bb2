"""After a crash the diary says of each message what is certain about it."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_dynamic_distribution.core import handover

HERE = "boot-1"
keys = st.lists(
    st.text("0123456789abcdef", min_size=4, max_size=4), unique=True, max_size=12
)


def diary(batch, answered):
    """The lines of a batch that died while a message was handed over."""
    lines = [handover.line_of_batch(batch, HERE)]
    for key in batch[:answered]:
        lines += [
            handover.line_of_start(key),
            handover.line_of_answer(key, {"event": "sent", "code": "250"}),
        ]
    if answered < len(batch):
        lines.append(handover.line_of_start(batch[answered]))
    return lines


@given(batch=keys, data=st.data())
def test_all_but_the_one_in_the_middle_are_certain(batch, data):
    answered = data.draw(st.integers(0, len(batch)))
    known = handover.read(diary(batch, answered), HERE)
    assert set(known) == set(batch)
    for position, key in enumerate(batch):
        state, answer = known[key]
        if position < answered:
            assert (state, answer["event"]) == (handover.ANSWERED, "sent")
        elif position == answered:
            assert (state, answer) == (handover.UNKNOWN, {})
        else:
            assert (state, answer) == (handover.UNTOUCHED, {})


@given(batch=keys, data=st.data())
def test_a_crash_at_any_letter_never_makes_sent_untouched(batch, data):
    """A message that went out is never taken for one that did not."""
    text = "".join(diary(batch, len(batch)))
    cut = data.draw(st.integers(0, len(text)))
    known = handover.read(text[:cut].splitlines(keepends=True), HERE)
    for key in batch:
        # It goes out only after its own line is there, whole.
        went_out = handover.line_of_start(key) in text[:cut]
        if went_out:
            assert known[key][0] != handover.UNTOUCHED


@given(st.lists(st.text(max_size=60)))
def test_what_is_no_diary_tells_nothing_and_breaks_nothing(lines):
    handover.read(lines, HERE)
    assert (
        handover.read(["[1]\n", '{"start": 7}\n', '{"end": "a"}\n', "{}\n"], HERE) == {}
    )


def test_a_second_try_begins_anew():
    lines = [
        handover.line_of_batch(["a"], HERE),
        handover.line_of_start("a"),
        handover.line_of_answer("a", {"event": "failed_soft"}),
        handover.line_of_start("a"),
    ]
    assert handover.read(lines, HERE)["a"] == (handover.UNKNOWN, {})


@given(batch=keys.filter(bool), elsewhere=st.sampled_from(["", "boot-2"]))
def test_after_a_restart_of_the_machine_what_is_missing_proves_nothing(
    batch, elsewhere
):
    known = handover.read(diary(batch, 1), elsewhere)
    assert known[batch[0]][0] == handover.ANSWERED
    assert all(known[key][0] == handover.UNKNOWN for key in batch[1:])


def test_an_unnamed_machine_proves_nothing():
    assert handover.read([handover.line_of_batch(["a"], "")], "")["a"] == (
        handover.UNKNOWN,
        {},
    )
