"""BTLx, design2machine's XML for timber: the lengths and the cut positions of its parts.

Of every Part it reads SingleMemberNumber, Designation, Count and Length, and of its processings the JackRafterCuts: the
position where a saw cut crosses the member (StartX) and its Angle. It ignores all else, and lists what it ignored.
Source: design2machine.com, BTLx documentation 2.0 (namespace, Part attributes, JackRafterCut), and its schema
btlx_2_3_1.xsd: in ProcessingBaseType the attribute Process (BooleanType: yes or no, by default yes) says whether a
processing is to be executed, also for all those of a ProcessingGroup; JackRafterCutType has the defaults StartX 0.0,
Angle 90.0 and Inclination 90.0.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
import xml.sax
import xml.sax.handler
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from cellwright.errors import InputError
from cellwright.files import InputRow, read_bytes

NAMESPACE = "https://www.design2machine.com"
SAW_CUT = "JackRafterCut"
GROUP = "ProcessingGroup"
PLACES = ("StartX", "Angle", "Inclination")
READ_ELEMENTS = ("BTLx", "Project", "Parts", "Part", "Processings", GROUP, SAW_CUT, *PLACES)
MAX_DEPTH = 50
MAX_ELEMENTS = 200_000
MAX_NAME = 40
MAX_JOINT = 80
"""The longest name and description of the joints, in characters; longer ones are shortened."""
MAX_NOTES = 20
LENGTH_TOLERANCE_MM = 0.1
_COUNT = re.compile(r"[0-9]{1,6}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
"""A double of XML Schema that is a finite number."""
_UTF_16_IN_BYTES = re.compile(rb"(\xef\xbb\xbf)?<\?xml[^>]*encoding=[\"']utf-?16", re.IGNORECASE)


class _Cut(NamedTuple):
    """A saw cut across the member: its position from the member's start, mm, and its angles, degrees."""

    at_mm: float
    angle: float
    inclination: float

    @property
    def is_square(self) -> bool:
        return self.angle == 90 and self.inclination == 90

    def __str__(self) -> str:
        return f"cut {self.at_mm:g} {self.angle:g}°"


@dataclass
class _Part:
    """A part as read, with its saw cuts."""

    where: str
    attributes: dict[str, str]
    cuts: list[_Cut] = field(default_factory=list)

    @property
    def name(self) -> str:
        number = self.attributes.get("SingleMemberNumber") or self.attributes.get("OrderNumber") or "part"
        return _shortened(" ".join(filter(None, (number, self.attributes.get("Designation", "")))), MAX_NAME)

    @property
    def is_made(self) -> bool:
        return int(self.attributes.get("Count", "1")) > 0

    @property
    def finished_mm(self) -> float:
        """What the square cuts leave of the part's length, mm.

        A cut in the front half is at the front: programs write the Orientation start at both ends.
        """
        length_mm = float(self.attributes["Length"])
        square_mm = [cut.at_mm for cut in self.cuts if cut.is_square and 0 < cut.at_mm < length_mm]
        front_mm = max((mm for mm in square_mm if mm < length_mm / 2), default=0.0)
        return min((mm for mm in square_mm if mm >= length_mm / 2), default=length_mm) - front_mm

    def length_note(self) -> str | None:
        """A sentence if the square cuts make the part shorter than its length."""
        length_mm, finished_mm = float(self.attributes["Length"]), self.finished_mm
        if length_mm - finished_mm < LENGTH_TOLERANCE_MM:
            return None
        cuts = sum(cut.is_square for cut in self.cuts)
        its = {1: "its square cut leaves", 2: "its two square cuts leave"}.get(cuts, f"its {cuts} square cuts leave")
        return (
            f"{self.where}: {self.name} is planned with the length of its blank, {length_mm:.1f} mm; "
            f"{its} {finished_mm:.1f} mm."
        )


def read(path: Path) -> tuple[list[InputRow], tuple[str, ...]]:
    """The parts of a BTLx file as rows of a cut list, and sentences about ignored content.

    Raises InputError, with file and line, for a file that is not BTLx, is malformed, or has a DTD (and with it internal
    or external entities).
    """
    content = read_bytes(path)
    handler = _Handler(path)
    parser = xml.sax.make_parser()
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setProperty(xml.sax.handler.property_lexical_handler, _NoDtd(handler))
    parser.setContentHandler(handler)
    source = xml.sax.xmlreader.InputSource(str(path))
    source.setByteStream(io.BytesIO(content))  # so that the encoding of the XML declaration counts
    if _UTF_16_IN_BYTES.match(content):
        # Single bytes are no UTF-16: .NET declares it when it writes UTF-8 through a string.
        source.setEncoding("utf-8")
    try:
        parser.parse(source)
    except xml.sax.SAXParseException as error:
        raise InputError(f"{path}, line {error.getLineNumber()}: this is not XML: {error.getMessage()}.") from error
    except InputError:  # a ValueError, too
        raise
    except (LookupError, ValueError) as error:
        raise InputError(
            f"{path}, line 1: the encoding that the XML declaration names is not read ({error}); save it as UTF-8."
        ) from error
    rows = [row for part in handler.parts if (row := _row(part)) is not None]
    notes = [note for part in handler.parts if part.is_made and (note := part.length_note())]
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES:] = [f"{path.name}: the square cuts of {len(notes) - MAX_NOTES} more parts leave less, too."]
    return rows, (*handler.notes(), *notes)


def _row(part: _Part) -> InputRow | None:
    count = part.attributes.get("Count", "1")
    if not _COUNT.fullmatch(count):
        raise InputError(f"{part.where}, attribute Count: {count!r} stands where a number of parts belongs.")
    if not part.is_made:
        return None
    length = part.attributes.get("Length")
    if length is None:
        raise InputError(f"{part.where}: the part has no Length.")
    if _number(length) is None:
        raise InputError(f"{part.where}, column length_mm: {length[:40]!r}: this is not a number.")
    values = {"piece": part.name, "length_mm": length, "quantity": count}
    if part.cuts:
        values["joint"] = _shortened(" ".join(map(str, part.cuts)), MAX_JOINT)
        values["angle"] = f"{part.cuts[0].angle:g}"
    return InputRow(part.where, values)


def _shortened(text: str, limit: int) -> str:
    """The text, or its whole words that fit ``limit`` characters and a mark; so no number is cut off inside."""
    if len(text) <= limit:
        return text
    shortened = textwrap.shorten(text, limit, placeholder=" …", break_on_hyphens=False)
    return shortened if len(shortened) > 2 else text[: limit - 1] + "…"


def _number(text: str) -> float | None:
    """A finite number as XML Schema writes it; None for anything else, such as a decimal comma."""
    if not _NUMBER.fullmatch(text.strip()) or not math.isfinite(float(text)):
        return None
    return float(text)


class _Handler(xml.sax.handler.ContentHandler):
    """Collects the parts, and counts ignored elements."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.parts: list[_Part] = []
        self.ignored_tags: Counter[str] = Counter()
        self.not_made_tags: Counter[str] = Counter()
        self._open: list[str] = []
        self._elements = 0
        self._text = ""
        self._cut: dict[str, float] | None = None
        self._not_made_depth: int | None = None  # of the processing or group that is not made

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.path}, line {self._locator.getLineNumber()}"  # type: ignore[attr-defined]

    def refuse(self, sentence: str) -> NoReturn:
        """Raise an InputError that begins with file and line."""
        raise InputError(f"{self.where}: {sentence}")

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802, ARG002  # SAX's own name
        namespace, tag = name
        self._elements += 1
        if not self._open and (tag != "BTLx" or namespace != NAMESPACE):
            self.refuse(f"the root is {tag!r} in the namespace {namespace!r}; BTLx has 'BTLx' in {NAMESPACE!r}.")
        if len(self._open) >= MAX_DEPTH or self._elements > MAX_ELEMENTS:
            self.refuse(f"more than {MAX_DEPTH} levels or {MAX_ELEMENTS} elements are not read.")
        self._open.append(tag)
        self._text = ""
        if tag == "Part" and self._open[-2:-1] == ["Parts"]:
            self.parts.append(_Part(self.where, {key: value for (_, key), value in attrs.items()}))
        elif self._open[-2:-1] == ["Processings"] and self._not_made_depth is None:
            self._begin_processing(tag, attrs.get((None, "Process"), "yes").strip())
        elif self._cut is None and self._not_made_depth is None and tag not in READ_ELEMENTS:
            self.ignored_tags[tag] += 1

    def _begin_processing(self, tag: str, is_made: str) -> None:
        if is_made not in ("yes", "no"):
            self.refuse(f"the attribute Process of {tag} is {is_made[:40]!r}; it must be yes or no.")
        if is_made == "no":
            self._not_made_depth = len(self._open)
            self.not_made_tags[tag] += 1
        elif tag == SAW_CUT and "Part" in self._open:
            self._cut = {}
        elif tag != GROUP:
            self.ignored_tags[f"processing {tag}"] += 1

    def characters(self, content: str) -> None:
        self._text += content

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: N802, ARG002  # SAX's own name
        _, tag = name
        if self._not_made_depth == len(self._open):
            self._not_made_depth = None
        self._open.pop()
        if self._cut is None:
            return
        if tag in PLACES and self._open[-1] == SAW_CUT:
            number = _number(self._text)
            if number is None:
                self.refuse(f"{tag} is {self._text.strip()[:40]!r}, which is not a number.")
            self._cut[tag] = number
        elif tag == SAW_CUT:
            get = self._cut.get
            self.parts[-1].cuts.append(_Cut(get("StartX", 0.0), get("Angle", 90.0), get("Inclination", 90.0)))
            self._cut = None

    def notes(self) -> tuple[str, ...]:
        """Sentences about ignored content."""
        read = f"of each part its number, name, count and length are read, and of a {SAW_CUT} its StartX and its angles"
        return (
            f"{self.path.name}: {read}; cross section, material, grade and all other attributes are ignored.",
            *(f"{self.path.name}: {tag} is ignored ({n} times)." for tag, n in sorted(self.ignored_tags.items())),
            *(
                f'{self.path.name}: {tag} with Process="no" is not made ({n} times).'
                for tag, n in sorted(self.not_made_tags.items())
            ),
        )


class _NoDtd(xml.sax.handler.LexicalHandler):
    """Refuses a document type declaration before any entity can be declared."""

    def __init__(self, handler: _Handler) -> None:
        self.handler = handler

    def startDTD(self, name: str, public_id: str | None, system_id: str | None) -> NoReturn:  # noqa: N802, ARG002
        self.handler.refuse("a document type declaration (and with it entities) has no place in BTLx.")
