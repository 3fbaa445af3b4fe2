import math

import pytest

from wildfire_bench.streaming.stac.footprint import footprint_of

SQUARE = [[0, 0], [2, 0], [2, 1], [0, 1], [0, 0]]


def test_the_guides_location_is_a_point():
    footprint = footprint_of({"location": {"lat": 39.7596, "lon": -121.6219}})
    assert footprint.geometry == {"type": "Point", "coordinates": [-121.6219, 39.7596]}


def test_the_box_of_a_point_is_the_point():
    assert footprint_of({"location": {"lat": 1, "lon": 2}}).bbox == (2, 1, 2, 1)


def test_a_box_is_a_polygon():
    assert footprint_of({"bbox": [0, 0, 2, 1]}).geometry == {
        "type": "Polygon",
        "coordinates": [SQUARE],
    }


def test_heights_of_a_box_are_passed_over():
    assert footprint_of({"bbox": [0, 0, 100, 2, 1, 900]}).bbox == (0, 0, 2, 1)


def test_a_box_across_the_antimeridian_is_cut_there():
    geometry = footprint_of({"bbox": [170, -10, -170, 10]}).geometry
    wests = [polygon[0][0][0] for polygon in geometry["coordinates"]]
    assert wests == [170, -180]


@pytest.mark.parametrize(
    ("geometry", "bbox"),
    [
        ({"type": "Polygon", "coordinates": [SQUARE]}, (0, 0, 2, 1)),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, (0, 0, 2, 1)),
        ({"type": "LineString", "coordinates": [[0, 5], [-3, 4]]}, (-3, 4, 0, 5)),
        ({"type": "Point", "coordinates": [7, 8, 1000]}, (7, 8, 7, 8)),
    ],
)
def test_a_geometry_of_ones_own_is_kept(geometry, bbox):
    footprint = footprint_of({"geometry": geometry, "location": {"lat": 50, "lon": 50}})
    assert (footprint.geometry, footprint.bbox) == (geometry, bbox)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"location": None},
        {"location": "Paradise, California"},
        {"location": {"lat": 39.7}},
        {"location": {"lat": 91, "lon": 0}},
        {"location": {"lat": 0, "lon": 181}},
        {"location": {"lat": "39", "lon": "-121"}},
        {"location": {"lat": True, "lon": False}},
        {"location": {"lat": math.nan, "lon": 0}},
        {"bbox": [0, 0, 1]},
        {"bbox": [0, 2, 1, 1]},
        {"geometry": {"type": "Polygon", "coordinates": [SQUARE[:-1]]}},
        {"geometry": {"type": "Polygon", "coordinates": []}},
        {"geometry": {"type": "Circle", "coordinates": [0, 0]}},
        {"geometry": {"type": ["Point"], "coordinates": [0, 0]}},
        {"geometry": {"type": "Point"}},
    ],
)
def test_an_unusable_place_is_no_footprint(metadata):
    assert footprint_of(metadata) is None
