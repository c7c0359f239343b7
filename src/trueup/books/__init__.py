"""The books: one private DuckDB file that holds a snapshot of the mapped columns, for the checks to read."""
