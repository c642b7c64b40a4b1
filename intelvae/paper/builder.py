"""Config -> model: the parts that a `Training` names, put together and untrained."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from intelvae import likelihoods, mappings, networks, priors
from intelvae.dtypes import as_float
from intelvae.models import GMVAE, VAE, gmvae, vsc
from intelvae.paper import authors
from intelvae.paper.config import Training


def build(config: Training, shape: tuple[int, ...], examples: torch.Tensor) -> VAE:
    """The untrained model of `config` for data of `shape`; `examples` start the pseudo-inputs of a prior that has them.

    Weights come from torch's global generator. Raises `ValueError`, one line, for a name or option that is unknown.
    """
    mapping = _mapping(config)
    encoder, network = networks.create(config.network, shape, config.latent_dim)
    likelihood = likelihoods.create(config.likelihood, shape, **dict(config.likelihood_options))
    decoder = torch.nn.Sequential(network, likelihood)
    if config.model == "gm-vae":
        options = {"latent_dim": config.latent_dim, **dict(config.model_options)}
        free_nats = options.pop("free_nats", 0.0)
        components = _make("the model 'gm-vae'", gmvae.Components, **options)
        encoder, _ = networks.create(config.network, shape, config.latent_dim + components.context_dim)
        return GMVAE(encoder, decoder, components, priors.StandardNormal(components.context_dim), free_nats)
    if config.model == "vsc":
        options = dict(config.model_options)
        count, dense = options.pop("pseudo_inputs", 0), options.pop("dense_samples", False)
        if not 0 <= count <= len(examples):
            raise ValueError(f"the model 'vsc' cannot start {count} pseudo-inputs from {len(examples)} examples")
        if count and dense:
            raise ValueError("dense_samples is an option of the fixed prior: it does not go with pseudo-inputs")
        if count:
            options["start"] = as_float(examples[:count])
        parts = (config.network, shape, config.latent_dim, decoder)
        model = _make("the model 'vsc'", vsc.create, *parts, **options)
        if dense:
            model.prior = authors.DensePrior(config.latent_dim, model.prior.gates[0].item())
        return model
    if config.posterior == "sylvester":
        options = dict(config.posterior_options)
        kind = authors.sylvester(*(name for name in authors.FLOWS if options.pop(name, False)))
        encoder = _make("the posterior 'sylvester'", kind, encoder, shape, **options)
    return VAE(encoder, decoder, _prior(config, encoder, examples), mapping)


def _make(what: str, kind: Callable[..., Any], *parts: Any, **options: Any) -> Any:
    """`kind(*parts, **options)`, with one clear line for an option that is unknown or missing."""
    try:
        inspect.signature(kind).bind(*parts, **options)
    except TypeError as error:
        raise ValueError(f"{what}: {error}") from error
    return kind(*parts, **options)


def _mapping(config: Training) -> torch.nn.Module:
    options = dict(config.mapping_options)
    forgets, bounded = options.pop("forgets", False), options.pop("bounded", False)
    if forgets and bounded:
        raise ValueError("the mapping's options 'forgets' and 'bounded' do not go together: choose one")
    mapping = mappings.create(config.mapping, config.latent_dim, **options)
    if bounded:
        return authors.bounded(mapping)
    return authors.forgetful(mapping) if forgets else mapping


def _prior(config: Training, encoder: torch.nn.Module, examples: torch.Tensor) -> torch.nn.Module:
    if config.prior in authors.PRIORS:
        return authors.PRIORS[config.prior](config.latent_dim)
    options = dict(config.prior_options)
    legacy = dict.fromkeys(options.pop("legacy", ()), True) if config.prior in ("mog", "vamp") else {}
    if config.prior == "vamp" and options.pop("free", False):
        prior = _make("the prior 'vamp'", authors.free_vamp, encoder, examples.shape[1:], **options)
    else:
        prior = priors.create(config.prior, config.latent_dim, encoder, examples, **options)
    return _make("the prior's option 'legacy'", authors.Legacy, prior, **legacy) if legacy else prior
