"""Digits as strokes, and the tools that draw them on the pad with a browser's own events."""

from contextlib import contextmanager

import numpy as np


def arc(x, y, width, height, start, end):
    """Points on an ellipse, clockwise from the right, in steps of 30 degrees."""
    turn = np.radians(np.arange(start, end + 1, 30))
    return list(zip(x + width * np.cos(turn), y + height * np.sin(turn), strict=True))


# Strokes on a paper of 1 by 1.
DIGITS = {
    0: [arc(0.5, 0.5, 0.2, 0.3, -90, 270)],
    1: [[(0.55, 0.2), (0.5, 0.8)]],
    2: [[*arc(0.5, 0.32, 0.18, 0.15, 180, 390), (0.32, 0.8), (0.72, 0.8)]],
    3: [arc(0.47, 0.35, 0.17, 0.15, 210, 450) + arc(0.47, 0.65, 0.2, 0.16, 270, 510)],
    4: [[(0.35, 0.2), (0.3, 0.5), (0.7, 0.5)], [(0.65, 0.2), (0.62, 0.85)]],
    7: [[(0.28, 0.25), (0.7, 0.25), (0.45, 0.85)]],
}


def on_page(page, stroke):
    """A stroke in the page's coordinates, with the paper in view."""
    paper = page.locator(".pad-paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    return [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke
    ]


def mouse(page, strokes, release=True):
    for stroke in strokes:
        points = on_page(page, stroke)
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points:
            page.mouse.move(*point)
        if release:
            page.mouse.up()


def pen(page, strokes, at=None):
    """Draw with a pen, at a time, seconds of Unix, if one is given."""
    send = page.context.new_cdp_session(page).send
    time = {} if at is None else {"timestamp": at}

    def event(kind, point, **more):
        more |= {"type": kind, "pointerType": "pen", "button": "left"} | time
        send("Input.dispatchMouseEvent", more | {"x": point[0], "y": point[1]})

    for stroke in strokes:
        points = on_page(page, stroke)
        event("mousePressed", points[0], buttons=1, clickCount=1)
        for point in points:
            event("mouseMoved", point, buttons=1)
        event("mouseReleased", points[-1], clickCount=1)


@contextmanager
def palm(page, place, at=None):
    """Rest a hand on the paper, from a time, seconds of Unix, if one is given."""
    send = page.context.new_cdp_session(page).send
    time = {} if at is None else {"timestamp": at}
    [(x, y)] = on_page(page, [place])
    point = {"x": x, "y": y, "radiusX": 20, "radiusY": 20, "id": 7}
    send(
        "Input.dispatchTouchEvent",
        {"type": "touchStart", "touchPoints": [point]} | time,
    )
    yield
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []} | time)


def finger(page, strokes, resting=()):
    """Touch the paper; one more finger rests at each point of ``resting``."""
    send = page.context.new_cdp_session(page).send

    def touch(kind, points):
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    others = on_page(page, resting)
    for stroke in strokes:
        points = on_page(page, stroke)
        touch("touchStart", points[:1])
        for point in points:
            touch("touchMove", [point])
        if others:
            touch("touchStart", [points[-1], *others])
            touch("touchMove", [points[-1], *[(x, y - 30) for x, y in others]])
        touch("touchEnd", [])
