"""Connections to a DuckDB in memory that is opened once: opening takes as long as staging a small payload.

Each connection has temporary tables, views and macros of its own, and staging makes no others.
"""

import duckdb

DATABASE = duckdb.connect()


def connect() -> duckdb.DuckDBPyConnection:
    """A connection on which nothing has been made yet."""
    return DATABASE.cursor()
