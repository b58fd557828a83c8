"""mlflow's store of artifacts, by way of boto3."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.clients import steps

# mlflow takes them from the environment alone, and reads it when it is imported.
os.environ |= {
    "MLFLOW_S3_ENDPOINT_URL": steps.endpoint(),
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "anything",
    "AWS_DEFAULT_REGION": "us-east-1",
    "MLFLOW_ALLOW_FILE_STORE": "true",
}

import mlflow

from tests.clients.data_tools import sizes


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Artifacts of each size in one run, and what else mlflow does with them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mlflow.set_tracking_uri((folder / "tracking").as_uri())
        where = mlflow.create_experiment("tests", artifact_location=f"s3://{bucket}/runs")
        with mlflow.start_run(experiment_id=where) as run:
            yield from _artifacts(folder, run.info.run_id)


def _artifacts(folder: Path, run: str) -> Iterator[sizes.Step]:
    def back(name: str) -> Path:
        return Path(mlflow.artifacts.download_artifacts(run_id=run, artifact_path=name))

    def names(path: str = "") -> list[str]:
        listed = mlflow.artifacts.list_artifacts(run_id=run, artifact_path=path or None)
        return sorted(one.path for one in listed)

    def whole(size: int) -> None:
        content, file = os.urandom(size), folder / str(size)
        file.write_bytes(content)
        mlflow.log_artifact(str(file))
        assert back(file.name).read_bytes() == content

    def folders() -> None:
        (folder / "model" / "sub").mkdir(parents=True)
        (folder / "model" / "sub" / "weights").write_bytes(b"12345")
        mlflow.log_artifacts(str(folder / "model"), "model")
        assert "model" in names()
        assert names("model") == ["model/sub"]
        assert (back("model") / "sub" / "weights").read_bytes() == b"12345"

    def text() -> None:
        mlflow.log_text("hello", "notes/readme.txt")
        assert mlflow.artifacts.load_text(f"runs:/{run}/notes/readme.txt") == "hello"

    yield from sizes.each_size(whole)
    yield "log and list a folder", folders
    yield "log and load a text", text


if __name__ == "__main__":
    sizes.run(own_steps)
