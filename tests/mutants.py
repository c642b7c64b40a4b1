"""Whether the tests bite: makes the mistakes of `mutants.txt`, one at a time, and says who notices each.

Run by hand, since a mistake takes from seconds to minutes: `python tests/mutants.py [NAME ...]`. What `make test` runs
is run in another order, in a copy: first the tests, or the page, that are likely to notice, then all unit tests, then
the pages against their references. At the end those who have noticed something must be content without a mistake.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted({page.name[:2] for page in (ROOT / "book").glob("[0-9][0-9]_*.py")})


class Mutant(NamedTuple):
    """A mistake: in `file`, `old` becomes `new`. `likely` to notice is a page, or a test_LIKELY.py and doctests."""

    name: str
    file: str
    likely: str
    old: str
    new: str

    @classmethod
    def read(cls, paragraph: str) -> "Mutant":
        """From a line with name, file and likely, and as in a patch lines that go (-) and lines that come (+)."""
        head, *lines = paragraph.splitlines()
        old, new = ("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
        return cls(*head.split(" | "), old, new)

    @contextmanager
    def made(self, copy: Path) -> Iterator[None]:
        """Makes the mistake in a copy, and takes it back with all that has been computed with it.

        A page's is made in its notebooks too, so that only what they show can tell. Raises `ValueError` unless what
        goes is there once. (Python tells that a file is another one by its second, and a step takes several.)
        """
        notebooks = copy.rglob(f"{Path(self.file).stem}.ipynb") if self.file.startswith("book/") else ()
        before = {path: path.read_text(encoding="utf-8") for path in (copy / self.file, *notebooks)}
        if (count := before[copy / self.file].count(self.old)) != 1:
            raise ValueError(f"{self.name}: {self.old!r} is {count} times in {self.file}, and not once")
        for path, text in before.items():
            old, new = (escaped(part) if path.suffix == ".ipynb" else part for part in (self.old, self.new))
            path.write_text(text.replace(old, new), encoding="utf-8")
        yield
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")
        shutil.rmtree(copy / "_build", ignore_errors=True)

    def steps(self) -> list[str]:
        """What `make test` runs, the likely first: numbers of pages, and lines of what pytest takes (none for all)."""
        if self.likely in PAGES:
            return [self.likely, "", *(page for page in PAGES if page != self.likely)]
        (tests,) = (ROOT / "tests").rglob(f"test_{self.likely}.py")
        return [f"{self.file}\n{tests.relative_to(ROOT)}", "", *PAGES]


def escaped(text: str) -> str:
    """As it is in a notebook, which is JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def copied(folder: str) -> Path:
    """The folder, with a copy of all that git knows of, as it is now."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], check=True, capture_output=True, encoding="utf-8")
    for name in listed.stdout.splitlines():
        (to := Path(folder, name)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, to)
    return Path(folder)


def complaint(copy: Path, step: str) -> str:
    """The first test of a step that fails, or the first cell of its page; "" if all is well."""
    page = ["-c", f"from intelvae.paper import references; references.check(only={step!r})"]
    tests = ["-m", "pytest", "-x", "-q", "-rfE", "-p", "no:cacheprovider", *step.splitlines()]
    environment = {k: v for k, v in os.environ.items() if k not in ("INTELVAE_CACHE", "INTELVAE_RUNS")}
    environment["PYTHONPATH"] = str(copy)
    command = [sys.executable, *(page if step in PAGES else tests)]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, encoding="utf-8")
    if not done.returncode:
        return ""
    found = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    found = found or re.search(r"(\w+\.py, cell \d+: \w+)", done.stderr)
    if not found:
        raise RuntimeError(f"{step or 'pytest'} failed in silence:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return found[1]


def main() -> int:
    parser = argparse.ArgumentParser(description="Make mistakes one at a time and say who notices each.")
    parser.add_argument("names", nargs="*", default=[""], help="only mistakes whose names begin so")
    parser.add_argument("--both", action="store_true", help="also ask the pages where tests notice, and vice versa")
    options = parser.parse_args()
    paragraphs = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").split("\n\n")
    mutants = [mutant for mutant in map(Mutant.read, paragraphs) if mutant.name.startswith(tuple(options.names))]
    witnesses: set[str] = set()  # steps that have to pass without a mistake
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(folder)
        for mutant in mutants:
            start = time.perf_counter()
            found: dict[bool, str] = {}  # by whether it is a page
            with mutant.made(copy):
                for step in mutant.steps():
                    if (of_page := step in PAGES) not in found and (who := complaint(copy, step)):
                        found[of_page] = who
                        witnesses.add(step if of_page else who)
                    if len(found) > options.both:
                        break
            unnoticed += not found
            who = " and ".join(found.values()) or "NOBODY"
            print(f"{mutant.name} | {mutant.file} | {who} | {time.perf_counter() - start:.0f} s", flush=True)
        tests = "\n".join(witnesses - set(PAGES))
        false = [who for step in [*witnesses & set(PAGES), *[tests] * bool(tests)] if (who := complaint(copy, step))]
    print(f"{len(mutants) - unnoticed} of {len(mutants)} are noticed")
    for who in false:
        print(f"{who} FAILS WITHOUT A MISTAKE")
    return bool(unnoticed or false)


if __name__ == "__main__":
    sys.exit(main())
