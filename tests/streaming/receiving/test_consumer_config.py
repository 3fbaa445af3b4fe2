from __future__ import annotations

import pytest

from wildfire_bench import RecordConsumer, SatelliteImageConsumer
from wildfire_bench.errors import InputError
from wildfire_bench.settings import Settings


@pytest.mark.parametrize("consumer", [SatelliteImageConsumer, RecordConsumer])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"group_id": ""}, "group_id is empty"),
        ({"group_id": "g", "acknowledge": "auto"}, "choose loop or manual"),
    ],
    ids=["no group", "acknowledges in no known way"],
)
def test_a_consumer_that_could_not_work_is_refused_when_it_is_made(
    consumer: type, options: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        consumer(settings=Settings(), **options)
