"""What all of it came to: claims by table and figure, the findings for and against the paper, and what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from intelvae.paper import kinds, ledger, prose
from intelvae.paper.results import Results
from intelvae.paper.rows import BLUE, GREY, ORANGE, SKY
from intelvae.paper.statements import ITEMS, QUESTIONS, STATEMENTS, TEXT, USES
from intelvae.paper.statistics import rounded
from intelvae.paper.studies.faces.grid import PUBLISHED
from intelvae.paper.studies.toys import grid as toys
from intelvae.paper.studies.toys.claims import IN_WORDS

Row = Mapping[str, Any]  # a line of `ledger.rows`
LOOK = {  # of each verdict: colour, and hatching for who sees none
    kinds.REPRODUCED: (BLUE, ""),
    kinds.PARTLY: (SKY, "//"),
    kinds.NO_DIFFERENCE: (GREY, ".."),
    kinds.OPPOSITE: (ORANGE, "xx"),
    kinds.NOT_TESTED: ("white", ""),
}
NBSP = "\xa0"
NO_RUN, NONE = "no run", "–"
SIDES = ("for", "against", "open")


def item_of(row: Row) -> str:
    """The table or figure that a claim is about; of the text's that of its page.

    >>> item_of({"where": "Fig 7, left", "page": "08_sparsity"}), item_of({"where": "Section 4", "page": "01_x"})
    ('Figure 7', 'The text')
    """
    where = row["where"].split(",")[0].replace("Fig ", "Figure ")
    if where in {item.name for item in ITEMS}:
        return where
    return {"08_sparsity": "Figure 7", "09_sparsity_in_detail": "Figure C.3"}.get(row["page"], TEXT)


def by_item(found: Iterable[Row]) -> dict[str, Counter[str]]:
    """How many claims of each table or figure have each verdict, variants not counted."""
    counted: dict[str, Counter[str]] = {name: Counter() for name in (TEXT, *(item.name for item in ITEMS))}
    for row in found:
        if not row["variant"]:
            counted[item_of(row)][row["verdict"]] += 1
    return counted


def tallies(found: Iterable[Row]) -> str:
    """What `by_item` counts as text, a line each: what the report's last cell prints."""
    return "\n".join(f"{name:<12} {kinds.tally(of.elements())}" for name, of in by_item(found).items())


def verdicts(found: Iterable[Row]) -> Figure:
    """Claims by table and figure, a bar each, with a part for each verdict."""
    counted = by_item(found)
    names = list(reversed(counted))
    figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
    left = [0] * len(names)
    for verdict, (color, hatch) in LOOK.items():
        size = [counted[name][verdict] for name in names]
        axis.barh(names, size, left=left, color=color, hatch=hatch, edgecolor="black", lw=0.6, label=verdict)
        left = [a + b for a, b in zip(left, size, strict=True)]
    axis.set(xlabel="claims", ylabel="table or figure", xlim=(0, 1.03 * max(left)))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside upper center", ncols=5, frameon=False, fontsize=8)
    sns.despine(figure)
    return figure


def of_ids(found: Sequence[Row], patterns: Iterable[str]) -> list[Row]:
    """The claims, no variants, whose ids are of one of these patterns."""
    ways = tuple(patterns)
    return [row for row in found if not row["variant"] and any(fnmatch(row["id"], way) for way in ways)]


def side(of: Sequence[Row]) -> str:
    """Whether claims speak "for" the paper, "against" it, or leave it "open".

    For it if more than half are reproduced, against it if more than half are opposite.
    """
    counted = Counter(row["verdict"] for row in of)
    if 2 * counted[kinds.REPRODUCED] > len(of):
        return "for"
    return "against" if 2 * counted[kinds.OPPOSITE] > len(of) else "open"


def count_by_side(found: Sequence[Row]) -> Counter[str]:
    """How many of the `STATEMENTS` are on each of the `SIDES`."""
    return Counter(side(of_ids(found, statement.ids)) for statement in STATEMENTS)


def findings(found: Sequence[Row], which: str) -> str:
    """The statements on one of the `SIDES` as a list in Markdown, with their verdicts and the page that shows them."""
    lines = []
    for statement in STATEMENTS:
        of = of_ids(found, statement.ids)
        if side(of) == which:
            verdicts = prose.badges(row["verdict"] for row in of)
            lines.append(f"- [{statement.text}]({statement.page}.ipynb) {verdicts}")
    return "\n".join(lines) or "- None at this profile."


def questions(found: Sequence[Row]) -> str:
    """The `QUESTIONS` with their answers as a list in Markdown, and the verdicts of all claims that these rest on."""
    lines = []
    for question in QUESTIONS:
        of = of_ids(found, [pattern for statement in question.statements for pattern in statement.ids])
        lines.append(f"- **{question.text}** {question.answer} {prose.badges(row['verdict'] for row in of)}")
    return "\n".join(lines)


def _tally(of: Sequence[Row]) -> str:
    return kinds.tally(row["verdict"] for row in of)


def table(found: Sequence[Row]) -> str:
    """A line of Markdown for each table and figure: what its main claim compares, the paper beside ours, and the test.

    A dash stands for what a rule without a test does not have.
    """
    head = "| claim of | verdict | compared | in the paper | here | runs | *p* | detectable |"
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for item in ITEMS:
        (row,) = of_ids(found, [item.main])
        p = NONE if row["p"] is None else f"{row['p']:.2g}" if row["p"] >= 1e-4 else "< 0.0001"
        detectable = NONE if row["detectable"] is None else rounded(row["detectable"], 2)
        runs = f"{row['n']}{' draws' * row['test'].endswith('by draw')}"
        verdict = prose.badge(row["verdict"])
        link = f"[{item.name.replace(' ', NBSP)}]({item.page}.ipynb)"
        numbers = f"{row['paper']} | {_here(row)} | {runs} | {p} | {detectable}"
        lines.append(f"| {link} | {verdict} | {item.compared} | {numbers} |")
    return "\n".join(lines)


def reasons(page: str | None = None) -> str:
    """Why main claims came out as they did, those of all tables and figures or of a page, as a list in Markdown."""
    lines = [f"- **[{item.name}]({item.page}.ipynb).** {item.why}" for item in ITEMS if page in (None, item.page)]
    return "\n".join(["Why the main claims came out this way, in the published runs:", "", *lines])


def uses() -> str:
    """The `USES` as a table in Markdown."""
    lines = [f"| [{use.aim}]({use.page}.ipynb) | {use.came} | {use.rival} |" for use in USES]
    return "\n".join(["| You want | In our runs | Compare it with |", "|---|---|---|", *lines])


def answers(found: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What the front page cites of all `found`: numbers and verdicts on points, digits, sparse codes and faces.

    Claims on points are counted again where they are `ledger.kept` among all of the book's.
    """
    of, kept = {row["id"]: row for row in found}, ledger.kept(found)

    def closer(prefix: str) -> str:
        ids = [f"{prefix}fig4-{data}" for data in toys.TOYS]
        reproduced = sum(of[id]["verdict"] == kinds.REPRODUCED for id in ids)
        told = f"{reproduced} of {len(ids)} data sets ({len(kept & set(ids)) or 'none'} with Holm's correction)"
        opposite = [data for data, id in zip(toys.TOYS, ids, strict=True) if of[id]["verdict"] == kinds.OPPOSITE]
        farther = prose.listed(f"the {IN_WORDS[data]}" for data in opposite)
        return told + f", but on {farther} they are significantly farther" * bool(opposite)

    def said(id: str, scale: float = 1.0) -> str:
        row = of[id]
        if row["ours"] is None:
            return row["verdict"]
        numbers = [rounded(scale * row[name], 3) for name in ("ours", "other")]
        return f"{' against '.join(numbers)} ({row['verdict']})"

    smallest = of["table1-clean-vae"]["detectable"]
    return {
        "theory": _tally([of[id] for id in ("fig1-identity", "thm1-inequality", "thm1-equality")]),
        "points": closer(""),
        "points-notebooks": closer("notebooks-"),
        "zeros-and-ones": said("table2-uncertain-vae-mathieu-gaussian", 100.0),
        "zeros-and-ones-authors": said("table2-uncertain-vae-authors-gaussian", 100.0),
        "ten-digits": said("table1-clean-vae"),
        "ten-digits-found": "(none)" if smallest is None else rounded(smallest, 2),
        "sparser-and-closer": of["fig7-clean-sparser-and-closer-1"]["verdict"],
        "few-labels": said("fig7-few-shot-vae"),
        "many-labels": said("fig7-many-labels"),
        "faces": of[f"table4-sparser-vae-{PUBLISHED}-faces"]["verdict"],
        "attributes": of[f"tableB1-50-{PUBLISHED}-faces"]["verdict"],
    }


def _here(row: Row) -> str:
    """Our number, and what it is compared with."""
    if row["ours"] is None:
        return NO_RUN
    against = f", {row['test']}" if row["other"] is None else f" against {rounded(row['other'], 3)}"
    return rounded(row["ours"], 3) + against


def claims_of(found: Sequence[Row]) -> pd.DataFrame:
    """What the main claims of the items are, in words."""
    return pd.DataFrame({"claim of": item.name, "claim": of_ids(found, [item.main])[0]["claim"]} for item in ITEMS)


def work(found: Iterable[Results]) -> dict[str, Any]:
    """What it took: trainings, each counted once, and how many are asked for; hours, also of the longest; devices."""
    by_key = {r.training.key: r for results in found for r in results}
    each = list(by_key.values())
    return {
        "trainings": len(each),
        "hours": sum(r.seconds for r in each) / 3600,
        "longest": max((r.seconds for r in each), default=0.0) / 3600,
        "devices": ", ".join(sorted({r.trained.device for r in each})) or "none",
        "asked": len({run.training.key for results in found for run in results.asked}),
    }
