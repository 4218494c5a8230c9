"""The guard's generated tables fit the lists they are made from."""

import importlib.util
from pathlib import Path

from replies.text import WORDS

TOOL = Path(__file__).parents[2] / "tools" / "fold_ordinary.py"


def test_the_ordinary_words_are_those_of_the_lists():
    """After a list of terms changed, `PYTHONPATH=. python tools/fold_ordinary.py` has been run."""
    spec = importlib.util.spec_from_file_location("fold_ordinary", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert (WORDS / "fold_ordinary.txt").read_text(encoding="utf8") == tool.ordinary()
