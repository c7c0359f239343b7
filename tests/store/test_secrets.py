"""A store's keys: the same for everyone who opens it, and of no other store."""

from __future__ import annotations

import threading

from trueup.store import Store, open_store


def test_a_key_stays_the_same_and_is_of_one_purpose(store: Store, store_url: str) -> None:
    key = store.secrets.key("cursor")
    assert len(key) == 32
    assert store.secrets.key("other") != key
    with open_store(store_url) as again:
        assert again.secrets.key("cursor") == key


def test_replicas_that_ask_first_at_once_get_one_key(store: Store) -> None:
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(store.secrets.key("cursor"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
