"""Facts in words: by a provider, each sentence checked against the facts it cites, or as computed."""
