"""Models that were trained here: loaded from the weights beside their records, and measured anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import joblib

from intelvae.metrics.features import STAND_IN
from intelvae.models import VAE
from intelvae.numbers import check_number
from intelvae.paper import runs, tasks
from intelvae.paper.records import Record, RunConfig, Store


def load(config: RunConfig, store: Store) -> VAE:
    """The trained model of `config`, in evaluation mode, with the weights that lie beside its record.

    Raises `ValueError` if they are not there (weights are not published, only records are), damaged, or of another
    model than this version builds.
    """
    if not store.weights(config).is_file():
        raise ValueError(f"no weights of {config} in {store.root}: train it anew with intelvae.paper.runs.run")
    return runs.load(config, store.weights(config))[0]


def remeasure(configs: Iterable[RunConfig], store: Store, *, jobs: int = 1) -> list[Record]:
    """The records of all configs whose weights are here, measured anew: for a metric that is newer than they are.

    A config with other `features` takes the weights of the run with the stand-in's, since training does not see them:
    that gives FID for models that are there. Nothing is trained; what training left in a record stays there, and
    `Record.measured_at` says which code measured. Samples are drawn anew, from the config's seed. Each record is stored
    as soon as it is there, and a model that cannot be measured does not stop the others. Raises `RuntimeError` at the
    end if any could not, `ValueError` for jobs < 1 and if there are no weights of any.
    """
    check_number("jobs", jobs, ">= 1", whole=True)
    there = [(c, trained) for c in dict.fromkeys(configs) if (trained := _same_weights(c, store)) is not None]
    if not there:
        raise ValueError(
            f"no weights of these runs in {store.root}: only models that were trained here can be measured"
        )
    store.check_writable()
    threads = max(1, joblib.cpu_count() // jobs)
    outcomes = joblib.Parallel(n_jobs=jobs)(joblib.delayed(_remeasure)(*pair, store, threads) for pair in there)
    failures = [outcome for outcome in outcomes if isinstance(outcome, str)]
    if failures:
        raise RuntimeError(f"{len(failures)} of {len(there)} models could not be measured: " + "\n".join(failures))
    return outcomes


def _same_weights(config: RunConfig, store: Store) -> RunConfig | None:
    """The config of a run in the store whose weights are those of `config`, or None."""
    for same in (config, dataclasses.replace(config, features=STAND_IN)):
        if store.get(same) and store.weights(same).is_file():
            return same
    return None


def _remeasure(config: RunConfig, trained: RunConfig, store: Store, threads: int) -> Record | str:
    """The record of `config`, the model of `trained` measured anew, or why it cannot be."""
    record = store.get(trained)
    assert record is not None
    try:
        model, work = load(trained, store), runs.task(config)
        tasks.check_source(work, record.artifacts.get("data"))
        again = runs.measure(dataclasses.replace(record, config=config), model, work, threads)
        again = dataclasses.replace(again, seconds=record.seconds, measured_at=runs.commit())
        store.put(again, model)
    except Exception as error:  # of this model: the others are measured
        return runs.reason(config, error)
    return again
