"""What a model of points in the plane is measured by: Figures 2 to 4 and C.2."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from intelvae import bounds, training
from intelvae.data import toys
from intelvae.metrics import toy
from intelvae.metrics.hoyer import hoyer
from intelvae.models import VAE
from intelvae.paper.tasks.artifacts import Artifacts, Metrics, rounded

WITH_HOLES = ("circle", "square", "star", "infinity")
EXEMPLARS = 6  # points whose q(z|x) a figure shows
HELD_OUT_SEED = 20220401  # of the toy data a model is judged by: the same for every run, and never trained on


@dataclass(frozen=True)
class ToyTask:
    """Points in the plane, fresh in every batch (`intelvae.data.toys`)."""

    name: str
    held_out: int = 2000
    shown: int = 200

    shape = (2,)

    def train(self, n: int, generator: torch.Generator) -> Tensor:
        """A fresh batch (n, 2)."""
        return toys.sample(self.name, n, generator)

    @property
    def valid(self) -> Tensor:
        """Held-out points (2000, 2), other than the ones `evaluate` uses."""
        return toys.sample(self.name, self.held_out, torch.Generator().manual_seed(HELD_OUT_SEED + 1))

    @property
    def test(self) -> Tensor:
        """The points (2000, 2) that every model is judged by."""
        return toys.sample(self.name, self.held_out, torch.Generator().manual_seed(HELD_OUT_SEED))

    def evaluate(self, model: VAE) -> tuple[Metrics, Artifacts]:
        """Distances of generated points to the data, and the points and codes that the figures show.

        Samples include the decoder's noise, as in the paper's figures; the `mean_` metrics leave it out. For the sparse
        data also how well the codes z match the model's own p(z): the distance of all codes from it, over its size, and
        the mean Hoyer scores of both.
        """
        test = self.test
        with torch.no_grad():
            generated = model.generate(self.held_out)
            samples, means = generated.sample(), generated.mean
            q = model.encode(test)
            y = q.sample()
            z = model.mapping(y)
        metrics: Metrics = {"test_elbo": training.evaluate(model, test).elbo.mean().item()}
        metrics["log_likelihood"] = bounds.log_likelihood(model, test[:500], 500).mean().item()
        for prefix, points in (("", samples), ("mean_", means)):
            projections = torch.Generator().manual_seed(HELD_OUT_SEED)
            metrics[prefix + "sliced_wasserstein"] = toy.sliced_wasserstein(points, test, generator=projections)
            metrics[prefix + "off_support"] = toy.off_support(self.name, points, tolerance=0.3)
            if self.name in WITH_HOLES:
                metrics[prefix + "inside_hole"] = toy.inside_hole(self.name, points)
            if self.name == "mixture":
                metrics[prefix + "bridge"] = toy.bridge(points)
        show = self.shown
        artifacts = {
            "samples": rounded(samples[:show]),
            "mu": rounded(q.mean[:show]),
            "sigma": rounded(q.stddev[:show], 4),
            "y": rounded(y[:show]),
            "z": rounded(z[:show]),
        }
        if self.name == "sparse":
            with torch.no_grad():
                prior_z = model.mapping(model.prior().sample((self.held_out,)))
                exemplars = model.mapping(model.encode(test[:EXEMPLARS]).sample((40,))).transpose(0, 1)
            projections, size = torch.Generator().manual_seed(HELD_OUT_SEED), prior_z.square().mean().sqrt().item()
            metrics["aggregate_mismatch"] = toy.sliced_wasserstein(z, prior_z, generator=projections) / size
            metrics["prior_hoyer"], metrics["posterior_hoyer"] = hoyer(prior_z).mean().item(), hoyer(z).mean().item()
            artifacts |= {"prior_z": rounded(prior_z[:show]), "exemplars": rounded(exemplars)}
        return metrics, artifacts
