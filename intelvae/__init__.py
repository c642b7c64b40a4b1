"""InteL-VAE: inductive biases in variational auto-encoders through a mapping of the latents.

The library behind a reproduction of Miao et al., "On Incorporating Inductive Biases into VAEs" (ICLR 2022), which is
`intelvae.paper`, its last floor.

From the ground up; a module imports only from those above it. What a model is made of, below it what all rest on:

    whole         files that are written whole
    extras        packages that come with an extra
    numbers       settings that are numbers
    dtypes        half precision
    devices       whether torch can compute on one
    finite        NaN and infinity, found where they come in
    modes         evaluation mode for a while
    mappings      y -> z: identity, circle, glue, clusters, sparse, hierarchy, coupling
    priors        distributions over y: standard normal, mixtures, Vamp, sparse
    networks      encoders and decoders
    likelihoods   what a decoder's output means: Gaussian, Bernoulli, Laplace, ...
    flows         Sylvester posteriors
    models        how the parts make a model: the (InteL-)VAE, GM-VAE, Sparse-VAE
    bounds        ELBO, IWAE, Renyi bounds, importance-sampled log p(x)
    regularizers  L_sp, MMD
    divergences   Theorem 1 in one dimension
    testing       checks of a mapping, for yours too

Training and measuring:

    training      `fit`, for one model, and for many small ones side by side
    data          points in the plane, MNIST, Fashion-MNIST, CelebA
    metrics       of codes, samples, clusters, levels, attributes

What was done with all of it:

    paper         the reproduction: its runs, results, claims, figures and book
    __main__      the command `intelvae`, which is `paper.cli`
"""

__version__ = "0.1.0"
