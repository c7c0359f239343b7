"""Infer a mapping from declared keys, names and sampled rows, each guess with the evidence that speaks for it."""
