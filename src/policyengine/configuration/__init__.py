"""How the service is set: one table of settings, and where their values come from.

* ``settings``: the table; everything else is made of it
* ``kinds``: what a value may be, and how it is read from a text or from the file
* ``environment``, ``file``: the values given there, or all that is wrong with them
* ``database_address``: one kind of value, as it is shown: without its password
* ``faults``: what is wrong with values, each with its place
* ``resolve``: flag before environment before file before default
* ``show``: the outcome, for people, for programs, and as the table of the documentation
"""
