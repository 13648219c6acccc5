"""Starts the AI-on-demand platform's own server from a checkout of its source, on SQLite, for `benchfmt publish` to be tried on.

No test uses it. It has not been run here, since the whole source was not at hand: it follows what the platform's own tests
do (src/tests/testutils of AIOD-rest-api, March 2026). Run it in an environment with the platform's requirements:

    python tests/publishing/aiod_server.py path/to/AIOD-rest-api --port 8080
    BENCHFMT_AIOD_TOKEN=any benchfmt publish PACKAGE --to aiod --url http://127.0.0.1:8080

Whatever token comes is that of one user without roles. The database is new each time and goes with the program.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import Mock

USER = {
    "realm_access": {"roles": ["default-roles-aiod"]},
    "resource_access": {"account": {"roles": []}},
    "scope": "openid profile email",
    "username": "benchfmt",
    "token_type": "Bearer",
    "active": True,
    "sub": "benchfmt-0000-0000-0000-000000000000",
}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--port", type=int, default=8080)
    return parser.parse_args()


def prepare(connection: Any, _: object) -> None:
    """Give SQLite what the platform takes from MySQL."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA foreign_keys=ON")
        connection.create_function("BINARY", 1, lambda value: value, deterministic=True)


def main() -> None:
    asked = parsed()
    source = asked.checkout / "src"
    if not (source / "main.py").is_file():
        sys.exit(f"{source / 'main.py'} does not exist: this is no checkout of AIOD-rest-api")
    sys.path.insert(0, str(source))
    os.environ.setdefault("KEYCLOAK_CLIENT_SECRET", "unused")
    # The platform reads its own command line when it is imported.
    sys.argv = sys.argv[:1]

    import authentication
    import uvicorn
    from database.deletion.triggers import create_delete_triggers
    from database.model.concept.concept import AIoDConcept
    from database.model.platform.platform import Platform
    from database.model.platform.platform_names import PlatformName
    from database.session import DbSession, EngineSingleton
    from main import build_app
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlmodel import SQLModel, create_engine
    from taxonomies.synchronize_taxonomy import synchronize_taxonomy_from_file

    event.listen(Engine, "connect", prepare)
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/aiod.db?check_same_thread=False")
        EngineSingleton().patch(engine)
        SQLModel.metadata.create_all(engine)
        with DbSession() as session:
            for trigger in create_delete_triggers(AIoDConcept):
                session.execute(trigger)
            session.add_all([Platform(name=name) for name in PlatformName])
            session.commit()
        synchronize_taxonomy_from_file(asked.checkout / "data" / "taxonomies" / "default.json")
        authentication.keycloak_openid.introspect = Mock(return_value=USER)
        uvicorn.run(build_app(version="local"), host="127.0.0.1", port=asked.port)


if __name__ == "__main__":
    main()
