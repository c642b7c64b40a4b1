"""The page on clusters: its code runs as far as it can without one, its files and command lines are checked."""

import json
import re
from functools import partial
from pathlib import Path

import jsonschema
import pytest
import yaml

from intelvae.data import DataError, files

distributed = pytest.importorskip("distributed", reason="needs the package distributed: pip install -e '.[dask]'")

PAGE = (Path(__file__).resolve().parent.parent / "book" / "cluster.md").read_text(encoding="utf-8")


def block(word):
    """The first Python block of the page that has that word."""
    return next(code for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if word in code)


def test_command_lines_are_ones_that_dask_takes():
    from distributed.cli import dask_scheduler, dask_ssh, dask_worker

    commands = {"scheduler": dask_scheduler.main, "worker": dask_worker.main, "ssh": dask_ssh.main}
    lines = re.findall(r"\.venv/bin/dask (\w+) ([^\n]*)", PAGE)
    assert {name for name, _ in lines} == set(commands)
    for name, options in lines:
        commands[name].make_context(name, options.split())  # raises for an option or argument that is not there


def test_a_local_cluster_does_a_sweep_and_workers_fetch_data(monkeypatch, tmp_path, capsys):
    """In this process, since two more would take ten seconds to start."""
    monkeypatch.setenv("INTELVAE_RUNS", str(tmp_path))
    names = {"__name__": "__main__"}
    exec(block("def fetch_everywhere"), names)
    with monkeypatch.context() as patch:
        patch.setattr(distributed, "LocalCluster", partial(distributed.LocalCluster, processes=False))
        exec(block("LocalCluster("), names)
    assert capsys.readouterr().out == f"{len(names['asked'])} results\n"
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as local:
        with pytest.raises(DataError, match="celeba cannot be fetched"):
            names["fetch_everywhere"](local.scheduler_address, files.CELEBA)


def test_the_job_of_a_batch_system_starts_a_worker_with_one_thread_and_a_gpu(capsys):
    pytest.importorskip("dask_jobqueue", reason="needs the package dask-jobqueue")
    names = {}
    exec(block("SLURMCluster("), names)
    names["slurm"].close()
    script = capsys.readouterr().out
    for line in ("#SBATCH --cpus-per-task=1", "#SBATCH --gres=gpu:1", "export INTELVAE_DATA=$HOME/data"):
        assert f"\n{line}\n" in script
    assert re.search(r"\n\.venv/bin/python -m distributed\.cli\.dask_worker tcp://.* --nthreads 1 .* GPU=1", script)


def test_the_manifest_is_one_that_the_operator_takes(capsys):
    operator = pytest.importorskip("dask_kubernetes.operator", reason="needs the package dask-kubernetes")
    exec(block("make_cluster_spec("), {})
    manifest = json.loads(capsys.readouterr().out)
    root = Path(operator.__file__).parent / "deployment" / "helm" / "dask-kubernetes-operator" / "crds"
    schema = yaml.safe_load((root / "daskcluster.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(manifest, schema["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
    scheduler, worker = (manifest["spec"][part]["spec"]["containers"][0] for part in ("scheduler", "worker"))
    assert worker["resources"] == {"limits": {"nvidia.com/gpu": "1"}} and not scheduler.get("resources")
    assert ["--nthreads", "1", "--resources", "GPU=1"] == worker["args"][2:6]
