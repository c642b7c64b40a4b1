"""Text that equals other text if the words agree exactly and the numbers within a tolerance."""

import math
import re

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w])")

# Different processors round differently and a short training amplifies it: shares of samples then move by some
# thousandths and means by some percent. A wrong result moves them by more.
RELATIVE, ABSOLUTE = 5e-2, 5e-3
SPREAD = 0.5  # relative, of a number after ±: the standard deviation of two runs is itself only known to 70 %


class Tolerant(str):
    """A string whose equality compares the numbers in it within these tolerances, and the rest exactly."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        if not isinstance(other, str):
            return NotImplemented
        if NUMBER.sub("#", self) != NUMBER.sub("#", other):
            return False
        pairs = zip(NUMBER.finditer(self), NUMBER.finditer(other), strict=True)
        return all(
            math.isclose(
                float(a[0]),
                float(b[0]),
                rel_tol=SPREAD if self[: a.start()].endswith("± ") else RELATIVE,
                abs_tol=ABSOLUTE,
            )
            for a, b in pairs
        )

    def __ne__(self, other):
        return not self == other
