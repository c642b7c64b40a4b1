"""InteL-VAE: inductive biases in variational auto-encoders through a mapping of the latents.

A library and a book that reproduce Miao et al., "On Incorporating Inductive Biases into VAEs" (ICLR 2022).
"""

import os

# Threads that spin while they wait make training ten times slower as soon as the processor has other work; threads that
# never do lose a fifth of a step with two threads where it has none. So they spin for a moment (GNU's OpenMP only).
# OpenMP reads this once, when torch is loaded: it has no effect in a program that imports torch first.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

__version__ = "0.1.0"
