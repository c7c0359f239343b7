"""Stripe's objects in the forms that they had over the years, and the rows that each must become.

One module for each kind. The objects are ours, written from what Stripe's documentation says of the time; ``source``
names the document. The rows were written down from the documentation too, and not from what a reader gave.
"""
