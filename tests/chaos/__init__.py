"""Accidents on purpose: the product as processes, killed at seeded moments, and the books compared afterwards."""
