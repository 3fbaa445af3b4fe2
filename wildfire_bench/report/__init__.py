"""From results to a page: figures, tables, notebooks and the HTML report."""
