"""The test server's objects have no field that the official SDK does not know, and any world pages rightly."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._object_classes import OBJECT_CLASSES

from tests.support.stripe import objects, stories
from tests.support.stripe.answers import Request, answer
from tests.support.stripe.objects import EPOCH, JSON
from tests.support.stripe.resources import RESOURCES
from tests.support.stripe.world import KEY, StripeWorld


def _inside(found: Any) -> Iterator[JSON]:
    if isinstance(found, dict):
        kind = found.get("object")
        if isinstance(kind, str) and kind in OBJECT_CLASSES and kind != "list":
            yield found
        for one in found.values():
            yield from _inside(one)
    elif isinstance(found, list):
        for one in found:
            yield from _inside(one)


@pytest.mark.parametrize("kind", [resource.object for resource in RESOURCES])
def test_an_object_has_only_fields_that_the_sdk_knows(kind: str) -> None:
    world = StripeWorld(now=EPOCH)
    named = stories.every_kind(world)[kind]

    for found in _inside(world.get(named)):
        module, name = OBJECT_CLASSES[found["object"]]
        known = getattr(importlib.import_module(module), name).__annotations__
        assert set(found) <= set(known), found["object"]


def _page(world: StripeWorld, path: str, parameters: dict[str, str]) -> JSON:
    headers = {"authorization": f"Bearer {KEY}"}
    request = Request(method="GET", path=path, query=urlencode(parameters), headers=headers)
    return dict(json.loads(answer(world, request).body))


_SUBSCRIPTIONS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["active", "canceled", "unpaid"])), max_size=25)


@given(made=_SUBSCRIPTIONS, limit=st.integers(1, 7), since=st.integers(0, 4), is_backward=st.booleans())
def test_pages_make_up_the_list_for_any_world(
    made: list[tuple[int, str]], limit: int, since: int, is_backward: bool
) -> None:
    world = StripeWorld(now=EPOCH)
    for number, (second, status) in enumerate(made):
        world.add(objects.subscription(f"sub_{number}", "cus", [], created=EPOCH + second, status=status))
    wanted = [
        (EPOCH + second, f"sub_{number}")
        for number, (second, status) in enumerate(made)
        if status != "canceled" and second >= since
    ]
    cursor = "ending_before" if is_backward else "starting_after"
    oldest = min(wanted, default=(0, ""))[1]
    asked = {"limit": str(limit), "created[gte]": str(EPOCH + since)}
    pages: list[list[str]] = []
    place = {"ending_before": oldest} if is_backward and oldest else {}
    while True:
        page = _page(world, "/v1/subscriptions", asked | place)
        pages.append([one["id"] for one in page["data"]])
        if not page["has_more"]:
            break
        place = {cursor: pages[-1][0 if is_backward and oldest else -1]}

    listed = [named for page in (reversed(pages) if is_backward else pages) for named in page]
    expected = [named for _, named in sorted(wanted, reverse=True)]
    assert listed == (expected[:-1] if is_backward and oldest else expected)
    assert all(len(page) == limit for page in pages[:-1])
