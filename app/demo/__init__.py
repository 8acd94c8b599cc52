"""The sample shop: some thousand orders of music buyers, for looking around."""

from app.demo.load import DemoSummary, load_demo

__all__ = ["DemoSummary", "load_demo"]
