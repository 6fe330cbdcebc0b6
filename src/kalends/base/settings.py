"""All settings, in one place. Every one can be given as an environment variable with the prefix `KALENDS_`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, Field, SecretStr


def default_home() -> Path:
    """The data folder. As root not below /root: PostgreSQL runs as another user there and could not reach it."""
    if os.geteuid() == 0:
        return Path("/var/lib/kalends")
    return Path(platformdirs.user_data_dir("kalends"))


class Settings(BaseModel):
    """What an operator may choose. There is no live default secret: secrets are made on first start, in `home`."""

    home: Path = Field(default_factory=default_home, description="The data folder.")
    host: str = Field(default="127.0.0.1", description="The address to listen on: loopback only until told otherwise.")
    port: int = Field(default=8400, description="The port to listen on; 0 takes a free one.")
    database_url: str | None = Field(
        default=None, description="A PostgreSQL server, as its owner; without it, the embedded one is started."
    )
    warehouse_url: str | None = Field(
        default=None, description="The warehouse engine; without it, one encrypted DuckDB file per tenant."
    )
    files_url: str | None = Field(default=None, description="Where raw payloads are kept; without it, a local folder.")
    cache_url: str = Field(default="mem://", description="mem:// or redis://HOST:PORT for several processes.")
    public_url: str | None = Field(default=None, description="The address people reach this server at, for links.")
    log_format: Literal["console", "json"] = Field(default="console", description="json in production.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged.")
    worker: bool = Field(default=True, description="Whether this process also runs background jobs.")
    secret: SecretStr | None = Field(
        default=None, description="64 hexadecimal digits shared by all servers of one installation; else made once."
    )
    platform_gateway: str | None = Field(
        default=None, description="For tests and demos: a server that stands in for all platforms."
    )
    platform_apps: Path | None = Field(
        default=None, description="A TOML file: this server's own apps at platforms, for people to sign in there."
    )
    smtp_url: str | None = Field(default=None, description="smtp://USER:PASSWORD@HOST:PORT for e-mail.")

    def __init__(self, **chosen: Any) -> None:
        """What is `chosen` here, else in the environment, else the default."""
        variables = {name: f"KALENDS_{name.upper()}" for name in type(self).model_fields}
        told = {name: os.environ[variable] for name, variable in variables.items() if variable in os.environ}
        super().__init__(**(told | chosen))

    @property
    def socket(self) -> Path:
        """The Unix socket by which commands on this machine reach the running server."""
        return self.home / "run" / "kalends.sock"
