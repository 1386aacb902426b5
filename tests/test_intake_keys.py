"""Keys as numbers: whatever ids look like and however Arrow holds them, the answers are a dictionary's."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from cs_metrics.intake import ids as ids_module
from cs_metrics.intake import index as index_module
from cs_metrics.intake import keys as keys_module
from cs_metrics.intake import texts as texts_module
from cs_metrics.intake.ids import Keys
from cs_metrics.intake.index import Direct, Hashed, Index, Ordered, index_of
from cs_metrics.intake.keys import KeyColumn

Key = int | str | None
Style = Callable[[random.Random], str]


def letters(alphabet: str, low: int, high: int) -> Style:
    return lambda dice: "".join(dice.choices(alphabet, k=dice.randint(low, high)))


STYLES: dict[str, Style] = {
    "one width": lambda dice: f"E{dice.randrange(500):07d}",
    "growing": lambda dice: f"E{dice.randrange(2000)}",
    "long beginning": lambda dice: f"ENGAGEMENT-2024-{dice.randrange(900)}",
    "sparse numbers": lambda dice: f"K-{dice.randrange(10**15, 10**15 + 3000)}",
    "digits": letters(string.digits, 1, 3),
    "many digits": letters(string.digits, 1, 20),
    "few letters": letters("ab", 1, 9),
    "one length": letters("ab", 17, 17),
    "uuid": letters("0123456789abcdef", 36, 36),
    "digits, then letters": lambda dice: letters("01", 8, 8)(dice) + "-Z",
    "any letters": letters("aé☃😀\0", 1, 5),
    "too long for words": lambda dice: "x" * dice.choice([60, 64, 65, 70]) + letters("ab", 1, 4)(dice),
}


def with_garbage(cells: list[Key], dice: random.Random) -> pa.Array:
    """Text with something in the empty cells, which Arrow allows."""
    filled = [dice.choice(["zz", "E0000001", ""]) if cell is None else cell for cell in cells]
    _, offsets, data = pa.array(filled, pa.large_string()).buffers()
    valid = np.packbits(np.array([cell is not None for cell in cells], bool), bitorder="little")
    return pa.LargeStringArray.from_buffers(len(cells), offsets, data, pa.py_buffer(valid))


def column(cells: list[Key], layout: str, dice: random.Random) -> KeyColumn:
    """The cells in one of Arrow's layouts, cut into chunks that are slices of something longer."""
    cuts = sorted(dice.sample(range(len(cells) + 1), dice.randrange(3))) if len(cells) > 3 else []
    parts = [cells[low:high] for low, high in zip([0, *cuts], [*cuts, len(cells)], strict=True)]
    chunks = []
    for part in [part for part in parts if part] or [cells]:
        if layout == "garbage":
            chunks.append(with_garbage(part, dice))
        elif layout == "int":
            chunks.append(pa.array([9, *part, 9], pa.int64()).slice(1, len(part)))
        else:
            chunks.append(pa.array(["pad", *part, "q"], layout).slice(1, len(part)))
    return KeyColumn("int" if layout == "int" else "str", len(cells), tuple(chunks))


def by_hand(ids: list[Key]) -> tuple[dict[Key, int], list[tuple[int, int]]]:
    """Where each id stands first, and which rows repeat one."""
    places: dict[Key, int] = {}
    pairs = [(row, places[key]) for row, key in enumerate(ids) if key and places.setdefault(key, row) != row]
    return places, pairs


def repeats(index: Index) -> list[tuple[int, int]]:
    return list(zip(index.later.tolist(), index.first.tolist(), strict=True))


@pytest.fixture(params=["one block", "tiny blocks"], autouse=True)
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of three rows, too, so that every seam is met."""
    if request.param == "tiny blocks":
        for module in (texts_module, index_module, keys_module):
            monkeypatch.setattr(module, "BLOCK", 3)
        monkeypatch.setattr(ids_module, "STEP", 3)


@pytest.fixture(params=["numbers", "hashes", "order", "dictionary"])
def finder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way of finding keys, where the ids leave a choice."""
    if request.param != "dictionary":
        monkeypatch.setattr(index_module, "FEW", 0)
    if request.param in ("hashes", "order"):
        monkeypatch.setattr(index_module, "SPARSE", -(10**9))
    if request.param == "order":
        monkeypatch.setattr(index_module, "PATIENCE", -1)
    return str(request.param)


def draw(style: str, dice: random.Random, count: int) -> list[Key]:
    return [None if dice.random() < 0.03 else STYLES[style](dice) for _ in range(count)]


@pytest.mark.parametrize("layout", ["string", "large_string", "string_view", "garbage"])
@pytest.mark.parametrize("style", STYLES)
def test_keys_lead_to_the_rows_of_a_dictionary(style: str, layout: str, finder: str) -> None:
    dice = random.Random(f"{style} {layout} {finder}")
    for _ in range(4):
        drawn = draw(style, dice, dice.randrange(200))
        places, pairs = by_hand(drawn)
        few = index_module.FEW
        assert repeats(index_of(column(drawn, layout, dice), True, few)) == pairs
        assert repeats(index_of(column(drawn, layout, dice), False, few)) == pairs
        ids: list[Key] = list(dict.fromkeys(drawn))
        places, pairs = by_hand(ids)
        other = dice.choice(list(STYLES))
        wanted = [dice.choice([*ids, STYLES[style](dice), STYLES[other](dice)]) for _ in range(100)]
        index = index_of(column(ids, layout, dice), True, few)
        found = index.rows_of(column(wanted, dice.choice(["large_string", "string_view"]), dice))
        assert found.dtype == np.int32
        assert found.tolist() == [-1 if key is None else places.get(key, -1) for key in wanted]


def test_whole_numbers_as_keys(finder: str) -> None:
    dice = random.Random(finder)
    for spread in (200, 2**62):
        ids: list[Key] = list(dict.fromkeys([None, *(dice.randrange(-spread, spread) for _ in range(100))]))
        wanted: list[Key] = [*ids, *(dice.randrange(-(2**63), 2**63) for _ in range(50)), -(2**63), 2**63 - 1]
        places, _ = by_hand([None if key is None else key or 0 for key in ids])
        index = index_of(column(ids, "int", dice), True, index_module.FEW)
        assert repeats(index) == []
        places = {key: row for row, key in enumerate(ids) if key is not None}
        assert index.rows_of(column(wanted, "int", dice)).tolist() == [places.get(key, -1) for key in wanted]
        assert len(index_of(column([5, 7, None, 5, None], "int", dice), True, 0).later) == 1


def test_the_ways_of_finding_are_those_meant(finder: str) -> None:
    kinds = {"numbers": Direct, "hashes": Hashed, "order": Ordered, "dictionary": type(None)}
    ids = column([f"E{number:04d}" for number in range(100)], "large_string", random.Random(1))
    assert type(index_of(ids, True, index_module.FEW).finder) is kinds[finder]


def test_keys_with_the_hash_of_an_id_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that look at the first word only: the words decide."""
    monkeypatch.setattr(index_module, "hashes", lambda words: words[0].view(np.uint64) << np.uint64(56))
    monkeypatch.setattr(index_module, "FEW", 0)
    dice = random.Random(3)
    ids: list[Key] = [f"{letter}-{letters('ab', 12, 12)(dice)}-{letter}" for letter in string.ascii_letters]
    wanted = [*ids, *(f"{key}"[::-1].swapcase() for key in ids), *(f"x{key}"[:-3] + "z-a" for key in ids)]
    index = index_of(column(ids, "string", dice), True, 0)
    assert isinstance(index.finder, Hashed)
    places, _ = by_hand(ids)
    assert index.rows_of(column(wanted, "string", dice)).tolist() == [places.get(key, -1) for key in wanted]


def expected_rank(keys: list[Key]) -> list[int]:
    order = sorted(range(len(keys)), key=lambda row: keys[row])  # type: ignore[arg-type,return-value]
    rank = [0] * len(keys)
    for place, row in enumerate(order):
        rank[row] = place
    return rank


@pytest.mark.parametrize("layout", ["string", "large_string", "string_view", "garbage", "int"])
@pytest.mark.parametrize("style", STYLES)
def test_ids_are_taken_found_and_ranked(style: str, layout: str) -> None:
    dice = random.Random(f"{style} {layout}")
    drawn: list[Key] = draw(style, dice, 150)
    if layout == "int":
        drawn = [None if key is None else hash(key) for key in drawn]
    ids = list(dict.fromkeys(drawn))
    kept = np.array([row for row, key in enumerate(ids) if key is not None and dice.random() < 0.8])
    keys = Keys(column(ids, layout, dice), kept)
    left = [ids[row] for row in kept.tolist()]
    assert len(keys) == len(left)
    assert keys.rank().tolist() == expected_rank(left)
    rows = dice.choices(range(len(left)), k=20)
    assert keys.take(np.array(rows)) == [left[row] for row in rows]
    for key in [*ids[:20], *left[:20], "", "nope", 1, "1", True, 1.0, b"x", 2**80, "\ud800", "x" * 100]:
        same = key in left and type(key) in (int, str)
        assert keys.find(key) == (left.index(key) if same else -1)  # type: ignore[arg-type]


def test_text_sorts_by_code_point() -> None:
    ids: list[Key] = ["Z", "a", "A", "É", "😀", "ﬀ", "E10", "E2", "E1", "e"]
    keys = Keys(column(ids, "large_string", random.Random(0)))
    assert keys.rank().tolist() == expected_rank(ids)
