"""The engines themselves: a local Spark, and a PostgreSQL server of its own that lives as long as the tests."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from attribution import Journeys, PathRules

ENGINES = ("duckdb", "spark", "postgres")
RULES = PathRules(idle_gap="5D", lookback_of={"view": "2D"}, segments=("geo",))
NOISE = (
    "ignore:The copy keyword is deprecated",  # pyspark 4.0 passes to pandas what pandas 3 deprecates
    "ignore:unclosed <socket.socket:ResourceWarning",  # py4j leaves its loopback sockets to the garbage collector
)
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.engines)
            for line in NOISE:
                item.add_marker(pytest.mark.filterwarnings(line))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An Ibis connection to Spark in this process, reachable from this machine alone."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} -Djava.io.tmpdir={folder} "
        "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # small data: starting fast beats running fast
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder),
    }
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master("local[2]").appName("attribution")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield ibis.pyspark.connect(session)
    session.stop()


def postgres_tool(name: str) -> str:
    """Path of a program of the PostgreSQL server, newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"no {name}: install the PostgreSQL server (Debian: postgresql), as make test-engines does"
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """An Ibis connection to a fresh PostgreSQL cluster that listens on a socket in its own folder, on no port."""
    folder = tempfile.mkdtemp(prefix="cac-pg-", dir="/tmp")  # sockets need a short path
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
    setup = ["-D", f"{folder}/data", "-U", "analyst", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run([postgres_tool("initdb"), *setup], check=True, capture_output=True, cwd=folder, **owner)
    options = [f"-cunix_socket_directories={folder}", "-clisten_addresses=", "-cfsync=off"]
    with Path(folder, "log").open("wb") as log:
        command = [postgres_tool("postgres"), "-D", f"{folder}/data", *options]
        server = subprocess.Popen(command, cwd=folder, stderr=log, stdout=log, **owner)
    try:
        ready = [postgres_tool("pg_isready"), "-q", "-h", folder]
        for _ in range(200):
            if subprocess.run(ready).returncode == 0:
                break
            assert server.poll() is None, Path(folder, "log").read_text()
            time.sleep(0.1)
        connection = ibis.postgres.connect(host=folder, user="analyst", database="postgres")
        yield connection
        gc.collect()  # what journeys keep is dropped while the connection stands
        connection.disconnect()
    finally:
        server.send_signal(2)  # fast shutdown: connections are dropped
        server.wait(30)
        shutil.rmtree(folder)


@pytest.fixture(scope="session", params=ENGINES)
def backend(request: pytest.FixtureRequest) -> Any:
    """Each engine in turn."""
    return ibis.duckdb.connect() if request.param == "duckdb" else request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def log(make_log: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A few thousand users who come back: clicks and views, regions, ties in time, touches past their window."""
    touched, bought = make_log(11, users=3_000, touches=15_000, conversions=3_500, days=40)
    rng = np.random.default_rng(12)
    touched["interaction"] = rng.choice(["click", "view"], len(touched))
    for frame in (touched, bought):
        frame["time"] += pd.to_timedelta(rng.choice([0, 0, 1, 123_457], len(frame)), unit="us")
    return touched, bought


@pytest.fixture(scope="session")
def load(backend: Any) -> Callable[..., list[Any]]:
    """Turns frames into tables of the engine."""

    def loaded(frame: pd.DataFrame) -> Any:
        texts = [name for name, kind in frame.dtypes.items() if kind == "str"]
        plain = frame.astype(dict.fromkeys(texts, object))  # pyspark 4.0 cannot read texts that lie in several chunks
        return backend.create_table(ibis.util.gen_name("t"), plain)

    return lambda *frames: [loaded(frame) for frame in frames]


@pytest.fixture(scope="session")
def here(log: tuple[pd.DataFrame, pd.DataFrame]) -> Journeys:
    """The journeys as one pass over arrays makes them."""
    return Journeys.from_touchpoints(log[0], conversions=log[1], lookback="9D", rules=RULES)


@pytest.fixture(scope="session")
def there(load: Any, log: tuple[pd.DataFrame, pd.DataFrame]) -> Journeys:
    """The same journeys as an engine's own expression."""
    touched, bought = load(*log)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("attribution.paths.journeys.is_local", lambda table: False)
        journeys = Journeys.from_touchpoints(touched, conversions=bought, lookback="9D", rules=RULES)
    assert journeys.won is None
    return journeys
