"""nbval with tolerances: numbers may drift, verdicts may not. Trains anew, in a store of its own."""

import os
import sys
import tempfile
from pathlib import Path

from nbval.plugin import IPyNbCell

sys.path.insert(0, str(Path(__file__).parent))
from tolerance import Tolerant

sanitize = IPyNbCell.sanitize


def tolerant(self, text):
    clean = sanitize(self, text)
    return Tolerant(clean) if isinstance(clean, str) else clean


def pytest_configure(config):
    IPyNbCell.sanitize = tolerant
    os.environ["INTELVAE_RUNS"] = tempfile.mkdtemp(prefix="intelvae-runs-")


def pytest_collectstart(collector):
    if collector.path.suffix == ".ipynb":
        collector.skip_compare += ("text/html", "image/png", "stderr")
