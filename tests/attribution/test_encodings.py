"""Text in a stated encoding is that text, for every table; another encoding than the stated one is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import attribution
from attribution import Format, LastTouch
from attribution.errors import BadInput
from attribution.reading.cells import cells_of
from attribution.reading.encodings import Encoded, encoding_of
from attribution.reading.sources import log_table
from attribution.reading.tables import wide

LETTERS = {"cp1252": "aéß€ „Ž", "latin-1": "aéßñ ¿", "utf-16-le": "aéß中 €", "cp1251": "aЖя №", "gb18030": "中文a €"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*LETTERS]).flatmap(lambda code: st.tuples(st.just(code), st.text(LETTERS[code], min_size=1))))
def test_each_cell_is_what_was_written(tmp_path: Path, case: tuple[str, str]) -> None:
    encoding, name = case
    text = f"channel;spend\n{name}x;1\n"
    data = text.encode(encoding)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(data))
    source = Encoded(str(tmp_path / "a.csv.gz"), encoding)
    try:
        if not encoding.startswith("utf") and not data.isascii():
            data.decode()
    except UnicodeDecodeError:
        pass
    else:
        if not data.isascii() and not encoding.startswith("utf"):
            with pytest.raises(BadInput, match="is UTF-8"):
                cells_of(source)
            return
    for read in (cells_of(source).frame, log_table(source).execute()):
        assert read.to_dict("records") == [{"channel": f"{name}x", "spend": "1"}]


WEEKLY = "week;new_customers;Plakate Köln\n2024-01-01;5;1,5\n2024-01-08;6;2,5\n"


def test_every_table_takes_it(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_bytes(WEEKLY.encode("cp1252"))
    table = wide("weekly", "week", ["new_customers", "Plakate Köln"])
    frame = attribution.read_table(tmp_path / "w.csv", table, Format(decimal=",", encoding="cp1252"))
    assert frame["Plakate Köln"].tolist() == [1.5, 2.5]
    (tmp_path / "t.csv").write_bytes("user,time,channel\nJürgen,2024-01-01,Köln\n".encode("cp1252"))
    (tmp_path / "c.csv").write_text("user,time\nJürgen,2024-01-02\n", encoding="utf-8")
    journeys = attribution.Journeys.from_touchpoints(
        tmp_path / "t.csv", tmp_path / "c.csv", format=(Format(encoding="windows-1252"), Format())
    )
    assert LastTouch()(journeys).conversions.to_dict() == {"Köln": 1.0}
    (tmp_path / "p.csv").write_bytes("path,conversions\nKöln > tv,2\n".encode("latin-1"))
    paths = attribution.Journeys.from_paths(tmp_path / "p.csv", format=Format(encoding="latin-1"))
    assert paths.channels == ("Köln", "tv")
    (tmp_path / "g.csv").write_bytes("Day,Campaign,Cost,Impr.\n2024-01-01,Köln,5,1\n".encode("cp1252"))
    assert attribution.read_export(tmp_path / "g.csv", encoding="cp1252").frame["campaign"].tolist() == ["Köln"]
    (tmp_path / "o.csv").write_bytes("order_id,date,customer_id\n1,2024-01-01,Köln\n".encode("cp1252"))
    reading = attribution.OrderReading(encoding="cp1252")
    assert attribution.read_orders(tmp_path / "o.csv", "orders", reading).frame["person"].tolist() == ["Köln"]


@pytest.mark.parametrize(
    ("data", "encoding", "said"),
    [
        (WEEKLY.encode(), "cp1252", "is UTF-8"),
        (WEEKLY.encode("utf-8-sig"), "cp1252", "begins with the mark of UTF-8"),
        (WEEKLY.encode("utf-16"), "latin-1", "begins with the mark of UTF-16"),
        (WEEKLY.replace("ö", "€").encode("cp1252"), "latin-1", "does not print"),
        (WEEKLY.encode("latin-1").replace(b"\xf6", b"\x81"), "cp1252", "line 1: is not cp1252|is not cp1252"),
        (WEEKLY.encode("cp1252"), "shift_jis", "is not shift_jis"),
        (WEEKLY.encode("cp1252"), None, "say encoding: cp1252"),
        (WEEKLY.encode("utf-16-le"), None, "say encoding: utf-16"),
        ("周,新客户数,花费\n".encode("gb18030"), None, "say encoding: gb18030"),
    ],
)
def test_another_encoding_than_the_stated_one_is_refused(
    data: bytes, encoding: str | None, said: str, tmp_path: Path
) -> None:
    (tmp_path / "w.csv").write_bytes(data)
    table = wide("weekly", "week", ["new_customers"])
    with pytest.raises(BadInput, match=said):
        attribution.read_table(tmp_path / "w.csv", table, Format(encoding=encoding))
    with pytest.raises(BadInput, match=said):
        source = tmp_path / "w.csv" if encoding is None else Encoded(str(tmp_path / "w.csv"), encoding_of(encoding))
        log_table(source).execute()


def test_the_likely_encoding_is_shown_by_how_it_would_read(tmp_path: Path) -> None:
    """Umlauts beside each other are bytes of Chinese as well, but of none that is common."""
    told = {}
    for text, encoding in (("周,新客户数", "gb18030"), ("Größe,süße,Käse", "cp1252")):
        (tmp_path / "w.csv").write_bytes(f"{text}\n".encode(encoding))
        with pytest.raises(BadInput) as refused:
            attribution.read_table(tmp_path / "w.csv", wide("weekly", "week", ["new_customers"]))
        told[encoding] = str(refused.value)
    assert all(f"say encoding: {encoding}" in said for encoding, said in told.items())
    assert "'周,新客户数" in told["gb18030"]


def test_what_is_no_text_has_no_encoding(tmp_path: Path) -> None:
    table = wide("weekly", "week", ["new_customers"])
    frame = attribution.read_table(_written(tmp_path), table)
    frame.to_parquet(tmp_path / "w.parquet")
    for source, said in ((tmp_path / "w.parquet", "no delimited text"), (frame, "no file of text")):
        with pytest.raises(BadInput, match=said):
            attribution.read_table(source, table, Format(encoding="cp1252"))


def _written(folder: Path) -> Path:
    (folder / "w.csv").write_text(WEEKLY.replace(",5", ""), encoding="utf-8")
    return folder / "w.csv"


@pytest.mark.parametrize("name", ["cp125", "base64", "rot13", "unicode_escape", "idna", "utf-7", "", "a\0b"])
def test_a_name_of_no_encoding_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="encoding"):
        Format(encoding=name)


@pytest.mark.parametrize("mark", [b"\xff\xfe\0\0", b"\0\0\xfe\xff"])
def test_utf_32_is_told_as_such_and_read_where_it_is_stated(tmp_path: Path, mark: bytes) -> None:
    text = "channel,spend\ntv,1\n"
    path = tmp_path / "a.csv"
    path.write_bytes(mark + text.encode("utf-32-le" if mark[0] else "utf-32-be"))
    with pytest.raises(BadInput, match=r"is UTF-32. Remedy: save the file as UTF-8.*say encoding: utf-32"):
        cells_of(path)
    assert cells_of(Encoded(str(path), "utf-32")).frame.to_numpy().tolist() == [["tv", "1"]]
