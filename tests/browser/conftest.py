"""A tab of a real browser without a network, which all tests here share."""

import re
import shutil

import pytest
from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ELSEWHERE = re.compile(r"^(?!file:|data:|blob:|http://127\.0\.0\.1:)")
CUT_OFF = "net::ERR_ABORTED"  # not a fault: the summaries of results that search still fetches when one is opened


@pytest.fixture(scope="session")
def tab():
    """A tab that reaches no other host; `tab.faults` is what it asked for all the same, and what went wrong."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser: install Chromium or Chrome so that one of {', '.join(BROWSERS)} is on the PATH")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=browser) as chromium:
        tab = chromium.new_page(service_workers="block")
        tab.faults = []
        tab.route(ELSEWHERE, lambda route: route.abort())
        tab.on("request", lambda sent: ELSEWHERE.match(sent.url) and tab.faults.append(f"asked for {sent.url}"))
        tab.on("requestfailed", lambda sent: sent.failure == CUT_OFF or tab.faults.append(f"failed: {sent.url}"))
        tab.on("response", lambda answer: answer.ok or tab.faults.append(f"{answer.status}: {answer.url}"))
        tab.on("console", lambda message: message.type == "error" and tab.faults.append(message.text))
        tab.on("pageerror", lambda error: tab.faults.append(str(error)))
        yield tab


@pytest.fixture
def page(tab):
    """The tab, which all tests share, since a new one takes longer than to open a page in it."""
    tab.faults.clear()
    return tab
