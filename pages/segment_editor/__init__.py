"""The segment builder: the tree being edited (no user interface) and the parts that draw it."""
