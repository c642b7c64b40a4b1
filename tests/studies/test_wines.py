"""What the page on one's own data shows of its models, of runs made by hand."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch
from drawn import bars, dots, levels, lines
from matplotlib.colors import to_hex

from intelvae.paper import ledger, pages, prose
from intelvae.paper.rows import BLUE, ORANGE
from intelvae.paper.studies import wines

matplotlib.use("agg")
BLACK = "#000000"


def found():
    runs = {"VAE": [(-15.0, 5.0), (-16.0, 7.0)], "clusters": [(-17.0, 2.0)]}
    index = [way for way, of in runs.items() for _ in of]
    return pd.DataFrame([run for of in runs.values() for run in of], index, ["nats", "unsure, %"])


def by_way():
    return {
        f"way {k}": torch.tensor([[k, 0.0], [k, 1.0], [k, 2.0], [k, 3.0]], dtype=torch.float64).requires_grad_()
        for k in range(4)
    }


EXAMPLES = {
    "comparison": lambda: wines.comparison(found(), {"unsure, %": 8.5}),
    "codes": lambda: wines.codes(by_way(), [0, 2, 1, 0]),
}


def test_the_comparison_has_a_panel_for_each_measure_and_a_mark_for_each_run():
    nats, unsure = EXAMPLES["comparison"]().axes
    for axis, values in ((nats, [[-15.0, -16.0], [-17.0]]), (unsure, [[5.0, 7.0], [2.0]])):
        runs = [(x, y) for colour, x, y in lines(axis) if colour == to_hex(BLUE)]
        assert runs == [(values[0], [0, 0]), (values[1], [1])]
        means = [x for colour, x, _ in lines(axis) if colour == BLACK]
        assert means == [[np.mean(of)] for of in values]
        deviation = np.std(values[0], ddof=1)
        assert bars(axis, BLACK, "x") == [pytest.approx((means[0][0] - deviation, means[0][0] + deviation))]
    assert [text.get_text() for text in nats.get_yticklabels()] == ["VAE", "clusters"]
    assert levels(nats) == [] and levels(unsure) == [(BLACK, "x", 8.5)]


def test_the_table_has_means_and_deviations_where_there_are_some():
    shown = wines.table(found())
    assert shown.loc["VAE"].tolist() == ["-15.50 ± 0.71", "6.00 ± 1.41"]
    assert shown.loc["clusters"].tolist() == ["-17.00", "2.00"]


def of_seeds(nats, unsure=(5.0, 6.0, 7.0), index=(0.5, 0.6, 0.7)):
    """Three runs of the VAE, and three of the mapping that differ from them so much, and from each other."""
    vae = [(-15.0, 5.0, 0.5), (-16.0, 6.0, 0.6), (-15.5, 7.0, 0.7)]
    runs = [*vae, *zip((each + more for (each, *_), more in zip(vae, nats, strict=True)), unsure, index, strict=True)]
    return pd.DataFrame(runs, ["VAE"] * 3 + ["clusters, c1 = 5"] * 3, ["nats", "unsure, %", "index"])


def test_the_conclusion_says_whether_the_mapping_helped():
    cost = wines.conclusion(of_seeds((-0.5, -0.6, -0.55)), 6.7)
    assert cost.startswith("**Did the mapping help?** It did not. The paper's gap costs 0.55 nats (p = 0.0027);")
    assert "; its samples and clusters are not significantly better, by the same test." in cost
    assert "assumption may be wrong for these data: the classifier is unsure of 6.7 % of the real test wines" in cost
    gain = wines.conclusion(of_seeds((0.5, 0.6, 0.55), (1.0, 2.1, 2.9), (0.9, 0.98, 1.1)), 0.0)
    assert "It did: the paper's gap gains 0.55 nats (p = 0.0027);" in gain and "wrong" not in gain
    assert gain.endswith("; significantly better are its samples and clusters, by the same test.")
    assert "No significant difference in log p(x) is found: +0.10 nats" in wines.conclusion(
        of_seeds((0.5, -0.6, 0.4)), 1.0
    )
    assert wines.conclusion(found().assign(index=1.0).rename(index={"clusters": "clusters, c1 = 5"}), 1.0) == (
        "Did the mapping help? There are too few seeds to say."
    )


def test_the_prior_is_told_beside_the_best_ways():
    runs = of_seeds((-0.5, -0.6, -0.55)).rename(index={"clusters, c1 = 5": "mixture prior"})
    assert wines.told_of_prior(runs) == (
        "**Did the prior help?** The VAE has the highest $\\log p(x)$ and the fewest unsure samples. With the mixture "
        "prior, compared with the VAE, $\\log p(x)$ changes by -0.55 nats (p = 0.0027), and the share of unsure "
        "samples by +0.0 points (not significant, p = 1)."
    )
    better = of_seeds((0.5, -0.6, 0.4), (1.0, 2.1, 2.9)).rename(index={"clusters, c1 = 5": "mixture prior"})
    told = wines.told_of_prior(better)
    assert "The mixture prior has the highest $\\log p(x)$ and" in told and "by -4.0 points (p = 0.00021)" in told
    apart = of_seeds((-0.5, -0.6, -0.55), (1.0, 2.1, 2.9)).rename(index={"clusters, c1 = 5": "mixture prior"})
    assert "The VAE has the highest $\\log p(x)$, the mixture prior the fewest unsure samples." in wines.told_of_prior(
        apart
    )
    assert wines.told_of_prior(found().assign(index=1.0).rename(index={"clusters": "mixture prior"})) == ""


def test_codes_have_a_panel_for_each_way_and_the_marks_of_their_group():
    axes = EXAMPLES["codes"]().axes
    assert [axis.get_title() for axis in axes] == list(by_way())
    for k, axis in enumerate(axes):
        assert dots(axis) == {
            to_hex(ORANGE): [[k, 0.0], [k, 3.0]],
            to_hex(BLUE): [[k, 2.0]],
            BLACK: [[k, 1.0]],
        }


@pytest.mark.parametrize(
    ("seeds", "printed", "said"),
    [
        ("7", " nats", ("values of one seed", "printed above, without tests, which need three seeds")),
        ("0,3", " nats", ("means and standard deviations", "printed above, without tests, which need three seeds")),
        ("0-2", " nats, p = ", ("means and standard deviations", "printed above, with their tests")),
    ],
)
def test_the_page_says_what_it_shows_however_few_its_seeds(seeds, printed, said, laptop_claims, monkeypatch, capsys):
    (page,) = pages.sources("70")
    shown = []
    monkeypatch.setattr(prose, "say", shown.append)
    monkeypatch.setattr(ledger, "stored", lambda profile: laptop_claims)  # the same, judged once
    source, *_ = page.read_text(encoding="utf-8").partition("# ## What tends to go wrong")
    try:
        exec(source.replace("seeds = None", f"seeds = {seeds!r}"), {})
    finally:
        torch.set_default_dtype(torch.float32)
    lines = [line for line in capsys.readouterr().out.splitlines() if " nats" in line]
    assert len(lines) == 3 and all((printed in line) and ("p =" in line) == ("p =" in printed) for line in lines)
    assert all(any(words in " ".join(text.split()) for text in shown) for words in said)
