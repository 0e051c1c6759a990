"""Tries every order in which the calls of a few invocations can take effect.

The real code runs each time. What has been reached already, by the answers that each invocation
saw and by what stands in AWS, is not tried again: so every order is covered without trying each.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from .aws_lambda import failure_record
from .coverage import Coverage
from .histories import Answer, History, Upload
from .invariants import violations
from .invocation import Death, Invocation
from .judge import broken, recipe
from .troubles import Trouble
from .turns import Task
from .world import World

_FAILURES = {
    answer: {
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Fault", "errorMessage": message},
    }
    for answer, message in {
        Answer.FAIL: "PROCESS_FAILED: process raised ValueError: cannot make sense of it",
        Answer.AWS_FAIL: "AWS_ERROR: DynamoDB PutItem answered Throttling",
    }.items()
}

_FLEETING = ("processed_at", "duration_ms", "attention_at", "expires_at", "claimed_at")


class Actor(NamedTuple):
    """One invocation for the one upload."""

    owner: str
    answer: Answer
    """What `process` says of the file; or said at last, in the rescuer."""
    rescues: bool = False
    retries: int | None = None
    """The number of the retry that it was asked for; None where S3 told it of the upload."""

    def __str__(self) -> str:
        asked = "" if self.retries is None else f" for retry {self.retries}"
        return f"{'rescuer' if self.rescues else 'processor'} of {self.owner}{asked}: {self.answer}"


class Move(NamedTuple):
    """The next call of one actor takes effect, or meets its trouble; or the user deletes."""

    actor: int
    trouble: Trouble | None


_DELETION = Move(-1, None)


@dataclass(frozen=True, slots=True)
class Scene:
    """`before` is over when `actors` begin, all at once."""

    actors: tuple[Actor, ...]
    before: tuple[Actor, ...] = ()
    is_deleted: bool = False
    """By a user, for good, at any moment."""
    troubles: tuple[Trouble, ...] = ()
    """One of these may befall one call; who fails of it is tried again at once."""

    def __str__(self) -> str:
        before = f"{self.before[0]} before " if self.before else ""
        return before + " and ".join(map(str, self.actors))


class Play:
    """One performance of a scene, move by move."""

    def __init__(self, scene: Scene, coverage: Coverage) -> None:
        self._scene = scene
        self.world = World(History(restored_told_after=()), coverage)
        self.world.wire.before_each = self._before_call
        self.world.wire.after_each = self._after_call
        self._fact = self.world.users.upload(Upload())
        self._cast: list[tuple[Actor, Invocation, Task]] = []
        self._seen: dict[Invocation, list[object]] = {}
        self._trouble: Trouble | None = None
        self._troubles_left = bool(scene.troubles)
        self._deletion_left = scene.is_deleted

    def begin(self) -> None:
        for actor in self._scene.before:
            *_, task = self._enter(actor)
            while not task.done:
                task.resume()
                self.world.timeline.run()
        self._cast.clear()
        for actor in self._scene.actors:
            self._enter(actor)

    def moves(self) -> list[Move]:
        """What can happen next; nothing once all have ended."""
        troubles = self._scene.troubles if self._troubles_left else ()
        deletions = [_DELETION] if self._deletion_left else []
        return deletions + [
            Move(number, trouble)
            for number, (_, _, task) in enumerate(self._cast)
            if not task.done
            for trouble in (None, *troubles)
        ]

    def make(self, move: Move) -> None:
        if move == _DELETION:
            self._deletion_left = False
            self.world.users.delete_for_good(self._fact)
            return
        actor, invocation, task = self._cast[move.actor]
        self._trouble = move.trouble
        self._troubles_left = self._troubles_left and move.trouble is None
        task.resume()
        self.world.timeline.run()
        if task.done and invocation.failed:
            self._enter(actor)

    def state(self) -> str:
        """Equal for two performances that cannot differ any more."""
        items = [
            (key, sorted((k, str(v)) for k, v in item.items() if k not in _FLEETING))
            for key, item in sorted(self.world.table.items.items())
        ]
        buckets = [
            [version.version_id for version in bucket.newest_first("")]
            for bucket in (self.world.input, self.world.quarantine)
        ]
        cast = [(actor, self._seen.get(inv, []), task.done) for actor, inv, task in self._cast]
        return repr((items, buckets, cast, self._troubles_left, self._deletion_left))

    def judge(self) -> None:
        """At the end, and once operators have tried again what is held."""
        self._assert_kept()
        self.world.live_on_in_calm()
        self._assert_kept()

    def close(self) -> None:
        """Leave no thread behind."""
        for _, invocation, task in self._cast:
            while not task.done:
                invocation.death = Death.CRASH
                task.resume()

    def _enter(self, actor: Actor) -> tuple[Actor, Invocation, Task]:
        payload: dict[str, Any] = {"Records": [self._fact.event.record]}
        if actor.retries is not None:
            event = self._fact.event
            named = {"object_key": event.key, "upload_id": event.upload_id}
            payload = {"Retry": {**named, "retries": actor.retries}}
        if actor.rescues:
            payload = failure_record(actor.owner, payload, _FAILURES[actor.answer])
            began = self.world.rescuer.begin(payload, f"rescue of {actor.owner}")
            self._fact.answers.append((actor.answer, began[0]))
        else:
            self.world.process.says[actor.owner] = actor.answer
            began = self.world.processor.begin(payload, actor.owner)
        self.world.timeline.run()
        self._cast.append((actor, *began))
        return self._cast[-1]

    def _before_call(self, invocation: Invocation) -> Trouble | None:
        task = Task.current
        assert task is not None
        task.pause()
        invocation.check_alive()
        trouble, self._trouble = self._trouble, None
        return trouble

    def _after_call(self, invocation: Invocation, answer: Any) -> None:
        gist = answer.response["Error"] if isinstance(answer, ClientError) else answer
        if isinstance(gist, dict) and "Body" in gist:
            gist = "the object"
        self._seen.setdefault(invocation, []).append(repr(gist))

    def _assert_kept(self) -> None:
        if found := violations(self.world):
            raise AssertionError(broken(found, self.world, f"perform({recipe(self._scene)})"))


def perform(scene: Scene, coverage: Coverage | None = None) -> int:
    """Play a scene in every order; answer in how many different ways it can end."""
    coverage = coverage or Coverage()
    known: set[str] = set()
    waiting: list[tuple[Move, ...]] = [()]
    endings = 0
    while waiting:
        play = Play(scene, coverage)
        with play.world.on_stage():
            endings += _play_on(play, list(waiting.pop()), known, waiting)
    coverage.scenes += 1
    coverage.endings += endings
    return endings


def _play_on(play: Play, made: list[Move], known: set[str], waiting: list[tuple[Move, ...]]) -> int:
    """Go on where `made` leads, as far as it is new; put aside what else could have happened."""
    try:
        play.begin()
        for move in made:
            play.make(move)
        while moves := play.moves():
            state = play.state()
            if state in known:
                return 0
            known.add(state)
            first, *others = moves
            waiting.extend((*made, other) for other in others)
            play.make(first)
            made.append(first)
        play.judge()
        return 1
    finally:
        play.close()
        play.world.coverage.calls += play.world.wire.calls
