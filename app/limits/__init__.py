"""How often something may be asked for: token buckets in Redis that all processes share."""
