"""The HTTP face. It turns requests into questions and decisions into answers, and decides nothing itself.

* ``app``: the Flask application and its routes
* ``body``: from a request to the data of its body; ``answers``: from data to a response
* ``reading``: from the data of a body to a question, or to everything that is wrong with it
* ``service``: one question, many questions
* ``problems``: errors as RFC 9457 problem details
* ``engines``: which engines decide; ``describe``: what is told about bundles
* ``visits``: who asks, and by which key; ``logbook``: nothing is sent before it is logged; ``log_reading``: the log
* ``metrics``: what is counted; ``check_metrics``: what engines count of their cross-checks; ``log_metrics``
* ``server``: the server process and its workers
"""
