"""Who may do what: API keys, their scopes and their rates. Nothing here knows of HTTP, Flask or bundles.

* ``scopes``: what a key may be allowed, and which address needs what
* ``keys``: one key: its text, its hash, and when it is good
* ``key_file``: the file of keys: created, revoked, read, and noticed when it changes; ``key_records``: what stands in
  it; ``private_file``: how a file that one user may read is written
* ``rates``: how often a key may ask, as arithmetic; ``buckets``: the same shared by all worker processes
* ``gate``: from the header of a request to "come in" or to why not
* ``addresses``: which addresses only this machine can reach
* ``redaction``: keys taken out of what is logged
"""
