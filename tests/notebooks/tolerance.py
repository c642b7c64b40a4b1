"""Text that equals other text if the words agree exactly and the numbers within a tolerance."""

import math
import re

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w])")

# Different processors round differently and a short training amplifies it: shares of samples then move by some
# thousandths and means by some percent. A wrong result moves them by more.
RELATIVE, ABSOLUTE = 5e-2, 5e-3


class Tolerant(str):
    """A string whose equality compares the numbers in it within RELATIVE and ABSOLUTE, and the rest exactly."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        if not isinstance(other, str):
            return NotImplemented
        if NUMBER.sub("#", self) != NUMBER.sub("#", other):
            return False
        pairs = zip(NUMBER.findall(self), NUMBER.findall(other), strict=True)
        return all(math.isclose(float(a), float(b), rel_tol=RELATIVE, abs_tol=ABSOLUTE) for a, b in pairs)

    def __ne__(self, other):
        return not self == other
