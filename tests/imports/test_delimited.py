"""CSV as people really have it: every delimiter and charset, and damage that costs one row and not the file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput, TooLarge
from app.imports.readers import open_table
from app.imports.table import Row


def rows_of(path: Path) -> tuple[list[str], list[Row]]:
    table = open_table(path)
    try:
        return table.columns, list(table.rows())
    finally:
        table.close()


def written(folder: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    path = folder / "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from(',;\t|"\n\r '), max_size=12
)
TABLES = st.integers(2, 6).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width).filter(any), min_size=1, max_size=8)
)


class TestAnyTable:
    @given(
        rows=TABLES,
        delimiter=st.sampled_from(",;\t|"),
        quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        ending=st.sampled_from(["\n", "\r\n"]),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    )
    @example(rows=[["a,b;c", "d"]], delimiter="|", quoting=csv.QUOTE_MINIMAL, ending="\n", encoding="utf-8")
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_it_reads_what_csv_writer_wrote(self, tmp_path, rows, delimiter, quoting, ending, encoding):
        if ending == "\n":  # csv.writer quotes a lone carriage return only when it ends lines with one
            rows = [[cell.replace("\r", "-") for cell in row] for row in rows]
        header = [f"column_{number}" for number in range(len(rows[0]))]
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=ending).writerows([header, *rows])
        columns, read = rows_of(written(tmp_path, buffer.getvalue(), encoding))
        assert columns == header
        assert [row.values for row in read] == rows
        assert all(row.problem is None for row in read)

    @given(content=st.binary(max_size=400))
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_bytes_are_read_or_refused_in_words(self, tmp_path, content):
        outcome: str | list[Row]
        try:
            outcome = rows_of(written(tmp_path, content))[1]
        except (InvalidInput, TooLarge) as refusal:
            outcome = refusal.detail
        assert outcome.startswith("file: ") if isinstance(outcome, str) else all(row.line >= 2 for row in outcome)


class TestCharsets:
    @pytest.mark.parametrize(
        ("encoding", "text"),
        [
            ("latin-1", "name,city\nMuñoz,Logroño\nBjørn,Århus\nZoë,Besançon\n"),
            ("cp1252", "name,city\nJosé,Málaga\nMüller,Köln\n"),
            ("cp1250", "name;city\nŁukasz;Kraków\nZażółć;Gdańsk\n"),
            ("cp1251", "имя,город\nИван,Москва\nСергей,Владивосток\n"),
            ("cp932", "名前,市\n田中,東京\n山田,大阪\n"),
            ("utf-16", "name\tcity\nİpek\tIğdır\n"),
            ("utf-16-le", "name,city\nJosé,Málaga\n"),
            ("utf-16-be", "name,city\nJosé,Málaga\n"),
            ("utf-8-sig", "name,city\nJosé,Málaga\n"),
        ],
    )
    def test_it_finds_the_encoding(self, tmp_path, encoding, text):
        columns, rows = rows_of(written(tmp_path, text, encoding))
        lines = text.strip().split("\n")
        mark = next(mark for mark in "\t;," if mark in lines[0])
        assert [columns, *(row.values for row in rows)] == [line.split(mark) for line in lines]

    def test_a_letter_beyond_ascii_at_the_very_end_decides_for_the_whole_file(self, tmp_path):
        text = "name,city\n" + "Ann,Pune\n" * 50_000 + "Muñoz,Logroño\n"
        _, rows = rows_of(written(tmp_path, text, "cp1252"))
        assert rows[-1].values == ["Muñoz", "Logroño"]

    def test_a_few_broken_bytes_in_utf8_cost_their_rows_alone(self, tmp_path):
        content = "name,city\nJosé,Málaga\nMüller,Köln\n".encode() + b"Bro\xffken,Pune\n" + "Zoë,Köln\n".encode()
        _, rows = rows_of(written(tmp_path, content))
        assert [row.problem for row in rows] == [None, None, "field 1 has bytes that are not UTF-8 text", None]
        assert rows[2].line == 4


class TestDelimiters:
    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    def test_the_header_and_the_rows_decide_together(self, tmp_path, mark):
        other = ";" if mark == "," else ","
        text = f"name{other} full{mark}email\nLee{other} Ann{mark}a@x.com\nBo{mark}b@x.com\n"
        columns, rows = rows_of(written(tmp_path, text))
        assert columns == [f"name{other} full", "email"]
        assert rows[1].values == ["Bo", "b@x.com"]

    def test_one_column_is_a_table(self, tmp_path):
        columns, rows = rows_of(written(tmp_path, "email\na@x.com\nb@x.com\n"))
        assert (columns, [row.values for row in rows]) == (["email"], [["a@x.com"], ["b@x.com"]])

    def test_the_line_that_excel_puts_first_is_obeyed(self, tmp_path):
        columns, rows = rows_of(written(tmp_path, "sep=;\nname,x;email\nAnn;a@x.com\n"))
        assert columns == ["name,x", "email"]
        assert (rows[0].line, rows[0].values) == (3, ["Ann", "a@x.com"])


class TestDamage:
    def test_a_quote_that_never_closes_costs_one_row(self, tmp_path):
        lines = ["a,b,c", "1,2,3", '4,"5,6', "7,8,9", "10,11,12"]
        _, rows = rows_of(written(tmp_path, "\n".join(lines)))
        assert [(row.line, row.problem is None) for row in rows] == [(2, True), (3, False), (4, True), (5, True)]
        assert rows[1].problem == "opens a quote that is never closed"
        assert rows[1].values == ['4,"5,6']

    def test_a_stray_quote_before_a_quoted_row_costs_one_row(self, tmp_path):
        _, rows = rows_of(written(tmp_path, 'a,b\n1,"2\n3,"4"\n5,6\n'))
        assert [(row.line, row.values, row.problem) for row in rows] == [
            (2, ['1,"2'], "has text after a closing quote"),
            (3, ["3", "4"], None),
            (4, ["5", "6"], None),
        ]

    def test_torn_rows_are_refused_with_their_line(self, tmp_path):
        _, rows = rows_of(written(tmp_path, 'a,b,c\n1,2\n"x\ny",2,3\n1,2,3,4\n1,2,3,,\n'))
        assert [(row.line, row.problem) for row in rows] == [
            (2, "has 2 fields where the header has 3"),
            (3, None),
            (5, "has 4 fields where the header has 3"),
            (6, None),
        ]
        assert rows[1].values == ["x\ny", "2", "3"]

    def test_nul_bytes_cost_their_row_alone(self, tmp_path):
        _, rows = rows_of(written(tmp_path, "a,b\n1,2\n3,\x004\n5,6\n"))
        assert [row.problem for row in rows] == [None, "field 2 has a NUL byte in it", None]

    def test_a_field_of_ten_thousand_characters_is_the_longest(self, tmp_path):
        _, rows = rows_of(written(tmp_path, f"a,b\n{'x' * 10_000},1\n{'x' * 10_001},1\n"))
        assert [row.problem for row in rows] == [None, "field 1 is longer than 10,000 characters"]

    def test_blank_lines_are_no_rows(self, tmp_path):
        _, rows = rows_of(written(tmp_path, "\n\na,b\n\n1,2\n,\n\n3,4\n\n"))
        assert [(row.line, row.values) for row in rows] == [(5, ["1", "2"]), (8, ["3", "4"])]

    def test_old_mac_line_ends(self, tmp_path):
        _, rows = rows_of(written(tmp_path, "a,b\r1,2\r3,4\r"))
        assert [(row.line, row.values) for row in rows] == [(2, ["1", "2"]), (3, ["3", "4"])]


class TestUnusableFiles:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "The file is empty"),
            (b"\n\n\n", "The file is empty"),
            (b"\xef\xbb\xbf", "The file is empty"),
            (b",,,\n1,2,3,4\n", "no column names"),
            (b"a,b,A\n1,2,3\n", "names the column 'A' twice"),
            (b'a,"b\n1,2\n', "The header (line 1) cannot be read"),
            (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not a text file"),
            (b"a," * 200 + b"b\n", "columns are more than the 200"),
        ],
    )
    def test_it_is_refused_in_one_sentence(self, tmp_path, content, words):
        with pytest.raises((InvalidInput, TooLarge)) as refusal:
            rows_of(written(tmp_path, content))
        assert words in refusal.value.detail

    def test_a_line_that_does_not_end_is_no_csv(self, tmp_path):
        with pytest.raises(InvalidInput, match="Line 2 does not end"):
            rows_of(written(tmp_path, "a,b\n" + "x" * 2_200_000))

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(InvalidInput, match="cannot be read"):
            open_table(tmp_path / "nothing.csv")
