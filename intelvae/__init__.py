"""InteL-VAE: inductive biases in variational auto-encoders through a mapping of the latents.

A library and a book that reproduce Miao et al., "On Incorporating Inductive Biases into VAEs" (ICLR 2022).

From the ground up; a module imports only from those above it. What a model is made of, below it what all rest on:

    lifeline      workers that end with their sweep
    whole         files that are written whole
    numbers       settings that are numbers
    dtypes        half precision
    devices       whether torch can compute on one
    finite        NaN and infinity, found where they come in
    mappings      y -> z: identity, circle, glue, clusters, sparse, hierarchy
    priors        distributions over y: standard normal, mixtures, Vamp, sparse
    networks      encoders and decoders
    likelihoods   what a decoder's output means: Gaussian, Bernoulli, Laplace, ...
    flows         Sylvester posteriors
    models        how the parts make a model: the (InteL-)VAE, GM-VAE, Sparse-VAE
    bounds        ELBO, IWAE, importance-sampled log p(x)
    regularizers  L_sp, MMD
    divergences   Theorem 1 in one dimension
    contracts     checks of a mapping, for yours too

Training and measuring:

    checks        what training takes
    training      `fit`
    side_by_side  the same for many small models at once
    data          points in the plane, MNIST, Fashion-MNIST, CelebA
    metrics       of codes, samples, clusters, levels, attributes
    sheets        colour images as text
    records       a run's config and what came of it, one file a run
    builder       config -> model
    tasks         a data set's training data and measurements
    runs          config -> record; sweeps
    trained       models that were trained before

The book:

    experiments   the grid of runs behind each figure and table
    rules         what decides a claim from records
    claims        the paper's claims, each with its rule
    plots         the figures
    kernels       what executes a page's cells
    pages         pages -> executed notebooks
    references    what tests compare of them
    book          executed notebooks -> site
    bench         the speed of training against others
    cli           the command `intelvae`

`experiments`, `claims`, `plots` and `tasks` have the same parts: toys (points in the plane), digits, sparsity, faces.
"""

from intelvae import lifeline

__version__ = "0.1.0"

lifeline.follow()
