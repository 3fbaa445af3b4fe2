import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

from wildfire_bench.report.point_labels import label_points


@pytest.fixture
def axes():
    drawing, axes = plt.subplots()
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    yield axes
    plt.close(drawing)


def boxes(axes):
    axes.figure.canvas.draw()
    return [Text.get_window_extent(text) for text in axes.texts]  # without the line to the point


def test_labels_of_points_in_one_place_do_not_cover_each_other(axes):
    label_points(axes, [(5, 5, f"codec {number}") for number in range(6)])
    found = boxes(axes)
    assert not any(a.overlaps(b) for i, a in enumerate(found) for b in found[:i])


def test_a_label_that_moved_away_has_a_line_to_its_point(axes):
    label_points(axes, [(5, 5, "a"), (5, 5, "b"), (5, 5, "c"), (5, 5, "d"), (5, 5, "e")])
    assert [text.arrow_patch is not None for text in axes.texts] == [False] * 4 + [True]
