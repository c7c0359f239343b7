"""The customer's words held against a live schema: what fits, what does not, and a first guess at a mapping."""
