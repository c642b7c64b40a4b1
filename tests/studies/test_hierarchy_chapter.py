"""Figure B.2: its rows, what is computed and drawn of them, and the claims on them."""

import matplotlib
import numpy as np
import pytest
import torch
from drawn import dots, legend, lines, result, results, tiles
from matplotlib.colors import to_hex
from matplotlib.text import Annotation
from torch import nn

from intelvae.mappings import Hierarchy
from intelvae.metrics import levels as of_levels
from intelvae.metrics.features import STAND_IN
from intelvae.paper import evaluation, kinds, ledger, studies, style
from intelvae.paper.config import Evaluation
from intelvae.paper.results import Measured, Result, Trained
from intelvae.paper.studies.hierarchy import analysis, claims, figures, grid

matplotlib.use("agg")
BLUE, ORANGE = (to_hex(shade) for shade in style.SHADES[:2])
NAMES = ["VAE", "InteL-VAE, one layer", "InteL-VAE, residual"]


# The rows


def test_the_grid_has_both_mappings_and_the_vae_in_an_order_that_may_be_cut_off():
    for profile, seeds in (("smoke", 1), ("laptop", 3), ("paper", 10)):
        asked = grid.hierarchy(profile)
        assert [(run.training.seed, run.row.name) for run in asked] == [
            (s, name) for s in range(seeds) for name in NAMES
        ]
        assert all(run.training.smoke_data == (profile == "smoke") for run in asked)
        for run in asked:
            options = dict(run.training.mapping_options)
            assert (run.training.mapping == "hierarchy") is (run.row.name != "VAE")
            assert options.get("residual", False) is (run.row.name == "InteL-VAE, residual")
            if run.row.name != "VAE":
                assert Hierarchy(run.training.latent_dim, **options).widths == (10,) * 5


def test_levels_are_measured_of_all_and_shown_of_the_first_seed_of_both_mappings():
    asked = grid.hierarchy("laptop", "4,7,5")
    for run in asked:
        for each in (*run.evaluations, *run.extras):
            evaluation.check(each, run.training)
        names = [each.name for each in (*run.evaluations, *run.extras)]
        shown = run.row.name != "VAE" and run.training.seed == 4
        assert names == ["elbo", "samples", "levels"] + ["level-traversals"] * shown
    runs = [run for name in ("sparsity", "table1") for run in studies.runs(name, "laptop")]
    others = {each.name for run in runs for each in (*run.evaluations, *run.extras)}
    assert not others & {"levels", "level-traversals"}


# The claims


def one_layer(metrics):
    """Results of the authors' mapping, a seed each, with the `metrics` of their seeds."""
    return results(*(result("InteL-VAE, one layer", seed=seed, metrics=metrics(seed)) for seed in range(3)))


def claim(name):
    (found,) = [c for c in claims.CLAIMS if c.id == f"figB2-{name}"]
    return found


def test_levels_are_compared_within_a_run():
    details = claim("details")
    assert isinstance(details, claims.Within)
    for last, nats, verdict in (
        (0.1, 0.2, kinds.REPRODUCED),
        (0.1, 0.05, kinds.PARTLY),  # a level that is off changes nothing, whatever the one above it does
        (0.9, 0.2, kinds.OPPOSITE),
        (0.9, 0.05, kinds.OPPOSITE),
    ):
        found = one_layer(lambda seed, x=last, y=nats: {"change_0": 0.5 + seed / 100, "change_4": x, "kl_4": y})
        finding = details.judge(found)
        assert finding.verdict == verdict and ("level that is off" in finding.test) is (verdict == kinds.PARTLY)
        assert finding.ours == pytest.approx(0.51)
        earlier = claim("details-off").judge(found)  # the rule as it was before the runs does not ask for nats
        assert earlier.verdict == (kinds.REPRODUCED if last < 0.5 else kinds.OPPOSITE)
    assert claim("details-off").variant and details.post_hoc and not claim("details-off").post_hoc
    codes = one_layer(lambda seed: {"accuracy_0": 0.7 + seed / 100, "accuracy_4": 0.3, "kl_4": 1.0})
    assert claim("category").judge(codes).verdict == kinds.REPRODUCED
    assert claim("category").judge(results(*codes[:2])).verdict == kinds.NOT_TESTED


@pytest.mark.parametrize(("third", "verdict"), [(0.3, kinds.REPRODUCED), (0.103, kinds.PARTLY), (0.01, kinds.OPPOSITE)])
def test_every_level_must_hold_something(third, verdict):
    nats = (9.0, 1.0, third, 2.0, 1.0)
    found = one_layer(lambda seed: {f"kl_{i}": v + 0.01 * (seed - 1) for i, v in enumerate(nats)})
    finding = claim("held").judge(found)
    assert not claim("held").variant and finding.verdict == verdict
    assert finding.ours == pytest.approx(third)


def test_claims_are_about_the_mapping_of_the_authors_code():
    metrics = {"change_0": 0.5, "accuracy_0": 0.5, **{f"{m}_4": 0.1 for m in ("change", "accuracy")}}
    metrics |= {f"kl_{i}": 9.0 for i in range(5)}
    others = results(*(result(name, seed=s, metrics=metrics) for name in ("VAE", NAMES[2]) for s in range(3)))
    for each in claims.CLAIMS:
        assert each in ledger.CLAIMS and each.rule.startswith("reproduced: ") and each.experiment == "hierarchy"
        assert each.judge(others) == kinds.Finding()


# What the page tables and cites


def of(name, seed, elbo, distance, changes, told, nats):
    run = next(run for run in grid.hierarchy("laptop", seed) if run.row.name == name)
    metrics = {"test_elbo": elbo, "test_kl": 8.0 + seed, "frechet_2000": 1.0, "frechet_10000": distance}
    metrics["classifier_accuracy"] = 0.8
    for i in range(5):
        metrics |= {
            f"change_{i}": changes[i],
            f"pixels_{i}": changes[i] / 10,
            f"accuracy_{i}": told[i],
            f"kl_{i}": nats[i],
        }
    trained = Trained(run.training, {}, 0, 1.0, "cpu", {"torch": "2"}, "abc", "2026-11-28")
    return Result(
        run, trained, [Measured(run.training.key, Evaluation("samples", STAND_IN), metrics, 1.0, "abc", "2026-11-28")]
    )


def found():
    flat = (0.2, 0.2, 0.3, 0.2, 0.2)
    return results(
        of("VAE", 0, -1000.0, 900.0, flat, flat, (1.0, 0.05, 1.0, 1.0, 1.0)),
        of(
            "InteL-VAE, one layer",
            0,
            -1010.0,
            950.0,
            (0.6, 0.1, 0, 0, 0),
            (0.7, 0.2, 0.1, 0.1, 0.1),
            (8.0, 0.2, 0, 0, 0),
        ),
        of("InteL-VAE, residual", 0, -1005.5, 940.0, (0.1, 0.1, 0.1, 0.4, 0.2), flat, (1.0,) * 5),
        of("VAE", 1, -1002.0, 910.0, flat, flat, (1.0,) * 5),
        of(
            "InteL-VAE, one layer",
            1,
            -1014.0,
            960.0,
            (0.4, 0.3, 0, 0, 0),
            (0.3, 0.2, 0.1, 0.1, 0.4),
            (9.0, 0.4, 0, 0, 0),
        ),
    )


def test_models_have_a_line_with_means_and_deviations():
    assert analysis.table(found()) == [
        {
            "model": name,
            "test ELBO": elbo,
            "test KL": kl,
            "FD (EfficientNet-Lite0), N = 10,000": distance,
            "seeds": seeds,
        }
        for name, elbo, kl, distance, seeds in (
            ("VAE", "-1,001.0 ± 1.4", "8.5 ± 0.7", "905.0 ± 7.1", 2),
            ("InteL-VAE, one layer", "-1,012.0 ± 2.8", "8.5 ± 0.7", "955.0 ± 7.1", 2),
            ("InteL-VAE, residual", "-1,005.5", "8.0", "940.0", 1),
        )
    ]


def test_both_ends_of_a_hierarchy_are_tabled():
    keys = [f"class {what}, {where} level, %" for what in ("changed", "predicted") for where in ("highest", "lowest")]
    assert [list(line.values()) for line in analysis.ends(found())] == [
        ["VAE", "20", "20", "20", "20", 2, "1 of 10"],
        ["InteL-VAE, one layer", "50", "0", "50", "25", 0, "6 of 10"],
        ["InteL-VAE, residual", "10", "20", "20", "20", 3, "0 of 5"],
    ]
    assert list(analysis.ends(found())[0]) == ["model", *keys, "level that changes the class most", "levels off"]


def test_the_text_cites_what_levels_hold_and_change():
    assert analysis.cited(found()) == {
        "VAE-elbo": "-1,001.0", "one-layer-elbo": "-1,012.0", "residual-elbo": "-1,005.5",
        "VAE-told": "0 of 2", "one-layer-told": "1 of 2", "residual-told": "0 of 1",
        "VAE-off": "1 of 10", "one-layer-off": "6 of 10", "residual-off": "0 of 5",
        "kl-first": "8.50", "kl-rest": "0.30", "pixels-first": "0.050", "pixels-rest": "0.020",
        "held": "0.1", "whole": "8.50", "named": "80", "loses": "may lower the bound",
    }  # fmt: skip


class Triangular(nn.Module):
    """Two levels of two: z_0 = 2 y_0, z_1 = relu(3 y_0 + y_1), or with `leak` z_0 looks at y_1, too."""

    def __init__(self, leak=0.0):
        super().__init__()
        self.leak = leak

    def forward(self, y):
        first, second = y.chunk(2, -1)
        return torch.cat([2 * first + self.leak * second, (3 * first + second).relu()], -1)


def test_a_jacobian_is_seen_by_levels():
    y = torch.tensor([[1.0, 1.0, 1.0, 1.0], [-1.0, -1.0, 1.0, 1.0]])  # the second is cut off by the ReLU
    of = analysis.jacobian(Triangular(), y, levels=2)
    assert (of.above, of.zeros, of.volume_kept) == (0, 0.5, False)
    # means over two draws and over blocks of two by two, of which only the diagonals are not 0
    assert of.blocks.tolist() == [[1, 0], [0.75, 0.25]]
    assert analysis.jacobian(Triangular(0.5), y, levels=2).above == 0.5
    assert analysis.jacobian(nn.Identity(), y, levels=2).volume_kept
    assert analysis.jacobian(Hierarchy(50, levels=5, residual=True), torch.randn(4, 50)).volume_kept


# The figures


def with_levels():
    """Two mappings with three levels; "kl_50" is not a level's."""
    values = {"VAE": [(1.0, 2.0, 5.0), (4.0, 2.0, 11.0), (1.0, 2.0, 5.0)], "InteL-VAE": [(4.0, 0.5, 0.0)]}
    return results(
        *(
            result(
                name,
                seed=seed,
                metrics={f"{m}_{i}": v + more for m, more in (("kl", 0), ("change", 20)) for i, v in enumerate(of_run)}
                | {"kl_50": 99.0},
            )
            for name, runs in values.items()
            for seed, of_run in enumerate(runs)
        )
    )


def leveled(depth=3, bases=2):
    images = torch.arange(depth * bases * 9 * 6, dtype=torch.uint8).reshape(depth, bases, 9, 1, 2, 3)
    return result(kept={"traversals": images, "dimensions": torch.tensor([5, 0, 9])}), images


JACOBIANS = {
    name: analysis.Jacobian(0, 0, True, torch.tensor(blocks))
    for name, blocks in (("one layer", [[0.1, 0.0], [0.01, 0.05]]), ("residual", [[0.1, 0.0], [0.02, 0.1]]))
}
EXAMPLES = {  # of every figure of the chapter
    "graphical_model": figures.graphical_model,
    "jacobians": lambda: figures.jacobians(JACOBIANS),
    "level_numbers": lambda: figures.level_numbers(with_levels(), {"kl": "KL (nats)", "change": "changed"}),
    "level_traversals": lambda: figures.level_traversals(leveled()[0]),
}
EXPLORERS = {"level_explorer": lambda: figures.level_explorer(leveled()[0])}


def test_levels_have_a_panel_for_each_metric_with_runs_and_their_mean():
    figure = figures.level_numbers(with_levels(), {"kl": "KL (nats)", "change": "changed"})
    assert [(axis.get_xlabel(), axis.get_ylabel()) for axis in figure.axes] == [
        ("level", "KL (nats)"), ("level", "changed"),
    ]  # fmt: skip
    assert legend(figure) == {"VAE": BLUE, "InteL-VAE": ORANGE}
    for axis, more in zip(figure.axes, (0, 20), strict=True):
        assert lines(axis) == [
            (BLUE, [0, 1, 2], [2 + more, 2 + more, 7 + more]), (ORANGE, [0, 1, 2], [4 + more, 0.5 + more, more]),
        ]  # fmt: skip
        runs = {BLUE: [(1, 2, 5), (4, 2, 11), (1, 2, 5)], ORANGE: [(4, 0.5, 0)]}
        assert dots(axis) == {
            name: [[i, v + more] for values in all_ for i, v in enumerate(values)] for name, all_ in runs.items()
        }
        assert axis.get_xticks().tolist() == [0, 1, 2] and axis.get_ylim()[0] == 0


def test_jacobians_have_levels_of_z_as_rows_and_of_y_as_columns():
    axes = figures.jacobians(JACOBIANS).axes
    assert [axis.get_title() for axis in axes] == list(JACOBIANS)
    for axis, of in zip(axes, JACOBIANS.values(), strict=True):
        assert (axis.get_xlabel(), axis.get_ylabel()) == ("level of y", "level of z")
        (shown,) = axis.get_images()
        assert shown.origin == "upper"
        assert np.allclose(shown.get_array(), of.blocks.clamp(min=figures.FAINTEST))
    written = {text.get_position(): (text.get_text(), text.get_color()) for text in axes[0].texts}
    assert written == {
        (0, 0): ("0.1", "white"), (1, 0): ("0", "black"), (0, 1): ("0.01", "black"), (1, 1): ("0.05", "white"),
    }  # fmt: skip


def test_levels_are_traversed_highest_first_from_one_image():
    shown, images = leveled()
    for base in (0, 1):
        axes = figures.level_traversals(shown, base).axes
        assert [axis.get_ylabel() for axis in axes] == [
            "level 0\n(dimension 5)", "level 1\n(dimension 0)", "level 2\n(dimension 9)",
        ]  # fmt: skip
        for axis, of_level in zip(axes, images[:, base, :, 0], strict=True):
            assert np.array_equal(tiles(axis, 1, 9)[0], of_level)


def test_traversals_of_faces_are_in_colour():
    images = torch.randint(256, (1, 2, 9, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    (axis,) = figures.level_traversals(result(kept={"traversals": images, "dimensions": torch.tensor([5])})).axes
    assert np.array_equal(tiles(axis, 1, 9)[0], images[0, 0].permute(0, 2, 3, 1))


def test_the_explorer_of_levels_has_the_picture_that_its_labels_say():
    depth, count, steps = 5, 3, len(of_levels.VALUES)
    images = torch.arange(depth * count * steps, dtype=torch.uint8).reshape(depth, count, steps, 1, 1, 1)
    shown = figures.level_explorer(result(kept={"traversals": images}))
    assert shown.groups == ["1", "2", "3"] and shown.kind == "image"
    assert shown.dimensions == [["level 0", "level 1", "level 2", "level 3", "level 4"]] * count
    assert torch.equal(shown.images, images.transpose(0, 1))
    assert shown.values == [[of_levels.VALUES] * depth] * count
    assert shown.values[2][4][shown.start[2][4]] == 0.0  # the middle


def test_the_graphical_model_has_every_arrow_of_the_recursion():
    (axis,) = figures.graphical_model().axes
    named = {tuple(t.get_position()): t.get_text().strip("$") for t in axis.texts if t.get_text()}
    at = {place: f"{'yz'[place[1] == 1]}_." if name == "\\ldots" else name for place, name in named.items()}
    arrows = [a for a in axis.texts if isinstance(a, Annotation)]
    drawn = {(at[tuple(a.xyann)], at[tuple(a.xy)], a.arrowprops.get("linestyle", "-")) for a in arrows}
    columns = ("0", "1", ".", "N")  # "." are those between
    solid = {(f"y_{i}", f"z_{i}") for i in columns} | {(f"z_{i}", "x") for i in columns}
    solid |= {("z_0", "z_1"), ("z_1", "z_."), ("z_.", "z_N")}
    assert drawn == {(*each, "-") for each in solid} | {("x", "y_0", "--")} and len(arrows) == len(drawn)
    assert [tuple(node.get_xydata()[0]) for node in axis.lines] == [p for p, name in named.items() if name != "\\ldots"]
