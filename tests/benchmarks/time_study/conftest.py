from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(next(p for p in Path(__file__).parents if p.name == "tests") / "cellwright" / "files"))
