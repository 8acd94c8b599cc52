"""Sets of customers as bits, packed and back."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.segments.growth import bits

SETS = st.sets(st.integers(0, 5_000), max_size=80)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(SETS)
def test_a_set_survives_packing(numbers: set[int]) -> None:
    packed = bits.from_positions(numbers, 5_001)
    assert bits.positions(packed) == sorted(numbers)
    assert packed.bit_count() == len(numbers)
    assert bits.unpack(bits.pack(packed)) == packed


@PATIENT
@given(st.binary(max_size=300).map(lambda raw: bytes(byte & 1 for byte in raw)))
def test_flags_are_bits_from_the_first_on(flags: bytes) -> None:
    packed = bits.from_flags(flags)
    assert bits.flags_of(packed, len(flags)) == flags
    assert bits.positions(packed) == [number for number, flag in enumerate(flags) if flag]


def test_few_of_many_take_few_bytes_and_most_of_them_too() -> None:
    few = bits.from_positions(range(0, 1_000_000, 1_000), 1_000_000)
    assert len(bits.pack(few)) < 4_000
    assert bits.unpack(bits.pack(few)) == few
    most = bits.everyone(1_000_000) & ~few
    assert len(bits.pack(most)) < 60_000
    assert bits.unpack(bits.pack(most)) == most


def test_everyone_and_nobody() -> None:
    assert bits.positions(bits.everyone(3)) == [0, 1, 2]
    for nobody in (bits.everyone(0), bits.from_flags(b""), bits.from_positions([], 9)):
        assert nobody == 0
        assert bits.unpack(bits.pack(nobody)) == 0
