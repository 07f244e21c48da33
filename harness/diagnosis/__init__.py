"""What a wrong gradient looks like: the common mistakes, fitted to the wrong and the right values.

Each pattern is a small function that yields what it recognises as (key, words). The key stays the same from case to
case ("times N"), the words hold the numbers ("every entry is N = 4 times the right value"). A mistake is named only by
a pattern that explains the failing cases at hand.

    evidence    what a pattern is shown
    values, places, others    the patterns
    naming      which of them is the name
    entries     the entries that are wrong, in words
"""

from .entries import where
from .evidence import Evidence, Oracle
from .naming import PATTERNS, Name, name

__all__ = ["PATTERNS", "Evidence", "Name", "Oracle", "name", "where"]
