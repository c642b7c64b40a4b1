"""What stands under the figures."""

import dataclasses

from intelvae import plots, runs
from intelvae.records import RunConfig


def test_provenance_names_the_code_that_measured_and_the_runs_that_an_unfinished_sweep_lacks():
    done = RunConfig("circle", "mlp", 2, "gaussian", epochs=1, steps_per_epoch=1)
    record, _ = runs.run(done)
    grid = [dataclasses.replace(done, seed=seed) for seed in range(3)]
    grid.append(dataclasses.replace(done, mapping="circle"))
    assert "\n" not in plots.provenance([record], "laptop", [done])
    again = dataclasses.replace(record, measured_at="0123456789ab")
    assert plots.provenance([again], "laptop").endswith(f"commit {record.commit} (measured at 0123456789ab)")
    assert plots.provenance([record], "laptop", grid).splitlines()[1] == (
        "not run yet: 2 of VAE (mlp, gaussian), 1 of InteL-VAE (mlp, gaussian)"
    )
