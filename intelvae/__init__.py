"""InteL-VAE: inductive biases in variational auto-encoders through a mapping of the latents.

A library and a book that reproduce Miao et al., "On Incorporating Inductive Biases into VAEs" (ICLR 2022).
"""

__version__ = "0.1.0"
