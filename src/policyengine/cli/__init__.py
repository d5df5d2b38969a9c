"""The command line. ``main`` is the way in; ``commands`` has one file for each command, ``output`` the formats.

``options`` has what several commands take, ``configured`` what the table of settings gives them, and ``examples`` the
files that ``policyengine example`` prints.
"""
