"""From Stripe's objects to rows of our relations: one function per kind of object, for both shapes of the API.

A value is kept as Stripe sent it, also an odd one: the books say what they cannot read.
"""
