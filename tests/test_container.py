"""What can be checked of the container without a container engine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings

ROOT = Path(__file__).parent.parent
SETTINGS = {name.upper() for name in Settings.model_fields}


def instructions() -> list[tuple[str, str]]:
    """(name, arguments) of the Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.split(None, 1)[0].upper(), line.split(None, 1)[1]) for line in lines]


def last(name: str) -> str:
    return [arguments for instruction, arguments in instructions() if instruction == name][-1]


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


class TestDockerfile:
    def test_everything_it_copies_is_there_and_not_ignored(self) -> None:
        sources = [
            word
            for name, arguments in instructions()
            if name == "COPY" and "--from" not in arguments
            for word in arguments.split()[:-1]
        ]
        assert sources
        let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source in let_in, f"{source} is held back by .dockerignore"

    def test_every_package_of_ours_is_copied(self) -> None:
        packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
        copied = {arguments.split()[0] for name, arguments in instructions() if name == "COPY"}
        assert packages <= copied

    def test_it_does_not_run_as_root(self) -> None:
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER"))

    def test_it_has_a_healthcheck_a_volume_and_a_stop_signal(self) -> None:
        assert "/healthz" in last("HEALTHCHECK")
        command = json.loads(last("HEALTHCHECK").partition("CMD")[2])
        compile(command[2], "healthcheck", "exec")
        assert last("VOLUME") == "/data"
        assert last("STOPSIGNAL") == "SIGTERM"

    def test_it_runs_the_product_with_settings_that_exist(self) -> None:
        assert json.loads(last("CMD")) == ["cohort", "run"]
        names = {pair.partition("=")[0] for pair in last("ENV").split()}
        assert names - {"PATH", "PYTHONUNBUFFERED"} == {"HOST", "PORT", "DATA_DIR"}
        assert names - {"PATH", "PYTHONUNBUFFERED"} <= SETTINGS

    def test_its_python_is_one_the_project_supports(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        for name, arguments in instructions():
            if name == "FROM":
                version = re.search(r"python:(\d+\.\d+)-", arguments)
                assert version is not None
                assert version.group(1) in ("3.11", "3.12", "3.13"), project["requires-python"]


def test_what_is_not_python_is_installed_too() -> None:
    """An image has no checkout beside it: every data file has to be named in pyproject.toml."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for package, patterns in data.items():
        plain = [pattern.removeprefix("**/") for pattern in patterns]
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc", ".pyi"):
                inside = path.relative_to(ROOT / package)
                assert any(fnmatch(str(inside), one) or fnmatch(inside.name, one) for one in plain), path


class TestCompose:
    def test_ours_have_settings_that_exist_and_the_same_servers(self) -> None:
        services = compose()["services"]
        for name in ("web", "worker"):
            environment = services[name]["environment"]
            assert set(environment) <= SETTINGS
            assert environment["MONGODB_URL"] == "mongodb://mongodb:27017/cohort?replicaSet=cohort"
            assert environment["REDIS_URL"].startswith("redis://valkey:")
            Settings(_env_file=None, **{key.lower(): value for key, value in environment.items()})
            assert services[name]["command"] == ["cohort", name]
            assert "data:/data" in services[name]["volumes"]

    def test_only_the_web_server_is_published(self) -> None:
        published = {name for name, service in compose()["services"].items() if service.get("ports")}
        assert published == {"web"}

    def test_servers_are_healthy_before_ours_start_and_their_data_is_in_volumes(self) -> None:
        loaded = compose()
        services = loaded["services"]
        for name in ("mongodb", "valkey"):
            assert services[name]["healthcheck"]["test"]
            assert services["web"]["depends_on"][name]["condition"] == "service_healthy"
            assert services[name]["volumes"][0].partition(":")[0] in loaded["volumes"]
        assert "rs.initiate" in services["mongodb"]["healthcheck"]["test"][-1]
        assert "--replSet" in services["mongodb"]["command"]

    def test_docker_reads_it(self) -> None:
        docker = shutil.which("docker")
        if (
            docker is None
            or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
        ):
            pytest.skip("no docker client with compose here")
        result = subprocess.run(
            [docker, "compose", "config", "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
