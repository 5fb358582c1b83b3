"""How an upload is told: the bar, the words beside it, the last word."""

from __future__ import annotations

from drawbridge.client.upload.progress import is_checkpoint, result, share, words
from drawbridge.client.upload.transfer import Done, Hashing, Sending, Verifying

MB = 1_000_000


def test_share_rises_from_hashing_to_the_end() -> None:
    events = [
        *(Hashing(0, 300 * MB), Hashing(300 * MB, 300 * MB)),
        *(Sending(0, 300 * MB), Sending(150 * MB, 300 * MB), Sending(300 * MB, 300 * MB)),
        *(Verifying(), Done("a.ckpt", skipped=False)),
    ]
    shares = [share(event) for event in events]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert shares[-3] < shares[-2] < 1  # the server's own reading is a step of its own


def test_words_count_what_the_server_has_confirmed() -> None:
    assert words(Hashing(12 * MB, 300 * MB)) == "Reading 12 of 300 MB"
    assert words(Sending(120 * MB, 300 * MB)) == "Sending 120 of 300 MB"
    assert words(Verifying()) == "The server checks the file"
    assert words(Done("a.ckpt", skipped=True)) == "Already there"


def test_result_says_whether_contents_were_compared() -> None:
    [plain] = result("mac:7859", Done("a.ckpt", skipped=True), compared=False)
    assert plain.endswith("has a.ckpt already, by that name; its content was not compared.")
    first, second = result("mac:7859", Done("a.ckpt", True, "ab"), compared=True)
    assert first.endswith("with the same content.")
    assert second == "SHA-256: ab"


def test_result_says_what_draw_things_cannot_read() -> None:
    assert "imported" in result("mac:7859", Done("a.safetensors", False, "ab"), False)[-1]
    assert is_checkpoint("A.CKPT")
    assert not is_checkpoint("a.safetensors")
