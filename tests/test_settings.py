"""What page 90 says that this book trains with, against grids and networks whose settings are known."""

from intelvae import networks
from intelvae.paper import settings, studies


def test_what_is_used_is_read_from_the_grid_of_each_profile():
    laptop = settings.used("sparsity", "laptop")
    assert laptop == {
        "training examples": "55,000",
        "input": "grey 32x32",
        "latent dimensions": "50",
        "batch size": "100",
        "optimiser": "Adam",
        "learning rate": "0.001",
        "epochs": "10",
        "repeats": "3",
        "likelihood": "gaussian",
    }
    smoke = settings.used("sparsity", "smoke")
    assert (smoke["batch size"], smoke["epochs"], smoke["repeats"]) == ("25", "1 of 10 steps", "1")
    toys = settings.used("connectivity", "laptop")
    assert (toys["input"], toys["training examples"], toys["epochs"]) == ("R²", "unlimited", "20 of 1000 steps")
    assert settings.used("table4", "laptop")["input"] == "RGB 64x64"
    assert settings.used("multi-modality", "laptop")["likelihood"] == "gaussian, bernoulli"


def test_table_c1_has_the_paper_and_every_profile_side_by_side():
    table = settings.table_c1()
    assert (
        list(settings.COLUMNS_OF_C1) == list(settings.TABLE_C1) == list(dict.fromkeys(table.index.get_level_values(0)))
    )
    assert list(table) == ["in the paper", *studies.PROFILES] and len(table) == 5 * 9
    assert table.loc[("sparsity", "latent dimensions")].tolist() == ["50"] * 4
    first, sparsity = (table.loc[name, "in the paper"] for name in ("table1", "sparsity"))
    assert first.drop("repeats").tolist() == sparsity.drop("repeats").tolist()
    assert (first["repeats"], sparsity["repeats"]) == ("10 (Table 1)", "not given")
    assert table.loc[("table4", "training examples"), "in the paper"] == "163k"
    assert not table.isna().any(axis=None)


def test_a_training_that_two_rows_share_is_one_run(monkeypatch):
    shared = studies.runs("mismatch", "smoke", [0, 1])
    monkeypatch.setattr(studies, "runs", lambda experiment, profile: [*shared, shared[0]])
    assert settings.number_of_runs("mismatch", "smoke") == len(shared)


def test_the_table_of_runs_has_every_experiment_at_every_profile(monkeypatch):
    monkeypatch.setattr(studies, "NAMES", ("framework", "mismatch"))
    table = settings.table_of_runs()
    assert table.loc["framework"].to_dict() == {"smoke": 1, "laptop": 1, "paper": 1}
    assert table.loc["mismatch"].to_dict() == {p: settings.number_of_runs("mismatch", p) for p in studies.PROFILES}


def test_table_c2_counts_the_parameters_of_every_network():
    table = settings.table_c2()
    assert set(table.index) == {"mlp", *networks.IMAGE_SIZE}
    # three hidden layers of ten units: 2 -> 10 -> 10 -> 10 and two heads of 2, and back to 2
    hidden = 3 * 10 + 2 * 11 * 10
    assert table.loc["mlp", ["encoder", "decoder"]].tolist() == [str(hidden + 2 * 11 * 2), str(hidden + 11 * 2)]
