"""Cases that are missing, found and written: for each item that no case covers, the smallest facts that would.

* ``search``: from the cases that there are, by changes of one fact and then of two
* ``minimal``: everything left out of a document that it does not need
* ``expecting``: today's whole answer, as a case expects it
* ``writing``: cases as YAML, added to a file without losing anything that is in it
* ``suggestions``: all of it for one bundle
"""
