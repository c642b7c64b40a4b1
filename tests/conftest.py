"""Types and shapes in the signatures of `intelvae` are checked at run time, in the tests only."""

import pytest
import torch
from jaxtyping import config, install_import_hook

install_import_hook("intelvae", "beartype.beartype")
torch.set_num_threads(1)  # the tensors here are small: two threads wait for each other most of the time


@pytest.fixture
def unchecked():
    """Without those checks: what a caller sees who passes a wrong type."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
