"""Facts about the shop, computed in code: what an insight may say, and nothing else."""
