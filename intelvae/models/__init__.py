"""How the parts make a model."""

from intelvae.models.gmvae import GMVAE
from intelvae.models.vae import VAE

__all__ = ["GMVAE", "VAE"]
