"""The optical digits that come with the package: `digits.npz`, with its `README.md` and `LICENSE` beside it."""

from __future__ import annotations

from importlib import resources

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray]


def load_digits() -> tuple[Arrays, Arrays]:
    """Return 1,797 images of handwritten digits, split into training and test data.

    The split is fixed: of each digit every fifth image, in the order of the file, is a test image. Both parts have
    images by the same writers.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository
    (1998), doi 10.24432/C50P49, CC BY 4.0; README.md and LICENSE beside this file say more.

    Returns:
        (x_train, y_train), (x_test, y_test): images, float32 (1442, 1, 8, 8) and (355, 1, 8, 8) from 0, paper, to 1,
        ink; digits, int64 (1442,) and (355,).

    >>> (x_train, y_train), (x_test, y_test) = load_digits()
    >>> x_train.shape, y_test.shape
    ((1442, 1, 8, 8), (355,))
    """
    with (
        resources.files(__name__).joinpath("digits.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        images, labels = arrays["images"], arrays["labels"].astype(np.int64)
    x = images[:, None].astype(np.float32) / 16  # (N, 1, 8, 8)
    test = np.zeros(len(labels), bool)
    for digit in range(10):
        test[np.flatnonzero(labels == digit)[4::5]] = True
    return (x[~test], labels[~test]), (x[test], labels[test])
