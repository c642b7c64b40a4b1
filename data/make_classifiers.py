"""Train the classifiers whose features judge samples, and write their weights into the package.

    python data/make_classifiers.py            # some minutes on one core; needs MNIST and Fashion-MNIST

Each learns from the 55,000 training images of its data set, resized to 32 x 32; the test images are looked at once, for
the accuracy that the file tells. Prints it, and the sha256 that `intelvae/metrics/features.py` holds the file against.
"""

import hashlib

import torch

from intelvae.data import images
from intelvae.metrics import classifier
from intelvae.whole import whole

if __name__ == "__main__":
    for name in ("mnist", "fashion-mnist"):
        data = images.load(name, size=classifier.SIDE)
        model = classifier.fit(data.train, data.train_labels)
        model = classifier.from_bytes(classifier.to_bytes(model))  # in half precision, as it is kept
        valid = classifier.accuracy(model, data.valid, data.valid_labels)
        test = classifier.accuracy(model, data.test, data.test_labels)
        told = {"data": data.source, "epochs": str(classifier.EPOCHS), "torch": torch.__version__}
        content = classifier.to_bytes(model, **told, valid_accuracy=f"{valid:.4f}", test_accuracy=f"{test:.4f}")
        with whole(classifier.path(name)) as part:
            part.write_bytes(content)
        sha = hashlib.sha256(content).hexdigest()
        print(f"{name}: valid {valid:.4f}, test {test:.4f}, {len(content)} bytes, sha256 {sha}")
