"""The decision log: every answer is committed to a database before it is sent, and can be read, proved and replayed.

* ``entry``: what is logged of one decision, as one line of JSON; ``canonical``: JSON with exact numbers
* ``ids``: ids that sort by time
* ``masking``: what is left out of the log, and only there; ``mask_places``: whether there is anything to leave out
* ``schema``: the tables; ``migrate`` brings them up to date; ``store`` opens a database and asserts its settings, and
  ``watchdog`` ends what hangs there
* ``chain``: each record is hashed together with the one before it; ``writer`` commits records of many requests at once
* ``opening``: what a service does with a database before it logs there
* ``idempotency``: the first answer again; ``archive``: policies by digest, so that an old decision can be made again
* ``log``: all of this as one object, for the service
* ``search``: finding records; ``portions``: no more of them at a time than may be in memory
* ``heads``: signed statements of how far the chain goes; ``head_export`` makes them while a service runs, and
  ``head_check`` compares the log with them before it starts; ``keys``: who signs, and who verifies
* ``retention``: deleting what is old; ``cuts``: the records that say so
* ``verify``: whether anything was changed in the chain; ``columns``: in what records are found by; ``kept``: in the
  policies and first answers beside it
* ``replay``: logged decisions made again
"""
