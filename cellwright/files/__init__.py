"""Files that users write: TOML, CSV and XLSX, refused with file, line and one sentence; and their text in any output.

All folders may import it, like errors.py: settings, calibrations, order lists and stopwatch studies are read here.
"""

from cellwright.files.plain_text import make_readable_handler, one_line, plain_text
from cellwright.files.tables import Column, InputRow, Remark, Table, check_columns, read_rows, read_table
from cellwright.files.text import MAX_BYTES, read_bytes, read_text, unwritable, write_atomically
from cellwright.files.toml_files import (
    Model,
    checked,
    line_of,
    read_layers,
    read_model,
    read_toml,
    read_variant,
    write_model,
)

__all__ = [
    "MAX_BYTES",
    "Column",
    "InputRow",
    "Model",
    "Remark",
    "Table",
    "check_columns",
    "checked",
    "line_of",
    "make_readable_handler",
    "one_line",
    "plain_text",
    "read_bytes",
    "read_layers",
    "read_model",
    "read_rows",
    "read_table",
    "read_text",
    "read_toml",
    "read_variant",
    "unwritable",
    "write_atomically",
    "write_model",
]
