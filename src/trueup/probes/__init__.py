"""Ways to ask the application what a plan really gets: a set of interchangeable probes."""
