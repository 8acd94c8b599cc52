"""Excel workbooks, written here by hand as the parts of ECMA-376 that a reader needs."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from app.errors import InvalidInput, TooLarge
from app.imports.readers import open_table

PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" '
        'Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>'
    ),
}
DAY, MOMENT = "1", "2"


def cell(value) -> str:
    """One cell: text, a number, true or false, or (serial number, style) for a date."""
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, tuple):
        return f'<c s="{value[1]}"><v>{value[0]}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value!r}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def workbook(path: Path, rows: dict[int, list]) -> Path:
    """A workbook with one sheet whose rows have these numbers."""
    data = "".join(f'<row r="{number}">{"".join(map(cell, cells))}</row>' for number, cells in rows.items())
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{data}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return path


def test_cells_come_out_as_a_person_would_type_them(tmp_path):
    rows = {
        1: ["customer_id", "email", "amount", "opt_in", "dob", "signed_up_at", "phone"],
        2: ["00007", "a@x.com", 0.1 + 0.2, True, (36526, DAY), (36526.5, MOMENT), 912025550521],
        3: ["8", "b@x.com", 12, False, None, None, None],
    }
    table = open_table(workbook(tmp_path / "people.xlsx", rows))
    assert table.columns == rows[1]
    assert [(row.line, row.values) for row in table.rows()] == [
        (2, ["00007", "a@x.com", "0.3", "true", "2000-01-01", "2000-01-01 12:00:00", "912025550521"]),
        (3, ["8", "b@x.com", "12", "false", "", "", ""]),
    ]
    assert table.share_read() == 1.0


def test_lines_are_the_rows_of_the_sheet_and_blank_ones_are_skipped(tmp_path):
    table = open_table(workbook(tmp_path / "a", {3: ["email", "city"], 4: ["a@x.com", "Pune"], 7: ["b@x.com", "Goa"]}))
    assert [(row.line, row.values[0]) for row in table.rows()] == [(4, "a@x.com"), (7, "b@x.com")]


def test_rows_can_be_read_twice(tmp_path):
    table = open_table(workbook(tmp_path / "a", {1: ["email"], 2: ["a@x.com"]}))
    assert [row.values for row in table.rows()] == [row.values for row in table.rows()] == [["a@x.com"]]


def test_a_long_cell_costs_its_row(tmp_path):
    table = open_table(workbook(tmp_path / "a", {1: ["email"], 2: ["x" * 10_001], 3: ["a@x.com"]}))
    assert [row.problem for row in table.rows()] == ["field 1 is longer than 10,000 characters", None]


def test_an_empty_sheet_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="no cells"):
        open_table(workbook(tmp_path / "a", {}))


def test_a_zip_that_is_no_workbook_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(InvalidInput, match="workbook cannot be read"):
        open_table(tmp_path / "a.zip")


def test_a_torn_workbook_is_refused(tmp_path):
    path = workbook(tmp_path / "a", {1: ["email"], 2: ["a@x.com"]})
    content = bytearray(path.read_bytes())
    content[200:400] = b"\0" * 200
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="workbook cannot be read"):
        open_table(path)


def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            block = b" " * (16 << 20)
            for _ in range(65):
                part.write(block)
    with pytest.raises(TooLarge, match="unpacks to more than 1,024 MB"):
        open_table(tmp_path / "bomb.xlsx")
