"""Stripe on loopback: a world of objects, a server that lists them as Stripe does, and faults on order.

    world = StripeWorld()
    ada = new_customer(world, email="ada@example.com")
    pro = new_price(world, unit_amount=2900)
    subscription = subscribe(world, ada, pro)
    bill(world, subscription)
    with stripe_server(world) as server:
        client = StripeClient(server.key, base_addresses={"api": server.url})
        server.inject("/v1/invoices", reset_in_body(), first=2)

What is said here of Stripe was looked up: the paging, expand, versioning and rate-limit pages of docs.stripe.com, the
parameters of the official SDK 16.1, and errors as people reported them (stripe-go #1030 and stripe-node #2368 for a
cursor whose object left the list, stripe-java #2011 for expand's depth, stripe-node #2246 for a missing permission).

It leaves out: every write (a POST is an unknown URL), search, v2, Connect beyond one account, test clocks, previews,
``total_count``, taxes and discounts beyond their empty fields, deletion of anything but customers, streaming and
compression, the order within a second (here: by id), and the concurrency limiter. ``expand`` knows the fields in
``resources.py`` and no others, and asks for no permission of its own. Before 2025-03-31 there is one old shape
(2024-06-20's), not one per version. The wording of a wrong ``limit``, ``status`` or number of ``types``, the address of
an invoice's ``payments``, and the permission for ``/v1/account`` (some keys cannot have any), are by analogy.
"""
