import pytest

from wildfire_bench.errors import InputError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.dead_letter_box import replay
from wildfire_bench.streaming.dead_letters import DeadLetter
from wildfire_bench.streaming.model import RecordPlace


async def test_a_letter_that_names_a_topic_of_others_is_not_replayed():
    letter = DeadLetter("forged", "Rejected", (RecordPlace("payroll", 0, 0),))
    with pytest.raises(InputError, match=r"records of payroll, .* nothing was sent"):
        await replay(letter, settings=Settings())
