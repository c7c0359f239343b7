"""The engines that run the checks' SQL. Each runs DuckDB's dialect inside the portable subset (``sql.py``)."""
