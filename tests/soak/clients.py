"""Clients that people use, each writing keys of its own and reading what it has written."""

from __future__ import annotations

import io
import random
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from typing import Any

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from minio import Minio
from minio.error import MinioException, S3Error

from tests.raw_http import Connection
from tests.servers import GatewayProcess
from tests.soak.model import Model

BUCKET = "master.soak"
KEYS = 12
TIMEOUT_SECONDS = 20.0
MIB = 1024 * 1024
_SIZES = [0, 1, 900, 20_000, 70_000, 300_000, 999_999, 1_000_001, 3 * MIB, 9 * MIB]
_SIZE_WEIGHTS = [2, 5, 25, 25, 15, 10, 4, 4, 6, 1]


class Trouble(Exception):
    """An operation did not work; whether it has happened nobody knows."""


class Scene:
    """What all clients of a load share.

    Args:
        gateway: Where to go; another one after a restart.
        model: What may be seen.
        draw: Chance.
    """

    def __init__(self, gateway: GatewayProcess, model: Model, draw: random.Random) -> None:
        self.gateway = gateway
        self.model = model
        self.draw = draw
        self.counts: Counter[tuple[str, str]] = Counter()
        """By client: operations that worked, that did not, and bytes."""
        self.is_calm = True
        """Nothing is restarted, so that everything has to work."""
        self.has_ended = threading.Event()


class Worker:
    """One client at work, on a thread of its own until the scene ends."""

    kind: str

    def __init__(self, scene: Scene, number: int) -> None:
        self.name = f"{self.kind.replace(' ', '-')}-{number}"
        self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.scene = scene
        self.model = scene.model
        self.draw = random.Random(scene.draw.random())  # noqa: S311

    def _run(self) -> None:
        try:
            self._turns()
        finally:
            self.close()

    def _turns(self) -> None:
        """Do one thing after the other."""
        while not self.scene.has_ended.is_set():
            was_calm, gateway = self.scene.is_calm, self.scene.gateway
            try:
                self.turn()
            except Trouble as trouble:
                self.count("trouble")
                if was_calm and self.scene.is_calm and gateway is self.scene.gateway:
                    self.model.fault(f"{self.name}: {trouble}")
                time.sleep(0.05)
            except Exception as error:
                self.model.fault(f"{self.name}: {error!r}")
            else:
                self.count("done")

    def turn(self) -> None:
        """Do one thing."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what it holds."""

    def count(self, what: str, number: int = 1) -> None:
        """Count for the table."""
        self.scene.counts[self.kind, what] += number

    def any_key(self) -> str:
        """One of its own keys."""
        return f"{self.name}/{self.draw.randrange(KEYS)}"

    def any_size(self) -> int:
        """A size, small more often than large."""
        return self.draw.choices(_SIZES, _SIZE_WEIGHTS)[0]


class Client(Worker, ABC):
    """One that waits for its answers."""

    def turn(self) -> None:
        """Write, read, remove or list."""
        act = self.draw.choices((self._put, self._get, self._delete, self._list), (45, 35, 12, 8))
        act[0](self.any_key())

    def _put(self, key: str) -> None:
        version = self.model.begin(key, self.any_size())
        assert version is not None
        content = version.content
        self.put(key, content)
        self.model.answered(key, version)
        self.count("bytes", len(content))

    def _get(self, key: str) -> None:
        content = self.get(key)
        self.model.saw(key, content, self.name)
        self.count("bytes", len(content or b""))

    def _delete(self, key: str) -> None:
        self.model.begin(key, None)
        self.delete(key)
        self.model.answered(key, None)

    def _list(self, key: str) -> None:
        prefix = f"{self.name}/"
        listed = set(self.list(prefix))
        for one in self.model.keys:
            if one.startswith(prefix):
                states = self.model.states_of(one)
                if (one in listed and states == {None}) or (
                    one not in listed and None not in states
                ):
                    self.model.fault(f"{self.name}: the listing is wrong about {one}: {states}")

    @abstractmethod
    def put(self, key: str, content: bytes) -> None:
        """Write an object."""

    @abstractmethod
    def get(self, key: str) -> bytes | None:
        """Read an object; None if there is none."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove an object."""

    @abstractmethod
    def list(self, prefix: str) -> list[str]:
        """The keys with a prefix."""


class Boto3(Client):
    """AWS's SDK for Python, which tries once."""

    kind = "boto3"

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self._of: GatewayProcess | None = None
        self._client: Any = None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def put(self, key: str, content: bytes) -> None:
        self._call("put_object", Key=key, Body=content)

    def get(self, key: str) -> bytes | None:
        got = self._call("get_object", Key=key)
        try:
            return None if got is None else got["Body"].read()
        except (BotoCoreError, urllib3.exceptions.HTTPError, OSError) as error:
            raise Trouble(f"get {key}: {error!r}") from error

    def delete(self, key: str) -> None:
        if self.draw.random() < 0.5:
            self._call("delete_object", Key=key)
        else:
            done = self._call("delete_objects", Delete={"Objects": [{"Key": key}]})
            if done.get("Errors"):
                raise Trouble(f"delete {key}: {done['Errors']}")

    def list(self, prefix: str) -> list[str]:
        listed = self._call("list_objects_v2", Prefix=prefix)
        return [one["Key"] for one in listed.get("Contents", ())]

    def _call(self, operation: str, **parameters: Any) -> Any:
        if self._of is not self.scene.gateway:
            self.close()
            self._of = self.scene.gateway
            self._client = boto3.session.Session().client(
                "s3",
                endpoint_url=self._of.endpoint,
                region_name="us-east-1",
                aws_access_key_id="any",
                aws_secret_access_key="anything",
                config=Config(
                    retries={"total_max_attempts": 1},
                    connect_timeout=TIMEOUT_SECONDS,
                    read_timeout=TIMEOUT_SECONDS,
                ),
            )
        try:
            return getattr(self._client, operation)(Bucket=BUCKET, **parameters)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404 and error.response["Error"]["Code"] == "NoSuchKey":
                return None
            if status == 503:
                raise Trouble(f"{operation}: {error}") from error
            raise
        except (BotoCoreError, OSError) as error:
            raise Trouble(f"{operation}: {error!r}") from error


class MinioPy(Client):
    """MinIO's SDK for Python, which tries once."""

    kind = "minio-py"

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self._of: GatewayProcess | None = None
        self._client: Any = None
        self._pool = urllib3.PoolManager(timeout=TIMEOUT_SECONDS, retries=False)

    def close(self) -> None:
        self._pool.clear()

    def put(self, key: str, content: bytes) -> None:
        self._call(
            lambda: self._client.put_object(
                bucket_name=BUCKET,
                object_name=key,
                data=io.BytesIO(content),
                length=len(content),
                part_size=64 * MIB,
            )
        )

    def get(self, key: str) -> bytes | None:
        def read() -> bytes:
            answer = self._client.get_object(bucket_name=BUCKET, object_name=key)
            try:
                content: bytes = answer.read()
                return content
            finally:
                answer.close()
                answer.release_conn()

        content: bytes | None = self._call(read)
        return content

    def delete(self, key: str) -> None:
        self._call(lambda: self._client.remove_object(bucket_name=BUCKET, object_name=key))

    def list(self, prefix: str) -> list[str]:
        def listed() -> list[str]:
            found = self._client.list_objects(bucket_name=BUCKET, prefix=prefix, recursive=True)
            return [one.object_name for one in found]

        keys: list[str] = self._call(listed)
        return keys

    def _call(self, call: Any) -> Any:
        if self._of is not self.scene.gateway:
            self.close()
            self._of = self.scene.gateway
            self._client = Minio(
                endpoint=f"{self._of.host}:{self._of.port}",
                access_key="any",
                secret_key="anything",
                secure=False,
                http_client=self._pool,
            )
        try:
            return call()
        except S3Error as error:
            if error.code == "NoSuchKey":
                return None
            if error.response.status == 503:
                raise Trouble(str(error)) from error
            raise
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Trouble(repr(error)) from error


class RawHttp(Client):
    """HTTP on a connection that is kept, with ranges and bodies of unknown length."""

    kind = "raw HTTP"

    def __init__(self, scene: Scene, number: int) -> None:
        super().__init__(scene, number)
        self._of: GatewayProcess | None = None
        self._connection: Connection | None = None

    def close(self) -> None:
        self._lost("")

    def put(self, key: str, content: bytes) -> None:
        if self.draw.random() < 0.5:
            self._ask("PUT", key, content)
            return
        framed = b"%x\r\n%s\r\n" % (len(content), content) if content else b""
        self._ask("PUT", key, framed + b"0\r\n\r\n", {"Transfer-Encoding": "chunked"})

    def get(self, key: str) -> bytes | None:
        status, content = self._ask("GET", key)
        if status == 404 or not content:
            return None if status == 404 else content
        middle = len(content) // 2
        status, part = self._ask("GET", key, None, {"Range": f"bytes={middle}-"})
        if status != 206 or part != content[middle:]:
            self.model.fault(f"{self.name}: the range from {middle} of {key} is wrong")
        return content

    def delete(self, key: str) -> None:
        self._ask("DELETE", key)

    def list(self, prefix: str) -> list[str]:
        connection = self._connected()
        try:
            answer = connection.request("GET", f"/{BUCKET}?list-type=2&prefix={prefix}")
        except OSError as error:
            raise self._lost(repr(error)) from error
        if answer.status != 200:
            raise self._lost(f"list: {answer.status}")
        return answer.texts("Contents", "Key")

    def _ask(
        self,
        method: str,
        key: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        connection = self._connected()
        try:
            answer = connection.request(method, f"/{BUCKET}/{key}", body, headers)
        except OSError as error:
            raise self._lost(f"{method} {key}: {error!r}") from error
        if answer.headers.get("connection") == "close":
            self._lost("")
        if answer.status == 503:
            raise self._lost(f"{method} {key}: 503 {answer.code}")
        if answer.status >= 300 and answer.status != 404:
            self.model.fault(f"{self.name}: {method} {key}: {answer.status} {answer.body!r}")
        return answer.status, answer.body

    def _connected(self) -> Connection:
        if self._of is not self.scene.gateway:
            self._lost("")
        if self._connection is None:
            self._of = self.scene.gateway
            try:
                self._connection = Connection(self._of)
            except OSError as error:
                raise Trouble(repr(error)) from error
        return self._connection

    def _lost(self, why: str) -> Trouble:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.socket.close()
            self._connection = None
        return Trouble(why)
