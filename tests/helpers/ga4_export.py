"""Events of Google Analytics 4 as its BigQuery export writes them, nested, and what plain Python says of them."""

from __future__ import annotations

import random
from typing import Any

Event = dict[str, Any]
START = 1_704_189_600_000_000
PAIRS = [("google", "cpc"), ("news", "email"), ("bing", "organic"), (None, None)]


def event(name: str, user: str | None, time: int, session: int | None, source: Any = None, **more: Any) -> Event:
    """One event; ``source`` is a pair of source and medium that was collected with it."""
    parameters: list[dict[str, Any]] = []
    if session is not None:
        parameters.append({"key": "ga_session_id", "value": {"int_value": str(session)}})
    if source is not None:
        keys = ("source", "medium")
        parameters += [{"key": key, "value": {"string_value": text}} for key, text in zip(keys, source, strict=True)]
    own: Event = {
        "event_date": "20240102",
        "event_timestamp": str(START + time),
        "event_name": name,
        "user_pseudo_id": user,
        "event_params": parameters,
        "traffic_source": {"source": "the first", "medium": "of the user", "name": "ever"},
    }
    return own | more


def bought(user: str, time: int, session: int, order: str | None, value: float | None, name: str = "purchase") -> Event:
    """A purchase, or a refund."""
    money = {"refund_value": value} if name == "refund" else {"purchase_revenue": value}
    return event(name, user, time, session, ecommerce={"transaction_id": order} | money)


def some_events(chance: random.Random) -> list[Event]:
    """A small log: sessions with sources at some of their events, purchases, some of them sent twice or refunded."""
    events: list[Event] = []
    for number in range(chance.randrange(4, 12)):
        user, start, source = f"{chance.randrange(1, 4)}.{number % 3}0", number * 3_600_000_000, chance.choice(PAIRS)
        names = ["session_start", "page_view", "scroll"]
        for place, name in enumerate(names):
            met = source if source[0] and place == chance.randrange(3) else None
            events.append(event(name, user, start + place, number, met))
        if chance.random() < 0.6:
            order = chance.choice([f"T{number}", None])
            sale = bought(user, start + 9, number, order, float(chance.randrange(5, 50)))
            events += [sale] * (2 if order and chance.random() < 0.3 else 1)
            if order and chance.random() < 0.3:
                events.append(bought(user, start + 20, number, order, chance.choice([None, 2.0, 99.0]), "refund"))
    events.append(event("session_start", "last", 10**12, 99, ("news", "email")))
    events.append(bought("last", 10**12 + 5, 99, "T99", 7.5))
    chance.shuffle(events)
    return events


def parameter(record: Event, key: str) -> Any:
    """A parameter of an event, None where it has none."""
    for each in record["event_params"]:
        if each["key"] == key:
            return next(iter(each["value"].values()))
    return None


def touches_of(events: list[Event]) -> set[tuple[str, int, str]]:
    """User, time and channel of every session."""
    sessions: dict[tuple[str, Any], list[Event]] = {}
    for record in events:
        sessions.setdefault((record["user_pseudo_id"], parameter(record, "ga_session_id")), []).append(record)
    touches = set()
    for (user, _), own in sessions.items():
        own.sort(key=lambda record: int(record["event_timestamp"]))
        pairs = [(parameter(record, "source"), parameter(record, "medium")) for record in own]
        source, medium = next((pair for pair in pairs if pair[0]), ("(direct)", "(none)"))
        touches.add((user, int(own[0]["event_timestamp"]), f"{source} / {medium}"))
    return touches


def orders_of(events: list[Event]) -> list[tuple[str, int, float]]:
    """User, time and value of every order, refunds taken off."""
    orders: dict[Any, tuple[str, int, float]] = {}
    back: dict[str, float] = {}
    for place, record in enumerate(sorted(events, key=lambda record: int(record["event_timestamp"]))):
        held = record.get("ecommerce", {})
        if record["event_name"] == "purchase":
            row = record["user_pseudo_id"], int(record["event_timestamp"]), held["purchase_revenue"]
            orders.setdefault(held["transaction_id"] or place, row)
        if record["event_name"] == "refund":
            amount = held["refund_value"]
            back[held["transaction_id"]] = back.get(held["transaction_id"], 0.0) + (1e9 if amount is None else amount)
    net = [(*row[:2], row[2] - back.get(key, 0.0)) for key, row in orders.items()]
    return sorted(row for row in net if row[2] > 0)
