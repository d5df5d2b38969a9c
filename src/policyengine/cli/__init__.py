"""The command line. ``main`` is the way in; ``commands`` has one file for each command, ``output`` the formats."""
