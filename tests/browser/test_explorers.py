"""What a reader moves in the book, in a real browser: it shows what the library computes, by mouse, touch and keys."""

import io
import re

import pytest
import torch
from drawn import along, result, untrained
from PIL import Image
from playwright.sync_api import expect

from intelvae.paper.datasets import Points
from intelvae.paper.explorers import DecoderExplorer, Explorer, LineExplorer, MappingExplorer, TradeOffExplorer
from intelvae.paper.explorers.mapping import MAPPINGS
from intelvae.paper.rows import INTEL, VAE
from intelvae.paper.statistics import measured

SIZES = {"width": 1280, "height": 900}
CHOICES = [
    *((name, {c.name: c.start for c in shown.constants}) for name, shown in MAPPINGS.items()),
    ("circle", {"log_eps": -0.5}),
    ("glue", {"h": 5}),
    ("clusters", {"k": 2, "c1": 8, "c2": 0.1}),
    ("clusters", {"k": 7, "c1": 0.5, "c2": 1}),
    ("sparse", {"s": 20, "floor": 0.2}),
    ("hierarchy", {"w": -1.25, "b": 0.5}),
]


@pytest.fixture
def show(page):
    """Puts explorers on an empty page; at the end, nothing may have gone wrong there."""

    def shown(*explorers):
        page.set_viewport_size(SIZES)
        page.set_content("<!doctype html>" + "".join(e._repr_html_() for e in explorers))
        page.wait_for_function("document.readyState === 'complete'")  # on a busy machine scripts may still be to run
        return page

    yield shown
    assert page.faults == []


def set_to(page, mapping, constants):
    page.locator("select").select_option(mapping)
    for name, value in constants.items():
        page.locator(f"[data-of={mapping}] [name={name}]").fill(f"{value:g}")


def points(page, plane, what=".cloud path"):
    """Where the dots of a plane are, (N, 2)."""
    drawn = page.locator(f"svg.{plane} {what}").evaluate_all("all => all.map(e => e.getAttribute('d')).join('')")
    return torch.tensor(
        [[float(x) for x in pair] for pair in re.findall(r"M(\S+?) (\S+?)h0", drawn)], dtype=torch.float64
    )


def reading(page):
    """The numbers under the planes: the Gaussian's mean and its image."""
    return [float(x) for x in re.findall(r"-?[\d.]+", page.locator(".reading").text_content())]


@pytest.fixture(scope="module")
def thousand():
    return MappingExplorer(1000)


@pytest.mark.parametrize(("mapping", "constants"), CHOICES, ids=lambda of: of if isinstance(of, str) else "")
def test_a_mapping_takes_points_where_the_librarys_does(show, thousand, mapping, constants):
    page = show(thousand)
    set_to(page, mapping, constants)
    expect(page.locator(".formula:visible")).to_have_text(MAPPINGS[mapping].formula)
    g = MAPPINGS[mapping].made(**constants).double()
    for what, n in ((".cloud path", 1000), (".samples", 200)):
        y, z = points(page, "y", what), points(page, "z", what)
        assert y.shape == z.shape == (n, 2)
        torch.testing.assert_close(z, g(y).detach(), rtol=0, atol=1e-5)
    reach = float(page.locator(".z + figcaption span").text_content())
    assert points(page, "z").abs().max() < reach
    assert page.locator("svg.z").get_attribute("viewBox").split()[2] == f"{2 * reach:g}"


def test_the_mouse_drags_the_gaussian_and_a_click_places_it(show):
    page = show(MappingExplorer())
    assert reading(page)[:2] == [0.8, 0.1]
    set_to(page, "clusters", {})
    page.locator("[name=width]").fill("0")
    box, at = page.locator("svg.y").bounding_box(), page.locator("circle.centre").bounding_box()
    unit = box["width"] / 8  # pixels

    def place(y1, y2):
        return box["x"] + (4 + y1) * unit, box["y"] + (4 - y2) * unit

    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    page.mouse.down()
    page.mouse.move(*place(0, 1), steps=3)
    page.mouse.move(*place(-2, -1))
    page.mouse.up()
    page.mouse.move(*place(3, 3))  # lets it be
    mu = points(page, "y", ".samples")
    assert mu.shape == (200, 2) and torch.equal(mu, mu[:1].expand(200, 2))  # a point: the width is 0
    torch.testing.assert_close(mu[0], torch.tensor([-2.0, -1.0], dtype=torch.float64), atol=0.05, rtol=0)
    z = MAPPINGS["clusters"].made(5, 5, 0.2).double()(mu[0]).detach()
    assert reading(page) == pytest.approx([*mu[0].tolist(), *z.tolist()], abs=0.006)
    page.mouse.click(*place(1, 2))
    assert reading(page)[:2] == pytest.approx([1, 2], abs=0.05)


@pytest.mark.parametrize(("kind", "y1", "y2"), [("mapping", 0.8, 0.1), ("decoder", 0.05, 0.95)])
def test_a_finger_drags_the_dot_and_not_the_page(show, decoders, kind, y1, y2):
    page = show({"mapping": MappingExplorer(), "decoder": decoders}[kind])
    page.set_viewport_size({"width": 390, "height": 500})  # the page can scroll
    page.locator("svg.y").scroll_into_view_if_needed()
    at, before = page.locator("circle.centre").bounding_box(), page.evaluate("scrollY")
    x, y, fingers = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2, page.context.new_cdp_session(page)
    for kind, down in (("touchStart", 0), ("touchMove", 30), ("touchMove", 68)):
        points = [{"x": x, "y": y + down}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert reading(page)[:2] == pytest.approx(
        [y1, y2 - 68 * 8 / page.locator("svg.y").bounding_box()["width"]], abs=0.1
    )
    assert page.evaluate("scrollY") == before


def test_arrow_keys_move_the_gaussian_and_leave_the_page(show):
    page = show(MappingExplorer())
    set_to(page, "hierarchy", {})
    dot = page.locator("circle.centre")
    before = dot.evaluate("e => getComputedStyle(e).stroke")
    dot.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    style = dot.evaluate("e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).stroke]")
    assert style[0] == "none" and style[1] != before  # focus shows, and an outline, in units of y, would hide the plane
    assert reading(page) == [0.7, 0.3, 0.7, 1.0]  # z_2 = y_1 + y_2
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert reading(page) == [0.8, 0.2, 0.8, 1.0]
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    assert reading(page)[0] == 3.5  # not out of sight
    assert page.evaluate("scrollY") == 0
    assert page.locator("circle.centre").get_attribute("aria-valuetext") == page.locator(".reading").text_content()


def test_a_gaussian_across_a_border_is_torn(show):
    page = show(MappingExplorer())
    set_to(page, "clusters", {"k": 2})
    z = points(page, "z", ".samples")[:, 1]  # the border is the axis of y_1
    assert z.abs().min() > 0.5 and 20 < (z > 0).sum() < 180


def test_two_on_a_page_keep_apart(show):
    page = show(MappingExplorer(), MappingExplorer(50))
    page.locator("select").nth(1).select_option("sparse")
    assert page.locator(".formula:visible").all_text_contents() == [MAPPINGS[m].formula for m in ("circle", "sparse")]


def test_sliders_show_the_picture_that_they_say(show):
    images = torch.zeros(2, 1, 3, 1, 8, 8, dtype=torch.uint8)
    values = [[[-1.0, 0.0, 1.0]]] * 2
    page = show(Explorer(images, ["a", "b"], [["4"]] * 2, values, [[1]] * 2, kind="class", alt="Nothing."))
    view = page.locator(".view")
    expect(view).to_have_attribute("aria-label", "a, dimension 4 at 0.00")
    page.locator("select").select_option("b")
    page.locator("input").nth(1).press("ArrowRight")
    expect(view).to_have_attribute("aria-label", "b, dimension 4 at 1.00")
    assert view.evaluate("e => e.style.backgroundPosition") == "-448px -224px"


@pytest.fixture(scope="module")
def models():
    """Untrained models of points in the plane, and results that keep their decoders."""
    return untrained()


@pytest.fixture(scope="module")
def decoders(models):
    return DecoderExplorer([found for found, _ in models], 1000)


def decoded(model, y):
    """z = g(y), and the mean and standard deviation of p(x|z)."""
    with torch.no_grad():
        p = model.double().decode(y)
        return model.mapping(y), p.mean.double(), p.stddev[0].double()


@pytest.mark.parametrize("i", range(5))
def test_the_browser_decodes_what_pytorch_decodes(show, models, decoders, i):
    """Its weights have six digits, whose errors add up over four layers and grow where terms cancel: 1e-4 is enough."""
    found, model = models[i]
    page = show(decoders)
    page.locator("[name=data]").select_option(found.training.data)
    page.locator("[name=model]").select_option(found.row.method.name)
    expect(page.locator("[name=model]")).to_have_value(found.row.method.name)  # also where the other model is missing
    y, z, x = (points(page, plane) for plane in "yzx")
    assert y.shape == z.shape == x.shape == (1000, 2) and x.std(0).min() > 0.1
    of_z, of_x, _ = decoded(model, y)
    torch.testing.assert_close(z, of_z, rtol=0, atol=1e-5)
    torch.testing.assert_close(x, of_x, rtol=1e-4, atol=1e-4 * of_x.abs().max().item())
    shown = points(page, "x", ".data")
    assert shown.shape == (400, 2) and (shown - Points(found.training.data).test[:400]).abs().max() < 1e-3


def test_y_is_dragged_by_mouse_and_keys_through_a_decoder(show, models, decoders):
    page = show(decoders)
    assert reading(page)[:2] == [0.05, 0.95]

    def check(y, model):
        z, x, sd = decoded(model, torch.tensor([y], dtype=torch.float64))
        assert reading(page) == pytest.approx([*y, *z[0].tolist(), *x[0].tolist(), *sd.tolist()], abs=0.0051)
        ellipse = page.locator(".x .spread")
        at = [float(ellipse.get_attribute(name)) for name in ("cx", "cy", "rx", "ry")]
        assert at == pytest.approx([*x[0].tolist(), *(2 * sd).tolist()], abs=1e-3)
        torch.testing.assert_close(points(page, "x", "path.centre"), x, rtol=0, atol=1e-3)

    page.locator("circle.centre").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    check([0.15, 0.75], models[0][1])
    page.locator("[name=model]").select_option("InteL-VAE")  # y stays
    check([0.15, 0.75], models[1][1])
    box = page.locator("svg.y").bounding_box()
    centre = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    dot = page.locator("circle.centre").bounding_box()
    page.mouse.move(dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2)
    page.mouse.down()
    page.mouse.move(*centre, steps=2)
    page.mouse.move(centre[0] - box["width"] / 8, centre[1], steps=2)
    page.mouse.up()
    assert reading(page)[:2] == pytest.approx([-1, 0], abs=0.05)
    assert reading(page)[2:4] == pytest.approx([-1, 0], abs=0.05)  # across the hole, on the other side of the circle


def test_the_line_shows_the_images_of_its_network_and_y(show):
    page = show(LineExplorer(along(VAE, INTEL)))
    slider, views = page.locator("input"), page.locator(".view")
    expect(page.locator("img")).to_be_hidden()
    slider.fill("6")
    slider.press("ArrowRight")
    expect(page.locator("output")).to_have_text("0.5, p(y) = 0.35")
    expect(slider).to_have_attribute("aria-valuetext", "0.5")
    assert page.locator(".at").get_attribute("d") == "M280 0V90"
    assert page.locator("figcaption span").all_text_contents() == ["z = 0.50", "z = 4.85"]
    for network in (0, 1):
        page.locator("select").select_option(str(network))
        for k, (view, name) in enumerate(zip(views.all(), ("VAE", "InteL-VAE"), strict=True)):
            expect(view).to_have_attribute("aria-label", f"{name} at y = 0.5")
            box, grey = view.bounding_box(), 2 * (13 * (2 * network + k) + 7)
            shot = Image.open(io.BytesIO(page.screenshot(clip={**box}))).convert("L")
            assert abs(shot.getpixel((80, 80)) - (255 - grey)) <= 1  # in the middle


def test_the_slider_lies_below_its_place_on_the_curve(show):
    page = show(LineExplorer(along(VAE, INTEL)))
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        curve, slider = page.locator("svg").bounding_box(), page.locator("input").bounding_box()
        assert (curve["x"], curve["width"]) == pytest.approx((slider["x"] + 8, slider["width"] - 16), abs=0.5)
        assert curve["y"] + curve["height"] <= slider["y"]


@pytest.mark.parametrize("kind", ["decoder", "line"])
def test_models_to_move_fit_a_telephone(show, decoders, kind):
    page = show({"decoder": decoders, "line": LineExplorer(along(VAE, INTEL))}[kind])
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    top, bottom = (
        page.locator({"decoder": what, "line": other}[kind]).first.bounding_box()
        for what, other in (("svg.y", "input"), ("svg.x", ".view"))
    )
    assert bottom["y"] + bottom["height"] - top["y"] < 600  # both in sight


@pytest.fixture
def trade_off():
    """Four rows, of which the first two keep images; the distance is missing in the last."""
    rows = [
        ("VAE", VAE, None, (0.2, 40.0)),
        ("weak", INTEL, 1.0, (0.5, 50.0)),
        ("strong", INTEL, 10.0, (0.9, 1500.0)),
        ("lacking", INTEL, 30.0, (0.6, float("nan"))),
    ]
    image = torch.zeros(12, 1, 8, 8, dtype=torch.uint8)
    found = [
        result(
            name,
            method=method,
            value=value,
            seed=seed,
            metrics={"score": score + 0.01 * seed, "distance": distance},
            kept={"images": image} if seed == 0 and score < 0.55 else {},
        )
        for name, method, value, (score, distance) in rows
        for seed in (0, 1, 2)
    ]
    return TradeOffExplorer(found, [(name, measured(name)) for name in ("score", "distance")])


def chosen(page):
    return page.locator("[aria-selected=true]").get_attribute("aria-label")


def test_a_point_is_chosen_by_pointer_focus_and_arrow_keys(show, trade_off):
    page = show(trade_off)
    options, strip = page.locator("[role=option]"), page.locator(".samples")
    expect(options).to_have_count(3)  # the last row has no distance
    assert chosen(page) == "VAE: score 0.210 ± 0.010; distance 40 ± 0"
    options.nth(2).hover()
    assert chosen(page) == "strong: score 0.910 ± 0.010; distance 1,500 ± 0"
    expect(strip).to_be_hidden()
    options.nth(0).focus()
    page.keyboard.press("ArrowRight")
    assert chosen(page).startswith("weak:")
    expect(strip).to_be_visible()
    assert strip.evaluate("e => getComputedStyle(e).backgroundPositionY") == "-40px"  # tiles of 8, five times as large
    expect(page.locator(".reading")).to_have_text("weakscore 0.510 ± 0.010; distance 50 ± 0")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")  # none farther
    assert chosen(page).startswith("strong:")


def test_axes_are_what_the_menus_say_and_logarithmic_where_numbers_are_far_apart(show, trade_off):
    page = show(trade_off)
    texts = page.locator(".plot > svg text")
    expect(texts.last).to_have_text("distance")  # waits until the plot is drawn
    assert texts.all_text_contents()[-2:] == ["score", "distance"] and {"200", "1,000"} < {*texts.all_text_contents()}
    places = [box["y"] + box["height"] / 2 for box in (e.bounding_box() for e in page.locator(".ring").all())]
    assert (places[0] - places[1]) / (places[0] - places[2]) == pytest.approx(0.0616, abs=0.02)  # log(5/4) / log(37.5)
    page.locator("select").nth(1).select_option("score")
    expect(page.locator("[role=option]")).to_have_count(4)
    assert texts.all_text_contents()[-2:] == ["score", "score"]


def test_points_fit_a_telephone_and_the_table_is_folded(show, trade_off):
    page = show(trade_off)
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator("table")).to_be_hidden()
    boxes = "[...document.querySelectorAll('.ring')].map(e => e.getBoundingClientRect())"
    page.wait_for_function(f"{boxes}.length === 3 && {boxes}.every(b => b.left >= 0 && b.right <= 390)")  # drawn anew
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
