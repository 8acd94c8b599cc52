"""The processes that the dispatch benchmark starts, and what it sends."""
