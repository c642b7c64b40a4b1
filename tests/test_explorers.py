"""Figures that a reader moves: what is in them, without scripts too, and that they ask for nothing.

What their scripts do is in `tests/browser`.
"""

import base64
import io
import json
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from drawn import along, result, untrained, with_decoder
from PIL import Image

from intelvae.mappings import Circle
from intelvae.paper.datasets import Points
from intelvae.paper.explorers import DecoderExplorer, Explorer, LineExplorer, MappingExplorer, TradeOffExplorer
from intelvae.paper.explorers.decoder import SHOWN
from intelvae.paper.explorers.mapping import MAPPINGS, SAMPLES
from intelvae.paper.rows import INTEL, VAE
from intelvae.paper.statistics import measured

G, K, V = 2, 3, 4
IMAGES = torch.randint(0, 256, (G, K, V, 1, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
NAMES = {
    "groups": ["trouser & coat", "</script><b>"],
    "dimensions": [["3", "7", "18"]] * G,
    "values": [[[-1.0, -0.3333, 0.3333, 1.0]] * K] * G,
    "start": [[2, 0, 1]] * G,
}


def explorer(images=IMAGES, **changes) -> Explorer:
    return Explorer(images, **{**NAMES, **changes}, kind="class", alt="Clothes & shoes")


class _Page(HTMLParser):
    """The tags of a page as (name, attributes), those that are open at its end, and its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.script = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.script += data


def data_of(text):
    """What the script is given."""
    return json.loads(re.search(r"\}\)\(document\.getElementById\(\"[\w-]+\"\), (.*)\);\n", text)[1])


def trade_off(score=0.1, name="</script><b>") -> TradeOffExplorer:
    """Two rows of three seeds; the InteL-VAE's have no distance but one, and the VAE's first one keeps images."""
    found = [
        result(
            method.name,
            method=method,
            value=value,
            seed=seed,
            metrics={"score": score * (seed + 1), "distance": 1000.0 * seed if method == VAE or not seed else math.nan},
            kept={"images": IMAGES.flatten(0, 2)[:12]} if seed == 0 and method == VAE else {},
        )
        for method, value in ((INTEL, 3.0), (VAE, None), (INTEL, 1.0))
        for seed in range(3)
    ]
    measures = [("score < 1", measured("score")), ("distance", measured("distance"))]
    return TradeOffExplorer(found, measures, lambda row: f"{name} {row.value}")


def decoders(n=400) -> DecoderExplorer:
    return DecoderExplorer([found for found, _ in untrained()], n)


def line(*methods) -> LineExplorer:
    return LineExplorer(along(*(methods or (VAE, INTEL))))


KINDS = {
    "traversals": explorer, "mapping": MappingExplorer, "trade-off": trade_off, "decoder": decoders, "line": line,
}  # fmt: skip
OTHERS = {
    "decoder": lambda: decoders(10),
    "line": lambda: line(INTEL),
    "traversals": lambda: explorer(255 - IMAGES),
    "mapping": lambda: MappingExplorer(10),
    "trade-off": lambda: trade_off(0.2),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_control_has_a_label_and_names_are_its_own(kind):
    page = _Page(KINDS[kind]()._repr_html_())
    controls = [a["id"] for tag, a in page.tags if tag in ("input", "select")]
    labels = [a["for"] for tag, a in page.tags if tag == "label"]
    assert sorted(controls) == sorted(labels) and controls and not page.open
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(set(ids)) == len(ids) and all(name.startswith(ids[0]) for name in ids)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_fetched_nothing_breaks_out_and_it_is_small(kind):
    text = KINDS[kind]()._repr_html_()
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!\$|data:)", text) and "@NAME@" not in text
    tags = [tag for tag, _ in _Page(text).tags]
    assert tags.count("script") == 1 and tags.count("style") == 1 and "b" not in tags
    assert len(text) < 200_000


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_figure_is_the_same_text_and_two_figures_keep_apart(kind):
    first, again, other = (make()._repr_html_() for make in (KINDS[kind], KINDS[kind], OTHERS[kind]))
    assert first == again
    names = [re.search(r'id="(explorer-\w+)"', text)[1] for text in (first, other)]
    assert names[0] != names[1]


def test_the_sheet_holds_every_image_at_its_place():
    (source,) = [a["src"] for tag, a in _Page(explorer()._repr_html_()).tags if tag == "img"]
    sheet = torch.from_numpy(np.array(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))))[None]
    assert sheet.shape == (1, G * K * 8, V * 8)
    for g in range(G):
        for k in range(K):
            for v in range(V):
                row = g * K + k
                tile = sheet[:, row * 8 : (row + 1) * 8, v * 8 : (v + 1) * 8]
                assert torch.equal(tile, 255 - IMAGES[g, k, v])  # dark on light


def test_colours_stay_as_they_are():
    images = IMAGES.expand(-1, -1, -1, 3, -1, -1).contiguous()
    assert torch.equal(explorer(images).sheet()[:, :8, :8], images[0, 0, 0])


def test_every_control_has_a_label_and_the_picture_has_words():
    page = _Page(explorer()._repr_html_())
    assert len([tag for tag, _ in page.tags if tag in ("input", "select")]) == 3
    assert [a["alt"] for tag, a in page.tags if tag == "img"] == ["Clothes & shoes"]
    assert [a["max"] for tag, a in page.tags if tag == "input"] == [str(K - 1), str(V - 1)]


def test_without_scripts_the_whole_sheet_is_shown_and_no_dead_controls():
    page = _Page(explorer()._repr_html_())
    hidden = [a.get("class") for _, a in page.tags if "hidden" in a]
    assert hidden == ["controls", "view"]
    assert not any("hidden" in a for tag, a in page.tags if tag == "img")


def test_the_script_has_the_names_and_numbers():
    data = data_of(explorer()._repr_html_())
    assert data["groups"] == NAMES["groups"] and data["start"] == NAMES["start"]
    assert data["values"] == [[[-1.0, -0.33, 0.33, 1.0]] * K] * G and data["dimensions"] == NAMES["dimensions"]


def test_the_menu_has_the_groups_in_their_order_and_the_view_the_size_of_one_picture():
    text = explorer()._repr_html_()
    options = re.findall(r'<option value="(\d+)">(.*?)</option>', text)
    assert options == [("0", "trouser &amp; coat"), ("1", "&lt;/script&gt;&lt;b&gt;")] and ">class</label>" in text
    (view,) = re.findall(r"\.view \{ width: (\d+)px; height: (\d+)px;", text)
    (sheet,) = re.findall(r"background-size: (\d+)px (\d+)px", text)
    assert tuple(map(int, view)) == (224, 224) and tuple(map(int, sheet)) == (224 * V, 224 * G * K)
    assert data_of(text)["size"] == [224, 224]


@pytest.mark.parametrize(
    ("images", "changes"),
    [
        (IMAGES[:1], {}),
        (IMAGES[:, :1], {}),
        (IMAGES[:, :, :2], {}),
        (IMAGES[:, :, :1], {"values": [[[0.0]] * K] * G}),  # nothing to move
        (IMAGES, {"start": [[0, 0]] * G}),
    ],
)
def test_what_does_not_go_together_gets_one_clear_line(images, changes):
    with pytest.raises(ValueError, match=r"images .* need"):
        explorer(images, **changes)


def dots(text, plane):
    """The points that a plane shows without scripts, (N, 2)."""
    (drawn,) = re.findall(rf'<svg class="{plane}".*?</svg>', text, re.DOTALL)
    return torch.tensor([list(map(float, pair)) for pair in re.findall(r"M(\S+) (\S+?)h0", drawn)], dtype=torch.float64)


def test_without_scripts_the_planes_show_the_cloud_and_where_the_first_mapping_takes_it():
    text = MappingExplorer()._repr_html_()
    y, z = dots(text, "y"), dots(text, "z")
    assert y.shape == z.shape == (600, 2) and y.mean(0).abs().max() < 0.15 and (y.std(0) - 1).abs().max() < 0.1
    assert (z - Circle()(y)).abs().max() < 1e-3
    assert 'class="controls" hidden' in text and text.count("axes to ±<span>1.25</span>") == 1


def test_points_of_one_shade_have_one_angle():
    text = MappingExplorer()._repr_html_()
    for hue, drawn in re.findall(r'hsl\((\d+) 70% 50%\)" d="(.*?)"', text.split('class="z"')[0]):
        y = torch.tensor([list(map(float, pair)) for pair in re.findall(r"M(\S+) (\S+?)h0", drawn)])
        angle = torch.atan2(y[:, 1], y[:, 0]).rad2deg() % 360
        assert angle.min() >= int(hue) - 0.1 and angle.max() <= int(hue) + 15.1


def test_the_menu_has_every_mapping_with_its_formula_and_sliders_that_its_library_takes():
    text = MappingExplorer()._repr_html_()
    assert re.findall(r'<option value="(\w+)">', text) == list(MAPPINGS)
    assert re.findall(r'class="formula" data-of="(\w+)"', text) == list(MAPPINGS)
    y = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    for shown in MAPPINGS.values():
        for at in ("low", "high", "start"):
            z = shown.made(**{c.name: getattr(c, at) for c in shown.constants})(y)
            assert z.shape == (5, 2) and z.isfinite().all()
        assert all(c.low <= c.start <= c.high for c in shown.constants)
    assert len(data_of(text)["noise"]) == SAMPLES


def test_the_sparse_mapping_opens_the_gate_of_the_larger_dimension():
    g = MAPPINGS["sparse"].made(s=2.0, floor=0.2)
    y = torch.tensor([[-3.0, 1.0], [1.0, 3.0]])
    small = 0.2 + 0.8 * torch.sigmoid(torch.tensor(-4.0))
    large = 0.2 + 0.8 * torch.sigmoid(torch.tensor(4.0))
    assert torch.allclose(g.gates(y), torch.stack([torch.stack([large, small]), torch.stack([small, large])]))


def test_the_table_has_means_and_deviations_in_the_order_of_methods_and_values():
    table = trade_off(name="row").table()
    assert table.columns.tolist() == ["row", "score < 1", "distance", "seeds"]
    assert table.to_numpy().tolist() == [
        ["row 1.0", "0.200 ± 0.100", "0", 3],
        ["row 3.0", "0.200 ± 0.100", "0", 3],
        ["row None", "0.200 ± 0.100", "1,000 ± 1,000", 3],
    ]
    assert repr(trade_off(name="row")) == table.to_string(index=False)


def test_points_have_their_methods_look_bars_and_samples():
    text = trade_off()._repr_html_()
    data = data_of(text)
    assert [p["bars"] for p in data["points"]] == [
        [pytest.approx([0.2, 0.1]), [0.0, 0.0]],
        [pytest.approx([0.2, 0.1]), [0.0, 0.0]],
        [pytest.approx([0.2, 0.1]), [1000.0, 1000.0]],
    ]
    assert [p["tile"] for p in data["points"]] == [None, None, 0] and data["height"] == 40
    assert [data["methods"][p["method"]]["color"] for p in data["points"]] == [INTEL.color, INTEL.color, VAE.color]
    assert data["methods"][0]["mark"] == "M-0.5 -0.5L0.5 -0.5L0.5 0.5L-0.5 0.5Z"  # a square
    (strip,) = re.findall(r"url\(data:image/png;base64,(.*?)\)", text)
    shown = torch.from_numpy(np.array(Image.open(io.BytesIO(base64.b64decode(strip)))))
    assert torch.equal(shown, torch.cat(list(255 - IMAGES.flatten(0, 2)[:8, 0]), 1))


def test_without_scripts_there_is_the_table_and_no_dead_controls():
    page = _Page(trade_off()._repr_html_())
    assert [a.get("class") for _, a in page.tags if "hidden" in a] == ["controls", "plot"]
    assert [a for tag, a in page.tags if tag == "details"] == [{"open": None}]


def test_rows_without_any_value_or_image_are_no_error():
    found = [result("VAE", metrics={"a": math.nan, "b": math.nan})]
    explorer = TradeOffExplorer(found, [(name, measured(name)) for name in "ab"])
    assert data_of(explorer._repr_html_())["points"][0]["bars"] == [None, None]
    with pytest.raises(ValueError, match="two measures or more, not 1"):
        TradeOffExplorer(found, [("a", measured("a"))])


def test_without_scripts_the_planes_show_the_first_decoder_on_its_data():
    _, model = untrained()[0]
    text = decoders()._repr_html_()
    y, z, x = dots(text, "y"), dots(text, "z"), dots(text, "x")
    assert y.shape == z.shape == (400, 2) and torch.equal(y, z) and 'class="controls" hidden' in text  # a VAE
    data, means = x[:SHOWN], x[SHOWN:]
    assert (data - Points("circle").test[:SHOWN]).abs().max() < 1e-3
    with torch.no_grad():
        torch.testing.assert_close(means, model.decode(y.float()).mean.double(), rtol=0, atol=1e-3)  # three digits


@pytest.mark.parametrize("i", range(5))
def test_what_is_drawn_of_a_decoder_is_what_the_model_decodes(i):
    found, model = untrained()[i]
    explorer = DecoderExplorer([found])
    z, x = explorer.images(found)
    with torch.no_grad():
        torch.testing.assert_close(z, model.mapping.double()(explorer.y))
        torch.testing.assert_close(x, model.double().decode(explorer.y).mean.double(), rtol=1e-5, atol=1e-5)  # float32


def test_the_script_of_decoders_has_their_numbers_and_axes_for_all_models_of_the_data():
    data = data_of(decoders()._repr_html_())
    assert [(m["data"], m["map"]) for m in data["models"]] == [
        ("circle", "identity"), ("circle", "circle"), ("infinity", "identity"), ("infinity", "glue"),
        ("mixture", "clusters"),
    ]  # fmt: skip
    assert data["models"][4]["constants"] == {"k": 2, "c1": 5.0, "c2": 0.2}
    assert [len(m["layers"]) for m in data["models"]] == [4, 4, 3, 4, 4]
    assert data["models"][0]["stddev"] == pytest.approx([1.0, 1.0])
    every = decoders()
    for found, _ in untrained():
        assert every.images(found)[1].abs().max() <= data["reach"][found.training.data]


def test_no_decoder_and_a_mapping_that_the_script_lacks_get_one_line():
    with pytest.raises(ValueError, match="no decoder to show"):
        DecoderExplorer([])
    with pytest.raises(ValueError, match="no mapping 'sparse'"):
        DecoderExplorer([with_decoder(INTEL, "sparse", mapping="sparse")[0]])


def test_the_line_has_all_images_a_row_a_model_small_ones_in_the_middle():
    page = _Page(line()._repr_html_())
    (source,) = [a["src"] for tag, a in page.tags if tag == "img"]
    shown = 255 - np.array(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))).reshape(4, 12, 13, 12)
    greys = 2 * np.arange(4 * 13).reshape(4, 1, 13, 1)
    assert (shown[:2] == greys[:2]).all() and (shown[2:, 2:10, :, 2:10] == greys[2:]).all()
    assert (shown[2:, :2] == 0).all() and (shown[2:, :, :, 10:] == 0).all()
    assert [a.get("class") for _, a in page.tags if "hidden" in a] == ["controls", "views"]


def test_the_line_knows_where_each_mapping_takes_y_and_how_probable_it_is():
    data = data_of(line()._repr_html_())
    assert data["y"] == [-3 + i / 2 for i in range(13)] and data["z"][0] == data["z"][2] == data["y"]
    assert data["z"][1][6] == 0 and data["z"][1][7] == pytest.approx(0.5 + 5 * 0.5**0.2, abs=0.006)
    assert data["density"][7] == pytest.approx(0.352, abs=0.001) and data["names"] == ["VAE", "InteL-VAE"]


def test_a_network_that_lacks_a_model_is_left_out():
    *rest, last = along(VAE, INTEL)
    assert LineExplorer(rest).networks == ["mathieu"] and LineExplorer([*rest, last]).networks == ["mathieu", "authors"]
    with pytest.raises(ValueError, match="no network with all models"):
        LineExplorer([])
