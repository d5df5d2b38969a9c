"""The cases below run inside ``test_conformance.py``, bundle by bundle; collecting them too would run them twice."""

from __future__ import annotations

collect_ignore_glob = ["*.test.yaml"]
