"""What a person says is performed, and from when to when."""

from __future__ import annotations

from sign_recognition.decision import NONE_LABEL, EventKind, GestureEvent


def check_label(label: str) -> None:
    """Refuse what cannot be the name of a gesture.

    Raises:
        ValueError: the label is empty, 'none', or has spaces around it.
    """
    if label.strip() != label or label in ('', NONE_LABEL):
        raise ValueError(f"label: {label!r}, allowed is a gesture's name")


class LabelMarks:
    """Turns beginnings and ends of labels into events; several labels may run at once."""

    def __init__(self) -> None:
        self._began_ns: dict[str, int] = {}

    @property
    def running(self) -> tuple[str, ...]:
        """Labels that have begun and not ended."""
        return tuple(self._began_ns)

    def begin(self, label: str, now_ns: int) -> None:
        """A gesture begins.

        Args:
            label: of the gesture.
            now_ns: the moment, nanoseconds.

        Raises:
            ValueError: the label is no gesture's, or is running already.
        """
        check_label(label)
        if label in self._began_ns:
            raise ValueError(f'label: {label!r} has begun already')
        self._began_ns[label] = now_ns

    def end(self, label: str, now_ns: int) -> GestureEvent:
        """A gesture ends.

        Returns:
            The event that says so, an END with its start.

        Raises:
            ValueError: the label is not running, or time went back since it began.
        """
        if label not in self._began_ns:
            raise ValueError(f'label: {label!r} has not begun')
        began_ns = self._began_ns.pop(label)
        if now_ns < began_ns:
            raise ValueError(f'label: {label!r} ended before it began, the clock went back')
        return GestureEvent(EventKind.END, label, 1.0, began_ns, now_ns)
