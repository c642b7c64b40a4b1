"""The figure with sliders: its pixels, its labels, what it does without scripts, and that it asks for nothing."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from PIL import Image

from intelvae.paper.explorers import Explorer

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
    controls = [a["id"] for tag, a in page.tags if tag in ("input", "select")]
    labels = [a["for"] for tag, a in page.tags if tag == "label"]
    assert sorted(controls) == sorted(labels) and len(controls) == 3 and not page.open
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(set(ids)) == len(ids)
    assert [a["alt"] for tag, a in page.tags if tag == "img"] == ["Clothes & shoes"]
    assert [a["max"] for tag, a in page.tags if tag == "input"] == [str(K - 1), str(V - 1)]


def test_without_scripts_the_whole_sheet_is_shown_and_no_dead_controls():
    page = _Page(explorer()._repr_html_())
    hidden = [a.get("class") for _, a in page.tags if "hidden" in a]
    assert hidden == ["controls", "view"]
    assert not any("hidden" in a for tag, a in page.tags if tag == "img")


def test_nothing_is_fetched_and_names_cannot_break_out_of_the_script():
    text = explorer()._repr_html_()
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!\$)", text) and "@" not in text
    page = _Page(text)
    assert [tag for tag, _ in page.tags].count("script") == 1 and "b" not in [tag for tag, _ in page.tags]
    data = json.loads(re.search(r"const data = (.*);", page.script)[1])
    assert data["groups"] == NAMES["groups"] and data["start"] == NAMES["start"]
    assert data["values"] == [[[-1.0, -0.33, 0.33, 1.0]] * K] * G and data["dimensions"] == NAMES["dimensions"]


def test_the_menu_has_the_groups_in_their_order_and_the_view_the_size_of_one_picture():
    text = explorer()._repr_html_()
    options = re.findall(r'<option value="(\d+)">(.*?)</option>', text)
    assert options == [("0", "trouser &amp; coat"), ("1", "&lt;/script&gt;&lt;b&gt;")] and ">class</label>" in text
    (view,) = re.findall(r"\.view \{ width: (\d+)px; height: (\d+)px;", text)
    (sheet,) = re.findall(r"background-size: (\d+)px (\d+)px", text)
    assert tuple(map(int, view)) == (224, 224) and tuple(map(int, sheet)) == (224 * V, 224 * G * K)
    assert "backgroundPosition = `${-v * 224}px ${-row * 224}px`" in text


def test_the_same_figure_is_the_same_text_and_two_figures_keep_apart():
    first, again = explorer()._repr_html_(), explorer()._repr_html_()
    other = explorer(255 - IMAGES)._repr_html_()
    assert first == again
    names = [re.search(r'id="(explorer-\w+)"', text)[1] for text in (first, other)]
    assert names[0] != names[1]


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
