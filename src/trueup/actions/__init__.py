"""The verbs: one file is one thing a person can ask for."""
