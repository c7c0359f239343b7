"""The customer's words for ours: the config, the presets, how they fit the live schema, and a first guess at both."""
