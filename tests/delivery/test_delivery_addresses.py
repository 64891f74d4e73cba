"""Mail addresses that are taken without the validator are those that it takes as they are."""

from __future__ import annotations

import pytest
from email_validator import validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.delivery.addresses import is_plain

_PARTS = st.text("abz09.-_+A", min_size=1, max_size=8)
_ENDS = st.sampled_from(["com", "org", "us", "mx", "test", "local", "arpa", "c", "123"])


@given(st.builds("{}@{}.{}".format, _PARTS | st.just("ana"), _PARTS | st.just("dane-co"), _ENDS))
@example("ana.flores+news@mail.example.org")
@example("info@example.com")
@example("INFO@example.com")
@example("a@xn--a.com")
@example("a@a--b.com")
@example("a@localhost.com")
@example(f"{'a' * 64}@{'b' * 51}.com")
@example(f"{'a' * 65}@b.com")
@example(f"a@{'b' * 64}.com")
def test_a_plain_address_is_one_that_the_validator_takes_as_it_is(spec: str) -> None:
    if is_plain(spec):
        found = validate_email(spec, check_deliverability=False, test_environment=True, strict=True)
        assert found.normalized == spec


@pytest.mark.parametrize("spec", ["ana@example.org", "ana.flores+news@mail.dane-co.us"])
def test_what_most_addresses_look_like_is_plain(spec: str) -> None:
    assert is_plain(spec)


@pytest.mark.parametrize(
    "spec", ["Ana@example.org", "a..b@example.org", "a@b..org", "a@-b.org", "a@b.onion", "ä@b.org"]
)
def test_whatever_needs_a_look_is_not_plain(spec: str) -> None:
    assert not is_plain(spec)
