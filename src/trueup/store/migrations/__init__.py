"""How the store became what it is: one script a step, never edited once it was released."""
