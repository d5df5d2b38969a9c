"""Coverage of policies by their cases: what of a bundle the cases show, and what no case does.

Measured on the checked model, so that it does not depend on how the YAML is laid out. Read it in this order:

* ``items``: what can be covered; ``wording`` and ``labels``: how it is named, whatever the layout
* ``conditions``, ``limits``, ``probes``: parts of policies while they are watched
* ``builder``, ``proofs``, ``reach``, ``words``, ``inventory``: from a bundle to its items and what watches for them
* ``watching``, ``told``, ``meter``: what one case covers; ``exhausting``: what no case ever can
* ``report``: all cases together, counted
* ``text``, ``page``, ``data``: for people, in a browser, and for programs
* ``suggest``: cases for what no case covers
"""
