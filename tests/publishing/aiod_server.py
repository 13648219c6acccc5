"""Starts the AI-on-demand platform's own server from its source, on SQLite, for `benchfmt publish` to be tried on.

No test uses it. Run it in an environment with the platform's requirements (its pyproject.toml):

    python tests/publishing/aiod_server.py path/to/AIOD-rest-api --port 8080
    BENCHFMT_AIOD_TOKEN=local benchfmt publish PACKAGE --to aiod --url http://127.0.0.1:8080

It serves version 3 of the interface for what `publish` speaks to: data sets, computational assets, experiments, and what
the caller owns. Requests are read, checked, stored and answered by the platform's code. What is replaced, from outside:

- Keycloak: the token `local` (or `--token`) is that of one user without roles; every other is of nobody.
- MySQL: a new SQLite file, with MySQL's function BINARY, that goes with the program.
- The triggers of MySQL that give an entry and its rows in `ai_resource` and `ai_asset` one identifier: written for SQLite.
- `main.py`, which serves all kinds of entries, search and metrics.
- Modules that a source lacks, if it is not whole: people, places, publications, reviews and other schemas
  become empty tables and types, for `publish` sends none. The program prints which.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

USER = {
    "realm_access": {"roles": ["default-roles-aiod"]},
    "username": "benchfmt",
    "active": True,
    "sub": "benchfmt-0000-0000-0000-000000000000",
}
KINDS = {"dataset": "dataset", "computational_asset": "computational_asset"} | {
    "experiment": "models_and_experiments"
}
"""The kinds of entries that `publish` makes, and the folder that the model of each lies in."""
TAXONOMIES = {
    "Licence": "ai_asset.license.License",
    "Business Sector": "ai_resource.industrial_sector.IndustrialSector",
    "Research Area": "ai_resource.research_area.ResearchArea",
    "Scientific Domain": "ai_resource.scientific_domain.ScientificDomain",
}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--token", default="local")
    return parser.parse_args()


def prepare(connection: Any, _: object) -> None:
    """Give SQLite what the platform takes from MySQL."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA foreign_keys=ON")
        connection.create_function("BINARY", 1, lambda value: value, deterministic=True)


def stand_in(source: Path, name: str, **members: Any) -> None:
    """Put a module in the place of one that the source lacks."""
    place = source.joinpath(*name.split("."))
    if place.with_suffix(".py").is_file() or (place / "__init__.py").is_file():
        return
    sys.stderr.write(f"stands in for {name}\n")
    parts = name.split(".")
    for end in range(1, len(parts)):
        parent = ".".join(parts[:end])
        if parent not in sys.modules and not source.joinpath(*parts[:end]).is_dir():
            sys.modules[parent] = ModuleType(parent)
            sys.modules[parent].__path__ = []
    module = ModuleType(name)
    module.__path__ = [str(place)]
    module.__dict__.update(members)
    sys.modules[name] = module


def table(name: str, called: str, base: Any = None) -> Any:
    """Return an empty table with identifiers, which the platform's models may refer to."""
    from sqlmodel import Field, SQLModel

    body: dict[str, Any] = {"__tablename__": called, "__module__": __name__}
    if base is None:
        body |= {"identifier": Field(primary_key=True), "__annotations__": {"identifier": str}}
    return type(SQLModel)(name, (base or SQLModel,), body, table=True)


def complete(source: Path) -> None:
    """Fill the gaps of a source that is not whole."""
    from pydantic import BaseModel
    from sqlmodel import SQLModel

    lengths = __import__("database.model.field_length", fromlist=["SHORT"])
    if not hasattr(lengths, "IDENTIFIER_LENGTH"):
        lengths.IDENTIFIER_LENGTH = 30
    model = "database.model"
    anything = SimpleNamespace(throw_error_on_invalid_identifier=lambda _: None)
    names = ("huggingface_validators", "openml_validators", "zenodo_validators")
    stand_in(source, "database.validators", **dict.fromkeys(names, anything))
    stand_in(source, "database.deletion.triggers")
    for kind in ("Person", "Contact"):
        stand_in(source, f"{model}.agent.{kind.lower()}", **{kind: table(kind, kind.lower())})
    stand_in(source, f"{model}.agent.agent_table", AgentTable=table("AgentTable", "agent"))
    stand_in(
        source,
        f"{model}.agent.location",
        LocationORM=table("LocationORM", "location"),
        Location=type("Location", (SQLModel,), {}),
    )
    publication = table("Publication", "publication")
    stand_in(source, f"{model}.knowledge_asset.publication", Publication=publication)
    from database.model.named_relation import NamedRelation, create_taxonomy

    badge = table("Badge", "badge", NamedRelation)
    stand_in(source, f"{model}.models_and_experiments.badge", Badge=badge)
    area = create_taxonomy("ResearchArea", "research_area", "research areas")
    stand_in(source, f"{model}.ai_resource.research_area", ResearchArea=area)
    domain = create_taxonomy("ScientificDomain", "scientific_domain", "scientific domains")
    stand_in(source, f"{model}.ai_resource.scientific_domain", ScientificDomain=domain)
    names = ("Submission", "SubmissionCreateV2", "AssetReview")
    stand_in(source, "database.review", **{name: type(name, (SQLModel,), {}) for name in names})
    other = {
        name: type(name, (BaseModel,), {}) for name in ("DcatApWrapper", "SchemaDotOrgDataset")
    }
    stand_in(source, "converters.schema.dcat", DcatApWrapper=other["DcatApWrapper"])
    stand_in(
        source, "converters.schema.schema_dot_org", SchemaDotOrgDataset=other["SchemaDotOrgDataset"]
    )
    stand_in(
        source,
        "converters.schema_converters",
        dataset_converter_dcatap_instance=SimpleNamespace(to_class=other["DcatApWrapper"]),
        dataset_converter_schema_dot_org_instance=SimpleNamespace(
            to_class=other["SchemaDotOrgDataset"]
        ),
    )
    converter = type("SchemaConverter", (), {"__class_getitem__": classmethod(lambda cls, _: cls)})
    stand_in(source, "converters.schema_converters.schema_converter", SchemaConverter=converter)


def routers(source: Path) -> list[Any]:
    """Return the platform's routers of the kinds that `publish` makes."""
    from versioning import Version, VersionedResource, VersionedResourceCollection

    found = []
    for kind, folder in KINDS.items():
        name = f"database.model.{folder}.{kind}"
        classes = kind.title().replace("_", "")
        model = __import__(name, fromlist=[classes])
        versions = f"{kind}_versions"
        if not hasattr(model, versions):
            latest = VersionedResource(getattr(model, classes))
            setattr(model, versions, VersionedResourceCollection({Version.LATEST: latest}))
        router = __import__(f"routers.resource_routers.{kind}_router", fromlist=["x"])
        found.append(getattr(router, f"{kind}_routers")[Version.V3])
    package = sys.modules["routers.resource_routers"]
    if not hasattr(package, "versioned_routers"):
        package.versioned_routers = dict.fromkeys(Version, found)  # type: ignore[attr-defined] # their name
    return found


def triggers(kinds: list[Any]) -> Iterator[str]:
    """Yield what gives an entry and its rows in the tables of all entries one identifier."""
    for kind in kinds:
        name = kind.resource_class.__tablename__
        for parent in ("ai_resource", "ai_asset"):
            new = f"CREATE TRIGGER sync_{name}_{parent} AFTER INSERT ON {name}"
            change = f"UPDATE {parent} SET identifier = NEW.identifier"  # noqa: S608 - names of the platform's tables
            yield f"{new} BEGIN {change} WHERE identifier = NEW.{parent}_id; END"


def terms(elements: list[Any], kind: Any) -> Iterator[Any]:
    """Yield the terms of a taxonomy, those below others too."""
    for element in elements:
        yield kind(name=element["label"]["value"], definition=element["definition"], official=True)
        yield from terms(element["elements"], kind)


def fill(checkout: Path, session: Any) -> None:
    """Store what the platform stores when it starts: its platforms and its taxonomies."""
    from database.model.platform.platform import Platform
    from database.model.platform.platform_names import PlatformName

    session.add_all([Platform(name=name) for name in PlatformName])
    text = (checkout / "data" / "taxonomies" / "default.json").read_text("utf-8")
    for taxonomy in json.loads(text)["aiod_taxonomies"]:
        if taxonomy["taxonomy_name"] in TAXONOMIES:
            module, kind = TAXONOMIES[taxonomy["taxonomy_name"]].rsplit(".", 1)
            model = getattr(__import__(f"database.model.{module}", fromlist=[kind]), kind)
            unique = {term.name.lower(): term for term in terms(taxonomy["elements"], model)}
            session.add_all(unique.values())
    session.commit()


def main() -> None:
    asked = parsed()
    source = asked.checkout.resolve() / "src"
    if not (source / "routers" / "resource_router.py").is_file():
        sys.exit(f"{source / 'routers'} has no resource_router.py: this is no AIOD-rest-api")
    sys.path.insert(0, str(source))
    os.environ |= {
        "DB": "SQLite",
        "KEYCLOAK_CLIENT_SECRET": "unused",
        "REVIEWER_ROLE_NAME": "reviewer",
    }
    complete(source)

    import authentication
    import uvicorn
    from database.session import DbSession, EngineSingleton
    from error_handling import http_exception_handler
    from fastapi import FastAPI, HTTPException
    from sqlalchemy import event, text
    from sqlalchemy.engine import Engine
    from sqlmodel import SQLModel, create_engine
    from versioning import Version

    kinds = routers(source)
    from routers import user_router

    event.listen(Engine, "connect", prepare)
    app, latest = FastAPI(version="v3"), FastAPI()
    for router in kinds:
        app.include_router(router.create(""))
    app.include_router(user_router.create("", Version.V3))
    app.add_exception_handler(HTTPException, http_exception_handler)
    latest.mount("/v3", app)
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/aiod.db?check_same_thread=False")
        EngineSingleton().patch(engine)
        SQLModel.metadata.create_all(engine)
        with DbSession() as session:
            for trigger in triggers(kinds):
                session.execute(text(trigger))
            fill(asked.checkout, session)
        authentication.keycloak_openid.introspect = lambda token: (
            USER if token == asked.token else {"active": False}
        )
        uvicorn.run(latest, host="127.0.0.1", port=asked.port)


if __name__ == "__main__":
    main()
