"""The built book in a real browser without a network: formulas and pictures show, nothing fails, search finds.

It looks at what `intelvae book --site` has built last; `make test` does one after the other.
"""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = sorted([*SITE.glob("book/*.html"), *SITE.glob("[!i]*.html")])  # without index.html, which leads to the first
assert PAGES, "there is no built book: run `intelvae book --site`"

# what a reader would see to be wrong, once MathJax is done and the pictures, folded ones too, are decoded
WRONG = r"""async () => {
  await window.MathJax?.startup?.promise
  const formulas = [...document.querySelectorAll('.math:not(:has(mjx-container)), mjx-merror')]

  const texts = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) texts.push(walk.currentNode)
  const prose = texts.filter(text => !text.parentElement.closest('pre, code, script'))
  const raw = prose.filter(text => /\\[([]|\\begin|\$.*\$/.test(text.data))

  const broken = []
  for (const image of document.images) {
    image.loading = 'eager'
    await image.decode().catch(() => broken.push(image.src))
  }
  return [...formulas.map(e => e.outerHTML), ...raw.map(text => text.data), ...broken]
}"""

# a figure has a tab stop exactly if it scrolls, and its caption fits the screen
ALL_FIGURES_REACHABLE = """() => [...document.querySelectorAll('.cell_output > figure')].every(figure =>
  (figure.scrollWidth > figure.clientWidth) === (figure.tabIndex === 0)
  && !(figure.querySelector('figcaption')?.clientWidth > figure.clientWidth))"""

# verdicts that a line ends with while the next one begins with what closes them
TORN = r"""() => [...document.querySelectorAll('.verdict')].filter(verdict => {
  if (!/^[.,;:)]/.test(verdict.nextSibling?.data ?? '')) return false
  const mark = document.createRange()
  mark.setStart(verdict.nextSibling, 0)
  mark.setEnd(verdict.nextSibling, 1)
  const at = mark.getBoundingClientRect()
  return at.height > 0 && at.left < verdict.getBoundingClientRect().right - 2
}).map(verdict => verdict.parentElement.textContent)"""


@pytest.fixture
def address():
    """The book on a server of this machine: a browser that has opened a file may not read others, as search does."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_shows_all_it_has_without_a_network(page, path):
    page.goto(path.as_uri())
    assert page.evaluate(WRONG) == []
    assert page.faults == []
    assert page.locator("mjx-container").count() == path.read_text(encoding="utf-8").count('class="math ')


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_fits_a_telephone(page, path):
    """What is wider scrolls within its own box, and the page does not."""
    wide = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path.as_uri())
    page.evaluate("() => window.MathJax?.startup?.promise")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.wait_for_function(ALL_FIGURES_REACHABLE)
    assert page.evaluate(TORN) == []
    page.set_viewport_size(wide)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["intro", "07_proportions", "08_sparsity", "api_mappings"])
def test_those_who_see_or_hear_it_otherwise_can_use_a_page(page, name, scheme):
    """One page of each kind: contrast, names of controls, headings of tables, and what else WCAG 2.1 AA asks for."""
    page.emulate_media(color_scheme=scheme)
    page.goto((SITE / "book" / f"{name}.html").as_uri())
    # colours change within a moment, and half way their contrast is none
    page.wait_for_function("document.getAnimations().every(each => each.playState !== 'running')")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    page.emulate_media(color_scheme="light")


def test_the_index_leads_to_the_first_page(page):
    page.goto((SITE / "index.html").as_uri())
    page.wait_for_url("**/book/intro.html")
    assert page.faults == []


@pytest.mark.parametrize("word", ["Sylvester", "SectorProduct"])
def test_search_leads_to_a_page_that_has_the_word(page, address, word):
    page.goto(f"{address}/search.html")
    page.locator("main input[name=q]").fill(word)
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.click()
    page.wait_for_url("**/book/*.html*")
    expect(page.locator("main")).to_contain_text(word)
    assert page.faults == []


def verdict_of(tile):
    return tile.get_attribute("aria-label").split(":")[0]


def test_the_dashboard_has_a_tile_a_claim_and_tells_of_each_by_mouse_and_by_keyboard(page):
    page.goto((SITE / "book" / "intro.html").as_uri())
    dashboard = page.locator(".dashboard")
    tiles, panel = dashboard.locator("button.tile"), dashboard.locator(".panel")
    rows = dashboard.locator("tbody tr")
    assert tiles.count() == rows.count() > 100
    tiles.nth(3).hover()
    said = rows.nth(3).locator("td").first.inner_text()
    expect(panel).to_contain_text(" ".join(said.split()))
    tiles.nth(0).click()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    expect(panel.locator("dd").nth(1)).to_have_text(rows.nth(1).locator("td").nth(2).text_content())
    page.keyboard.press("ArrowDown")
    first_of_second_row = dashboard.locator(".item").nth(1).locator("button").first
    expect(first_of_second_row).to_be_focused()
    link = panel.locator("a").get_attribute("href")
    assert (SITE / "book" / link).is_file()
    assert page.faults == []


def test_the_dashboard_filters_by_verdict_and_by_study(page):
    page.goto((SITE / "book" / "intro.html").as_uri())
    dashboard = page.locator(".dashboard")
    shown = dashboard.locator("button.tile:visible")
    every = shown.count()
    for toggle in dashboard.locator(".counts button").all():
        _, number, verdict = toggle.inner_text().split(maxsplit=2)
        toggle.click()
        assert shown.count() == every - int(number)
        assert verdict not in map(verdict_of, shown.all())
        toggle.click()
        assert shown.count() == every
    page_of = "07_proportions"
    dashboard.locator("select").select_option(page_of)
    assert shown.count() == dashboard.locator(f'tr[data-page="{page_of}"]').count() > 0
    assert page.faults == []


def test_without_scripts_the_dashboard_is_a_table(tab):
    still = tab.context.browser.new_context(java_script_enabled=False).new_page()
    still.goto((SITE / "book" / "intro.html").as_uri())
    assert still.locator(".dashboard tbody tr").first.is_visible() and not still.locator(".dashboard .tile").count()
    still.close()
