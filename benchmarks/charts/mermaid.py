"""A cell's states as Mermaid text, for a README."""

from __future__ import annotations

import json
import re

from transitions.extensions import GraphMachine

from cellwright.files import plain_text
from cellwright.sequences import Cell
from cellwright.sequences.cell import FAULTED, STOPPED


def mermaid(cell: type[Cell]) -> str:
    """The cell's states as a Mermaid ``stateDiagram-v2``; fault, stop and reset are in one note."""
    model = _Model()
    machine = GraphMachine(
        model=model,
        states=cell.states,
        transitions=[[_mermaid_text(trigger), *states] for trigger, *states in cell.transitions],
        initial=cell.states[0],
        auto_transitions=False,
        title=f"title: {_yaml_text(cell.name())}",
        graph_engine="mermaid",
    )
    graph = machine.model_graphs[id(model)]
    graph.reset_styling()  # or the first state is shown as the active one
    text = str(graph.get_graph().draw(None))
    note = f"fault leads from any state to {FAULTED}, stop to {STOPPED}, reset from both to {cell.states[0]}"
    return plain_text(f"{text.rstrip()}\n  note left of {cell.states[0]}: {note}\n")


def _mermaid_text(text: str) -> str:
    """A text in which Mermaid sees no syntax: any other sign than these stands there as its code, "#59;" for ";"."""
    return re.sub(r"[^\w .,()/+=-]", lambda sign: f"#{ord(sign.group())};", text)


def _yaml_text(text: str) -> str:
    """A text as YAML, in which Mermaid's title is written: quoted if it is more than a word."""
    return text if re.fullmatch(r"[^\W\d]\w*", text) else json.dumps(plain_text(text), ensure_ascii=False)


class _Model:
    """The machine's model, separate so that no trigger clashes with the machine's own names."""
