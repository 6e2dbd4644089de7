"""The same study in every form, language and order of cells is read as the same study."""

from __future__ import annotations

from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
from dialects import CsvDialect, dialects
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright import cells
from cellwright.benchmarks.time_study.plausibility import refuse_implausible
from cellwright.benchmarks.time_study.stopwatch_csv import StopwatchStudy, read_study, refuse_unknown_elements
from cellwright.errors import InputError

KNOWN = cells.load("stapler").scenario().predetermined_elements()
BOKMAL = {element.name: element.name_nb for element in KNOWN}
HEADINGS = {
    "en": ["cycle", "element", "seconds", "note", "count", "rating"],
    "nb": ["syklus", "element", "sekunder", "merknad", "antall", "takt"],
}
SPELL = (str, str.upper, str.title, lambda name: f"  {name.replace(' ', '  ')} ")
TIMES_S = st.integers(20, 300_000).map(lambda n: n / 100)
READINGS = st.lists(
    st.tuples(
        st.integers(1, 4), st.sampled_from(sorted(BOKMAL)), TIMES_S, st.integers(1, 3), st.sampled_from([80, 100, 110])
    ),
    min_size=1,
    max_size=12,
)


def write(folder: Path, text: str) -> Path:
    path = folder / "study.csv"
    path.write_text(text, encoding="utf-8")
    return path


def figures(study: StopwatchStudy) -> list[tuple]:
    return [
        (
            each.name,
            each.per_unit,
            each.cycle_counts,
            [round(seconds, 4) for seconds in (*each.cycle_sums_s, *each.observed_s)],
        )
        for each in study.elements
    ]


@settings(max_examples=60, deadline=None)
@given(dialects(), READINGS, st.data())
def test_a_study_is_the_same_in_every_form_and_language(
    tmp_path_factory: pytest.TempPathFactory, dialect: CsvDialect, readings: list[tuple], data: st.DataObject
) -> None:
    plain, other = [], []
    language = data.draw(st.sampled_from(["en", "nb"]))
    for cycle, name, seconds, count, rating in readings:
        plain.append(dict(zip(HEADINGS["en"], (cycle, name, seconds, "x", count, rating), strict=True)))
        written = data.draw(st.sampled_from([name, BOKMAL[name]]))
        written = data.draw(st.sampled_from(SPELL))(written)
        other.append(dict(zip(HEADINGS[language], (cycle, written, seconds, "ål, 5", count, rating), strict=True)))
    remark = data.draw(
        st.sampled_from(["status: measured", "Status = MÅLT, av Kari", "status:målt", "observatør: Åse"])
    )
    folder = tmp_path_factory.mktemp("study")
    expected = read_study(CsvDialect().write(folder, HEADINGS["en"], plain, remarks=["status: measured"]), KNOWN)
    headings = data.draw(st.permutations(HEADINGS[language]))
    seconds = HEADINGS[language][2]
    found = read_study(dialect.write(folder, headings, other, seconds, remarks=[remark]), KNOWN)
    assert figures(found) == figures(expected)
    assert found.status == "measured" and found.cycles == expected.cycles
    refuse_unknown_elements(found, KNOWN)


# ---- times ----


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        (["1:05", "0:59,5"], [65, 59.5]),
        (["0:01:05", "1:00:00.25"], [65, 3600.25]),
        (["0,000150462963", "0,003472222222"], [13, 300]),
        (["13 s", "300s"], [13, 300]),
    ],
)
def test_the_form_of_the_column_tells_what_its_times_are(
    tmp_path: Path, times: list[str], seconds: list[float]
) -> None:
    rows = "".join(f"{number};staple;{time}\n" for number, time in enumerate(times, 1))
    study = read_study(write(tmp_path, "cycle;element;seconds\n" + rows))
    assert study.elements[0].observed_s == pytest.approx(seconds)
    assert any("fractions of a day" in note for note in study.notes) == times[0].startswith("0,000")


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (["300", "5:12"], r"line 3, column seconds: '5:12' is written as m:ss, and '300' in line 2 as seconds"),
        (["0:05:12", "5:12"], r"line 3, column seconds: '5:12' is written as m:ss, and '0:05:12' in line 2 as h:mm:ss"),
        (["5:61"], r"line 2, column seconds: '5:61' is no time: minutes and seconds end at 59"),
        (["5:12:00", "4:59:00"], r"line 2, column seconds: '5:12:00' can be 18720 s, or 312 s that a spreadsheet took"),
    ],
)
def test_times_in_two_forms_are_refused_with_what_to_do(tmp_path: Path, times: list[str], words: str) -> None:
    rows = "".join(f"{number};staple;{time}\n" for number, time in enumerate(times, 1))
    with pytest.raises(InputError, match=words):
        read_study(write(tmp_path, "cycle;element;seconds\n" + rows))


# ---- status, people, rating ----

BODY = "cycle,element,seconds\n1,staple,300\n2,staple,310\n"


STATUSES = [
    ("assumed", "assumed"), ("Antatt", "assumed"), ("assumed, from the foreman", "assumed"), ("measured", "measured"),
    ("målt av Kari", "measured"), ("guessed", "assumed"), ("not measured", "assumed"), ("measured?", "assumed"),
    ("measured or assumed", "assumed"), ("", "assumed"), ("oppgitt av leverandør", "vendor"),
]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["status", "Status ", "STATUS", "  status"]),
    st.sampled_from([":", " : ", "=", ":="]),
    st.sampled_from(STATUSES),
    st.sampled_from(["#{}", "# {},,", '"# {}",,', '"#{}"', "## {}\t"]),
)
def test_a_status_is_read_in_every_spelling_and_is_never_taken_for_measured_in_doubt(
    tmp_path_factory: pytest.TempPathFactory, key: str, sign: str, stated: tuple[str, str], form: str
) -> None:
    word, status = stated
    folder = tmp_path_factory.mktemp("study")
    study = read_study(write(folder, form.format(f"{key}{sign}{word}") + "\n# date: 2026-11-24\n" + BODY))
    assert study.status == status
    assert {element.status for element in study.elements} == {status}
    is_clear = word.casefold().startswith(("assumed", "antatt", "oppgitt")) or status == "measured"
    assert study.status_stated == is_clear and bool(study.notes) != is_clear


@pytest.mark.parametrize(
    ("remark", "status"),
    [
        ("", "assumed"), ("# Monday's panels", "assumed"), ("# observer:", "assumed"), ("# observer: Kari", "measured"),
        ("# Observatør: Kari; dato: 24.11.2026", "measured"), ("# person = Ola", "measured"),
        ("# dato: 24.11.2026", "measured"),
        ("# Timed with cellwright timestudy stapler, begun 2026-11-24.", "measured"),
        ("# NOT MEASURED AT A FIRM, 2026-11-24", "assumed"), ("# ikke målt, 2026-11-24", "assumed"),
        ("# date: 2026-13-45", "assumed"),
    ],
)  # fmt: skip
def test_without_a_status_times_are_measured_only_if_who_or_when_is_named(
    tmp_path: Path, remark: str, status: str
) -> None:
    study = read_study(write(tmp_path, f"{remark}\n{BODY}"))
    assert study.status == status and bool(study.notes) == (status == "assumed")


def test_two_statuses_count_as_assumed(tmp_path: Path) -> None:
    assert read_study(write(tmp_path, f"# status: measured\n# status: published\n{BODY}")).status == "assumed"


def test_who_and_when_are_kept(tmp_path: Path) -> None:
    study = read_study(write(tmp_path, f"# Observatør: Kari Nordmann, dato: 24.11.2026\n# person: Ola\n{BODY}"))
    assert (study.observer, study.person, [str(day) for day in study.dates]) == ("Kari Nordmann", "Ola", ["2026-11-24"])


def test_a_pace_rating_makes_normal_time_of_observed_time(tmp_path: Path) -> None:
    text = "# takt: 110\ncycle;element;seconds;rating\n1;staple;300;\n2;staple;300;80\n"
    assert read_study(write(tmp_path, text)).elements[0].observed_s == pytest.approx((330, 240))
    for wrong in ("1,1", "0", "fast", "900"):
        with pytest.raises(InputError, match=r"line 1: .* is no pace rating|line 1: '1,1' is no pace rating"):
            read_study(write(tmp_path, f"# rating: {wrong}\n{BODY}"))
    with pytest.raises(InputError, match=r"line 2, column rating: '1.1' is no pace rating; .* as a share would be 110"):
        read_study(write(tmp_path, "cycle,element,seconds,rating\n1,staple,300,1.1\n"))


# ---- elements ----


@pytest.mark.parametrize(
    ("written", "others", "nearest"),
    [
        ("Stiffte", "Hente filt", "'stifte'"),
        ("stapel", "fetch felt", "'staple'"),
        ("fyle magasin", "løfte av", "'fylle magasinet'"),
    ],
)
def test_an_unknown_element_is_refused_with_the_nearest_in_the_files_language(
    tmp_path: Path, written: str, others: str, nearest: str
) -> None:
    study = read_study(write(tmp_path, f"cycle,element,seconds\n1,{others},14\n1,{written},300\n"), KNOWN)
    with pytest.raises(InputError, match=rf"line 3, column element: .* {written!r}; did you mean {nearest}\?"):
        refuse_unknown_elements(study, KNOWN)


def test_every_row_is_an_occurrence_and_a_cycles_sum_stays_known(tmp_path: Path) -> None:
    rows = "1,staple,300\n1,refill,18\n1,refill,14\n2,staple,310\n3,staple,290\n3,Refill,20\n"
    staple, refill = read_study(write(tmp_path, "cycle,element,seconds\n" + rows), KNOWN).elements
    assert refill.observed_s == (18, 14, 20) and refill.per_unit == 1 and refill.mean_s == pytest.approx(52 / 3)
    assert refill.cycle_sums_s == (32, 0, 20) and refill.cycle_counts == (2, 0, 1)
    assert staple.cycle_sums_s == (300, 310, 290) and staple.cycle_counts == (1, 1, 1)


# ---- plausibility ----


@pytest.mark.parametrize(
    ("element", "text", "words"),
    [
        ("staple", "5.1", "it seems to be in minutes, which would be 306 s"),
        ("staple", "300000", "it seems to be in milliseconds, which would be 300 s"),
        ("refill", "150", "with the decimal mark elsewhere it would be 15 s"),
        ("press start", "0.1", "only 1/"),
    ],
)
def test_a_time_that_can_hardly_be_meant_is_refused_with_what_was_meant(
    tmp_path: Path, element: str, text: str, words: str
) -> None:
    study = read_study(write(tmp_path, f"cycle,element,seconds\n1,{element},{text}\n2,{element},{text}\n"), KNOWN)
    with pytest.raises(
        InputError, match=r"line 2, column seconds: .*--accept. The same holds for 1 more line"
    ) as refusal:
        refuse_implausible(study, KNOWN)
    assert words in str(refusal.value)


def test_parts_of_an_element_in_one_cycle_are_plausible_together(tmp_path: Path) -> None:
    rows = "".join(f"1,staple,{seconds}\n" for seconds in (20, 40, 240))
    refuse_implausible(read_study(write(tmp_path, "cycle,element,seconds\n" + rows), KNOWN), KNOWN)


def test_one_short_time_among_likely_ones_is_kept_and_said_and_a_long_one_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"{cycle},lay slats,{seconds}\n" for cycle, seconds in enumerate((40, 41, 4.1, 39, 42), 1))
    (said,) = refuse_implausible(read_study(write(tmp_path, "cycle,element,seconds\n" + rows), KNOWN), KNOWN)
    assert "line 4, column seconds: 4.1 for 'lay slats' is only 1/8.5 of its predetermined" in said
    with pytest.raises(InputError, match=r"line 4, column seconds: 410 for 'lay slats' is 11\.8 times"):
        refuse_implausible(
            read_study(write(tmp_path, "cycle,element,seconds\n" + rows.replace("4.1", "410")), KNOWN), KNOWN
        )


@pytest.mark.parametrize(("key", "value"), [("# status", "antatt"), ("# status:", "assumed"), ("#status =", "Antatt")])
@pytest.mark.parametrize("form", ["csv", "quoted", "xlsx"])
def test_a_remark_may_have_its_value_in_the_next_cell(tmp_path: Path, key: str, value: str, form: str) -> None:
    path = tmp_path / f"study.{form[:4]}"
    rows = [[key, value], ["# observatør", "Kari"], ["syklus", "element", "sekunder"], [1, "stifte", 300.5]]
    if form == "xlsx":
        workbook = openpyxl.Workbook()
        for row in rows:
            workbook.active.append(row)
        workbook.save(path)
    else:
        cell = '"{}"' if form == "quoted" else "{}"
        text = "\n".join(";".join(cell.format(str(each).replace(".", ",")) for each in row) for row in rows)
        path.write_text(text, encoding="utf-8")
    study = read_study(path, KNOWN)
    assert (study.status, study.status_stated, study.observer) == ("assumed", True, "Kari")
    assert study.elements[0].observed_s == (300.5,)
