"""The precision in which a model trains fastest, found by asking the device."""

from __future__ import annotations

import math
import time
from functools import cache

import torch
from torch import nn

from intelvae.training.surroundings import torch_threads

PRECISIONS = ("float32", "bfloat16", "float64")


def fastest(model: nn.Module) -> str:
    """The one of `PRECISIONS` in which `model` trains fastest on its device.

    That is bfloat16 for convolutions in float32 where products in bfloat16 are faster than in float32, and what the
    weights are in otherwise: the conversions cost small layers more than the products save.

    >>> fastest(nn.Linear(2, 2)), fastest(nn.Linear(2, 2).double())
    ('float32', 'float64')
    """
    first = next(model.parameters())
    if first.dtype == torch.float64:
        return "float64"
    convolutions = any(isinstance(module, nn.Conv2d | nn.ConvTranspose2d) for module in model.modules())
    return "bfloat16" if convolutions and _bfloat16_pays(first.device) else "float32"


@cache
def _bfloat16_pays(device: torch.device) -> bool:
    """Whether a convolution in bfloat16 is faster than one in float32 on this device.

    A processor is asked by trying: its name does not say what oneDNN may use of it (ONEDNN_MAX_CPU_ISA, a virtual
    machine). Without units for such products one in bfloat16 takes several times as long, with them half or less.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    weight, seconds = torch.ones(32, 32, 4, 4), {torch.float32: math.inf, torch.bfloat16: math.inf}
    with torch.no_grad(), torch_threads(1):  # one thread's own time, in turns, and the best: what else runs counts less
        for _ in range(5):
            for dtype in seconds:
                x, w = (t.to(dtype, memory_format=torch.channels_last) for t in (torch.ones(32, 32, 16, 16), weight))
                start = time.thread_time()
                nn.functional.conv2d(x, w)
                seconds[dtype] = min(seconds[dtype], time.thread_time() - start)
    return seconds[torch.bfloat16] < seconds[torch.float32]
