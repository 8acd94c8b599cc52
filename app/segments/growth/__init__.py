"""Segments over time: how many were in one, who joined, who left, and which condition moved them."""
