"""Places: short sockets, what belongs to whom, and what `reset` may delete."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ves_local import layout as places
from ves_local.console import StageError
from ves_local.layout import Layout, own_folder, path_hash, short_socket_folder


def test_a_short_socket_folder_stays_where_it_was_wanted(tmp_path: Path) -> None:
    wanted = Path("/srv/ves/.ves/pg/sock")
    assert short_socket_folder(wanted, tmp_path, "pg") == wanted


@pytest.mark.parametrize("length", [60, 90, 250])
def test_every_socket_name_fits_into_a_kernel_address_however_deep_the_checkout_is(length: int) -> None:
    layout = Layout(Path("/" + "d" * length))
    # 104 bytes with the ending zero is the smallest limit we run on; the supervisor first binds NAME.PID.
    assert len(f"{layout.supervisor_socket}.4194304") < 104
    assert len(str(layout.postgres_socket / ".s.PGSQL.5432")) < 104


def test_the_length_of_a_socket_folder_is_counted_in_bytes() -> None:
    layout = Layout(Path("/" + "ä" * 50))
    assert layout.postgres_socket.parent == Path("/tmp")


def test_two_checkouts_never_share_a_short_socket_folder() -> None:
    one, other = (Layout(Path("/" + letter * 200)) for letter in "ab")
    assert one.postgres_socket != other.postgres_socket
    assert one.postgres_socket != one.supervisor_socket.parent


def test_a_folder_that_somebody_else_put_in_our_place_is_refused(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.symlink_to(tmp_path)
    with pytest.raises(StageError, match="not ours"):
        own_folder(trap, os.geteuid())


def test_an_own_folder_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "sock"
    folder.mkdir(mode=0o777)
    own_folder(folder, os.geteuid())
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_copied_checkout_does_not_take_the_cluster_of_its_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "ROOTS_PLACE", tmp_path / "lib")
    original, copied = tmp_path / "original", tmp_path / "copied"
    place = tmp_path / "lib" / path_hash(original)
    place.mkdir(parents=True)
    (place / "checkout").write_text(f"{original}\n")
    for checkout in (original, copied):
        (checkout / ".ves").mkdir(parents=True)
        (checkout / ".ves" / "pg").symlink_to(place)
    with pytest.raises(StageError, match="is the cluster of"):
        Layout(copied).place_cluster()
    assert Layout(copied).remove_cluster() == []
    assert place.exists()


def test_a_moved_checkout_keeps_its_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "ROOTS_PLACE", tmp_path / "lib")
    place = tmp_path / "lib" / path_hash(tmp_path / "before")
    place.mkdir(parents=True)
    (place / "checkout").write_text(f"{tmp_path / 'before'}\n")
    moved = tmp_path / "moved"
    (moved / ".ves").mkdir(parents=True)
    (moved / ".ves" / "pg").symlink_to(place)
    Layout(moved).place_cluster()
    assert (place / "checkout").read_text().strip() == str(moved)
    assert Layout(moved).remove_cluster() == [place]


def test_reset_deletes_the_folder_of_the_fronts_socket_but_not_through_a_link(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "checkout")
    own_folder(layout.front_folder, os.geteuid())
    (layout.front_folder / "api.sock").touch()
    assert layout.remove_cluster() == [layout.front_folder]
    assert not layout.front_folder.exists()
    layout.front_folder.symlink_to(tmp_path)
    try:
        assert layout.remove_cluster() == []
        assert tmp_path.exists()
    finally:
        layout.front_folder.unlink()
