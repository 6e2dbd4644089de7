"""BTLx, design2machine's XML for timber: the lengths and the cut positions of its parts.

Of every Part it reads SingleMemberNumber, Designation, Count and Length, and of its processings the JackRafterCuts: the
position where a saw cut crosses the member (StartX) and its Angle. It ignores all else, and lists what it ignored.
Source: design2machine.com, BTLx documentation 2.0 (namespace, Part attributes, JackRafterCut).
"""

from __future__ import annotations

import io
import re
import xml.sax
import xml.sax.handler
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from cellwright.errors import InputError
from cellwright.files import InputRow, read_text

NAMESPACE = "https://www.design2machine.com"
SAW_CUT = "JackRafterCut"
READ_ELEMENTS = ("BTLx", "Project", "Parts", "Part", "Processings", SAW_CUT, "StartX", "Angle")
MAX_DEPTH = 50
MAX_ELEMENTS = 200_000
_COUNT = re.compile(r"[0-9]{1,6}")


@dataclass
class _Part:
    """A part as read. cuts: (StartX in mm, Angle in degrees) of its saw cuts."""

    where: str
    attributes: dict[str, str]
    cuts: list[tuple[str, str]] = field(default_factory=list)


def read(path: Path) -> tuple[list[InputRow], tuple[str, ...]]:
    """The parts of a BTLx file as rows of a cut list, and sentences about ignored content.

    Raises InputError, with file and line, for a file that is not BTLx, is malformed, or has a DTD (and with it internal
    or external entities).
    """
    text = read_text(path)
    handler = _Handler(path)
    parser = xml.sax.make_parser()
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setProperty(xml.sax.handler.property_lexical_handler, _NoDtd(handler))
    parser.setContentHandler(handler)
    source = xml.sax.xmlreader.InputSource(str(path))
    source.setCharacterStream(io.StringIO(text))
    try:
        parser.parse(source)
    except xml.sax.SAXParseException as error:
        raise InputError(f"{path}, line {error.getLineNumber()}: this is not XML: {error.getMessage()}.") from error
    return [row for part in handler.parts if (row := _row(part)) is not None], handler.notes()


def _row(part: _Part) -> InputRow | None:
    count = part.attributes.get("Count", "1")
    if not _COUNT.fullmatch(count):
        raise InputError(f"{part.where}, attribute Count: {count!r} stands where a number of parts belongs.")
    if int(count) == 0:
        return None
    if "Length" not in part.attributes:
        raise InputError(f"{part.where}: the part has no Length.")
    number = part.attributes.get("SingleMemberNumber") or part.attributes.get("OrderNumber") or "part"
    name = " ".join(filter(None, (number, part.attributes.get("Designation", ""))))[:40]
    values = {"piece": name, "length_mm": part.attributes["Length"], "quantity": count}
    if part.cuts:
        values["joint"] = " ".join(f"cut {at} {angle}°" for at, angle in part.cuts)[:40]
        values["angle"] = part.cuts[0][1]
    return InputRow(part.where, values)


class _Handler(xml.sax.handler.ContentHandler):
    """Collects the parts, and counts ignored elements."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.parts: list[_Part] = []
        self.ignored_tags: Counter[str] = Counter()
        self._open: list[str] = []
        self._elements = 0
        self._text = ""
        self._cut: dict[str, str] | None = None

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
        elif self._open[-2:-1] == ["Processings"]:
            self._begin_processing(tag)
        elif self._cut is None and tag not in READ_ELEMENTS:
            self.ignored_tags[tag] += 1

    def _begin_processing(self, tag: str) -> None:
        if tag == SAW_CUT and self.parts:
            self._cut = {}
        else:
            self.ignored_tags[f"processing {tag}"] += 1

    def characters(self, content: str) -> None:
        self._text += content

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: N802, ARG002  # SAX's own name
        _, tag = name
        self._open.pop()
        if self._cut is None:
            return
        if tag in ("StartX", "Angle"):
            self._cut[tag] = self._number(tag)
        elif tag == SAW_CUT:
            self.parts[-1].cuts.append((self._cut.get("StartX", "0"), self._cut.get("Angle", "90")))
            self._cut = None

    def _number(self, tag: str) -> str:
        try:
            return f"{float(self._text):g}"
        except ValueError:
            self.refuse(f"{tag} is {self._text.strip()[:40]!r}, which is not a number.")

    def notes(self) -> tuple[str, ...]:
        """Sentences about ignored content."""
        read = f"of each part its number, name, count and length are read, and of a {SAW_CUT} its StartX and Angle"
        return (
            f"{self.path.name}: {read}; cross section, material, grade and all other attributes are ignored.",
            *(f"{self.path.name}: {tag} is ignored ({n} times)." for tag, n in sorted(self.ignored_tags.items())),
        )


class _NoDtd(xml.sax.handler.LexicalHandler):
    """Refuses a document type declaration before any entity can be declared."""

    def __init__(self, handler: _Handler) -> None:
        self.handler = handler

    def startDTD(self, name: str, public_id: str | None, system_id: str | None) -> NoReturn:  # noqa: N802, ARG002
        self.handler.refuse("a document type declaration (and with it entities) has no place in BTLx.")
