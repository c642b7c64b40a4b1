"""What a model of grey images is measured by: its ELBO, and its samples (Table 1, Figures 7 and C.3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Independent

from intelvae import training
from intelvae.metrics import samples as judges
from intelvae.models import VAE
from intelvae.paper.datasets import Faces, Grey

SHOWN = 24
AT_ONCE = 1000  # images that are generated together


def elbo(model: VAE, data: Grey | Faces) -> dict[str, float]:
    """The ELBO of the test images and its KL term, nats an image."""
    terms = training.evaluate(model, data.test)
    return {"test_elbo": terms.elbo.mean().item(), "test_kl": terms.kl.mean().item()}


def samples(model: VAE, data: Grey, features: str, device: str) -> dict[str, float]:
    """Fréchet and kernel distance, precision, recall, density and coverage of samples, at each of `data.sizes`.

    Names are those of `metrics.samples.judge`. They are for means clipped to [0, 1]; for the smaller number,
    "minmax_frechet_N" stretches each image as the authors' code does, and "clean_frechet_N" has no faint pixels, of
    which "faint" is the share. With a Bernoulli decoder also "logits_frechet_N", of logits instead of means, which
    that code stretches.
    """
    sizes, real = data.sizes, data.yardstick.test
    drawn, logits = means(model, sizes[-1])
    small = sizes[:1]
    metrics = judges.judge(drawn, real, features, sizes=sizes, device=device)
    others = [("minmax", drawn, "minmax"), ("clean", drawn, "clean")]
    if logits is not None:
        others.append(("logits", logits, "minmax"))
    for name, values, pixels in others:
        other = judges.judge(values, real, features, sizes=small, pixels=pixels, device=device)
        metrics[f"{name}_frechet_{small[0]}"] = other[f"frechet_{small[0]}"]
    return metrics | {"faint": judges.faint(drawn)}


def gallery(model: VAE, data: Grey) -> dict[str, Tensor]:
    """Generated images, the decoder's means, bytes (24, 1, H, W)."""
    return {"images": as_bytes(means(model, SHOWN)[0])}


@torch.no_grad()
def means(model: VAE, n: int) -> tuple[Tensor, Tensor | None]:
    """The decoder's means for n draws of the model's prior, (n, C, H, W), and a Bernoulli's logits."""
    drawn = [model.generate(min(AT_ONCE, n - start)) for start in range(0, n, AT_ONCE)]
    logits = [d.base_dist.logits for d in drawn if isinstance(d, Independent) and isinstance(d.base_dist, Bernoulli)]
    return torch.cat([d.mean for d in drawn]), torch.cat(logits) if logits else None


def as_bytes(x: Tensor) -> Tensor:
    """Images in [0, 1], clipped, as bytes.

    >>> as_bytes(torch.tensor([-0.1, 0.5, 2.0]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    return (x.clamp(0, 1) * 255).round().byte()
