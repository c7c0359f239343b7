"""The nouns: frozen values that every other part of trueup speaks in. Standard library only, no IO, no clock."""
