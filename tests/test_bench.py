"""The benchmark: who takes turns with whom, what a ratio is, and that every contender trains."""

import json
import sys
from functools import partial

import pytest
import torch

from intelvae.paper import bench, cli

TINY = bench.Case("mathieu", (1, 32, 32), 2, steps=1, batch_size=4)
PERCEPTRON = bench.Case("mlp", (2,), 2, steps=1, batch_size=4)


def test_contenders_take_turns_and_the_first_round_does_not_count():
    order = []
    seconds = bench.measure({name: lambda name=name: order.append(name) for name in "ab"}, repeats=3)
    assert order == list("ab" * 4)
    assert [len(of) for of in seconds.values()] == [3, 3]


def test_a_ratio_is_that_of_one_round():
    (row,) = bench.against("case", {"ours": [1.0, 2.0, 4.0], "peer": [3.0, 8.0, 4.0]})
    assert (row.peer, row.ratio, row.low, row.high) == ("peer", 3.0, 1.0, 4.0)


def test_flops_are_those_of_the_products():
    # linear layers 2-10-10-10-(2, 2) and 2-10-10-10-2; two operations for each weight and example forward, two for the
    # gradient of the weights, two for that of the inputs, which the first layer does not need
    weights = 20 + 100 + 100 + 20 + 20 + 20 + 100 + 100 + 20
    case = bench.Case("mlp", (2,), 2, steps=1, batch_size=3)
    assert bench.flops(bench.Case("mlp", (2,), 2, steps=1, batch_size=6)) == 2 * bench.flops(case)
    assert 3 * (6 * weights - 2 * 20) == bench.flops(case)


def test_one_run_against_every_peer_and_the_peak(monkeypatch):
    monkeypatch.setitem(bench.CASES, "tiny", TINY)
    monkeypatch.setattr(bench, "PEAK_SIZE", 64)
    before = torch.get_num_threads()
    rows = bench.one_run("tiny", 1)
    assert torch.get_num_threads() == before
    assert [r.peer for r in rows[:-1]] == list(bench.PEERS) and rows[-1].peer.startswith("matrix product")
    assert all(0 < r.low <= r.ratio <= r.high for r in rows)


def test_four_runs_against_every_peer_and_the_other_way_to_use_the_machine(monkeypatch):
    monkeypatch.setitem(bench.CASES, "tiny", PERCEPTRON)
    rows = bench.four_runs("tiny", 1)
    assert [r.peer for r in rows] == [*bench.PEERS, "ours, in turn on all cores"]
    assert {(r.case, r.unit) for r in rows} == {("tiny, four runs", bench.FASTER)}


def test_slopes_are_of_every_size():
    rows = bench.scaling(1, PERCEPTRON, seeds=(1, 2), steps=1)
    assert len({r.peer for r in rows}) == 4 and {r.unit for r in rows} == {bench.SLOPE}


def allocates(megabytes, case, threads):
    bytearray(b"x") * (megabytes << 20)


def test_memory_is_the_process_own_and_not_what_started_it(monkeypatch):
    large = bytearray(b"x") * (400 << 20)  # more than a process takes that only imports the library
    monkeypatch.setattr(bench, "ours", partial(allocates, 100))
    monkeypatch.setattr(bench, "plain", partial(allocates, 300))
    (row,) = bench.memory(PERCEPTRON)
    assert len(large) and row.ratio > 1.1 and row.unit == bench.MEMORY


def test_runs_side_by_side_beat_one_after_the_other():
    (row,) = bench.seeds_side_by_side(1, seeds=3, steps=2)
    assert row.peer == "one after the other" and row.ratio > 0  # how much is for the benchmark to say


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_the_command_prints_every_row(arguments, monkeypatch, capsys):
    row = bench.Row("case", "peer", 2.0, 1.5, 2.5, "times as fast")
    monkeypatch.setattr(bench, "run", lambda repeats: iter([row] * repeats))
    monkeypatch.setattr(sys, "argv", ["intelvae", "bench", "--repeats", "2", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out = capsys.readouterr().out
    assert stop.value.code == 0
    if arguments:
        assert (
            json.loads(out)
            == [{"case": "case", "peer": "peer", "ratio": 2.0, "low": 1.5, "high": 2.5, "unit": "times as fast"}] * 2
        )
    else:
        assert [line.split() for line in out.splitlines()] == ["case peer 2.00 (1.50-2.50) times as fast".split()] * 2
