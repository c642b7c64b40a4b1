"""The README: its code runs, its commands and links exist, its table names every page."""

import re
from pathlib import Path

import typer

from intelvae import training
from intelvae.paper import cli, pages
from intelvae.testing import check_mapping

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
HOW_TO = (ROOT / "book" / "howto.md").read_text(encoding="utf-8")
CLUSTER = (ROOT / "book" / "cluster.md").read_text(encoding="utf-8")


def test_the_mapping_of_the_readme_trains_and_keeps_the_contracts():
    with training.seeded(0):
        names = {}
        exec(re.search(r"```python\n(.*?)```", README, re.DOTALL)[1], names)
        names["loss"].backward()
    assert all(p.grad.isfinite().all() for p in names["model"].parameters() if p.grad is not None)
    check_mapping(names["Ellipse"], dim=2)


def test_the_front_page_has_the_same_example():
    code = re.search(r"```python\n.*?```", README, re.DOTALL)[0]
    assert code in (ROOT / "book" / "intro.md").read_text(encoding="utf-8")


def test_links_and_commands_exist():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links and not [link for link in links if not (ROOT / link).exists()]
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?:`|^    )make (\w+)", README, re.MULTILINE)) <= set(targets)


def test_commands_are_ones_that_the_command_line_takes():
    group = typer.main.get_command(cli.app)
    commands = re.findall(r"\.venv/bin/intelvae ([a-z][^`#\n]*)", (README + HOW_TO + CLUSTER).replace("\n--", " --"))
    assert len(commands) > 6
    for words in map(str.split, commands):
        command, name = group, "intelvae"
        while hasattr(command, "get_command"):
            name, *words = words
            command = command.get_command(typer.Context(command), name)
            assert command is not None, name
        command.make_context(name, words)  # raises for an option or argument that is not there


def test_every_numbered_page_of_the_paper_is_in_the_table():
    named = set(re.findall(r"book/(\w+)\.ipynb", README))
    assert {p.stem for p in pages.sources() if p.stem < "90"} <= named
