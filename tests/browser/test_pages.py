"""The built book in a real browser without a network: formulas and pictures show, nothing fails, search finds.

It looks at what `intelvae book --site` has built last; `make test` does one after the other.
"""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
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


def test_the_index_leads_to_the_first_page(page):
    page.goto((SITE / "index.html").as_uri())
    page.wait_for_url("**/book/intro.html")
    assert page.faults == []


def test_search_leads_to_a_page_that_has_the_word(page, address):
    page.goto(f"{address}/search.html")
    page.locator("main input[name=q]").fill("Sylvester")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.click()
    page.wait_for_url("**/book/*.html*")
    expect(page.locator("main")).to_contain_text("Sylvester")
    assert page.faults == []
