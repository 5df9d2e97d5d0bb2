"""Print-house batches, answers, and whether an address shows in a window."""

import csv
import hashlib
import io
import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_base.core.answer_file import AnswerError
from odoo.addons.billing_dynamic_distribution.core import letters

KEY = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
C5 = letters.Window(15, 44, 105, 35)
keys = st.text("0123456789abcdef", min_size=32, max_size=32)
lines = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=40,
)


def letter(key=KEY, pdf=b"%PDF-1.7 one", **values):
    return letters.Letter(
        key=key,
        documents=(letters.Document(pdf, 1, "INV/1"),),
        address=values.pop("address", ("Kari Nordmann", "Storgata 1", "0155 Oslo")),
        country=values.pop("country", "NO"),
        **values,
    )


class TestManifest:
    def test_json_names_each_letter_with_its_checksum(self):
        content = json.loads(letters.manifest([letter()], "batch-1", "json"))
        assert content["version"] == letters.MANIFEST_VERSION
        assert content["batch"] == "batch-1"
        [entry] = content["letters"]
        assert entry["id"] == KEY
        assert entry["address"] == ["Kari Nordmann", "Storgata 1", "0155 Oslo"]
        assert entry["files"] == [
            {
                "file": f"{KEY}.pdf",
                "sha256": hashlib.sha256(b"%PDF-1.7 one").hexdigest(),
                "size": 12,
                "pages": 1,
                "invoice": "INV/1",
            }
        ]

    def test_several_invoices_in_one_envelope_keep_a_file_each(self):
        two = letters.Letter(
            KEY,
            (letters.Document(b"a", 1, "INV/1"), letters.Document(b"b", 3, "INV/2")),
            ("Kari", "Oslo"),
            "NO",
        )
        assert two.pages == 4
        text = letters.manifest([two], "b", "csv").decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
        assert [(row["file"], row["part"], row["parts"]) for row in rows] == [
            (f"{KEY}.pdf", "1", "2"),
            (f"{KEY}-2.pdf", "2", "2"),
        ]

    @given(
        st.lists(st.tuples(keys, st.lists(lines, min_size=1)), unique_by=lambda x: x[0])
    )
    def test_csv_says_the_same_as_json(self, rows):
        batch = [letter(key, address=tuple(address)) for key, address in rows]
        entries = json.loads(letters.manifest(batch, "b", "json"))["letters"]
        text = letters.manifest(batch, "b", "csv").decode("utf-8-sig")
        table = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
        assert [row["id"] for row in table] == [entry["id"] for entry in entries]
        for row, entry in zip(table, entries, strict=True):
            assert row["sha256"] == entry["files"][0]["sha256"]
            assert row["address"] == " | ".join(entry["address"])

    def test_another_form_is_refused(self):
        with pytest.raises(ValueError, match="xml"):
            letters.manifest([], "b", "xml")

    def test_an_id_is_the_key_of_an_attempt(self):
        with pytest.raises(ValueError, match="no key"):
            letter(key="../../etc/passwd")

    @given(st.lists(keys, min_size=1, unique=True))
    def test_the_name_of_a_batch_tells_its_letters(self, batch):
        at = datetime(2026, 12, 1, 8, 15)
        name = letters.batch_name(batch, at)
        assert name == letters.batch_name(reversed(batch), at)
        assert name.startswith("20261201T081500Z-")
        assert name != letters.batch_name([*batch, "x"], at)

    def test_folder_names_hold_nothing_but_letters_and_digits(self):
        assert letters.folder_name("Fjordlys AS / Ålesund") == "Fjordlys-AS-Alesund"
        assert letters.folder_name("../..") == "letters"


class TestAddress:
    def test_at_home_without_the_country(self):
        assert letters.address_lines(
            "Kari Nordmann",
            ["Storgata  1", "", "c/o Olsen", "0155 Oslo", "Norge"],
            country="Norge",
        ) == ("Kari Nordmann", "Storgata 1", "c/o Olsen", "0155 Oslo")

    def test_abroad_with_the_country_last(self):
        assert letters.address_lines(
            "Anna",
            ["Gata 2", "211 20 Malmö", "Sverige"],
            company="Firma AB",
            country="Sverige",
            is_domestic=False,
        ) == ("Firma AB", "Anna", "Gata 2", "211 20 Malmö", "SVERIGE")

    @pytest.mark.parametrize(
        ("values", "problem"),
        [
            (("Gata 1", "0155", "Oslo", "NO"), ""),
            (("", "0155", "Oslo", "NO"), "street"),
            (("Gata 1", "", "Oslo", "NO"), "postal_code"),
            (("Gata 1", "0155", "", "NO"), "city"),
            (("Gata 1", "0155", "Oslo", ""), "country"),
        ],
    )
    def test_what_a_letter_cannot_do_without(self, values, problem):
        assert letters.address_problem(*values) == problem


class TestPrices:
    prices = letters.Prices(domestic=14.5, abroad=32, further_sheet=0.6)

    @pytest.mark.parametrize(
        ("pages", "domestic", "cost"),
        [(1, True, 14.5), (2, True, 14.5), (3, True, 15.1), (5, False, 33.2)],
    )
    def test_by_sheets(self, pages, domestic, cost):
        assert self.prices.cost(pages, domestic) == pytest.approx(cost)

    def test_one_side_only(self):
        prices = letters.Prices(domestic=10, further_sheet=1, duplex=False)
        assert prices.cost(3, True) == 12

    @given(st.integers(1, 200))
    def test_more_pages_never_cost_less(self, pages):
        assert self.prices.cost(pages, True) <= self.prices.cost(pages + 1, True)


class TestAnswers:
    def test_a_table_with_semicolons(self):
        data = (
            "id;status;at;reason;cost\r\n"
            f"{KEY};Printed;2026-12-01T10:00:00+01:00;;14,50\r\n"
            "\r\n"
            f"{OTHER}.pdf;Returned to sender;2026-12-03;Ukjent adressat;\r\n"
        )
        assert letters.read_answers(data.encode("utf-8-sig")) == [
            letters.Answer(
                2, KEY, letters.PRINTED, at=datetime(2026, 12, 1, 9), cost=14.5
            ),
            letters.Answer(
                4,
                OTHER,
                letters.RETURNED,
                at=datetime(2026, 12, 3),
                reason="Ukjent adressat",
            ),
        ]

    def test_json(self):
        data = json.dumps({"letters": [{"id": KEY, "status": "retur", "cost": 3}]})
        assert letters.read_answers(data.encode()) == [
            letters.Answer(1, KEY, letters.RETURNED, cost=3.0)
        ]

    def test_latin_1_from_old_systems(self):
        data = f"id,status,reason\n{KEY},retur,Flyttet fra Tromsø\n".encode("latin-1")
        assert letters.read_answers(data)[0].reason == "Flyttet fra Tromsø"

    def test_one_wrong_line_refuses_all_and_every_wrong_line_is_named(self):
        data = f"id;status\n{KEY};printed\nx;printed\n{KEY};eaten\n"
        with pytest.raises(AnswerError) as caught:
            letters.read_answers(data.encode())
        assert [problem.split(":")[:2] for problem in caught.value.problems] == [
            ["3", " id"],
            ["4", " status"],
        ]

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "column is missing"),
            ("id;status\n", "no answer"),
            ("id;what\n1;2\n", "1: status: the column is missing"),
            ("[1]", "no list of objects"),
            ("{", "is no JSON"),
            (f"id;status;at\n{KEY};printed;yesterday\n", "2: at:"),
            (f"id;status;cost\n{KEY};printed;-1\n", "2: cost:"),
            (f"id;status;cost\n{KEY};printed;nan\n", "2: cost:"),
        ],
    )
    def test_what_cannot_be_read(self, text, problem):
        with pytest.raises(AnswerError, match=problem):
            letters.read_answers(text.encode())

    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(self, data):
        try:
            answers = letters.read_answers(data)
        except AnswerError as error:
            assert error.problems
        else:
            assert answers


def words(text, x, y, size=4.0):
    """Lay words of a line side by side, as PDF files hold them: in pieces."""
    found = []
    for piece in text.split(" "):
        found.append(letters.Words(piece, x, y, size))
        x += 0.5 * size * (len(piece) + 1)
    return found


ADDRESS = ("Kari Nordmann", "Storgata 1", "0155 Oslo")


class TestWindow:
    def page(self, x=20.0, y=54.0):
        found = []
        for line in ADDRESS:
            found += words(line, x, y)
            y += 5
        return found

    def test_an_address_in_the_window_shows(self):
        assert letters.look_through(self.page(), ADDRESS, C5).is_good

    def test_an_address_beside_it_is_hidden(self):
        check = letters.look_through(self.page(x=130), ADDRESS, C5)
        assert check.hidden == ADDRESS
        assert not check.missing

    def test_a_last_line_below_it_is_hidden(self):
        check = letters.look_through(self.page(y=69.5), ADDRESS, C5)
        assert check.hidden == ("0155 Oslo",)

    def test_an_address_that_is_not_on_the_page_is_missing(self):
        check = letters.look_through([], ADDRESS, C5)
        assert check.missing == ADDRESS

    def test_other_words_that_show_are_told(self):
        page = self.page() + words("Saldo 1 249,00", 20, 76)
        check = letters.look_through(page, ADDRESS, C5)
        assert check.foreign == ("saldo1249,00",)

    def test_words_that_may_show_are_not_foreign(self):
        page = self.page() + words("Norge", 20, 69)
        assert not letters.look_through(page, ADDRESS, C5).is_good
        assert letters.look_through(page, ADDRESS, C5, allowed=["Norge"]).is_good

    def test_company_and_contact_may_share_a_line(self):
        page = words("Firma AS, Kari Nordmann", 20, 54)
        address = ("Firma AS", "Kari Nordmann")
        assert letters.look_through(page, address, C5).is_good

    def test_words_beside_the_window_are_nobodys_business(self):
        page = self.page() + words("Fakturadato 01.12.2026", 135, 60)
        assert letters.look_through(page, ADDRESS, C5).is_good

    def test_the_name_further_down_does_not_count(self):
        page = words("Kari Nordmann", 20, 200)
        check = letters.look_through(page, ("Kari Nordmann",), C5)
        assert check.hidden == ("Kari Nordmann",)

    @given(st.floats(15.1, 60), st.floats(48, 66), st.floats(2.5, 4), st.floats(0, 4))
    def test_larger_windows_show_no_less(self, x, y, size, more):
        page = words("0155 Oslo", x, y, size)
        larger = letters.Window(
            C5.left - more, C5.top - more, C5.width + 2 * more, C5.height + 2 * more
        )
        check = letters.look_through(page, ("0155 Oslo",), C5)
        if check.is_good:
            assert letters.look_through(page, ("0155 Oslo",), larger).is_good
