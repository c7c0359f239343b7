"""Where the checks' SQL runs. Each engine takes DuckDB's dialect inside the portable subset (``sql.py``)."""
