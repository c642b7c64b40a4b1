// Verdicts at a glance: makes a tile of every row of a table of claims (intelvae/paper/dashboard.py).
"use strict";

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".dashboard").forEach(showTiles));

function showTiles(dashboard) {
  const element = (name, options = {}, ...children) => {
    const made = Object.assign(document.createElement(name), options);
    made.append(...children);
    return made;
  };
  const table = dashboard.querySelector("table");
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
  const claims = [...table.tBodies[0].rows].map((row) => {
    const [claim, ...facts] = row.cells;
    return { ...row.dataset, claim, facts: facts.map((cell) => cell.textContent) };
  });
  const distinct = (of) => [...new Set(claims.map(of))];
  const titled = (page) => page.slice(3).replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());

  // one tile a claim, with the symbol of its verdict
  for (const claim of claims) {
    const badge = claim.claim.querySelector(".verdict");
    const said = claim.claim.textContent.replace(badge.textContent, "").trim();
    claim.tile = element("button", { type: "button", className: `${badge.className} tile`, tabIndex: -1 });
    claim.tile.textContent = badge.textContent.trim().charAt(0);
    claim.tile.setAttribute("aria-label", `${claim.verdict}: ${said}`);
    claim.tile.setAttribute("aria-pressed", "false");
  }

  const panel = element("div", { className: "panel" });
  panel.setAttribute("aria-live", "polite");
  let chosen = null;
  const describe = (claim) => {
    if (!claim) {
      panel.replaceChildren("Point at a tile, or choose one with Tab and the arrow keys.");
      return;
    }
    const facts = element("dl");
    for (const [k, name] of names.entries()) {
      facts.append(element("dt", { textContent: name }), element("dd", { textContent: claim.facts[k] || "none" }));
    }
    const link = element("a", { href: `${claim.page}.html`, textContent: titled(claim.page) });
    panel.replaceChildren(element("p", { innerHTML: claim.claim.innerHTML }), facts, element("p", {}, "More: ", link));
  };
  const choose = (claim) => {
    for (const { tile } of claims) {
      tile.tabIndex = -1;
      tile.setAttribute("aria-pressed", "false");
    }
    if (claim) {
      claim.tile.tabIndex = 0;
      claim.tile.setAttribute("aria-pressed", "true");
    }
    describe((chosen = claim));
  };
  for (const claim of claims) {
    claim.tile.addEventListener("focus", () => choose(claim));
    claim.tile.addEventListener("click", () => choose(claim));
    claim.tile.addEventListener("mouseenter", () => describe(claim));
  }

  const tiles = element("div", { className: "tiles" });
  for (const item of distinct((claim) => claim.item)) {
    const of = claims.filter((claim) => claim.item === item).map((claim) => claim.tile);
    tiles.append(element("div", { className: "item" }, element("span", { textContent: item }), element("div", {}, ...of)));
  }
  tiles.addEventListener("mouseleave", () => describe(chosen));
  tiles.addEventListener("keydown", (event) => {
    const shown = claims.map((claim) => claim.tile).filter((tile) => !tile.hidden);
    const at = shown.indexOf(document.activeElement);
    const row = (tile) => tile.closest(".item");
    const besides = { ArrowUp: shown.slice(0, at).reverse(), ArrowDown: shown.slice(at + 1) }[event.key];
    const next = besides
      ? besides.find((tile) => row(tile) !== row(shown[at]))
      : { ArrowLeft: shown[at - 1], ArrowRight: shown[at + 1], Home: shown[0], End: shown.at(-1) }[event.key];
    if (next) {
      next.focus();
      event.preventDefault();
    }
  });

  // filters: verdicts to show or hide, and one study or all
  const studies = element("select", {}, new Option("all studies", ""));
  studies.append(...distinct((claim) => claim.page).sort().map((page) => new Option(titled(page), page)));
  studies.setAttribute("aria-label", "study");
  const counts = dashboard.querySelector(".counts");
  const toggles = [...counts.querySelectorAll(".verdict")].map((badge) => {
    const toggle = element("button", { type: "button", className: badge.className, textContent: badge.textContent });
    toggle.setAttribute("aria-pressed", "true");
    toggle.addEventListener("click", () => {
      toggle.setAttribute("aria-pressed", toggle.getAttribute("aria-pressed") === "false");
      filter();
    });
    badge.replaceWith(toggle);
    return toggle;
  });
  const filter = () => {
    const off = toggles.filter((toggle) => toggle.getAttribute("aria-pressed") === "false");
    for (const { tile, page } of claims) {
      const toggled = off.some((toggle) => `${toggle.className} tile` === tile.className);
      tile.hidden = toggled || (studies.value !== "" && studies.value !== page);
    }
    for (const item of tiles.children) item.hidden = !item.querySelector("button:not([hidden])");
    choose(null);
    const first = claims.find((claim) => !claim.tile.hidden);
    if (first) first.tile.tabIndex = 0;
  };
  studies.addEventListener("input", filter);

  counts.append(studies);
  const folded = element("details", {}, element("summary", { textContent: "The same as a table" }));
  counts.after(tiles, panel, folded);
  folded.append(table);
  filter();
}
