"""Queries to a database at an address: secrets come from the environment and are shown nowhere."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attribution.errors import BadInput, Problem
from attribution.reading.dialects import FILE_SCHEMES

if TYPE_CHECKING:
    import ibis

__all__ = ["Query"]

_REMOTE = ("http", "https", "ftp", "sftp", "s3", "gs", "gcs", "az", "abfs", "abfss", "hdfs")
_SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Query:
    """A query to a database that Ibis connects to.

    Parameters
    ----------
    url
        Such as ``"postgres://analyst:${PGPASSWORD}@host/shop"``; ``${NAME}`` stands for a variable of the environment.
    query
        A SELECT in the database's own SQL.
    """

    url: str = field(repr=False)
    query: str

    @classmethod
    def of(cls, text: str) -> Query:
        """The query that ``url::select ...`` means.

        Raises
        ------
        BadInput
            There is no query.
        """
        url, _, query = text.partition("::")
        return cls(url, query.strip())

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme in FILE_SCHEMES:
            raise BadInput(Problem(self.name, "names a file.", remedy=f"write {FILE_SCHEMES[parts.scheme]}."))
        if not self.query.strip():
            if parts.scheme in _REMOTE:
                text = "lies on a server, and files are read from this machine."
                raise BadInput(Problem(self.name, text, remedy="download it, and name the file."))
            remedy = "write url::select ..., or both under url and query."
            raise BadInput(Problem(self.name, "has no query.", remedy=remedy))
        written = parts.netloc.rpartition("@")[0].partition(":")[2]
        if written and not _SECRET.fullmatch(written):
            remedy = "write ${NAME} and set the variable NAME where the run is started."
            raise BadInput(Problem(self.name, "has a password written into it.", remedy=remedy))

    @property
    def name(self) -> str:
        """What messages and manifests call it: kind, host and path, without user, password and options."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return _SECRET.sub("...", f"{parts.scheme}://{host}{parts.path}")

    def table(self) -> ibis.Table:
        """The answer as a table of its engine; nothing is read yet.

        Raises
        ------
        BadInput
            A variable is not set, the database does not answer, or refuses the query.
        """
        import ibis

        secrets = {name: os.environ.get(name) for name in _SECRET.findall(self.url)}
        unset = [name for name, value in secrets.items() if value is None]
        if unset:
            text = f"needs {', '.join(unset)}, which the environment does not have."
            raise BadInput(Problem(self.name, text, remedy="set it where the run is started."))
        try:
            connection = ibis.connect(_SECRET.sub(lambda match: str(secrets[match[1]]), self.url))
            return connection.sql(self.query)
        except ModuleNotFoundError as error:
            text = f"needs the package {error.name}, which is not installed."
            raise BadInput(Problem(self.name, text, remedy="install it where cac runs, or export the table.")) from None
        except Exception as error:  # drivers raise what they like, and put the address into it
            raise BadInput(Problem(self.name, f"gives no answer ({type(error).__name__}).", remedy=_REMEDY)) from None


_REMEDY = "check host, rights and query with the database's own client; its words may hold secrets and stay unshown."
