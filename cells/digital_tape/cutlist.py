"""Cut lists: the pieces to be cut. A CSV file (piece,length_mm,quantity[,joint,angle]) or a BTLx file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cellwright.cells.digital_tape import btlx
from cellwright.errors import InputError
from cellwright.files import Column, read_rows
from cellwright.sequences import Settings

CUT_LIST_COLUMNS = (
    Column("piece", aliases=("del", "delenavn", "navn", "emne")),
    Column("length_mm", "number", ("lengde_mm",)),
    Column("quantity", "whole", ("antall", "count", "stk")),
    Column("joint", aliases=("skjøt", "sammenføyning")),
    Column("angle", "number", ("vinkel",)),
)
REQUIRED_CUT_LIST_COLUMNS = ("piece", "length_mm", "quantity")
MAX_PIECES = 5000
SQUARE_DEG = 90.0


MAX_PLANS = 16
PLANS: dict[tuple[CutList, Any, Any], Any] = {}
"""The plans made in this process, by their inputs: cut list, stock, saw. The oldest is dropped first."""


def keep_plan(inputs: tuple[CutList, Any, Any], plan: Any) -> None:
    """Keep a plan for the next time that it is asked for."""
    while len(PLANS) >= MAX_PLANS:
        del PLANS[next(iter(PLANS))]
    PLANS[inputs] = plan


class TimberPiece(BaseModel):
    """A kind of piece. joint: a description of its ends. angle: of the saw cut, degrees.

    length_mm is rounded to 0.1 mm, the resolution of a cut. where: file and line.
    """

    model_config = ConfigDict(frozen=True)

    piece: Annotated[str, Field(min_length=1, max_length=btlx.MAX_NAME)]
    length_mm: Annotated[float, Field(ge=0.1, le=30_000)]
    quantity: Annotated[int, Field(ge=1, le=MAX_PIECES)]
    joint: Annotated[str, Field(max_length=btlx.MAX_JOINT)] = ""
    angle: Annotated[float, Field(ge=15, le=165)] = SQUARE_DEG
    where: Annotated[str, Field(exclude=True)] = ""  # not part of the value

    @field_validator("length_mm")
    @classmethod
    def _to_tenths(cls, value: float) -> float:
        return round(value, 1)


class CutList(Settings):
    """The pieces to be cut. ignored: sentences about the content of a BTLx file that is not used."""

    pieces: Annotated[tuple[TimberPiece, ...], Field(min_length=1)]
    ignored: tuple[str, ...] = ()

    def __getstate__(self) -> dict[Any, Any]:
        """With the plans made of it: the processes of a simulation get them with its inputs, and do not plan again."""
        plans = [(inputs[1:], plan) for inputs, plan in PLANS.items() if inputs[0] == self]
        return super().__getstate__() | {"plans": plans}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        for (stock, saw), plan in state["plans"]:
            if (self, stock, saw) not in PLANS:
                keep_plan((self, stock, saw), plan)

    @classmethod
    def standard(cls) -> CutList:
        """The list that comes with the tape: the walls of a small cabin."""
        return cls.read(Path(__file__).with_name("cuts.csv"))

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a .csv, .btlx or .xml file. Raises InputError with file, line, column and the problem."""
        path = Path(path)
        ignored: tuple[str, ...] = ()
        if path.suffix.lower() in (".btlx", ".xml"):
            parts, ignored = btlx.read(path)
            pieces = tuple(part.checked(TimberPiece, where=part.where) for part in parts)
        else:
            pieces = tuple(
                row.checked(TimberPiece, where=row.where)
                for row in read_rows(path, CUT_LIST_COLUMNS, REQUIRED_CUT_LIST_COLUMNS)
            )
        if not pieces:
            raise InputError(f"{path} lists no pieces.")
        total = sum(piece.quantity for piece in pieces)
        if total > MAX_PIECES:
            raise InputError(f"{path} lists {total} pieces; more than {MAX_PIECES} are not planned at once.")
        return cls(pieces=pieces, ignored=ignored, source=f"the cut list {path.name}")

    def single_pieces(self) -> list[TimberPiece]:
        """Every single piece, with a number after the name where there are several of a kind."""
        return [
            piece.model_copy(
                update={"quantity": 1, "piece": f"{piece.piece}.{n}" if piece.quantity > 1 else piece.piece}
            )
            for piece in self.pieces
            for n in range(1, piece.quantity + 1)
        ]
