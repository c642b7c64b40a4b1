"""Steps of training that ask the host for nothing: what a step reads and what it leaves stays on the model's device.

A step of the paper's networks is some hundred kernels of a few microseconds each, and Python takes longer to launch one
than a GPU to compute it. On a CUDA GPU a step is therefore captured once, as a graph, and replayed with one launch.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.utils._python_dispatch import TorchDispatchMode

from intelvae.dtypes import as_float
from intelvae.models import VAE
from intelvae.training.settings import Objective, Optimiser

WARM_UP = 3  # steps before the capture: libraries choose their kernels, and Adam makes its moments, in these


class Steps:
    """The steps of one run, an epoch after the other; the model is changed in place.

    Parameters: `data` (N, *data_shape) on the model's device, bytes or floats, which `begin` may replace by others of
    that shape; `steps` S and `batch_size` B of an epoch; `graphs`, whether a GPU may replay a graph. The noise of the
    latents and the draws of the prior come from the device's global generator.
    """

    def __init__(
        self,
        model: VAE,
        data: Tensor,
        objective: Objective,
        optimiser: Optimiser,
        *,
        precision: str,
        steps: int,
        batch_size: int,
        graphs: bool = True,
    ) -> None:
        device = data.device
        on_gpu = device.type == "cuda"
        self.model, self.data, self.objective, self.clip = model, data, objective, optimiser.clip
        self.adam = torch.optim.Adam(model.parameters(), lr=optimiser.lr, capturable=on_gpu, fused=on_gpu or None)
        self.autocast = torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
        self.order = torch.zeros(steps, batch_size, dtype=torch.long, device=device)
        self.seen = torch.zeros(steps, 3, dtype=next(model.parameters()).dtype, device=device)
        self.weight = torch.zeros((), dtype=self.seen.dtype, device=device)  # of the KL
        self.at = torch.zeros(1, dtype=torch.long, device=device)  # the step of this epoch
        self.to_warm_up = WARM_UP
        self.graph: torch.cuda.CUDAGraph | None = None
        self.graphs = graphs and on_gpu

    def begin(self, order: Tensor, weight: float, data: Tensor | None = None) -> None:
        """Begins an epoch that takes the data in this `order` (S * B), the KL of this `weight`."""
        if data is not None:
            self.data.copy_(data)
        self.order.copy_(order.view_as(self.order))
        self.weight.fill_(weight)
        self.at.zero_()

    def take(self, count: int) -> None:
        """The epoch's next `count` steps, on a GPU without waiting for them; what they see is in `seen` (S, 3).

        That is the objective, the same without penalties, and the KL.
        """
        for _ in range(count):
            if self.graph is not None:
                self.graph.replay()
            elif self.graphs and not self.to_warm_up:
                self._capture()
                self.take(1)
            else:
                self._warm_up() if self.graphs else self._step()

    def _step(self) -> None:
        batch = as_float(self.data[self.order.index_select(0, self.at).view(-1)])
        with self.autocast:
            bounds, kl, y = self.objective.before_penalties(self.model, batch, self.weight)
        bound = bounds.mean()
        value = bound - self.objective.penalties(self.model, y)
        self.adam.zero_grad(set_to_none=True)
        (-value).backward()
        if self.clip is not None:
            clip_grad_norm_(self.model.parameters(), self.clip)
        self.adam.step()
        self.seen.index_copy_(0, self.at, torch.stack([value, bound, kl.mean()]).detach().to(self.seen.dtype)[None])
        self.at += 1

    def _warm_up(self) -> None:
        """A step on a stream of its own, as in a graph; the last of them is watched."""
        self.to_warm_up -= 1
        stream = torch.cuda.Stream(self.data.device)
        stream.wait_stream(torch.cuda.current_stream(self.data.device))
        asked: list[str] = []
        with torch.cuda.stream(stream):
            if self.to_warm_up:
                self._step()
            else:
                asked = asks_the_host(self._step)
        torch.cuda.current_stream(self.data.device).wait_stream(stream)
        if asked:
            self._without_graphs(f"a step needs {asked[0]}, a number or a tensor from the host")

    def _capture(self) -> None:
        self.adam.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._step()
        except RuntimeError as error:
            return self._without_graphs(" ".join(str(error).split())[:200])
        self.graph = graph
        return None

    def _without_graphs(self, why: str) -> None:
        self.graphs = False
        warnings.warn(f"training goes on without a CUDA graph, in several times the time: {why}", stacklevel=2)


def asks_the_host(step: Callable[[], object]) -> list[str]:
    """What in `step`, which is done once, no graph can hold: operations that need a number, or a tensor, of the host.

    Found by watching the operations, so that it can be asked without a GPU.

    >>> x = torch.ones(3)
    >>> asks_the_host(lambda: x * 2), asks_the_host(lambda: x.sum().item())
    ([], ['aten._local_scalar_dense.default'])
    """
    with _Watch() as watch:
        step()
    return watch.asked


class _Watch(TorchDispatchMode):
    """Notes operations whose result has a shape that depends on numbers, that read a number, or that move one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        aten = torch.ops.aten
        data_dependent = torch.Tag.data_dependent_output in func.tags or torch.Tag.dynamic_output_shape in func.tags
        if func in (aten.index.Tensor, aten.index_put_.default, aten._index_put_impl_.default):
            data_dependent = any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in args[1])
        devices = {x.device.type for x in args if isinstance(x, Tensor)}
        moves = func in (aten._to_copy.default, aten.copy_.default) and (
            len(devices | {torch.device((kwargs or {}).get("device") or next(iter(devices))).type}) > 1
        )
        if data_dependent or moves or func is aten.lift_fresh.default:
            self.asked.append(str(func))
        return func(*args, **(kwargs or {}))
