"""Compare the config's words with a live schema: what fits, what does not, and a first guess at a mapping."""
