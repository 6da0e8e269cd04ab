"""Fixtures that every test may use: the named people, their organizations, and the hour rules."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import translation

from tests.people import MAKERS, Tree, plant
from tests.people import sign_in as sign_in_as
from tests.template_database import django_db_keepdb, django_db_modify_db_settings  # noqa: F401


def pytest_collection_finish() -> None:
    """Let the collector come seldom, and pass by what was imported: a twentieth of the work of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What a process keeps between requests belongs to one test only."""
    from academy.templatetags.shell import SITE_PAGES_KEY
    from enrollment.models import rulebook

    rulebook.forget()
    cache.clear()
    translation.deactivate()
    # The site's pages in the frame are read once a minute for everybody: no test of another page pays for it.
    cache.set(SITE_PAGES_KEY, [])
    yield
    rulebook.forget()
    cache.clear()


@pytest.fixture
def tree(db: None) -> Tree:
    """The small tree of organizations (see tests/people.py)."""
    return plant()


@pytest.fixture
def zone(tree: Tree):
    """The zone committee, root of the tree."""
    return tree.zone


@pytest.fixture
def park(tree: Tree):
    """The park that 王书记, 李干事 and 张学员 belong to."""
    return tree.park_a


@pytest.fixture
def soft(tree: Tree):
    """The branch of 王书记, 李干事 and 张学员."""
    return tree.soft


@pytest.fixture
def bio(tree: Tree):
    """The outsider's branch, in another park."""
    return tree.bio


@pytest.fixture
def wang(tree: Tree):
    """王书记: secretary of the branch."""
    return MAKERS["wang"](tree)


@pytest.fixture
def li(tree: Tree):
    """李干事: affairs worker of the branch."""
    return MAKERS["li"](tree)


@pytest.fixture
def zhang(tree: Tree):
    """张学员: member of the branch."""
    return MAKERS["zhang"](tree)


@pytest.fixture
def chen(tree: Tree):
    """陈讲师: instructor."""
    return MAKERS["chen"](tree)


@pytest.fixture
def zhao(tree: Tree):
    """赵管理员: academy administrator."""
    return MAKERS["zhao"](tree)


@pytest.fixture
def sun(tree: Tree):
    """孙主任: base host."""
    return MAKERS["sun"](tree)


@pytest.fixture
def zhou(tree: Tree):
    """周主任: zone leader."""
    return MAKERS["zhou"](tree)


@pytest.fixture
def outsider(tree: Tree):
    """A trainee of another park, with no role."""
    return MAKERS["outsider"](tree)


@pytest.fixture
def everyone(wang, li, zhang, chen, zhao, sun, zhou, outsider):
    """All named people, by name."""
    return {
        "wang": wang,
        "li": li,
        "zhang": zhang,
        "chen": chen,
        "zhao": zhao,
        "sun": sun,
        "zhou": zhou,
        "outsider": outsider,
    }


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """``sign_in(client, user)``, or ``sign_in(user=user)`` for a client of its own."""

    def enter(client: Client | None = None, user=None) -> Client:
        return sign_in_as(client or Client(), user)

    return enter


@pytest.fixture
def hour_rules(db: None):
    """The rules in force today, by code; every database begins with them."""
    from enrollment.reports import hour_rules_on

    return hour_rules_on(dt.datetime.now(dt.UTC).date())


# --- Databases that are emptied, not rolled back ---------------------------------------------------
# Tests with real transactions empty every table afterwards. On SQLite the ledger's triggers refuse that; and
# what migrations wrote (root page, site, cohorts, rules, groups) has to be there for the next test.


@contextlib.contextmanager
def ledger_unguarded() -> Iterator[None]:
    """Let go of the triggers of ledger, history and log on SQLite; PostgreSQL empties tables past them."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type='trigger'"
            " AND tbl_name IN ('enrollment_hourentry', 'enrollment_organizationchange',"
            " 'wagtailcore_modellogentry', 'wagtailcore_pagelogentry')"
        )
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


_empty_tables = TransactionTestCase._fixture_teardown


def _empty_tables_with_ledger(self) -> None:
    with ledger_unguarded():
        _empty_tables(self)


TransactionTestCase._fixture_teardown = _empty_tables_with_ledger


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Give tests that empty the database its first contents back; let workers begin with what takes longest.

    The first is Django's serialized rollback. What takes long and comes last keeps one worker busy while the
    others rest. Not so those that commit: pytest-django puts them last, because they leave an empty database.
    """
    assert apps.ready
    for item in items:
        names = getattr(item, "fixturenames", [])
        mark = item.get_closest_marker("django_db")
        empties = mark is not None and mark.kwargs.get("transaction")
        if empties or {"transactional_db", "live_server"}.intersection(names):
            names.insert(0, "django_db_serialized_rollback")
    yield
    if not any(item.get_closest_marker("e2e") for item in items):  # journeys are dealt out by tests/e2e
        items.sort(key=lambda item: item.get_closest_marker("long") is None)
