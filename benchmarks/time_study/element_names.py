"""Names of elements as people write them: in English or bokmål, in any case, with spaces too many."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cellwright.errors import nearest
from cellwright.sim import Element


def normal_name(name: str) -> str:
    """A name without case and surplus spaces; "å stifte" is "stifte"."""
    text = " ".join(unicodedata.normalize("NFC", name).casefold().split()).strip(" .:")
    return text.removeprefix("å ")


@dataclass(frozen=True)
class ElementNames:
    """The names of the elements that a cell knows, in both languages. known: those elements, if there is a cell."""

    known: Sequence[Element] = ()
    _by_name: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for element in self.known:
            for name in (element.name_nb, element.name):  # an English name wins where both languages share a word
                if name:
                    self._by_name[normal_name(name)] = element.name

    def find(self, written: str) -> str | None:
        """The element's own name; None for an element that the cell does not know."""
        return self._by_name.get(normal_name(written))

    def unify(self, written: Iterable[str]) -> dict[str, str]:
        """The element's name for each name written; unknown ones are spelt as they first appear."""
        first: dict[str, str] = {}
        for name in written:
            first.setdefault(normal_name(name), self.find(name) or name)
        return {name: first[normal_name(name)] for name in written}

    def suggestion(self, unknown: str, written: Iterable[str], is_bokmal: bool) -> str:
        """The known name nearest to an unknown one, in the language of the file."""
        english = {normal_name(each.name) for each in self.known}
        matched = [normal_name(name) for name in written if self.find(name)]
        in_english = sum(name in english for name in matched)
        if matched and 2 * in_english != len(matched):
            is_bokmal = 2 * in_english < len(matched)
        names = {(each.name_nb if is_bokmal and each.name_nb else each.name): None for each in self.known}
        return nearest(normal_name(unknown), names)
