"""The words that the vocabulary has replaced (docs/glossary.md) do not come back: in no code, text, page or file name.

Three lists: words of texts, whatever their ending and capitals; names in code, which may be plain words elsewhere;
and words of the Norwegian texts.
"""

from __future__ import annotations

import ast
import re
import subprocess
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HISTORY = {
    "CHANGELOG.md",
    "tests/test_words.py",
    "tests/hardware/firmware/test_sources.py",
    "tests/sim/stream_names.toml",
    "tests/cellwright/cli/same_figures.json",
}
"""They hold the old words on purpose: the table of renames, tests that look for them, and frozen names."""
C_LIKE = (".c", ".cpp", ".h", ".ino")


def word(*stems: str) -> str:
    """A pattern of words with any capitals and the usual endings, alone or as a part of a name.

    A stem in e loses it before an ending: "provoke" finds "provoking".
    """
    listed = "|".join(stem[:-1] + "(?:e|es|ed|ing)" if stem.endswith("e") else stem for stem in stems)
    return rf"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:(?:{listed})(?:s|es|ed|ing)?)(?![a-z])"


OLD_WORDS = {
    "the manual method": (r"\brun_hand\b|\bhand_elements\b|\bhand\.(?=[a-z_]+\b)|\b[Tt]he hand\b(?!-| stapler)"),
    "economics": r"\bworthing\b|\bcellwright worth\b|\bcell_worth\b|\bcommercial_worth\b",
    "sensitivity, screening": r"\bhanging_sections\b|\b[Hh]ang(s|ing)? on\b(?! the)|\bweigh_inputs\b",
    "segment, move": word("journey", "stretch"),
    "hold-to-run, communication watchdog": r"(?i:\bdead[- _]?man)",
    "controlled_stop, stop_abruptly": r"(?i:\bstop_soft(ly)?\b)|" + word("halt"),
    "compute, simulate, dry run, fault-rehearsal overrides": word("reckon", "rehearse", "provoke"),
    "outlier, 5th-95th percentile": r"(?i:\bfar off\b)|\b9 (cycles|units) of 10\b|\b[Nn]ine \w+ (out )?of ten\b",
    "cell_files": r"\bbeside\.py\b|\bcli\.beside\b",
    "cut_record, column_generation, cutting_stock, display_text": r"digital_tape[./](book|columns|packing|shown)\b",
    "path_cache": r"\bsim\.fast\b|sim/fast/",
    "handle_message": word("obey"),
    "commercial machine": r"[\"'](?i:to buy)[\"']|(?i:\bmachines? to buy\b)",
    "was commanded to": r"(?i:\b(was|were|is|are|been|not|it was) \*?told\b)(?! apart)",
    "did not report": r"(?i:\b(did|do|does) not tell\b|\b(didn|doesn|don)'t tell\b)",
    "switched its outputs to safe": (
        r"(?i:\bma(de|kes?|king) (itself|themselves) safe\b|\bha(ving|s|ve) heard nothing\b)"
    ),
    "all axes stand, all outputs are off": r"(?i:\ball stands?\b)",
    "labour time": r"(?i:\bpersons?'s? time\b|\b[Aa] person's seconds\b)",
    "break-even": r"(?i:\bpays[ _]from)",
    "base case": r"\bas_it_is\b",
}
"""What is said now: a pattern of what was said before."""

OLD_NAMES = {
    "Study, STUDY": r"_?[Kk]its?|KITS?|KIT_\w+",
    "Prediction, ReportContext, ReportInputs, Document, translations": (
        r"_?(Told|Telling|Materials?|Contents|Words)|read_words"
    ),
    "sensitivity, SensitivityRange": r"_?(Swings?|Weighings?)",
    "Alternative, AlternativeResult, Percentiles": r"_?(Way|Arm|Spread)s?",
    "on_, report_/send_, query_position": r"_?(hear|tell|say)_[a-z]\w*|_?ask_where\w*",
    "REPLY, QUERY": r"_?ASK_\w+",
    "CapabilityError, StepTimeoutError, FlashError": r"_?(Lacking|TimedOut|NotFlashed)",
    "Move, ScheduledWait, Recording": r"_?(Coming|Courses?)",
    "MAX_, MIN_, TIMEOUT_MARGIN_S, OPERATOR_TIMEOUT_S, REPLY_TIMEOUT_S": (
        r"_?(MOST|FEWEST)_\w+|_?(LATE|PATIENCE|ANSWER)_S|_?most_pulses"
    ),
    "RunController": r"_?(Attendance|Asked)",
    "cut_record, snapshot, path_cache": r"_?(Book|Memory|Library)",
    "aggregate": r"_?add_up(_\w+)?",
    "release_pin, report_stops": r"_?(let_go|tell_stops)",
    "describe": r"_?explain(_\w+)?",
    "FirmwareProfile": r"_?(Firmware)?Dialects?",
}
"""What the thing is called now: a pattern of its whole name before. Elsewhere such words may be plain English."""

OLD_NORWEGIAN = {
    "startverdi": r"\bfrø(et|ene)?\b",
    "kontrollsum": r"\bavtrykk(et)?\b",
    "tilbakebetalingstid": r"\binntjening\w*|\btjen(t|es) inn\b",
    "gjentak": r"\bgjentakelse\w*",
    "95 %-intervall": r"95 % sikker\w*",
    "arbeidstid": r"\bperson-?tid\w*|\bpersons (tid|sekunder|arbeid)\b|\bav sin tid\b",
    "timekostnad per ansatt": r"\bpersontime\w*",
    "spart arbeidstid": r"\bsparte timer\b",
    "årlig verdi": r"\bverdi i året\b|\bnåverdi fordelt\b",
    "tilskuddsgiver": r"\bstøttegiver\w*",
    "omsøkt støtte, egenfinansiering": r"\bsøkt om\b|\begen andel\b",
    "beste alternativ på markedet": r"\bdet beste en kan kjøpe\b|\bbeste maskinen som kan kjøpes\b",
    "sensor": r"\bføler(e|en|ne)?\b",
    "utløser": r"\bavtrekk(ets|et får)\b|trigger = \"avtrekk\"",
    "omgivelser": r"\bverden\b",
    "operatør": r"\bperson(en)? som passer\b|\bpersonen kommer\b",
    "byte for byte": r"\bhver byte\b|\bsiste siffer\b",
    "sannsynlighet for tap": r"\b(fare|faren) for\b",
    "inndata": r"\btall(ene)? inn\b|\btall som er lagt inn\b|\binndatum\b",
    "trinn (of a cell)": r"\btilstander og steg\b",
    "vekten hoppet": r"\bvekten gjorde et hopp\b",
    "sette boksen på plass": r"\bsette? på plass (en )?boks\b",
    "røre om": r"\"røre\"",
    "i den ene retningen enn i den andre": r"\bpå den ene siden av verdien\b",
    "nullpunktsmengde": r"\| nullpunkt \|",
    "hånd": r"\bhund(en)?\b",
}
"""What the Norwegian texts say now: a pattern of what they said, whatever the capitals."""


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Every file of the project that holds text, by its name."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    read = []
    for name in listed:
        if name in HISTORY or name.endswith(".hex") or not (ROOT / name).exists():
            continue
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            read.append((name, content.decode()))
    return tuple(read)


def flatten(text: str) -> tuple[str, list[int]]:
    """A text as one line, without the signs of comments, and where each of its lines begins in it.

    A phrase is found though a line ends within it.
    """
    lines = [line.strip(" \t#/*") for line in text.splitlines()]
    return " ".join(lines), list(accumulate((len(line) + 1 for line in lines), initial=0))


def string_literals(text: str) -> Iterator[tuple[int, str]]:
    """Every string of Python code, adjacent literals joined as Python joins them, with its line's number."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(map(str, parts))


def c_literals(text: str) -> Iterator[tuple[int, str]]:
    """The adjacent literals of C code, joined as the compiler joins them."""
    string = r'"(?:\\.|[^"\\\n])*"'
    for match in re.finditer(rf"{string}(?:\s*{string})+", text):
        yield text.count("\n", 0, match.start()) + 1, re.sub(r'"\s*"', "", match.group())


@cache
def searchable(text: str, name: str) -> tuple[str, list[int], list[tuple[int, str]]]:
    """A text flattened, where its lines begin, and the joined literals that it does not hold in one piece."""
    flat, starts = flatten(text)
    joined = string_literals(text) if name.endswith(".py") else c_literals(text) if name.endswith(C_LIKE) else ()
    return flat, starts, [(line, literal) for line, literal in joined if flatten(literal)[0] not in flat]


def found(pattern: str, text: str, name: str = "") -> list[tuple[int, str]]:
    """Each place of a pattern in a file ``name``: its line's number, and what stands there."""
    flat, starts, literals = searchable(text, name)
    places = [(bisect(starts, match.start()), match.group()) for match in re.finditer(pattern, flat)]
    for line, literal in literals:
        places += [(line, match.group()) for match in re.finditer(pattern, literal)]
    return places + [(0, match.group()) for match in re.finditer(pattern, name)]


def names(text: str, file: str) -> Iterator[tuple[int, str]]:
    """Every name that code in a ``file`` gives or uses, with its line's number; nothing for what is no code."""
    if file.endswith(".py"):
        for node in ast.walk(ast.parse(text)):
            for field in ("id", "attr", "name", "arg", "asname"):
                if isinstance(value := getattr(node, field, None), str):
                    yield from ((getattr(node, "lineno", 0), part) for part in value.split("."))
    elif file.endswith(C_LIKE):
        blank = re.sub(
            r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', lambda gap: "\n" * gap.group().count("\n"), text, flags=re.S
        )
        for line, content in enumerate(blank.splitlines(), start=1):
            yield from ((line, each) for each in re.findall(r"[A-Za-z_]\w*", content))


@cache
def all_names() -> tuple[tuple[str, int, str], ...]:
    return tuple((file, line, name) for file, text in texts() for line, name in names(text, file))


@pytest.mark.parametrize("instead", OLD_WORDS)
def test_an_old_word_does_not_come_back(instead: str) -> None:
    places = [
        f"{name}:{line}: {old!r}; say {instead}"
        for name, text in texts()
        for line, old in found(OLD_WORDS[instead], text, name)
    ]
    assert not places, "\n".join(places)


@pytest.mark.parametrize("instead", OLD_NAMES)
def test_an_old_name_does_not_come_back(instead: str) -> None:
    pattern = re.compile(OLD_NAMES[instead])
    places = [f"{file}:{line}: {name}; say {instead}" for file, line, name in all_names() if pattern.fullmatch(name)]
    assert not places, "\n".join(places)


@pytest.mark.parametrize("instead", OLD_NORWEGIAN)
def test_an_old_norwegian_word_does_not_come_back(instead: str) -> None:
    pattern = f"(?i:{OLD_NORWEGIAN[instead]})"
    places = [
        f"{name}:{line}: {old!r}; say {instead}" for name, text in texts() for line, old in found(pattern, text, name)
    ]
    assert not places, "\n".join(places)


SEEN_WORDS = {
    "the manual method": ("cycle times of the hand", "--set hand.mod_s=0.1", "The hand takes 3 s"),
    "economics": ("see cellwright worth", "worthing"),
    "sensitivity, screening": ("what it hangs on", "it Hangs on that", "weigh_inputs(study)"),
    "segment, move": (
        "a stretch of steps",
        "Stretches",
        "STRETCH_S",
        "stretched",
        "next_journey",
        "lastJourney",
        "journeying",
    ),
    "hold-to-run, communication watchdog": ("the dead man's switch", "DEAD_MAN_S", "Dead-man", "class DeadManSwitch"),
    "controlled_stop, stop_abruptly": ("axis.halt()", "HALTED", "halting_s", "Stop_Soft", "isHalted", "stop_softly"),
    "compute, simulate, dry run, fault-rehearsal overrides": ("reckoned as arrays", "Provoking", "rehearses", "RECKON"),
    "outlier, 5th-95th percentile": ("9 cycles of 10", "Nine cycles out of ten", "Far off"),
    "cell_files": ("see beside.py",),
    "cut_record, column_generation, cutting_stock, display_text": (
        "cells.digital_tape.book",
        "cells/digital_tape/packing.py",
    ),
    "path_cache": ("cellwright.sim.fast", "sim/fast/trace.py"),
    "handle_message": ("obeys", "_obey_one", "OBEYED"),
    "commercial machine": ('a label "To buy"', "the machine to buy", "Machines to buy"),
    "was commanded to": ("lift was told to move", "it was Told", "though it was not told to", "are told"),
    "did not report": ("it did not tell its pins", "does not tell", "didn't tell"),
    "switched its outputs to safe": (
        "made itself safe",
        "making itself safe",
        "having heard nothing",
        "it has heard nothing",
    ),
    "all axes stand, all outputs are off": ("later all stands", "All stand"),
    "labour time": ("a person's time", "PERSON'S TIME", "less of persons' time", "a person's seconds"),
    "break-even": ("pays from 3 a day", "pays_from_units_per_day", "Pays from"),
    "base case": ('{"as_it_is": 3}',),
}
SEEN_NAMES = {
    "Study, STUDY": "KIT = Kit(cell=Stapler)",
    "Prediction, ReportContext, ReportInputs, Document, translations": "class Material: pass",
    "sensitivity, SensitivityRange": "def f(each: Weighing): pass",
    "Alternative, AlternativeResult, Percentiles": "class Arm: pass",
    "on_, report_/send_, query_position": "board.tell_position()",
    "REPLY, QUERY": "ASK_VERSION = 3",
    "CapabilityError, StepTimeoutError, FlashError": "from errors import Lacking",
    "Move, ScheduledWait, Recording": "x: Course",
    "MAX_, MIN_, TIMEOUT_MARGIN_S, OPERATOR_TIMEOUT_S, REPLY_TIMEOUT_S": "MOST_STEPS = 3",
    "RunController": "import a as Attendance",
    "cut_record, snapshot, path_cache": "Memory()",
    "aggregate": "lambda: add_up_all(3)",
    "release_pin, report_stops": "pin.let_go()",
    "describe": "def explain(data): pass",
    "FirmwareProfile": "f(Dialect=3)",
}
SEEN_NORWEGIAN = {
    "startverdi": ("frø 1", "Frøet"),
    "kontrollsum": ("Avtrykk av tallene", "avtrykket"),
    "tilbakebetalingstid": ("Inntjening, måneder", "inntjeningstiden", "er tjent inn", "tjenes inn"),
    "gjentak": ("én gjentakelse", "Gjentakelser"),
    "95 %-intervall": ("95 % sikkert", "95 % sikker"),
    "arbeidstid": ("persontid", "person-tid", "en persons tid", "En persons sekunder", "mindre av sin tid"),
    "timekostnad per ansatt": ("en persontime", "persontimer"),
    "spart arbeidstid": ("Sparte timer",),
    "årlig verdi": ("Verdi i året", "nåverdi fordelt på levetiden"),
    "tilskuddsgiver": ("En støttegiver", "støttegivere"),
    "omsøkt støtte, egenfinansiering": ("Søkt om", "egen andel"),
    "beste alternativ på markedet": ("Det beste en kan kjøpe", "den beste maskinen som kan kjøpes"),
    "sensor": ("føler", "Følerne"),
    "utløser": ("avtrekkets lengde", 'trigger = "avtrekk"'),
    "omgivelser": ("verden rundt",),
    "operatør": ("en person som passer cellen", "før personen kommer"),
    "byte for byte": ("gjennom hver byte", "helt til siste siffer"),
    "sannsynlighet for tap": ("faren for tap", "Fare for tap"),
    "inndata": ("tall inn", "Tallene inn", "alle tall som er lagt inn"),
    "trinn (of a cell)": ("Tilstander og steg",),
    "vekten hoppet": ("vekten gjorde et hopp",),
    "sette boksen på plass": ("sette på plass boks", "sett på plass en boks"),
    "røre om": ('"røre"',),
    "i den ene retningen enn i den andre": ("på den ene siden av verdien",),
    "nullpunktsmengde": ("| nullpunkt |",),
    "hånd": ("hund", "Hunden"),
}
"""By what is said now: an old word in some of its forms, each of which has to be seen."""


def test_each_pattern_has_its_example() -> None:
    assert (list(SEEN_WORDS), list(SEEN_NAMES), list(SEEN_NORWEGIAN)) == (
        list(OLD_WORDS), list(OLD_NAMES), list(OLD_NORWEGIAN)
    )  # fmt: skip


@pytest.mark.parametrize(("instead", "text"), [(key, text) for key, texts in SEEN_WORDS.items() for text in texts])
def test_an_old_word_would_be_found(instead: str, text: str) -> None:
    assert found(OLD_WORDS[instead], text)


@pytest.mark.parametrize("instead", SEEN_NAMES)
def test_an_old_name_would_be_found(instead: str) -> None:
    assert any(re.fullmatch(OLD_NAMES[instead], name) for _, name in names(SEEN_NAMES[instead], "cells/new.py"))


@pytest.mark.parametrize(("instead", "text"), [(key, text) for key, texts in SEEN_NORWEGIAN.items() for text in texts])
def test_an_old_norwegian_word_would_be_found(instead: str, text: str) -> None:
    assert found(f"(?i:{OLD_NORWEGIAN[instead]})", text)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("new.py", 'x = "lift was "  \\\n    "told to move"'),
        ("new.py", 'x = f"{lift} was told" f" to move"'),
        ("new.py", 'x = (\n    f"{lift} was "\n    "told to move"\n)'),
        ("new.cpp", 'send("lift was "\n     "told to move");'),
        ("new.py", "    # what the lift was\n    # told to do"),
        ("new.md", "what the lift was\ntold to do"),
        ("new.h", "/* what the lift was\n * told to do */"),
        ("new.json", '{"what the lift was told": 1}'),
        ("docs/what the lift was told.svg", "<svg/>"),
    ],
)
def test_a_phrase_is_found_however_it_is_broken(file: str, text: str) -> None:
    assert found(OLD_WORDS["was commanded to"], text, file)


@pytest.mark.parametrize("text", ["// Course\n", "/* a Course\n of */", 'send("Course");', "int Courses_2;"])
def test_a_name_is_sought_in_code_only(text: str) -> None:
    assert not any(
        re.fullmatch(OLD_NAMES["Move, ScheduledWait, Recording"], name) for _, name in names(text, "new.cpp")
    )


GLOSSARY = (ROOT / "docs" / "glossary.md").read_text().partition("|---|")[2].splitlines()[1:]


def test_the_glossary_is_in_order_and_whole() -> None:
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("|"))] for row in GLOSSARY]
    assert all(len(row) == 4 and all(row) for row in rows)
    terms = [row[0].lower() for row in rows]
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("row", GLOSSARY, ids=lambda row: row.split("|")[1].strip())
def test_the_glossary_defines_only_what_is_used(row: str) -> None:
    """Each term stands in a text or in a name, whole or as a part: "run controller" in RunController."""
    for term in re.sub(r"\(.*?\)", "", row.split("|")[1]).split(","):
        pattern = re.compile("[ _-]?".join(map(re.escape, term.split())), re.IGNORECASE)
        assert any(pattern.search(text) for name, text in texts() if name != "docs/glossary.md"), term
