import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from wildfire_bench.report.axis_marks import value_label

mpl.use("agg")


@pytest.fixture
def axes():
    drawing, axes = plt.subplots()
    axes.set_xlim(1, 1000)
    axes.set_ylim(-1, 1)
    axes.set_xscale("log")
    yield axes
    plt.close(drawing)


@pytest.mark.parametrize("lines", [(27.0,), (27.0, 35.0), (26.7, 30.0, 40.0)])
def test_no_line_crosses_a_value(axes, lines):
    value_label(axes, 0, 26.7, "26.7", lines_at=lines)
    axes.figure.canvas.draw()
    (box,) = [text.get_window_extent() for text in axes.texts]
    crossed = [x for x in lines if box.x0 <= axes.transData.transform((x, 0))[0] <= box.x1]
    assert crossed == []


def test_a_value_far_from_lines_stays_beside_its_mark(axes):
    for lines in ((), (5.0, 500.0)):
        value_label(axes, 0, 26.7, "26.7", lines_at=lines)
    assert axes.texts[0].xyann == axes.texts[1].xyann
