"""Plan gates: what the matrix expects, what the app really allows, and what was accepted."""
