"""``rollback rehearse``: to JSON and forward again while images flow."""
