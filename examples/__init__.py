"""How to use trueup from your own code; each is run by a test."""
