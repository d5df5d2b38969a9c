"""The HTTP face. It turns requests into questions and decisions into answers, and decides nothing itself.

* ``app``: the Flask application and its routes
* ``reading``: from a body to a question, or to everything that is wrong with it
* ``service``: one question, many questions
* ``problems``: errors as RFC 9457 problem details
* ``describe``: what is told about bundles; ``metrics``: what is counted
* ``server``: the server process and its workers
"""
