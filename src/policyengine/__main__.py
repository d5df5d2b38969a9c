"""``python -m policyengine``: the same as the command ``policyengine``."""

from __future__ import annotations

from policyengine.cli.main import main

if __name__ == "__main__":
    main()
