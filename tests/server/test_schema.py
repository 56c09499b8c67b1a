"""Schemathesis against the application: whatever is asked, the answer is one that the OpenAPI schema tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from hypothesis import HealthCheck, settings  # noqa: E402
from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: E402

from audiopost.server.app import create_app  # noqa: E402
from audiopost.server.settings import Settings  # noqa: E402

HERE, TOKEN = Path(__file__), "a-token-of-the-tests"
#: The statuses that each operation answered with.
ANSWERS: dict[str, set[int]] = {}
api = schemathesis.openapi.from_dict(
    create_app(Settings(HERE.parent, TOKEN)).openapi(), config=schemathesis.Config(seed=7)
)


@api.auth()
class Token:
    def get(self, case: Any, context: Any) -> str:
        return TOKEN

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@api.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Some of the jobs that are asked for are there."""
    job = (path_parameters or {}).get("job")
    if isinstance(job, int) and 1 <= job < 1 << 53:
        path_parameters["job"] = 1 + job % 8
    return path_parameters


@api.hook
def map_body(context: Any, body: Any) -> Any:
    """Some of the presets and recordings that are asked for are there."""
    if not isinstance(body, dict) or not _is_line(body.get("preset"), 100) or len(body["preset"]) % 2:
        return body
    settings = body.get("settings", [])
    # What is wrong on purpose stays wrong.
    if not isinstance(settings, list) or len(settings) > 100 or not all(_is_line(each, 2000, 0) for each in settings):
        return body
    if "source" in body and not _is_line(body["source"], 4096):
        return body
    return {**body, "preset": "podcast", "settings": [], **({"source": str(HERE)} if "source" in body else {})}


def _is_line(value: Any, most: int, least: int = 1) -> bool:
    return isinstance(value, str) and least <= len(value) <= most


@pytest.fixture(scope="module")
def up(start: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with start(tmp_path_factory.mktemp("asked"), sources=(HERE.parent,)) as served:
        for title in ("", "fail", "hold"):
            served.upload(title=title)
        yield served


@pytest.mark.slow
@api.parametrize()
@settings(
    max_examples=30, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)  # fmt: skip
def test_every_answer_is_one_that_the_schema_tells_of(case: Any, up: Any) -> None:
    # No schema says which presets and recordings there are: what is submitted may be refused though it is well formed.
    submits = case.operation.definition.raw["operationId"].startswith("submit")
    excluded = [positive_data_acceptance] if submits else []
    answer = case.call_and_validate(base_url=up.url, timeout=60, excluded_checks=excluded)
    ANSWERS.setdefault(case.operation.definition.raw["operationId"], set()).add(answer.status_code)


@pytest.mark.slow
def test_it_was_not_refusals_alone() -> None:
    if not ANSWERS:
        pytest.skip("the test before has not run")
    done = {name for name, statuses in ANSWERS.items() if any(200 <= status < 300 for status in statuses)}
    assert len(done) >= len(ANSWERS) / 2, ANSWERS
