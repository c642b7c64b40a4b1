"""The reproduction of the paper: every run behind the book, what came of it, and what that says of the paper's claims.

From the ground up; a module imports only from those above it:

    lifeline     workers that end with their sweep
    processes    processes for what this one does not do itself
    pictures     images in files
    authors      what the authors' code does in another way, instead of parts of the library
    config       what decides a model's weights, and what is measured of it
    rows         rows of tables and figures, methods and their look
    builder      config -> model
    datasets     config -> data
    evaluation   what can be measured of a trained model, or shown of it
    records      dataclasses <-> JSON text, checked
    results      what runs leave
    store        the folder that keeps it
    locks        one sweep at a time does a run
    resuming     trainings that go on from where they were
    runs         config -> weights -> measurements
    budget       time that a sweep may take
    works        what is to be done, in which parts and order
    sweeps       what is missing of many runs, on many workers
    workers      what the workers of a cluster have, and so can do
    cluster      sweeps on the workers of a dask scheduler
    bundle       results that travel
    statistics   tests, intervals, many tests at once
    measures     metrics of a result that several chapters need
    kinds        the kinds of claims
    style        the look of every figure
    prose        sentences with numbers, badges, tables, for pages
    explorers    figures that a reader moves
    studies      the chapters: rows, claims, analysis and figures of each; what text and code do in different ways
    settings     Tables C.1 and C.2, and what is used here
    ledger       all claims, judged, counted and shown
    statements   what the paper states, by question, and why each item came out as it did
    report       what all claims and runs come to
    dashboard    a tile a claim
    kernels      what executes a page's cells
    pages        pages -> executed notebooks
    docstrings   the library's, as the book's API reference shows them
    citing       how to cite a page, and what search engines show of it
    spaces       where a line of the book does not end
    references   what tests compare of them
    book         executed notebooks -> site
    bench        the speed of training against others
    bench_steps  where the time of a training step goes, and what would make it faster
    bench_gpu    what a GPU does for training
    speed        what a page says of all that
    costs        what each training takes, from records and from steps
    bench_sweeps how sweeps scale here, and what dask adds to a task
    scheduling   how long a sweep takes on so many workers
    plan         what a page says of these three
    doctor       what there is on this machine
    cli          the command `intelvae`
    slot         a short slot on a GPU, used well
"""

from intelvae.paper import lifeline

lifeline.follow()
