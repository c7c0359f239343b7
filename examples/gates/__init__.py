"""A small application with plan gates, and what trueup needs to hold them."""
