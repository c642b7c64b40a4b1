"""How the parts make a model."""

from intelvae.models.vae import VAE

__all__ = ["VAE"]
