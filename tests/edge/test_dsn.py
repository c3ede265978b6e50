"""Connection strings: shown without secrets in every form, and what a session is told."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from ves_edge.dsn import MASK, connection_url, mask, session_conninfo
from ves_edge.environment import Environment, SettingsError

FORMS = [
    "postgresql://ves_worker:s3cr%40et@127.0.0.1:5432/ves",
    "postgres://ves_worker:s3cr%40et@127.0.0.1/ves?options=-c%20lock_timeout%3D1",
    "postgresql://ves_worker@127.0.0.1/ves?password=s3cr%40et",
    "postgresql://127.0.0.1/ves?sslpassword=s3cr%40et&user=ves_worker",
    "host=127.0.0.1 user=ves_worker password=s3cr@et dbname=ves",
    "host=127.0.0.1 user=ves_worker password = 's3cr@et' dbname=ves",
    r"host=127.0.0.1 password='s3cr@et \'quoted\'' dbname=ves",
    "sslpassword=s3cr@et host=127.0.0.1",
]


@pytest.mark.parametrize("url", FORMS)
def test_a_secret_is_hidden_in_every_form(url: str) -> None:
    shown = mask(url)
    assert "s3cr" not in shown
    assert MASK in shown
    hidden, before = conninfo_to_dict(shown), conninfo_to_dict(url)
    secrets = {"password", "sslpassword"}
    assert {k: v for k, v in hidden.items() if k not in secrets} == {
        k: v for k, v in before.items() if k not in secrets
    }


@pytest.mark.parametrize("url", ["postgresql://db/ves", "host=db options='-c a=b' passfile=/etc/pass"])
def test_without_a_secret_nothing_changes(url: str) -> None:
    assert mask(url) == url


def test_what_cannot_be_read_is_hidden_as_a_whole() -> None:
    assert mask("password=s3cret host") == MASK


@pytest.mark.parametrize("url", ["password=s3cret host", "postgresql://u:s3cret@h:port:more/x"])
def test_a_refused_string_is_not_quoted(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connection_url(Environment({"DATABASE_URL": url}), "DATABASE_URL")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_of_several_servers_a_session_finds_the_primary_unless_the_string_says_otherwise() -> None:
    limits = {"lock_timeout": 5}
    parts = conninfo_to_dict(session_conninfo("host=a,b", application_name="t", limits=limits))
    assert parts["target_session_attrs"] == "read-write"
    assert parts["client_encoding"] == "UTF8"
    only = session_conninfo("host=a", application_name="t", limits=limits)
    assert "target_session_attrs" not in conninfo_to_dict(only)
    own = session_conninfo("host=a,b target_session_attrs=any", application_name="t", limits=limits)
    assert conninfo_to_dict(own)["target_session_attrs"] == "any"
    replica = session_conninfo("host=a,b", application_name="t", limits=limits, read_write=False)
    assert "target_session_attrs" not in conninfo_to_dict(replica)


def test_limits_win_over_the_options_of_the_string_and_its_durability_over_ours() -> None:
    url = "host=a options='-c lock_timeout=9 -c synchronous_commit=remote_apply'"
    options = conninfo_to_dict(session_conninfo(url, application_name="t", limits={"lock_timeout": 5}))[
        "options"
    ]
    assert str(options).index("lock_timeout=9") < str(options).index("lock_timeout=5")
    assert str(options).index("synchronous_commit=on") < str(options).index("synchronous_commit=remote_apply")
