"""``bench routes``: the chunked route beside one raw message and beside a bare loop."""
