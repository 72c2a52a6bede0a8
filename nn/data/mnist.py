"""MNIST, and Fashion-MNIST, which has the same form."""

from __future__ import annotations

import numpy as np

from nn.data.downloads import DataFile, Root, Source
from nn.data.idx import parse_idx
from nn.data.images import Arrays, ImageDataset, load

# Header and elements of the four files, in bytes.
_SIZES = {
    "train-images-idx3-ubyte.gz": 16 + 60_000 * 28 * 28,
    "train-labels-idx1-ubyte.gz": 8 + 60_000,
    "t10k-images-idx3-ubyte.gz": 16 + 10_000 * 28 * 28,
    "t10k-labels-idx1-ubyte.gz": 8 + 10_000,
}


def _files(checksums: list[str], contents: list[str]) -> tuple[DataFile, ...]:
    return tuple(
        DataFile(name, file, content, size)
        for (name, size), file, content in zip(_SIZES.items(), checksums, contents, strict=True)
    )


class MNIST(ImageDataset):
    """60,000 images of handwritten digits (1, 28, 28) to train with, and 10,000 to test with.

    Source: LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition (1998); made of
    NIST's Special Database 1 and 3. Y. LeCun and C. Cortes hold the copyright, and offer it under CC BY-SA 3.0.

    Arguments, attributes and errors as for `ImageDataset`.
    """

    source = Source(
        "MNIST",
        "mnist",
        _files(
            [
                "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ],
            [
                "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ],
        ),
        ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
    )
    classes = tuple("0123456789")

    @classmethod
    def read(cls, root: Root, download: bool) -> tuple[Arrays, Arrays]:
        """Return (images, labels) of the training part and of the test part."""
        x_train, y_train, x_test, y_test = map(parse_idx, cls.source.read(root, download))
        return (x_train[:, None], y_train.astype(np.int64)), (x_test[:, None], y_test.astype(np.int64))


class FashionMNIST(MNIST):
    """60,000 images of clothing and shoes (1, 28, 28) to train with, and 10,000 to test with.

    Source: H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms (2017). Copyright Zalando SE, MIT licence.

    Arguments, attributes and errors as for `ImageDataset`.
    """

    source = Source(
        "Fashion-MNIST",
        "fashion-mnist",
        _files(
            [
                "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "md5:25c81989df183df01b3e8a0aad5dffbe",
                "md5:bef4ecab320f06d8554ea6380940ec79",
                "md5:bb300cfdad3c16e7a12a480ee83cd310",
            ],
            [
                "md5:f4a8712d7a061bf5bd6d2ca38dc4d50a",
                "md5:9018921c3c673c538a1fc5bad174d6f9",
                "md5:8181f5470baa50b63fa0f6fddb340f0a",
                "md5:15d484375f8d13e6eb1aabb0c3f46965",
            ],
        ),
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
    )
    classes = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )  # fmt: skip


def load_mnist(root: Root = None, download: bool = False) -> tuple[Arrays, Arrays]:
    """Return MNIST's 60,000 training and 10,000 test images of handwritten digits.

    Source and licence as for `MNIST`; arguments and errors as for `ImageDataset`.

    Returns:
        (x_train, y_train), (x_test, y_test): images, float32 (N, 1, 28, 28) from 0 to 1; digits, int64 (N,).
    """
    return load(MNIST, root, download)


def load_fashion_mnist(root: Root = None, download: bool = False) -> tuple[Arrays, Arrays]:
    """Return Fashion-MNIST's 60,000 training and 10,000 test images of clothing and shoes.

    Source and licence as for `FashionMNIST`; arguments and errors as for `ImageDataset`.

    Returns:
        (x_train, y_train), (x_test, y_test): images, float32 (N, 1, 28, 28) from 0 to 1; classes, int64 (N,).
    """
    return load(FashionMNIST, root, download)
