"""A print house's directory: all of a batch or nothing, and known afterwards."""

import json
import os
import shutil
from unittest.mock import patch

import pytest

from odoo.addons.billing_dynamic_distribution.adapters.letter_box import LetterBox
from odoo.addons.billing_dynamic_distribution.core.letters import (
    Document,
    Letter,
)

ONE, TWO = "1" * 32, "2" * 32
BATCH = "20261201T081500Z-abc"


class Killed(BaseException):
    """The worker is gone: nobody cleans up after it."""


@pytest.fixture
def box(tmp_path):
    return LetterBox(tmp_path / "letters")


@pytest.fixture
def letters():
    return [
        Letter(key, (Document(f"%PDF {key}".encode(), 1),), ("Kari", "Oslo"), "NO")
        for key in (ONE, TWO)
    ]


def test_a_batch_is_one_directory_with_its_manifest(box, letters):
    box.publish(BATCH, letters, "json")
    folder = box.path / "outbox" / BATCH
    assert sorted(file.name for file in folder.iterdir()) == [
        f"{ONE}.pdf",
        f"{TWO}.pdf",
        "manifest.json",
    ]
    assert (folder / f"{ONE}.pdf").read_bytes() == letters[0].documents[0].pdf
    content = json.loads((folder / "manifest.json").read_text())
    assert [entry["id"] for entry in content["letters"]] == [ONE, TWO]
    assert box.find(ONE) == BATCH
    assert box.find("3" * 32) is None


def test_what_the_print_house_fetched_stays_known(box, letters):
    box.publish(BATCH, letters, "csv")
    shutil.rmtree(box.path / "outbox" / BATCH)
    assert box.find(TWO) == BATCH


@pytest.mark.parametrize("step", range(20))
def test_killed_at_any_step_it_is_published_whole_or_not_at_all(box, letters, step):
    """Whatever happened, what is found agrees with what the print house sees."""
    box.prepare()
    names = ["mkdir", "fsync", "rename", "open"]
    real = {name: getattr(os, name) for name in names}
    count = 0

    def counted(name):
        def call(*args, **kwargs):
            nonlocal count
            count += 1
            if count > step:
                raise Killed
            return real[name](*args, **kwargs)

        return call

    with patch.multiple(os, **{name: counted(name) for name in names}):
        try:
            box.publish(BATCH, letters, "json")
        except Killed:
            pass
    published = [folder.name for folder in (box.path / "outbox").iterdir()]
    assert published in ([], [BATCH])
    if published:
        assert len(list((box.path / "outbox" / BATCH).iterdir())) == 3
    for key in (ONE, TWO):
        assert box.find(key) == (BATCH if published else None)
    # Sent again under another name after «not found», never twice after «found».
    if not published:
        box.publish(f"{BATCH}-again", letters, "json")
        assert box.find(ONE) == f"{BATCH}-again"
        assert len(list((box.path / "outbox").iterdir())) == 1


def test_who_was_slow_cannot_publish_what_was_given_up(box, letters):
    real = os.rename

    def slow(source, target):
        # While this worker sleeps, another one asks what became of the letter.
        with patch("os.rename", real):
            assert box.find(ONE) is None
        return real(source, target)

    with patch("os.rename", slow), pytest.raises(FileNotFoundError):
        box.publish(BATCH, letters, "json")
    assert list((box.path / "outbox").iterdir()) == []


def test_answers_are_read_once(box):
    box.prepare()
    answers = box.path / "answers"
    (answers / "b.csv").write_text("x")
    (answers / "a.CSV").write_text("x")
    (answers / "note.pdf").write_text("x")
    assert [file.name for file in box.answers()] == ["a.CSV", "b.csv"]
    box.put_away(box.answers()[0])
    (answers / "a.CSV").write_text("another of the same name")
    box.put_away(box.answers()[0])
    assert [file.name for file in box.answers()] == ["b.csv"]
    assert sorted(file.name for file in (answers / "read").iterdir()) == [
        "a-1.CSV",
        "a.CSV",
    ]


def test_a_directory_that_is_not_there_holds_nothing(box):
    assert box.answers() == []
    assert box.find(ONE) is None
