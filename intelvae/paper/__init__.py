"""The reproduction of the paper: every run behind the book, what came of it, and what that says of the paper's claims.

From the ground up; a module imports only from those above it:

    lifeline     workers that end with their sweep
    sheets       colour images as text
    authors      what the authors' code does in another way, in the place of parts of the library
    records      a run's config and what came of it, one file a run
    builder      config -> model
    tasks        a data set's training data and measurements
    runs         config -> record; sweeps
    trained      models that were trained before
    experiments  the grid of runs behind each figure and table
    rules        what decides a claim from records
    claims       the paper's claims, each with its rule
    plots        the figures
    kernels      what executes a page's cells
    pages        pages -> executed notebooks
    references   what tests compare of them
    book         executed notebooks -> site
    bench        the speed of training against others
    cli          the command `intelvae`

`experiments`, `claims`, `plots` and `tasks` have the same parts: toys (points in the plane), digits, sparsity, faces.
"""

from intelvae.paper import lifeline

lifeline.follow()
